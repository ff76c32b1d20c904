//! The embedded log's tables, and what one transaction writes into them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::headers;
use crate::log::{Cleanup, Group, Position, Record, Topic};

/// How long a connection waits for another process's transaction: many times the longest
/// one, so that running into it means a stuck process.
const BUSY: Duration = Duration::from_secs(5);

/// Bytes of write-ahead log that stay on the disk after a burst.
const WAL_KEPT: i64 = 64 << 20;

/// The version of the tables, kept in `PRAGMA user_version`.
const FORMAT: i64 = 1;

/// Bits of a row id that hold the offset; those above hold the topic's number.
const OFFSET_BITS: u32 = 48;

/// `next_offset` of a topic only grows, so an offset is never used twice, whatever
/// retention and compaction have removed. `compacted_topic` repeats the topic's number
/// for compacted topics only: the unique index on it is what keeps one row a key.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS topics (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        next_offset INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS records (
        id INTEGER PRIMARY KEY,
        compacted_topic INTEGER,
        appended_at INTEGER NOT NULL,
        key BLOB,
        headers BLOB NOT NULL,
        payload BLOB
    );
    CREATE UNIQUE INDEX IF NOT EXISTS last_of_key ON records (compacted_topic, key)
        WHERE compacted_topic IS NOT NULL;
    CREATE INDEX IF NOT EXISTS tombstones ON records (compacted_topic, id)
        WHERE compacted_topic IS NOT NULL AND payload IS NULL;
    CREATE TABLE IF NOT EXISTS consumed (
        group_name TEXT NOT NULL,
        topic INTEGER NOT NULL,
        next_offset INTEGER,
        note TEXT,
        PRIMARY KEY (group_name, topic)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS owners (
        group_name TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS probes (id INTEGER PRIMARY KEY, probed_at INTEGER NOT NULL);
";

/// The row id of a record.
pub(super) const fn row(topic: i64, offset: i64) -> i64 {
    (topic << OFFSET_BITS) | offset
}

/// The offset in a row id.
pub(super) const fn offset(row: i64) -> i64 {
    row & ((1 << OFFSET_BITS) - 1)
}

/// Opens the file for writing, creating it and its tables.
///
/// # Errors
/// When it cannot be written, or a newer version has written it.
pub(super) fn open_writer(file: &Path) -> Result<Connection, String> {
    let opened = || -> rusqlite::Result<(Connection, i64)> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
        let format = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((connection, format))
    };
    let (connection, format) = opened().map_err(|error| error.to_string())?;
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(|error| error.to_string())?;
    if mode != "wal" {
        return Err("the file system cannot share memory between processes".to_owned());
    }
    if format > FORMAT {
        return Err(format!(
            "written by a newer version (format {format}, this one knows {FORMAT})"
        ));
    }
    let created = || -> rusqlite::Result<()> {
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "user_version", FORMAT)
    };
    if format < FORMAT {
        created().map_err(|error| error.to_string())?;
    }
    Ok(connection)
}

/// Opens the file for reading.
pub(super) fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Where a topic ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    /// The topic's number.
    pub(super) id: i64,
    /// The offset of the next record.
    pub(super) next: i64,
}

/// What a new owner of a group's partition is told.
#[derive(Debug)]
pub(super) struct Owned {
    /// Which owner of the group it is.
    pub(super) epoch: i64,
    /// The source topic's number.
    pub(super) topic: i64,
    /// The committed offset.
    pub(super) committed: Option<i64>,
    /// What was noted beside it.
    pub(super) note: Option<String>,
}

/// One transaction: everything in it becomes durable together, or nothing does.
#[derive(Debug)]
pub(super) struct Batch<'c> {
    transaction: Transaction<'c>,
    now: i64,
    tails: BTreeMap<Topic, Tail>,
}

impl<'c> Batch<'c> {
    /// Begins; no other process writes until it ends. `now`: milliseconds since 1970.
    pub(super) fn begin(connection: &'c mut Connection, now: i64) -> rusqlite::Result<Self> {
        Ok(Self {
            transaction: connection.transaction_with_behavior(TransactionBehavior::Immediate)?,
            now,
            tails: BTreeMap::new(),
        })
    }

    /// Where a topic ends; creates the topic. Says whether it was created.
    pub(super) fn tail(&mut self, topic: Topic) -> rusqlite::Result<(Tail, bool)> {
        if let Some(tail) = self.tails.get(&topic) {
            return Ok((*tail, false));
        }
        let name = topic.to_string();
        let known = self
            .transaction
            .prepare_cached("SELECT id, next_offset FROM topics WHERE name = ?1")?
            .query_row([&name], |row| {
                Ok(Tail {
                    id: row.get(0)?,
                    next: row.get(1)?,
                })
            })
            .optional()?;
        let (tail, created) = if let Some(tail) = known {
            (tail, false)
        } else {
            self.transaction
                .execute("INSERT INTO topics (name) VALUES (?1)", [&name])?;
            let id = self.transaction.last_insert_rowid();
            (Tail { id, next: 0 }, true)
        };
        self.tails.insert(topic, tail);
        Ok((tail, created))
    }

