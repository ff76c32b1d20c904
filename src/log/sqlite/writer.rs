//! The writer: everything that waits is written in one transaction, so it shares one fsync.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Notify, oneshot};

use super::store::{self, Batch, Owned, Tail};
use super::watch::Watch;
use crate::clock::Clock;
use crate::log::sync::locked;
use crate::log::{Commit, Group, Position, Record, Topic};

/// Bytes of appends that may wait: enough for a burst of webhooks, little enough that a
/// full disk is heard of before memory is.
const WAITING_BYTES: usize = 64 << 20;
/// Jobs in one transaction, so that the first one's answer does not wait for ever more.
const TOGETHER: usize = 1024;
/// How often old records are forgotten.
const SWEEP: Duration = Duration::from_mins(10);
/// For so long what was written shows that writing works. A write of nothing costs one sync.
const PROVEN: Duration = Duration::from_secs(10);
/// Rows forgotten in one transaction, so that appends do not wait for it.
const SWEPT_TOGETHER: usize = 2000;

/// What is to be written.
#[derive(Debug)]
pub(super) enum Work {
    /// Records.
    Append(Vec<Record>),
    /// Records and the source offset of an owner.
    Commit(Owner, Commit),
    /// A new owner of a group.
    Own(Group, Topic),
    /// Topics that must exist.
    Create(Vec<Topic>),
    /// Nothing: does writing work?
    Probe,
}

/// Who commits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    /// Its group.
    pub(super) group: Group,
    /// The topic it consumes.
    pub(super) source: Topic,
    /// Which owner of the group it is.
    pub(super) epoch: i64,
}

/// What was written.
#[derive(Debug)]
pub(super) enum Written {
    /// Records, here.
    Appended(Vec<Position>),
    /// The commit, or the probe.
    Done,
    /// Nothing: another owner has taken over.
    Fenced,
    /// What the new owner must know.
    Owned(Owned),
    /// Which of the topics were created.
    Created(Vec<(Topic, bool)>),
}

/// Why work was not taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// Too much is waiting.
    Full,
    /// The log is closed.
    Closed,
    /// It was not written.
    Failed(String),
}

#[derive(Debug)]
struct Job {
    work: Work,
    bytes: usize,
    reply: oneshot::Sender<Result<Written, String>>,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    bytes: usize,
    is_running: bool,
    is_closed: bool,
    is_failing: bool,
    /// `Clock::elapsed` at the last transaction that was written.
    written_at: Duration,
}

#[derive(Debug)]
struct Desk {
    connection: Connection,
    swept_at: Duration,
}

/// The one writer of this process.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Queue>,
    /// None once closed.
    desk: Mutex<Option<Desk>>,
    idle: Notify,
    clock: Arc<dyn Clock>,
    watch: Arc<Watch>,
    /// The topics whose old records are forgotten.
    topics: Vec<Topic>,
}

impl Writer {
    /// Opens the file for writing.
    pub(super) fn open(
        file: &Path,
        clock: Arc<dyn Clock>,
        watch: Arc<Watch>,
        topics: Vec<Topic>,
    ) -> Result<Arc<Self>, String> {
        let mut desk = Desk {
            connection: store::open_writer(file)?,
            swept_at: clock.elapsed(),
        };
        let writer = Self {
            queue: Mutex::new(Queue {
                written_at: clock.elapsed(),
                ..Queue::default()
            }),
            desk: Mutex::new(None),
            idle: Notify::new(),
            clock,
            watch,
            topics,
        };
        writer.sweep(&mut desk);
        *locked(&writer.desk) = Some(desk);
        Ok(Arc::new(writer))
    }

    /// Hands work in and waits until it is durable.
    ///
    /// Dropping the future does not take the work back.
    pub(super) async fn write(self: &Arc<Self>, work: Work) -> Result<Written, Refused> {
        let (reply, answer) = oneshot::channel();
        self.enter(work, reply)?;
        match answer.await {
            Ok(Ok(written)) => Ok(written),
            Ok(Err(reason)) => Err(Refused::Failed(reason)),
            Err(_gone) => Err(Refused::Failed("the writer ended".to_owned())),
        }
    }

    /// Whether the last transaction was written, lately, and the log is open.
    pub(super) fn is_proven(&self) -> bool {
        let queue = locked(&self.queue);
        let silent = self.clock.elapsed().saturating_sub(queue.written_at);
        !queue.is_failing && !queue.is_closed && silent < PROVEN
    }

    /// Takes no more work, waits for what was taken, and lets go of the file.
    pub(super) async fn close(self: &Arc<Self>) {
        locked(&self.queue).is_closed = true;
        loop {
            let idle = self.idle.notified();
            if !locked(&self.queue).is_running {
                break;
            }
            idle.await;
        }
        let this = Arc::clone(self);
        // The last connection to close checkpoints, which is disk work.
        let closing = tokio::task::spawn_blocking(move || drop(locked(&this.desk).take()));
        if closing.await.is_err() {
            tracing::warn!("The log's file was not closed cleanly");
        }
    }

