//! Settings of the Kafka log.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::settings::{Complaint, duration};

/// The Kafka cluster that keeps the event log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KafkaSettings {
    /// Brokers to begin with, `host:port` separated by commas. Empty: the embedded log in
    /// `data_dir` is used.
    pub brokers: String,
    /// Put before the name of every topic, group and transactional id, so that several
    /// installations can share a cluster: `staging.`.
    pub prefix: String,
    /// Partitions of each topic. Fixed for life: it decides where a person's facts are.
    pub partitions: u32,
    /// Copies of each topic; two of them must confirm an append.
    pub replication: u32,
    /// An append that is not confirmed within this time is answered with an error.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub append_timeout: Duration,
    /// A process that is not heard of for this long loses its partitions to others.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub session_timeout: Duration,
    /// More settings of librdkafka by their own names, for example
    /// `"security.protocol" = "sasl_ssl"`. Those on which our promises rest are refused.
    pub properties: Properties,
    /// A file with more of them, `name=value` a line, for those that are secret.
    pub properties_file: Option<PathBuf>,
}

/// Settings of librdkafka: shown without the values of those that are secret.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Properties(pub BTreeMap<String, String>);

impl Properties {
    fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), shown(name, value)))
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.shown())
    }
}

impl KafkaSettings {
    /// How often a member tells its coordinator that it lives.
    pub fn heartbeat(&self) -> Duration {
        self.session_timeout / 15
    }
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            brokers: String::new(),
            prefix: String::new(),
            partitions: 12,
            replication: 3,
            append_timeout: Duration::from_secs(5),
            session_timeout: Duration::from_secs(45),
            properties: Properties::default(),
            properties_file: None,
        }
    }
}

/// Properties that are ours, each with the reason.
const OURS: [(&str, &str); 20] = [
    (
        "acks",
        "an append is answered when every in-sync replica holds it",
    ),
    (
        "request.required.acks",
        "an append is answered when every in-sync replica holds it",
    ),
    (
        "enable.idempotence",
        "a retried append must not write twice",
    ),
    ("isolation.level", "only what was committed may be read"),
    (
        "enable.auto.commit",
        "offsets are committed together with records",
    ),
    (
        "enable.auto.offset.store",
        "offsets are committed together with records",
    ),
    (
        "auto.offset.reset",
        "a new stage begins at the first record",
    ),
    (
        "partitioner",
        "a person's facts must stay in one partition, whoever writes them",
    ),
    ("linger.ms", "appends gather by themselves"),
    (
        "transactional.id",
        "it names the owner of a partition; use kafka.prefix",
    ),
    (
        "transaction.timeout.ms",
        "a dead owner's transaction must end soon",
    ),
    ("group.id", "it names the stage; use kafka.prefix"),
    (
        "group.instance.id",
        "two processes with one id would fence each other",
    ),
    (
        "group.protocol",
        "the handover of partitions relies on the classic protocol",
    ),
    (
        "partition.assignment.strategy",
        "partitions are handed over one by one",
    ),
    (
        "enable.partition.eof",
        "the end of a restore is recognised by it",
    ),
    (
        "max.in.flight.requests.per.connection",
        "a partition must keep its order",
    ),
    ("bootstrap.servers", "use kafka.brokers"),
    ("metadata.broker.list", "use kafka.brokers"),
    ("session.timeout.ms", "use kafka.session_timeout"),
];

/// Properties whose values are secrets.
const SECRETS: [&str; 5] = [
    "password",
    "secret",
    "ssl.key.pem",
    "sasl.oauthbearer.config",
    "jaas",
];

impl KafkaSettings {
    /// Whether a cluster is named at all.
    pub fn is_used(&self) -> bool {
        !self.brokers.trim().is_empty()
    }

