//! Places where logs live: each opens the same data as often as a test likes.

use std::sync::Arc;

use async_trait::async_trait;
use hris_relay::clock::{Clock, SystemClock};
use hris_relay::log::Log;
use hris_relay::log::sqlite::SqliteLog;
use tempfile::TempDir;

/// Makes places that share nothing.
#[async_trait]
pub trait Harness: Send + Sync {
    /// What it runs on, for people.
    fn name(&self) -> String;

    /// A place with its topics and nothing else.
    async fn place(&self) -> Arc<dyn Place>;
}

/// Where one log's data is.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens the log as another process would.
    async fn open(&self) -> Arc<dyn Log>;
}

/// The machine's clock.
pub fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

/// The embedded log, a folder a place.
#[derive(Debug)]
pub struct Sqlite;

#[derive(Debug)]
struct Folder(TempDir);

#[async_trait]
impl Harness for Sqlite {
    fn name(&self) -> String {
        "SQLite".to_owned()
    }

    async fn place(&self) -> Arc<dyn Place> {
        Arc::new(Folder(tempfile::tempdir().unwrap()))
    }
}

#[async_trait]
impl Place for Folder {
    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(SqliteLog::open(self.0.path(), system_clock()).unwrap())
    }
}

/// The time, later by a millisecond than when it was asked before: what HR says first is older,
/// however fast it is said.
pub fn moment() -> jiff::Timestamp {
    static LAST: std::sync::Mutex<i64> = std::sync::Mutex::new(0);
    let mut last = LAST.lock().unwrap();
    *last = system_clock().now().as_millisecond().max(*last + 1);
    jiff::Timestamp::from_millisecond(*last).unwrap()
}
