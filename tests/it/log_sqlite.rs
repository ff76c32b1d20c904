//! What only the embedded log promises: crashes, locks, shared fsyncs, readers, forgetting.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hris_relay::clock::Clock;
use hris_relay::log::sqlite::SqliteLog;
use hris_relay::log::{ConsumeError, Log, Record, Topic};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::log_claims::{STAGE, STATE, append, commit, event, everything, in_time, join, number};
use crate::support::logs::system_clock;
use crate::support::said::say;

fn open(folder: &Path) -> Arc<SqliteLog> {
    Arc::new(SqliteLog::open(folder, system_clock()).unwrap())
}

/// Names the folder in which `a_child_appends_until_it_is_killed` appends.
const CHILD: &str = "HRIS_RELAY_TEST_APPEND_IN";

#[tokio::test]
async fn a_child_appends_until_it_is_killed() {
    // Not a child of the test below: nothing to do.
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let log = open(Path::new(&folder));
    for number in 0.. {
        append(&*log, event("e-17", number)).await;
        println!("confirmed {number}");
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_it_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let mut confirmed = Vec::new();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "log_sqlite::a_child_appends_until_it_is_killed",
                "--nocapture",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut count = 0;
        for line in lines.map_while(Result::ok) {
            let Some((_, number)) = line.split_once("confirmed ") else {
                continue;
            };
            count += 1;
            confirmed.push(number.parse::<usize>().unwrap());
            if count == 40 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(count >= 40 * round, "the child appended");
    }
    let log = open(folder.path());
    let mut read = everything(&*log, STAGE.source).await.into_iter();
    for expected in confirmed {
        // What was written but not yet confirmed may stand between.
        assert!(
            read.any(|record| number(&record) == expected),
            "{expected} is there, in order"
        );
    }
}

#[tokio::test]
async fn a_role_that_is_held_names_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let (log, other) = (open(folder.path()), open(folder.path()));
    let joined = join(&*log).await;
    let refused = other.join(STAGE).await.err().unwrap();
    assert!(matches!(refused, ConsumeError::Held { .. }));
    assert_eq!(
        refused.to_string(),
        format!(
            "hris-relay.roster is held by process {}; stop it first",
            std::process::id()
        )
    );
    joined.leave().await;
    join(&*other).await.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_that_wait_together_share_one_fsync() {
    const APPENDS: usize = 64 * 20;
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let started = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            for turn in 0..20 {
                append(&*log, event(&format!("e-{writer}"), turn)).await;
            }
        });
    }
    writers.join_all().await;
    let elapsed = started.elapsed();
    let transactions = commits_in(&folder.path().join("relay.db-wal"));
    let line = format!("{APPENDS} appends of 64 writers: {transactions} transactions, {elapsed:?}");
    say(&format!("sqlite: {line}"));
    assert!(transactions * 4 <= APPENDS, "{line}");
}

/// Counts commits in a write-ahead log: a frame that ends one carries the size of the
/// database in bytes 4 to 8 of its header (SQLite's file format, section 4.1).
fn commits_in(file: &Path) -> usize {
    const FILE_HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let bytes = std::fs::read(file).unwrap();
    let page = u32::from_be_bytes(bytes[8..12].try_into().unwrap());
    let frames = bytes[FILE_HEADER..].chunks_exact(FRAME_HEADER + usize::try_from(page).unwrap());
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn a_reader_reads_beside_the_writer_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = SqliteLog::open_read_only(folder.path()).unwrap_err();
    assert!(missing.to_string().contains("does not exist"), "{missing}");
    let log = open(folder.path());
    append(&*log, event("e-17", 1)).await;
    let reader = SqliteLog::open_read_only(folder.path()).unwrap();
    assert_eq!(everything(&reader, STAGE.source).await.len(), 1);
    append(&*log, event("e-17", 2)).await;
    assert_eq!(everything(&reader, STAGE.source).await.len(), 2);
    assert_eq!(
        everything(&reader, Topic::Quarantine).await,
        [],
        "never written"
    );
    let refused = reader.append(vec![event("e-17", 3)]).await.unwrap_err();
    assert_eq!(refused.code(), "log_closed");
    assert!(reader.join(STAGE).await.is_err());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = SqliteLog::open(&file, system_clock())
        .unwrap_err()
        .to_string();
    assert!(refused.contains(&*file.to_string_lossy()), "{refused}");
    assert!(refused.contains("data_dir"), "{refused}");
}

