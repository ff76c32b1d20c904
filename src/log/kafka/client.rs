//! Kafka clients: how each kind is configured, and where their words go.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::settings::KafkaSettings;
use crate::log::{ConsumeError, Group, Topic, record};

/// How long a question to the cluster may take.
pub(super) const ASK: Duration = Duration::from_secs(10);
/// A transaction that is open longer is aborted by the broker: it blocks readers.
pub(super) const TRANSACTION: Duration = Duration::from_secs(10);
/// How long a poll thread may be away: longer than any handover.
const POLL_INTERVAL: Duration = Duration::from_mins(5);
/// The framing around the largest record.
const FRAMING: usize = 1000;

/// Names in the cluster, and clients' settings.
#[derive(Clone)]
pub(super) struct Cluster {
    settings: KafkaSettings,
    /// Some of them are secrets.
    properties: BTreeMap<String, String>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.settings, f)
    }
}

impl Cluster {
    /// # Errors
    /// When the file of properties cannot be read.
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, ConsumeError> {
        let unreadable =
            |reason| ConsumeError::Unreadable(format!("kafka.properties_file {reason}"));
        Ok(Self {
            settings: settings.clone(),
            properties: settings.all_properties().map_err(unreadable)?,
        })
    }

    pub(super) fn settings(&self) -> &KafkaSettings {
        &self.settings
    }

    /// A topic's name.
    pub(super) fn topic(&self, topic: Topic) -> String {
        format!("{}{topic}", self.settings.prefix)
    }

    fn group(&self, group: Group) -> String {
        format!("{}{group}", self.settings.prefix)
    }

    /// What every client has.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set(
                "client.id",
                concat!("hris-relay/", env!("CARGO_PKG_VERSION")),
            )
            .set("socket.keepalive.enable", "true")
            .set(
                "message.max.bytes",
                record::LARGEST.saturating_add(FRAMING).to_string(),
            )
            .set_log_level(RDKafkaLogLevel::Info);
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.settings.brokers);
        config
    }

    /// The producer of appends: nothing lingers, since `append` gathers by itself.
    pub(super) fn appender(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "0")
            .set(
                "message.timeout.ms",
                self.settings.append_timeout.as_millis().to_string(),
            )
            .set("queue.buffering.max.kbytes", "65536");
        config
    }

    /// The producer of one owned partition. Its id is the partition's, whoever owns it:
    /// the next owner ends what this one left open, and fences it.
    pub(super) fn committer(&self, group: Group, source: Topic, partition: u32) -> ClientConfig {
        let mut config = self.client();
        let id = format!("{}.{source}.{partition}", self.group(group));
        config
            .set("transactional.id", id)
            .set(
                "transaction.timeout.ms",
                TRANSACTION.as_millis().to_string(),
            )
            .set("message.timeout.ms", TRANSACTION.as_millis().to_string())
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            // The default, 100 ms, is paid by each commit that comes while the broker still
            // writes the markers of the one before.
            .set("retry.backoff.ms", "5")
            .set("linger.ms", "0");
        config
    }

    /// A member of a stage's group.
    pub(super) fn member(&self, group: Group) -> ClientConfig {
        let session = self.settings.session_timeout;
        let mut config = self.client();
        config
            .set("group.id", self.group(group))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.as_millis().to_string())
            .set(
                "heartbeat.interval.ms",
                self.settings.heartbeat().as_millis().to_string(),
            )
            .set(
                "max.poll.interval.ms",
                POLL_INTERVAL.as_millis().to_string(),
            )
            .set("queued.max.messages.kbytes", "16384")
            .set("queued.min.messages", "1000")
            .set("fetch.queue.backoff.ms", "100")
            .set("fetch.wait.max.ms", "100");
        config
    }

    /// A consumer that is told what to read. It joins no group, though it must name one.
    pub(super) fn reader(&self, group: Option<Group>) -> ClientConfig {
        let mut config = self.client();
        let name = match group {
            Some(group) => self.group(group),
            None => format!("{}hris-relay.reader", self.settings.prefix),
        };
        config
            .set("group.id", name)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            .set("queued.max.messages.kbytes", "16384")
            // The end of a partition is only seen by a fetch that finds nothing.
            .set("fetch.wait.max.ms", "10");
        config
    }
}

/// Whether librdkafka knows a property and takes the value.
pub(super) fn is_property(name: &str, value: &str) -> Result<(), String> {
    let mut config = ClientConfig::new();
    config.set(name, value);
    match config.create_native_config() {
        Ok(_) => Ok(()),
        // The description may repeat the value.
        Err(_) => Err("is no property of librdkafka, or cannot be this".to_owned()),
    }
}

/// librdkafka's words, as log lines.
#[derive(Debug)]
pub(super) struct Words;

impl ClientContext for Words {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, log_message: &str) {
        speak(level, fac, log_message);
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        complain(&error, reason);
    }
}

/// A line of librdkafka's log. What it calls an error it mends by itself, or a call fails:
/// nobody must act on the line.
pub(super) fn speak(level: RDKafkaLogLevel, facility: &str, line: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error
        | RDKafkaLogLevel::Warning => warn(facility, line),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(facility, line, "The Kafka client says");
        }
    }
}

fn warn(facility: &str, line: &str) {
    tracing::warn!(facility, line, "The Kafka client warns");
}

/// An error of librdkafka that belongs to no call. It recovers by itself, or a call fails. The
/// end of a partition, which it tells of in the same way, is none.
pub(super) fn complain(error: &KafkaError, reason: &str) {
    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
        return;
    }
    tracing::warn!(%error, reason, "The Kafka client is in trouble");
}

pub(super) fn unreadable(error: &KafkaError) -> ConsumeError {
    ConsumeError::Unreadable(error.to_string())
}

/// Drops a client on a blocking thread: that waits for its threads and for the cluster.
pub(super) fn dispose<T: Send + 'static>(client: T) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(move || drop(client))),
        Err(_) => drop(client),
    }
}
