//! The pure half of a shard: what is committed when, and which calls may start.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::outbox::Outbox;
use super::partition_record::PartitionRecord;
use super::stop::Stop;
use super::{CallId, Core, Effect, Input, ShardSettings};
use crate::log::{Arrived, Commit};
use crate::mutation::{Mutation, is_on};

/// With this many times a commit's records waiting, no more input is taken.
const OUTBOX_COMMITS: usize = 4;
/// A commit that was not confirmed is tried again after this long.
const COMMIT_AGAIN: Duration = Duration::from_millis(500);

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock: what facts and retries go by.
    pub wall: Timestamp,
    /// The clock that never goes back and runs on while the process is stopped: what the
    /// lease and the commits go by.
    pub elapsed: Duration,
}

/// A call that may start.
#[derive(Debug)]
pub struct Start<C> {
    /// Which.
    pub id: CallId,
    /// What.
    pub call: C,
    /// It must not start once `elapsed` has reached this.
    pub before: Duration,
}

/// What a log knew of a partition when it was taken over.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The committed source offset; none on the first day.
    pub committed: Option<i64>,
    /// What was noted beside it.
    pub note: Option<&'a str>,
    /// The first offset the source still has, and the one behind its last.
    pub source: (i64, i64),
}

impl Found<'_> {
    fn check_source(&self, committed: i64) -> Result<(), Stop> {
        let (start, end) = self.source;
        if committed > end {
            return Err(Stop::SourceLost { committed, end });
        }
        // Not a reason to stop: what is gone does not come back by waiting, and the marks of
        // transactions, which nobody reads, may be all that is missing.
        if committed < start {
            tracing::error!(
                record.offset = committed,
                failure.code = "source_forgotten",
                "The source topic begins behind the committed offset; records may be lost"
            );
        }
        Ok(())
    }
}

/// One partition of one stage, without the log and the calls.
///
/// Invariants:
/// - a commit says everything that follows from the records up to its offset (I6);
/// - a call starts only when everything that was written before it is committed, and while
///   that commit, or a renewal since, is younger than the lease (I3): an owner that was
///   frozen or cut off has ended its calls before anybody else may begin.
#[derive(Debug)]
pub struct Machine<C: Core> {
    core: C,
    settings: ShardSettings,
    owner: String,
    outbox: Outbox,
    /// Calls whose announcement is not committed yet.
    announced: Vec<(CallId, C::Call)>,
    /// Calls whose announcement is, and which have not started.
    waiting: Vec<(CallId, C::Call)>,
    under_way: BTreeSet<CallId>,
    /// The source offset behind what was taken.
    next_offset: Option<i64>,
    commit_at: Option<Duration>,
    /// When the last commit that was accepted was asked for.
    renewed_at: Option<Duration>,
    is_draining: bool,
    is_traced: bool,
}

impl<C: Core> Machine<C> {
    /// A shard around a core that knows nothing yet; `owner` names the process.
    pub fn new(core: C, settings: ShardSettings, owner: String) -> Self {
        Self {
            core,
            settings,
            owner,
            outbox: Outbox::default(),
            announced: Vec::new(),
            waiting: Vec::new(),
            under_way: BTreeSet::new(),
            next_offset: None,
            commit_at: None,
            renewed_at: None,
            is_draining: false,
            is_traced: false,
        }
    }

    /// The same, which notes the trace of a record on what is made of it.
    #[must_use]
    pub const fn traced(mut self, is_traced: bool) -> Self {
        self.is_traced = is_traced;
        self
    }

    /// The core.
    pub const fn core(&self) -> &C {
        &self.core
    }

    /// Takes back a record.
    ///
    /// # Errors
    /// When a newer program wrote it.
    pub fn restore(&mut self, record: Arrived) -> Result<(), Stop> {
        self.core.restore(record)
    }

    /// Begins, once everything there was is restored.
    ///
    /// # Errors
    /// When what was found is not what the last owner left.
    pub fn begin(&mut self, found: &Found<'_>, now: Now) -> Result<(), Stop> {
        if let Some(committed) = found.committed {
            found.check_source(committed)?;
        }
        match found.note {
            Some(note) => self.compare(&PartitionRecord::parse(note)?)?,
            None if found.committed.is_some() => return Err(Stop::RecordMissing),
            None => {}
        }
        self.next_offset = found.committed;
        self.feed(Input::Restored, now)
    }

    fn compare(&mut self, record: &PartitionRecord) -> Result<(), Stop> {
        record.check(self.core.held())?;
        if !record.clean {
            tracing::info!(
                record.owner = record.owner,
                "The owner before was cut off; what it left open is asserted again"
            );
        }
        if let Some(note) = &record.note {
            self.core.restore_note(note);
        }
        Ok(())
    }

    /// Takes the next record of the source.
    ///
    /// # Errors
    /// When the core cannot go on behind it; the record counts as not taken.
    pub fn take(&mut self, record: Arrived, now: Now) -> Result<(), Stop> {
        let offset = record.position.offset;
        if self.is_traced {
            self.outbox.follow(record.headers.trace());
        }
        let fed = self.feed(Input::Record(record), now);
        self.outbox.follow(Vec::new());
        fed?;
        let taken = if is_on(Mutation::OffsetAhead) { 2 } else { 1 };
        self.next_offset = Some(offset.saturating_add(taken));
        self.outbox.moves();
        self.plan_commit(now);
        Ok(())
    }

