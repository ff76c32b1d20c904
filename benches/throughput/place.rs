//! Where a measurement takes place: an empty log, and the configuration of a relay on it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use hris_relay::app::open_log;
use hris_relay::clock::Clock;
use hris_relay::config::{self, Settings};
use hris_relay::id::Provider;
use hris_relay::log::{Arrived, Log, Topic};
use tempfile::TempDir;
use uuid::Uuid;

/// A folder on the disk that the build is on, which is not kept in memory.
pub(super) const FOLDERS: &str = env!("CARGO_TARGET_TMPDIR");

/// Records read at once.
const READ_TOGETHER: usize = 5000;

/// Which log.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Sqlite,
    Kafka { brokers: String, name: String },
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite => f.write_str("SQLite"),
            Self::Kafka { name, .. } => f.write_str(name),
        }
    }
}

/// A log nobody else uses; its folder goes when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) config: PathBuf,
    pub(super) settings: Settings,
    _folder: TempDir,
}

impl Place {
    /// A place with its topics, and a configuration that ends with `more`.
    pub(super) async fn new(
        kind: &Kind,
        more: &str,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(FOLDERS).context("no folder can be made")?;
        let data = folder.path().join("data");
        let kafka = match kind {
            Kind::Sqlite => String::new(),
            Kind::Kafka { brokers, .. } => {
                let prefix = Uuid::now_v7();
                format!("[kafka]\nbrokers = {brokers:?}\nprefix = \"{prefix}.\"\nreplication = 1\n")
            }
        };
        let text = format!(
            "data_dir = \"{}\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{kafka}{more}",
            data.display()
        );
        let file = folder.path().join("relay.toml");
        std::fs::write(&file, text).context("the configuration cannot be written")?;
        let no_variables = BTreeMap::<String, String>::new();
        let settings = config::load::<Settings>(Some(&file), &no_variables)?.settings;
        let place = Self {
            config: file,
            settings,
            _folder: folder,
        };
        let log = place.open(clock)?;
        log.create_topics(&Topic::all(Provider::ALL)).await?;
        log.close().await;
        Ok(place)
    }

    pub(super) fn open(&self, clock: &Arc<dyn Clock>) -> anyhow::Result<Arc<dyn Log>> {
        Ok(open_log(&self.settings, Arc::clone(clock))?)
    }
}

/// Reads a whole topic.
pub(super) async fn read_all(
    log: &dyn Log,
    topic: Topic,
    each: &mut (dyn FnMut(&Arrived) + Send),
) -> anyhow::Result<()> {
    for partition in 0..log.partitions(topic).await? {
        let mut from = 0;
        loop {
            let records = log.read(topic, partition, from, READ_TOGETHER).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            records.iter().for_each(&mut *each);
        }
    }
    Ok(())
}