    fn enter(
        self: &Arc<Self>,
        work: Work,
        reply: oneshot::Sender<Result<Written, String>>,
    ) -> Result<(), Refused> {
        let bytes = match &work {
            Work::Append(records) => records.iter().map(Record::size).sum(),
            // There are only as many of these as there are owners.
            Work::Commit(..) | Work::Own(..) | Work::Create(_) | Work::Probe => 0,
        };
        let mut queue = locked(&self.queue);
        if queue.is_closed {
            return Err(Refused::Closed);
        }
        if queue.bytes.saturating_add(bytes) > WAITING_BYTES {
            return Err(Refused::Full);
        }
        queue.bytes = queue.bytes.saturating_add(bytes);
        queue.jobs.push_back(Job { work, bytes, reply });
        if !queue.is_running {
            queue.is_running = true;
            let this = Arc::clone(self);
            // Not a thread of its own: a paused clock of a test must not run ahead while
            // something is written, and Tokio stops it for its own blocking tasks only.
            drop(tokio::task::spawn_blocking(move || this.run()));
        }
        Ok(())
    }

    /// Writes until nothing waits.
    fn run(&self) {
        let mut desk = locked(&self.desk);
        while let Some(jobs) = self.next_jobs() {
            let result = match desk.as_mut() {
                Some(desk) => self
                    .write_together(&mut desk.connection, &jobs)
                    .map_err(|error| error.to_string()),
                None => Err("the log is closed".to_owned()),
            };
            self.note(result.is_ok());
            match result {
                Ok(written) => {
                    for (job, written) in jobs.into_iter().zip(written) {
                        answer(job, Ok(written));
                    }
                }
                Err(reason) => {
                    tracing::error!(
                        failure.code = "log_unconfirmed",
                        reason,
                        "The log could not be written"
                    );
                    for job in jobs {
                        answer(job, Err(reason.clone()));
                    }
                }
            }
            if let Some(desk) = desk.as_mut()
                && self.clock.elapsed().saturating_sub(desk.swept_at) >= SWEEP
            {
                self.sweep(desk);
            }
        }
        drop(desk);
        self.idle.notify_waiters();
    }

    fn note(&self, is_written: bool) {
        let mut queue = locked(&self.queue);
        queue.is_failing = !is_written;
        if is_written {
            queue.written_at = self.clock.elapsed();
        }
    }

    /// The jobs of the next transaction; none: the writer rests.
    fn next_jobs(&self) -> Option<Vec<Job>> {
        let mut queue = locked(&self.queue);
        let together = queue.jobs.len().min(TOGETHER);
        let jobs: Vec<Job> = queue.jobs.drain(..together).collect();
        let bytes: usize = jobs.iter().map(|job| job.bytes).sum();
        queue.bytes = queue.bytes.saturating_sub(bytes);
        queue.is_running = !jobs.is_empty();
        queue.is_running.then_some(jobs)
    }

    fn write_together(
        &self,
        connection: &mut Connection,
        jobs: &[Job],
    ) -> rusqlite::Result<Vec<Written>> {
        let mut batch = Batch::begin(connection, self.clock.now().as_millisecond())?;
        let written = jobs
            .iter()
            .map(|job| apply(&mut batch, &job.work))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let ends = batch.finish()?;
        let epochs = jobs
            .iter()
            .zip(&written)
            .filter_map(|(job, written)| match (&job.work, written) {
                (Work::Own(group, _), Written::Owned(owned)) => {
                    Some((group.to_string(), owned.epoch))
                }
                _ => None,
            })
            .collect();
        self.watch.saw(
            ends.iter().map(|Tail { id, next }| (*id, *next)).collect(),
            epochs,
        );
        Ok(written)
    }

    /// Forgets old records, a bounded number in a transaction of its own for each topic.
    /// While there are more it goes on after the next jobs.
    fn sweep(&self, desk: &mut Desk) {
        let swept_at = self.clock.elapsed();
        let mut is_done = true;
        for &topic in &self.topics {
            match self.forget(&mut desk.connection, topic) {
                Ok(forgotten) => is_done &= forgotten < SWEPT_TOGETHER,
                Err(error) => {
                    tracing::warn!(record.topic = %topic, %error, "Old records are not forgotten");
                }
            }
        }
        if is_done {
            desk.swept_at = swept_at;
        }
    }

    fn forget(&self, connection: &mut Connection, topic: Topic) -> rusqlite::Result<usize> {
        let mut batch = Batch::begin(connection, self.clock.now().as_millisecond())?;
        let forgotten = batch.forget(topic, SWEPT_TOGETHER)?;
        batch.finish().map(|_ends| forgotten)
    }
}

fn apply(batch: &mut Batch<'_>, work: &Work) -> rusqlite::Result<Written> {
    match work {
        Work::Append(records) => records
            .iter()
            .map(|record| batch.append(record))
            .collect::<rusqlite::Result<_>>()
            .map(Written::Appended),
        Work::Commit(owner, _) if !batch.owns(owner.group, owner.epoch)? => Ok(Written::Fenced),
        Work::Commit(owner, commit) => {
            for record in &commit.records {
                batch.append(record)?;
            }
            let consumed = (owner.group, owner.source);
            batch.consume(consumed, commit.next_offset, &commit.note)?;
            Ok(Written::Done)
        }
        Work::Own(group, source) => batch.own(*group, *source).map(Written::Owned),
        Work::Create(topics) => topics
            .iter()
            .map(|&topic| batch.tail(topic).map(|(_, created)| (topic, created)))
            .collect::<rusqlite::Result<_>>()
            .map(Written::Created),
        Work::Probe => batch.probe().map(|()| Written::Done),
    }
}

fn answer(job: Job, written: Result<Written, String>) {
    // Whoever asked may have stopped listening.
    drop(job.reply.send(written));
}