/// A wall clock that is set by hand.
#[derive(Debug)]
struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[tokio::test]
async fn old_records_are_forgotten_once_every_group_has_consumed_them() {
    const DAY: Duration = Duration::from_hours(24);
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock(Mutex::new(
        "2026-03-01T00:00:00Z".parse().unwrap(),
    )));
    let open = || {
        let clock: Arc<dyn Clock> = Arc::<SetClock>::clone(&clock);
        SqliteLog::open(folder.path(), clock).unwrap()
    };
    let log = open();
    for number in 0..4 {
        append(&log, event("e-17", number)).await;
    }
    let mut joined = join(&log).await;
    let mut partition = joined.take(0);
    let mut forget = Record::new(STATE, "b", "");
    forget.payload = None;
    let records = vec![
        Record::new(STATE, "a", "1"),
        Record::new(STATE, "b", "1"),
        forget,
    ];
    commit(&mut *partition, 2, records).await;
    partition.release().await;
    joined.leave().await;
    clock.advance(DAY * 29);
    append(&log, event("e-17", 4)).await;
    clock.advance(DAY * 2);
    drop(log);
    let log = open();
    let offsets = async |log: &SqliteLog, topic| -> Vec<i64> {
        let records = everything(log, topic).await;
        records
            .iter()
            .map(|record| record.position.offset)
            .collect()
    };
    assert_eq!(
        offsets(&log, STAGE.source).await,
        [2, 3, 4],
        "2 and 3 are not consumed"
    );
    assert_eq!(offsets(&log, STATE).await, [0], "the tombstone has served");
    let mut joined = join(&log).await;
    let mut partition = joined.take(0);
    commit(&mut *partition, 5, Vec::new()).await;
    clock.advance(DAY * 31);
    drop((partition, joined, log));
    let log = open();
    assert_eq!(offsets(&log, STAGE.source).await, Vec::<i64>::new());
    assert_eq!(
        append(&log, event("e-17", 5)).await.offset,
        5,
        "offsets are never used again"
    );
    assert_eq!(append(&log, Record::new(STATE, "c", "1")).await.offset, 3);
    in_time(log.close()).await;
}

/// Time that passes by hand.
#[derive(Debug, Default)]
struct PassedClock(Mutex<Duration>);

impl Clock for PassedClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn a_log_that_wrote_nothing_lately_tries_before_it_says_that_it_would() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(PassedClock::default());
    let passes = |seconds| *clock.0.lock().unwrap() += Duration::from_secs(seconds);
    let held: Arc<dyn Clock> = Arc::<PassedClock>::clone(&clock);
    let log = SqliteLog::open(folder.path(), held).unwrap();
    append(&log, event("e-17", 1)).await;
    passes(60);
    assert!(log.is_ready().await);
    let file = rusqlite::Connection::open(folder.path().join("relay.db")).unwrap();
    file.execute_batch("ALTER TABLE probes RENAME TO gone")
        .unwrap();
    passes(9);
    assert!(log.is_ready().await, "it wrote 9 seconds ago");
    passes(1);
    assert!(!log.is_ready().await);
    file.execute_batch("ALTER TABLE gone RENAME TO probes")
        .unwrap();
    assert!(log.is_ready().await);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_does_not_run_ahead_of_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let appended = log.append(vec![event("e-17", 1)]);
    let in_time = tokio::time::timeout(Duration::from_secs(1), appended).await;
    assert!(in_time.is_ok(), "scenarios own the time");
}
