//! One owner of a partition: a machine, its calls, its commit under way, and whether it is
//! frozen, cut off, or letting go.

use std::time::Duration;

use hris_relay::log::{Commit, Group, Topic};
use hris_relay::shard::{CallId, Core, Machine, Now, ShardSettings, Stop};
use jiff::{SignedDuration, Timestamp};

use crate::history::beginning;
use crate::world::Shared;

/// A call under way.
#[derive(Debug)]
struct UnderWay<A> {
    id: CallId,
    is: Called<A>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Fenced,
    Unconfirmed,
}

/// A commit whose answer is under way.
#[derive(Debug)]
struct Committing {
    over_at: Timestamp,
    asked_at: Duration,
    /// None: the log decides when it is over.
    outcome: Option<Outcome>,
    commit: Commit,
    is_farewell: bool,
}

#[derive(Debug)]
pub(crate) struct Owner<C: Core> {
    number: u64,
    machine: Machine<C>,
    epoch: u64,
    position: i64,
    pub(crate) frozen_until: Option<Timestamp>,
    pub(crate) cut_until: Option<Timestamp>,
    /// When it hears that the partition is somebody else's.
    pub(crate) hears_at: Option<Timestamp>,
    committing: Option<Committing>,
    calls: Vec<UnderWay<C::Answer>>,
    /// Until when it waits for its calls before it lets go.
    pub(crate) draining: Option<Timestamp>,
}

/// What becomes of a call: when it is over, with which answer, and who is in it; of those who
/// are locked by it, when that was asked for and how many events were folded by then.
#[derive(Debug)]
pub(crate) struct Called<A> {
    pub(crate) over_at: Timestamp,
    pub(crate) answer: A,
    pub(crate) people: Vec<(String, Option<(Timestamp, i64)>)>,
}

/// What a stage brings.
pub(crate) trait Stage {
    type Core: Core;
    const GROUP: Group;
    const SOURCE: Topic;
    fn core(&self, number: u64) -> Self::Core;
    fn settings(&self) -> ShardSettings;
    fn call(
        &self,
        shared: &mut Shared,
        owner: u64,
        call: &<Self::Core as Core>::Call,
    ) -> Called<<Self::Core as Core>::Answer>;
}

fn elapsed(at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(beginning())).unwrap_or_default()
}

pub(crate) fn both(at: Timestamp) -> Now {
    Now {
        wall: at,
        elapsed: elapsed(at),
    }
}

fn instant(elapsed: Duration) -> Timestamp {
    beginning() + SignedDuration::try_from(elapsed).unwrap()
}

impl<C: Core> Owner<C> {
    pub(crate) const fn new(number: u64, machine: Machine<C>, epoch: u64, position: i64) -> Self {
        Self {
            number,
            machine,
            epoch,
            position,
            frozen_until: None,
            cut_until: None,
            hears_at: None,
            committing: None,
            calls: Vec::new(),
            draining: None,
        }
    }

    pub(crate) fn next_at<S: Stage<Core = C>>(&self, shared: &Shared) -> Option<Timestamp> {
        let due = self.due::<S>(shared)?;
        Some(self.frozen_until.map_or(due, |thaws| due.max(thaws)))
    }

    fn due<S: Stage<Core = C>>(&self, shared: &Shared) -> Option<Timestamp> {
        let thaws = self.frozen_until.into_iter().chain(self.cut_until);
        if let Some(committing) = &self.committing {
            return Some(committing.over_at);
        }
        let calls = self.calls.iter().map(|call| call.is.over_at);
        if let Some(deadline) = self.draining {
            if self.machine.calls() == 0 {
                return Some(self.machine.commit_at().map_or(shared.now, instant));
            }
            return calls
                .chain([deadline])
                .chain(thaws)
                .chain(self.hears_at)
                .min();
        }
        let is_cut = self.cut_until.is_some();
        let has_next = !is_cut
            && self.machine.has_room()
            && shared.log.next(S::SOURCE, self.position).is_some();
        let read = has_next.then_some(shared.now);
        let commit = self.machine.commit_at().map(instant);
        let dates = [self.hears_at, read, commit, self.machine.wake_at()];
        calls.chain(dates.into_iter().flatten()).chain(thaws).min()
    }

    /// Does one thing that is due; says whether the owner is gone.
    pub(crate) fn step<S: Stage<Core = C>>(&mut self, stage: &S, shared: &mut Shared) -> bool {
        let now = shared.now;
        self.frozen_until.take_if(|until| *until <= now);
        self.cut_until.take_if(|until| *until <= now);
        if self
            .committing
            .as_ref()
            .is_some_and(|committing| committing.over_at <= now)
        {
            let is_over = self.end_commit::<S>(shared);
            if !is_over && self.draining.is_none() {
                self.start_calls(stage, shared);
            }
            return is_over;
        }
        if self.committing.is_some() {
            return false;
        }
        if self.hears_at.is_some_and(|at| at <= now) {
            shared.tell(|| format!("{} owner {} hears that it is none", S::GROUP, self.number));
            return true;
        }
        let result = if self.draining.is_some() {
            self.let_go::<S>(shared)
        } else if self
            .machine
            .commit_at()
            .is_some_and(|at| instant(at) <= now)
        {
            if let Some(commit) = self.machine.commit() {
                self.ask::<S>(shared, commit, false);
            }
            Ok(())
        } else if let Some(index) = self.calls.iter().position(|call| call.is.over_at <= now) {
            self.take_answer(index, shared)
        } else if self.machine.wake_at().is_some_and(|at| at <= now) {
            self.machine.tick(both(now))
        } else if self.cut_until.is_none() && self.machine.has_room() {
            match shared.log.next(S::SOURCE, self.position).cloned() {
                Some(record) => {
                    self.position = record.position.offset + 1;
                    self.machine.take(record, both(now))
                }
                None => Ok(()),
            }
        } else {
            Ok(())
        };
        if let Err(stop) = result {
            shared.violated(&format!("{} stopped: {stop}", S::GROUP));
        }
        if self.draining.is_none() && self.committing.is_none() {
            self.start_calls(stage, shared);
        }
        false
    }

