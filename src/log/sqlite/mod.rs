//! The embedded log: one file, one machine, durable through `kill -9` and power loss.
//!
//! Every topic has one partition. Several processes may open the same folder: each writes
//! through one writer, each group has one owner, and anybody may read at any time.

mod headers;
mod member;
mod owner;
mod reader;
mod store;
mod watch;
mod writer;

use std::collections::VecDeque;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use self::member::{SqliteMember, SqlitePartition};
use self::owner::Lock;
use self::reader::Reader;
use self::watch::{Lookout, Watch};
use self::writer::{Owner, Refused, Work, Writer, Written};
use super::{
    AppendError, Arrived, ConsumeError, Group, Log, Member, Position, Record, Stage, Topic, record,
};
use crate::clock::Clock;
use crate::id::Provider;

/// The log's file in its folder.
const FILE: &str = "relay.db";

/// The event log in one file.
#[derive(Debug)]
pub struct SqliteLog {
    folder: PathBuf,
    /// None: opened for reading only.
    writer: Option<Arc<Writer>>,
    reader: Arc<Reader>,
    watch: Arc<Watch>,
    _lookout: Lookout,
}

impl SqliteLog {
    /// Opens the log in a folder, creating both.
    ///
    /// # Errors
    /// When the folder cannot be written, or a newer version has written the file.
    pub fn open(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, ConsumeError> {
        let file = data_dir.join(FILE);
        let refused = |reason: &dyn std::fmt::Display| {
            ConsumeError::Unreadable(format!(
                "{} cannot be written: {reason}; data_dir must name a folder this user may write",
                file.display()
            ))
        };
        // The folder holds personal data.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(|error| refused(&error))?;
        let watch = Watch::new();
        let topics = Topic::all(Provider::ALL);
        let writer = Writer::open(&file, clock, Arc::clone(&watch), topics)
            .map_err(|error| refused(&error))?;
        // A file that a power loss takes out of its folder is lost, however well it was synced.
        File::open(data_dir)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| refused(&error))?;
        Self::with(data_dir, Some(writer), watch)
    }

    /// Whether there is a log in a folder.
    pub fn is_at(data_dir: &Path) -> bool {
        data_dir.join(FILE).is_file()
    }

    /// Opens the log for reading, beside a process that writes it.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_read_only(data_dir: &Path) -> Result<Self, ConsumeError> {
        let file = data_dir.join(FILE);
        if !file.is_file() {
            return Err(ConsumeError::Unreadable(format!(
                "{} does not exist; data_dir must name the folder of a running relay",
                file.display()
            )));
        }
        Self::with(data_dir, None, Watch::new())
    }

    fn with(
        folder: &Path,
        writer: Option<Arc<Writer>>,
        watch: Arc<Watch>,
    ) -> Result<Self, ConsumeError> {
        let file = folder.join(FILE);
        let lookout = Lookout::start(&file, Arc::clone(&watch)).map_err(|reason| {
            ConsumeError::Unreadable(format!("{} cannot be read: {reason}", file.display()))
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            writer,
            reader: Reader::new(&file),
            watch,
            _lookout: lookout,
        })
    }

    fn writer(&self) -> Result<&Arc<Writer>, ConsumeError> {
        self.writer
            .as_ref()
            .ok_or_else(|| ConsumeError::Unreadable("it was opened for reading only".to_owned()))
    }
}

fn only_partition(topic: Topic, partition: u32) -> Result<(), ConsumeError> {
    if partition == 0 {
        return Ok(());
    }
    Err(ConsumeError::Topic {
        topic: topic.to_string(),
        reason: "has one partition, 0, in the embedded log".to_owned(),
    })
}

fn not_taken(refused: Refused) -> ConsumeError {
    ConsumeError::Unreadable(match refused {
        Refused::Full => "the queue is full".to_owned(),
        Refused::Closed => "the log is closed".to_owned(),
        Refused::Failed(reason) => reason,
    })
}