    /// Everything that cannot be, each with its key under `prefix`.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut refuse = |key: &str, value: String, reason: String| {
            complaints.push(Complaint::new(format!("{prefix}.{key}"), value, reason));
        };
        let is_named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !self.prefix.chars().all(is_named) || self.prefix.len() > 100 {
            let reason = "takes at most 100 letters, digits, dots, dashes and underscores";
            refuse("prefix", self.prefix.clone(), reason.to_owned());
        }
        if !(1..=1000).contains(&self.partitions) {
            let reason = "must be 1 to 1000".to_owned();
            refuse("partitions", self.partitions.to_string(), reason);
        }
        if !(1..=10).contains(&self.replication) {
            let reason = "must be 1 to 10; 3 survives the loss of a broker".to_owned();
            refuse("replication", self.replication.to_string(), reason);
        }
        for (key, value, least, most) in [
            ("append_timeout", self.append_timeout, 1, 60),
            ("session_timeout", self.session_timeout, 1, 300),
        ] {
            if !(Duration::from_secs(least)..=Duration::from_secs(most)).contains(&value) {
                let shown = humantime::format_duration(value).to_string();
                refuse(key, shown, format!("must be {least}s to {most}s"));
            }
        }
        let properties = match self.all_properties() {
            Ok(properties) => properties,
            Err(reason) => {
                let file = self.properties_file.clone().unwrap_or_default();
                refuse("properties_file", file.display().to_string(), reason);
                self.properties.0.clone()
            }
        };
        for (name, value) in &properties {
            let key = format!("properties.{name:?}");
            if let Some((_, reason)) = OURS.iter().find(|(ours, _)| ours == name) {
                refuse(
                    &key,
                    shown(name, value).to_owned(),
                    format!("cannot be set: {reason}"),
                );
            } else if let Err(error) = super::client::is_property(name, value) {
                refuse(&key, shown(name, value).to_owned(), error);
            }
        }
        complaints
    }

    /// The properties written here and those in the file, which win.
    pub(super) fn all_properties(&self) -> Result<BTreeMap<String, String>, String> {
        let mut all = self.properties.0.clone();
        let Some(file) = &self.properties_file else {
            return Ok(all);
        };
        let text =
            std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
        let lines = text.lines().map(str::trim).zip(1..);
        for (line, number) in lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#')) {
            let Some((name, value)) = line.split_once('=') else {
                return Err(format!("line {number} is not name=value"));
            };
            all.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Ok(all)
    }
}

fn shown<'v>(name: &str, value: &'v str) -> &'v str {
    if SECRETS.iter().any(|secret| name.contains(secret)) {
        crate::secret::REDACTED
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Vec<String> {
        let properties = Properties(BTreeMap::from([(name.to_owned(), value.to_owned())]));
        let settings = KafkaSettings {
            properties,
            ..KafkaSettings::default()
        };
        settings
            .complaints("kafka")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_defaults_are_without_complaint() {
        assert_eq!(KafkaSettings::default().complaints("kafka"), []);
        assert!(!KafkaSettings::default().is_used());
    }

    #[test]
    fn properties_that_would_break_a_promise_are_refused() {
        for (name, _) in OURS {
            let said = with(name, "all");
            assert!(
                said.first()
                    .is_some_and(|said| said.contains("cannot be set")),
                "{said:?}"
            );
        }
        assert_eq!(with("security.protocol", "sasl_ssl"), Vec::<String>::new());
    }

    #[test]
    fn properties_that_do_not_exist_are_refused_without_showing_secrets() {
        assert_eq!(with("no.such", "x").len(), 1);
        assert_eq!(with("socket.timeout.ms", "often").len(), 1);
        assert!(
            !with("no.such.password", "hunter2")
                .concat()
                .contains("hunter2")
        );
    }

    #[test]
    fn secrets_come_from_a_file_and_are_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "# ours\nsasl.password = hunter2\nacks=1\n").unwrap();
        let inline = BTreeMap::from([("ssl.key.password".to_owned(), "hunter3".to_owned())]);
        let settings = KafkaSettings {
            properties: Properties(inline),
            properties_file: Some(file.path().to_owned()),
            ..KafkaSettings::default()
        };
        let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
        assert!(!shown.contains("hunter"), "{shown}");
        let keys: Vec<_> = settings
            .complaints("kafka")
            .into_iter()
            .map(|it| it.key)
            .collect();
        assert_eq!(keys, ["kafka.properties.\"acks\""]);
        assert_eq!(
            settings.all_properties().unwrap()["sasl.password"],
            "hunter2"
        );
        std::fs::write(&file, "sasl.password").unwrap();
        let said = settings.complaints("kafka")[0].to_string();
        assert!(said.ends_with("line 1 is not name=value"), "{said}");
    }

    #[test]
    fn contradictions_name_the_key() {
        let settings = KafkaSettings {
            prefix: "a b".to_owned(),
            partitions: 0,
            replication: 11,
            append_timeout: Duration::from_hours(1),
            ..KafkaSettings::default()
        };
        let keys: Vec<_> = settings
            .complaints("kafka")
            .into_iter()
            .map(|it| it.key)
            .collect();
        assert_eq!(
            keys,
            [
                "kafka.prefix",
                "kafka.partitions",
                "kafka.replication",
                "kafka.append_timeout"
            ]
        );
    }
}
