//! Every setting of the product: each stage owns its own, and here they are put together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Consistent;
use crate::admin::AdminSettings;
use crate::id::Provider;
use crate::log::kafka::KafkaSettings;
use crate::plan::Assignment;
use crate::provider::PlatformSettings;
use crate::receiver::settings::{ReceiverSettings, SourceSettings, source_complaints};
use crate::registry::platforms;
use crate::roster::RosterSettings;
use crate::settings::Complaint;
use crate::shard::ShardSettings;
use crate::telemetry::LogSettings;
use crate::traces::TraceSettings;
use crate::worker::WorkerSettings;

/// Everything that can be configured.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Where the embedded log is kept, used when no Kafka brokers are named.
    pub data_dir: PathBuf,
    /// The Kafka cluster that holds the event log; without brokers the embedded one does.
    pub kafka: KafkaSettings,
    /// Where webhooks come in.
    pub receiver: ReceiverSettings,
    /// The port for operators: health and metrics. Never to be reached from outside.
    pub admin: AdminSettings,
    /// The HR systems, each under a name that stands in its webhook's address.
    pub sources: BTreeMap<String, SourceSettings>,
    /// How facts of all sources become one person.
    pub roster: RosterSettings,
    /// Which group means which programs.
    pub assignments: Vec<Assignment>,
    /// Which edition of the assignments this is. Raise it with every change where workers run on
    /// several machines: during a rollout a worker with a lower one only locks, so that old and
    /// new do not move people back and forth.
    pub assignments_generation: u64,
    /// The exam platforms to keep in step.
    pub providers: Providers,
    /// How a worker batches and retries.
    pub worker: WorkerSettings,
    /// How often a stage commits, and how long it may take to let go.
    pub shard: ShardSettings,
    /// What is logged, and how it is written.
    pub log: LogSettings,
    /// Where spans are sent to, for who runs a collector of traces.
    pub traces: TraceSettings,
}

macro_rules! accounts {
    ($($name:ident {
        constant: $constant:ident, client: $client:ident, settings: $settings:ident,
        planner: $planner:ident, assignment: $part:ident, account: $account:literal,
        meaning: $meaning:literal,
    })*) => {
        /// The exam platforms to keep in step; one that is left out is not called.
        #[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct Providers {
            $(
                #[doc = $account]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<crate::provider::$name::$settings>,
            )*
        }

        impl Providers {
            /// The platforms that are configured, with their settings.
            pub fn accounts(&self) -> Vec<(Provider, &dyn PlatformSettings)> {
                let mut accounts: Vec<(Provider, &dyn PlatformSettings)> = Vec::new();
                $(
                    if let Some(account) = &self.$name {
                        accounts.push((Provider::$constant, account));
                    }
                )*
                accounts
            }

            /// What the platforms' parts of the assignments contradict.
            fn assignment_complaints(&self, assignments: &[Assignment]) -> Vec<Complaint> {
                let mut complaints = Vec::new();
                $(
                    let account = self.$name.as_ref();
                    let found = crate::plan::$name::complaints(assignments, account, "assignments");
                    complaints.extend(found);
                )*
                complaints
            }
        }
    };
}
platforms!(accounts);

impl Providers {
    /// The platforms that are configured.
    pub fn configured(&self) -> Vec<Provider> {
        let accounts = self.accounts().into_iter();
        accounts.map(|(provider, _)| provider).collect()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./data"),
            kafka: KafkaSettings::default(),
            receiver: ReceiverSettings::default(),
            admin: AdminSettings::default(),
            sources: BTreeMap::new(),
            roster: RosterSettings::default(),
            assignments: Vec::new(),
            assignments_generation: 0,
            providers: Providers::default(),
            worker: WorkerSettings::default(),
            shard: ShardSettings::default(),
            log: LogSettings::default(),
            traces: TraceSettings::default(),
        }
    }
}

impl Consistent for Settings {
    fn complaints(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.data_dir.as_os_str().is_empty() {
            complaints.push(Complaint::new(
                "data_dir",
                "\"\"",
                "must name a folder, like \"./data\"",
            ));
        }
        complaints.extend(self.kafka.complaints("kafka"));
        complaints.extend(self.receiver.complaints("receiver"));
        complaints.extend(source_complaints("sources", &self.sources));
        complaints.extend(self.roster.complaints("roster", &self.sources));
        complaints.extend(Assignment::complaints(&self.assignments, "assignments"));
        complaints.extend(self.providers.assignment_complaints(&self.assignments));
        complaints.extend(self.worker.complaints("worker"));
        complaints.extend(self.shard.complaints("shard"));
        complaints.extend(self.log.complaints("log"));
        complaints.extend(self.traces.complaints("traces"));
        for (provider, account) in self.providers.accounts() {
            complaints.extend(account.complaints(&format!("providers.{provider}")));
            let call = (provider, account.capacity().call_timeout);
            complaints.extend(self.drain_complaint(call));
            complaints.extend(self.reassert_complaint(call));
            complaints.extend(self.lease_complaint(call));
        }
        complaints
    }
}

impl Settings {
    /// What a call may still do cannot be undone before its time is over.
    fn reassert_complaint(&self, (provider, call): (Provider, Duration)) -> Option<Complaint> {
        let after = self.worker.reassert_after?;
        (after < call).then(|| {
            Complaint::new(
                "worker.reassert_after",
                humantime::format_duration(after),
                format!(
                    "must be at least providers.{provider}.call_timeout ({})",
                    humantime::format_duration(call)
                ),
            )
        })
    }

    /// A call of an owner that was frozen or cut off must be over before its session is, for
    /// then somebody else takes over. In the embedded log the lock itself is the lease.
    fn lease_complaint(&self, (provider, call): (Provider, Duration)) -> Option<Complaint> {
        let (heartbeat, lease) = (self.kafka.heartbeat(), self.shard.lease);
        let session = self.kafka.session_timeout;
        let is_short = heartbeat.saturating_add(lease).saturating_add(call) >= session;
        (self.kafka.is_used() && is_short).then(|| {
            let shown = humantime::format_duration;
            let reason = format!(
                "must be longer than a heartbeat ({}), shard.lease ({}) and \
                 providers.{provider}.call_timeout ({}) together",
                shown(heartbeat),
                shown(lease),
                shown(call)
            );
            Complaint::new("kafka.session_timeout", shown(session), reason)
        })
    }

    /// A drain that is shorter than a call would cut it off, and leave open what it did.
    fn drain_complaint(&self, (provider, call): (Provider, Duration)) -> Option<Complaint> {
        let drain = self.shard.drain;
        (drain <= call).then(|| {
            Complaint::new(
                "shard.drain",
                humantime::format_duration(drain),
                format!(
                    "must be longer than providers.{provider}.call_timeout ({})",
                    humantime::format_duration(call)
                ),
            )
        })
    }
}