#[async_trait]
impl Log for SqliteLog {
    async fn append(&self, records: Vec<Record>) -> Result<Vec<Position>, AppendError> {
        record::check(&records)?;
        let Some(writer) = &self.writer else {
            return Err(AppendError::Closed("opened for reading only".to_owned()));
        };
        match writer.write(Work::Append(records)).await {
            Ok(Written::Appended(positions)) => Ok(positions),
            Ok(_) => Err(AppendError::Unconfirmed("no positions".to_owned())),
            Err(Refused::Full) => Err(AppendError::Full),
            Err(Refused::Closed) => Err(AppendError::Closed("it was closed".to_owned())),
            Err(Refused::Failed(reason)) => Err(AppendError::Unconfirmed(reason)),
        }
    }

    async fn join(&self, stage: Stage) -> Result<Box<dyn Member>, ConsumeError> {
        let writer = self.writer()?;
        let folder = self.folder.clone();
        let lock = tokio::task::spawn_blocking(move || Lock::take(&folder, stage.group))
            .await
            .map_err(|_| ConsumeError::Unreadable("the lock could not be taken".to_owned()))??;
        let taken = writer.write(Work::Own(stage.group, stage.source)).await;
        let Written::Owned(found) = taken.map_err(not_taken)? else {
            return Err(ConsumeError::Unreadable("no epoch was given".to_owned()));
        };
        let owner = Owner {
            group: stage.group,
            source: stage.source,
            epoch: found.epoch,
        };
        let partition = SqlitePartition {
            owner,
            topic: found.topic,
            committed: found.committed,
            note: found.note,
            next: found.committed.unwrap_or(0),
            read: VecDeque::new(),
            writer: Arc::clone(writer),
            reader: Arc::clone(&self.reader),
            seen: self.watch.subscribe(),
        };
        Ok(Box::new(SqliteMember {
            first: Some(partition),
            owner,
            seen: self.watch.subscribe(),
            _lock: lock,
        }))
    }

    async fn partitions(&self, _topic: Topic) -> Result<u32, ConsumeError> {
        Ok(1)
    }

    async fn read(
        &self,
        topic: Topic,
        partition: u32,
        from: i64,
        most: usize,
    ) -> Result<Vec<Arrived>, ConsumeError> {
        only_partition(topic, partition)?;
        let from = from.max(0);
        let (records, _) = self.reader.records(topic, from, i64::MAX, most).await?;
        Ok(records)
    }

    async fn committed(
        &self,
        group: Group,
        source: Topic,
        partition: u32,
    ) -> Result<Option<i64>, ConsumeError> {
        only_partition(source, partition)?;
        let found = self.reader.consumed(group, source).await?;
        Ok(found.and_then(|(committed, _)| committed))
    }

    async fn noted(
        &self,
        group: Group,
        source: Topic,
        partition: u32,
    ) -> Result<Option<String>, ConsumeError> {
        only_partition(source, partition)?;
        let found = self.reader.consumed(group, source).await?;
        Ok(found.and_then(|(_, note)| note))
    }

    async fn create_topics(&self, topics: &[Topic]) -> Result<Vec<String>, ConsumeError> {
        let created = self.writer()?.write(Work::Create(topics.to_vec())).await;
        let Written::Created(topics) = created.map_err(not_taken)? else {
            return Err(ConsumeError::Unreadable("no topics were named".to_owned()));
        };
        let line = |(topic, is_new): (Topic, bool)| {
            let done = if is_new { "created" } else { "exists" };
            format!("{topic}: {done}")
        };
        Ok(topics.into_iter().map(line).collect())
    }

    async fn is_ready(&self) -> bool {
        let Some(writer) = &self.writer else {
            return true;
        };
        // One that failed, or wrote nothing for a while, is asked: nothing else may be writing.
        writer.is_proven() || writer.write(Work::Probe).await.is_ok()
    }

    async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    fn describe(&self) -> String {
        format!("sqlite {}", self.folder.join(FILE).display())
    }
}