    /// Writes a record behind the others of its topic; in a compacted topic it takes the
    /// place of the key's record before it.
    pub(super) fn append(&mut self, record: &Record) -> rusqlite::Result<Position> {
        let (tail, _) = self.tail(record.topic)?;
        let compacted_topic = match record.topic.cleanup() {
            Cleanup::Compact => Some(tail.id),
            Cleanup::Delete(_) => None,
        };
        self.transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO records
                 (id, compacted_topic, appended_at, key, headers, payload)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                row(tail.id, tail.next),
                compacted_topic,
                self.now,
                record.key.as_deref(),
                headers::encode(&record.headers),
                record.payload.as_deref(),
            ])?;
        let next = tail.next.saturating_add(1);
        self.tails.insert(record.topic, Tail { next, ..tail });
        Ok(Position {
            topic: record.topic,
            partition: 0,
            offset: tail.next,
        })
    }

    /// Makes the caller the owner of a group's partition of a topic: every owner before it
    /// is fenced.
    pub(super) fn own(&mut self, group: Group, source: Topic) -> rusqlite::Result<Owned> {
        let (tail, _) = self.tail(source)?;
        let name = group.to_string();
        let epoch = self.transaction.query_row(
            "INSERT INTO owners (group_name, epoch) VALUES (?1, 1)
             ON CONFLICT (group_name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch",
            [&name],
            |row| row.get(0),
        )?;
        // The row without an offset tells retention that this group has consumed nothing.
        self.transaction.execute(
            "INSERT OR IGNORE INTO consumed (group_name, topic) VALUES (?1, ?2)",
            params![name, tail.id],
        )?;
        self.transaction.query_row(
            "SELECT next_offset, note FROM consumed WHERE group_name = ?1 AND topic = ?2",
            params![name, tail.id],
            |row| {
                Ok(Owned {
                    epoch,
                    topic: tail.id,
                    committed: row.get(0)?,
                    note: row.get(1)?,
                })
            },
        )
    }

    /// Whether this epoch is the owner's.
    pub(super) fn owns(&self, group: Group, epoch: i64) -> rusqlite::Result<bool> {
        let current: Option<i64> = self
            .transaction
            .prepare_cached("SELECT epoch FROM owners WHERE group_name = ?1")?
            .query_row([group.to_string()], |row| row.get(0))
            .optional()?;
        Ok(current == Some(epoch))
    }

    /// Moves a group's offset, if there is one, and keeps the note beside it.
    pub(super) fn consume(
        &mut self,
        (group, source): (Group, Topic),
        next: Option<i64>,
        note: &str,
    ) -> rusqlite::Result<()> {
        let (tail, _) = self.tail(source)?;
        self.transaction
            .prepare_cached(
                "UPDATE consumed SET next_offset = coalesce(?3, next_offset), note = ?4
                 WHERE group_name = ?1 AND topic = ?2",
            )?
            .execute(params![group.to_string(), tail.id, next, note])?;
        Ok(())
    }

    /// Writes something that means nothing, to learn whether writing works.
    pub(super) fn probe(&mut self) -> rusqlite::Result<()> {
        self.transaction
            .execute("INSERT OR REPLACE INTO probes VALUES (1, ?1)", [self.now])?;
        Ok(())
    }

    /// Forgets what a topic need not keep: at most `most` rows. Never what a group that
    /// joined the topic has not consumed.
    pub(super) fn forget(&mut self, topic: Topic, most: usize) -> rusqlite::Result<usize> {
        let (tail, _) = self.tail(topic)?;
        let consumed: i64 = self.transaction.query_row(
            "SELECT min(coalesce(next_offset, 0)) FROM consumed WHERE topic = ?1",
            [tail.id],
            |row| Ok(row.get::<_, Option<i64>>(0)?.unwrap_or(tail.next)),
        )?;
        let (keep, candidates) = match topic.cleanup() {
            Cleanup::Delete(keep) => (
                keep,
                "SELECT id, appended_at FROM records WHERE id >= ?1 AND id < ?2
                 ORDER BY id LIMIT ?3",
            ),
            Cleanup::Compact => (
                TOMBSTONES,
                "SELECT id, appended_at FROM records WHERE id >= ?1 AND id < ?2
                 AND compacted_topic = (?1 >> 48) AND payload IS NULL ORDER BY id LIMIT ?3",
            ),
        };
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let oldest = self.now.saturating_sub(keep);
        let mut rows: Vec<(i64, i64)> = self
            .transaction
            .prepare_cached(candidates)?
            .query_map(
                params![row(tail.id, 0), row(tail.id, consumed), limit],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?
            .collect::<rusqlite::Result<_>>()?;
        rows.retain(|(_, appended_at)| *appended_at < oldest);
        let mut delete = self
            .transaction
            .prepare_cached("DELETE FROM records WHERE id = ?1")?;
        for (id, _) in &rows {
            delete.execute([id])?;
        }
        Ok(rows.len())
    }

    /// Makes everything durable; answers the ends of the topics it touched.
    pub(super) fn finish(self) -> rusqlite::Result<Vec<Tail>> {
        {
            let mut update = self.transaction.prepare_cached(
                "UPDATE topics SET next_offset = ?2 WHERE id = ?1 AND next_offset <> ?2",
            )?;
            for tail in self.tails.values() {
                update.execute(params![tail.id, tail.next])?;
            }
        }
        self.transaction.commit()?;
        Ok(self.tails.into_values().collect())
    }
}

/// How long a tombstone stays, so that a reader that is behind learns of it: Kafka's
/// default `delete.retention.ms`.
const TOMBSTONES: Duration = Duration::from_hours(24);
