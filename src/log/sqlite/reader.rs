//! Reading the embedded log, on connections of its own that never wait for the writer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{headers, store};
use crate::log::sync::locked;
use crate::log::{Arrived, ConsumeError, Group, Position, Topic};

/// Bytes in one reading: a few of the largest records, or thousands of usual ones.
const BYTES_TOGETHER: usize = 4 << 20;

/// A pool of connections.
#[derive(Debug)]
pub(super) struct Reader {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    pub(super) fn new(file: &Path) -> Arc<Self> {
        Arc::new(Self {
            file: file.to_owned(),
            idle: Mutex::default(),
        })
    }

    /// Records of a topic with offsets in `from..before`, in order: at most `most`, and
    /// fewer when they are large. Also says where to go on.
    pub(super) async fn records(
        self: &Arc<Self>,
        topic: Topic,
        from: i64,
        before: i64,
        most: usize,
    ) -> Result<(Vec<Arrived>, i64), ConsumeError> {
        self.with(move |connection| {
            let Some((id, end)) = find(connection, topic)? else {
                return Ok((Vec::new(), from));
            };
            records(connection, (topic, id), from..before.min(end), most)
        })
        .await
    }

    /// The offset behind a topic's last record.
    pub(super) async fn end(self: &Arc<Self>, topic: Topic) -> Result<i64, ConsumeError> {
        self.with(move |connection| Ok(find(connection, topic)?.map_or(0, |(_, end)| end)))
            .await
    }

    /// A group's committed offset, and what is noted beside it.
    pub(super) async fn consumed(
        self: &Arc<Self>,
        group: Group,
        source: Topic,
    ) -> Result<Option<(Option<i64>, Option<String>)>, ConsumeError> {
        self.with(move |connection| {
            connection
                .prepare_cached(
                    "SELECT consumed.next_offset, consumed.note FROM consumed
                     JOIN topics ON topics.id = consumed.topic
                     WHERE consumed.group_name = ?1 AND topics.name = ?2",
                )?
                .query_row([group.to_string(), source.to_string()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        })
        .await
    }

    async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ConsumeError> {
        let this = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let idle = locked(&this.idle).pop();
            let connection = match idle {
                Some(connection) => connection,
                None => store::open_reader(&this.file)?,
            };
            let result = read(&connection)?;
            locked(&this.idle).push(connection);
            Ok(result)
        });
        match reading.await {
            Ok(result) => result.map_err(|error: rusqlite::Error| unreadable(&error)),
            Err(_) => Err(ConsumeError::Unreadable(
                "the reading was cut off".to_owned(),
            )),
        }
    }
}

pub(super) fn unreadable(error: &rusqlite::Error) -> ConsumeError {
    ConsumeError::Unreadable(error.to_string())
}

fn find(connection: &Connection, topic: Topic) -> rusqlite::Result<Option<(i64, i64)>> {
    connection
        .prepare_cached("SELECT id, next_offset FROM topics WHERE name = ?1")?
        .query_row([topic.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn records(
    connection: &Connection,
    (topic, id): (Topic, i64),
    offsets: std::ops::Range<i64>,
    most: usize,
) -> rusqlite::Result<(Vec<Arrived>, i64)> {
    let mut statement = connection.prepare_cached(
        "SELECT id, appended_at, key, headers, payload FROM records
         WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![
        store::row(id, offsets.start),
        store::row(id, offsets.end),
        i64::try_from(most).unwrap_or(i64::MAX),
    ])?;
    let mut found: Vec<Arrived> = Vec::new();
    let mut bytes: usize = 0;
    while let Some(row) = rows.next()? {
        let record = arrived(topic, row)?;
        let next = record.position.offset.saturating_add(1);
        bytes = bytes.saturating_add(record.payload.as_ref().map_or(0, Bytes::len));
        found.push(record);
        if found.len() >= most || bytes >= BYTES_TOGETHER {
            return Ok((found, next));
        }
    }
    // The last offsets may have been compacted away.
    Ok((found, offsets.end.max(offsets.start)))
}

fn arrived(topic: Topic, row: &Row<'_>) -> rusqlite::Result<Arrived> {
    let appended_at: i64 = row.get(1)?;
    let encoded: Vec<u8> = row.get(3)?;
    let headers = headers::decode(&encoded).ok_or_else(|| broken(3))?;
    Ok(Arrived {
        position: Position {
            topic,
            partition: 0,
            offset: store::offset(row.get(0)?),
        },
        appended_at: Timestamp::from_millisecond(appended_at).map_err(|_| broken(1))?,
        key: row.get::<_, Option<Vec<u8>>>(2)?.map(Bytes::from),
        headers,
        payload: row.get::<_, Option<Vec<u8>>>(4)?.map(Bytes::from),
    })
}

fn broken(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Blob,
        "not what this log writes".into(),
    )
}