    /// Takes the end of a call.
    ///
    /// # Errors
    /// When the core cannot go on.
    pub fn answered(&mut self, id: CallId, answer: C::Answer, now: Now) -> Result<(), Stop> {
        self.under_way.remove(&id);
        self.feed(Input::Answered(id, answer), now)
    }

    /// Takes back a call that did not start in time; it starts after the next commit.
    pub fn not_started(&mut self, id: CallId, call: C::Call, now: Now) {
        self.under_way.remove(&id);
        if !self.is_draining {
            self.announced.push((id, call));
            self.plan_commit(now);
        }
    }

    /// Tells the core that its time has come.
    ///
    /// # Errors
    /// When the core cannot go on.
    pub fn tick(&mut self, now: Now) -> Result<(), Stop> {
        self.feed(Input::Tick, now)
    }

    /// Starts nothing more. What was announced and has not started stays announced: the next
    /// owner asserts it.
    pub fn drain(&mut self, now: Now) {
        self.is_draining = true;
        self.announced.clear();
        self.waiting.clear();
        // A core that cannot go on does not have to.
        drop(self.feed(Input::Draining, now));
    }

    /// Whether more input may be taken.
    pub fn has_room(&self) -> bool {
        let full = self.settings.commit_records.saturating_mul(OUTBOX_COMMITS);
        self.outbox.len() < full
    }

    /// Calls under way.
    pub fn calls(&self) -> usize {
        if is_on(Mutation::NoCleanHandover) {
            return 0;
        }
        self.under_way.len()
    }

    /// When the core next wants a tick.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.core.wake_at()
    }

    /// When the next commit is due, by `elapsed`.
    pub const fn commit_at(&self) -> Option<Duration> {
        self.commit_at
    }

    /// Whether a commit would say anything.
    pub fn has_news(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// The commit to try now; without news it renews the lease for a call, or it is none.
    pub fn commit(&mut self) -> Option<Commit> {
        self.commit_at = None;
        if self.outbox.is_empty() && self.announced.is_empty() && self.waiting.is_empty() {
            return None;
        }
        Some(self.commit_with(false))
    }

    /// The last commit: says that nothing was left open.
    pub fn farewell(&mut self) -> Commit {
        self.commit_at = None;
        self.commit_with(self.calls() == 0)
    }

    fn commit_with(&self, is_clean: bool) -> Commit {
        let record = PartitionRecord::new(
            self.settings.state_format,
            self.core.held(),
            self.owner.clone(),
            is_clean,
            self.core.note(),
        );
        Commit {
            records: if is_on(Mutation::CommitBeforeWrite) && self.outbox.has_moved() {
                Vec::new()
            } else {
                self.outbox.records()
            },
            next_offset: self.next_offset,
            note: record.to_text(),
        }
    }

    /// The commit was accepted; `asked_at` is when it was asked for.
    pub fn committed(&mut self, asked_at: Duration) {
        if is_on(Mutation::CommitBeforeWrite) && self.outbox.has_moved() {
            self.outbox.stays();
            self.commit_at = Some(asked_at);
        } else {
            self.outbox.clear();
        }
        self.renewed_at = Some(asked_at);
        self.waiting.append(&mut self.announced);
    }

    /// The commit was not confirmed: it is said again.
    pub fn unconfirmed(&mut self, now: Now) {
        self.commit_at = Some(now.elapsed.saturating_add(COMMIT_AGAIN));
    }

    /// The calls that may start now. If the lease has run out there are none, and a commit is
    /// planned that renews it.
    pub fn starts(&mut self, now: Now) -> Vec<Start<C::Call>> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let before = self
            .renewed_at
            .map(|renewed_at| renewed_at.saturating_add(self.settings.lease));
        let before = if is_on(Mutation::NoLease) {
            Some(Duration::MAX)
        } else {
            before
        };
        let Some(before) = before.filter(|before| now.elapsed < *before) else {
            self.commit_at = Some(now.elapsed);
            return Vec::new();
        };
        let starts = self.waiting.drain(..);
        let starts = starts.map(|(id, call)| Start { id, call, before });
        let starts: Vec<_> = starts.collect();
        self.under_way.extend(starts.iter().map(|start| start.id));
        starts
    }

    fn feed(&mut self, input: Input<C::Answer>, now: Now) -> Result<(), Stop> {
        let mut stopped = Ok(());
        for effect in self.core.handle(input, now.wall) {
            match effect {
                Effect::Write(record) => self.outbox.write(record),
                Effect::Call(id, call) => self.announced.push((id, call)),
                Effect::Stop(stop) => stopped = Err(stop),
            }
        }
        self.plan_commit(now);
        stopped
    }

    fn plan_commit(&mut self, now: Now) {
        if self.outbox.is_empty() && self.announced.is_empty() {
            return;
        }
        let is_urgent = !self.announced.is_empty();
        let due = if is_urgent || self.outbox.len() >= self.settings.commit_records {
            now.elapsed
        } else {
            now.elapsed.saturating_add(self.settings.commit_every)
        };
        self.commit_at = Some(self.commit_at.map_or(due, |planned| planned.min(due)));
    }
}