    fn take_answer(&mut self, index: usize, shared: &mut Shared) -> Result<(), Stop> {
        let call = self.calls.remove(index);
        for (person, asked) in &call.is.people {
            if let Some(asked) = asked {
                shared.watch.locked(person, *asked);
            }
        }
        self.machine
            .answered(call.id, call.is.answer, both(shared.now))
    }

    fn start_calls<S: Stage<Core = C>>(&mut self, stage: &S, shared: &mut Shared) {
        for start in self.machine.starts(both(shared.now)) {
            if elapsed(shared.now) >= start.before {
                self.machine
                    .not_started(start.id, start.call, both(shared.now));
                continue;
            }
            let is = stage.call(shared, self.number, &start.call);
            self.calls.push(UnderWay { id: start.id, is });
        }
    }

    pub(crate) fn drain(&mut self, settings: &ShardSettings, now: Timestamp) {
        self.machine.drain(both(now));
        self.draining = Some(now + SignedDuration::try_from(settings.drain).unwrap());
    }

    fn let_go<S: Stage<Core = C>>(&mut self, shared: &mut Shared) -> Result<(), Stop> {
        let now = shared.now;
        if let Some(index) = self.calls.iter().position(|call| call.is.over_at <= now) {
            return self.take_answer(index, shared);
        }
        let is_late = self.draining.is_some_and(|deadline| deadline <= now);
        if self.machine.calls() == 0 || is_late {
            let farewell = self.machine.farewell();
            let is_clean = farewell.note.contains("\"clean\":true");
            if !self.calls.is_empty() && (is_clean || !is_late) {
                shared.violated("an owner let go while its calls were under way");
            }
            self.ask::<S>(shared, farewell, true);
        }
        Ok(())
    }

    fn ask<S: Stage<Core = C>>(&mut self, shared: &mut Shared, commit: Commit, is_farewell: bool) {
        let now = shared.now;
        let slow = if shared.rng.u8(0..20) == 0 { 3000 } else { 30 };
        let mut over_at = now + SignedDuration::from_millis(shared.rng.i64(0..slow));
        let mut outcome = None;
        let is_cut = self.cut_until.is_some();
        if is_cut || shared.is_unconfirmed(S::GROUP) {
            over_at = now + SignedDuration::from_millis(shared.rng.i64(0..5000));
            let is_taken = !is_cut && shared.rng.bool();
            let accepted = is_taken && shared.commit(S::GROUP, self.epoch, &commit);
            let is_fenced = is_taken && !accepted;
            outcome = Some(if is_fenced {
                Outcome::Fenced
            } else {
                Outcome::Unconfirmed
            });
        } else if shared.rng.bool() {
            let accepted = shared.commit(S::GROUP, self.epoch, &commit);
            outcome = Some(if accepted {
                Outcome::Accepted
            } else {
                Outcome::Fenced
            });
        }
        let asked_at = elapsed(now);
        self.committing = Some(Committing {
            over_at,
            asked_at,
            outcome,
            commit,
            is_farewell,
        });
    }

    fn end_commit<S: Stage<Core = C>>(&mut self, shared: &mut Shared) -> bool {
        let Some(committing) = self.committing.take() else {
            return false;
        };
        let outcome = committing.outcome.unwrap_or_else(|| {
            if self.cut_until.is_some() {
                return Outcome::Unconfirmed;
            }
            let accepted = shared.commit(S::GROUP, self.epoch, &committing.commit);
            if accepted {
                Outcome::Accepted
            } else {
                Outcome::Fenced
            }
        });
        let number = self.number;
        match outcome {
            Outcome::Accepted => {
                self.machine.committed(committing.asked_at);
                committing.is_farewell
            }
            Outcome::Fenced => {
                shared.tell(|| format!("{} owner {number} is fenced", S::GROUP));
                true
            }
            Outcome::Unconfirmed => {
                shared.tell(|| format!("{} owner {number}: commit not confirmed", S::GROUP));
                self.machine.unconfirmed(both(shared.now));
                let deadline = self.draining.filter(|deadline| *deadline < shared.now);
                committing.is_farewell && deadline.is_some()
            }
        }
    }

    /// Whoever is gone has closed their connections.
    pub(crate) fn hang_up(&self, shared: &mut Shared) {
        for call in &self.calls {
            for (person, _) in &call.is.people {
                shared.watch.hang_up(person, call.is.over_at);
            }
        }
    }
}
