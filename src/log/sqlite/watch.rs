//! Who is woken when: the ends of topics and the owners of groups, as this process knows them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use super::store;

/// How often other processes' writes are looked for: one page of shared memory is read.
const LOOK: Duration = Duration::from_millis(50);

/// What was seen last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    ends: BTreeMap<i64, i64>,
    epochs: BTreeMap<String, i64>,
}

impl Seen {
    /// The offset behind a topic's last record.
    pub(super) fn end(&self, topic: i64) -> i64 {
        self.ends.get(&topic).copied().unwrap_or(0)
    }

    /// The epoch of a group's owner.
    pub(super) fn epoch(&self, group: &str) -> i64 {
        self.epochs.get(group).copied().unwrap_or(0)
    }
}

/// Wakes whoever waits for more.
#[derive(Debug)]
pub(super) struct Watch {
    seen: watch::Sender<Seen>,
}

impl Watch {
    pub(super) fn new() -> Arc<Self> {
        let (seen, _) = watch::channel(Seen::default());
        Arc::new(Self { seen })
    }

    /// Listens.
    pub(super) fn subscribe(&self) -> watch::Receiver<Seen> {
        self.seen.subscribe()
    }

    /// Takes note; ends and epochs only grow.
    pub(super) fn saw(&self, ends: Vec<(i64, i64)>, epochs: Vec<(String, i64)>) {
        self.seen.send_if_modified(|seen| {
            let mut is_new = false;
            for (topic, end) in ends {
                let known = seen.ends.entry(topic).or_default();
                is_new |= *known < end;
                *known = end.max(*known);
            }
            for (group, epoch) in epochs {
                let known = seen.epochs.entry(group).or_default();
                is_new |= *known < epoch;
                *known = epoch.max(*known);
            }
            is_new
        });
    }

    /// Looks at the file once.
    fn look(&self, connection: &Connection) -> rusqlite::Result<()> {
        let ends = connection
            .prepare_cached("SELECT id, next_offset FROM topics")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let epochs = connection
            .prepare_cached("SELECT group_name, epoch FROM owners")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        self.saw(ends, epochs);
        Ok(())
    }
}

/// The thread that looks for what other processes wrote; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Lookout {
    _stop: mpsc::Sender<()>,
}

impl Lookout {
    /// Takes a first look and keeps looking.
    pub(super) fn start(file: &Path, watch: Arc<Watch>) -> Result<Self, String> {
        let connection = store::open_reader(file).map_err(|error| error.to_string())?;
        watch.look(&connection).map_err(|error| error.to_string())?;
        let (stop, stopped) = mpsc::channel::<()>();
        let run = move || {
            let mut last = 0;
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let looked = connection
                    .pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0))
                    .and_then(|version| {
                        if version != last {
                            watch.look(&connection)?;
                        }
                        Ok(version)
                    });
                match looked {
                    Ok(version) => last = version,
                    Err(error) => tracing::warn!(%error, "The log could not be looked at"),
                }
            }
        };
        std::thread::Builder::new()
            .name("log-lookout".to_owned())
            .spawn(run)
            .map_err(|error| error.to_string())?;
        Ok(Self { _stop: stop })
    }
}
