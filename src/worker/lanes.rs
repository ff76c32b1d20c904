//! Lanes: one per person, at most one operation in flight, and the timers that wake them.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use jiff::Timestamp;

use super::batches::Batches;
use super::books::Book;
use super::guard::{Restraint, Tally};
use super::outlook::Outlook;
use super::queue::{Key, Stand};
use super::state::{OperationName, PersonState};
use crate::id::{EmployeeId, EventId, FactVersion};
use crate::mutation::{Mutation, is_on};
use crate::plan::{Applied, Digest};
use crate::provider::Operation;
use crate::shard::CallId;
use crate::traces::TraceContext;

/// One person at this provider.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The person's record as HR sees them, as it was read.
    pub(super) person: Bytes,
    /// The event that wrote it.
    pub(super) event: Box<str>,
    /// The trace of that event.
    pub(super) trace: Option<Box<TraceContext>>,
    /// The durable record here.
    pub(super) state: PersonState,
    /// Whether there is a durable record.
    pub(super) has_state: bool,
    /// Where the lane is.
    pub(super) place: Place,
    /// Which half of a refused batch the person belongs to.
    pub(super) cohort: Option<u64>,
    /// What HR wants, while there is something to do.
    pub(super) outlook: Option<Outlook>,
    /// Which book the person is counted in.
    pub(super) book: Option<Book>,
    /// Since when they wait for a call.
    pub(super) pending_since: Option<Timestamp>,
    /// The durable record cannot be read: nothing is done, so that its bytes stay.
    pub(super) has_broken_state: bool,
    /// What of the record the guard has counted.
    pub(super) tally: Tally,
    /// When the guard expects the person to go.
    pub(super) due: Option<Timestamp>,
    timer: Option<Timestamp>,
}

/// Where a lane is.
#[derive(Debug, Default)]
pub(super) enum Place {
    /// Nothing is under way.
    #[default]
    Idle,
    /// An operation waits for its batch.
    Queued {
        /// Where.
        stand: Stand,
        /// What waits.
        operation: Operation,
    },
    /// A call is under way.
    InFlight {
        /// Which.
        call: CallId,
        /// How things were then.
        sent: Box<Sent>,
    },
}

/// How things were when a person's operation was sent.
#[derive(Debug)]
pub(super) struct Sent {
    /// What was applied.
    pub(super) before: Applied,
    /// The event that wrote the person's record.
    pub(super) event: Box<str>,
    /// The version of the facts in it.
    pub(super) fact_version: FactVersion,
    /// The plan made of them.
    pub(super) plan: Digest,
    pub(super) removal_since: Option<Timestamp>,
    /// The newest redrive that was known.
    pub(super) redrive: Option<EventId>,
}

impl Place {
    /// What waits for its batch.
    pub(super) const fn queued(&self) -> Option<&Operation> {
        match self {
            Self::Queued { operation, .. } => Some(operation),
            Self::Idle | Self::InFlight { .. } => None,
        }
    }
}

impl Lane {
    pub(super) fn is_outlook_over(&self, now: Timestamp) -> bool {
        self.outlook
            .as_ref()
            .is_none_or(|outlook| outlook.next_change.is_some_and(|at| at <= now))
    }

    /// Queues an operation, or none, instead of what is queued; whoever goes on waiting for the
    /// same call keeps their place.
    pub(super) fn queue(
        &mut self,
        id: &EmployeeId,
        wanted: Option<(Key, Operation)>,
        batches: &mut Batches,
        now: Timestamp,
    ) {
        if let (Place::Queued { stand, operation }, Some((key, new))) = (&mut self.place, &wanted)
            && stand.is_for(key, new)
        {
            operation.clone_from(new);
            return;
        }
        if let Place::Queued { stand, .. } = &self.place {
            batches.remove(stand);
        }
        self.place = match wanted {
            Some((key, operation)) => Place::Queued {
                stand: batches.add(id, &operation, key, now),
                operation,
            },
            None => Place::Idle,
        };
    }

    /// What waits under a ticket, if it still does.
    pub(super) fn waits_as(&self, wanted: u64) -> Option<&Operation> {
        match &self.place {
            Place::Queued { stand, operation } if stand.ticket == wanted => Some(operation),
            Place::Queued { .. } | Place::Idle | Place::InFlight { .. } => None,
        }
    }

    /// Announces the queued operation in the durable record and hands it out.
    pub(super) fn depart(&mut self, entry: u64, call: CallId, now: Timestamp) -> Option<Operation> {
        let Place::Queued { stand, operation } = &self.place else {
            return None;
        };
        let outlook = self.outlook.as_ref()?;
        if stand.ticket != entry {
            return None;
        }
        let operation = operation.clone();
        let sent = Box::new(Sent {
            before: self.state.applied.clone(),
            event: self.event.clone(),
            fact_version: outlook.fact_version,
            plan: outlook.digest.clone(),
            removal_since: outlook.removal_since,
            redrive: outlook.redrive.as_ref().map(|known| known.event.clone()),
        });
        if !is_on(Mutation::NoAnnouncement) {
            self.state.announce(&operation, now);
        }
        self.place = Place::InFlight { call, sent };
        Some(operation)
    }

    /// Which try of an operation the next is, from 1.
    pub(super) fn attempt(&self, operation: &Operation) -> u32 {
        let tried = self.state.trying.get(&OperationName::from(operation));
        tried.map_or(1, |tried| tried.attempts.saturating_add(1))
    }

    /// Ends a call; hands out how things were when it was sent.
    pub(super) fn return_from(&mut self, over: CallId) -> Option<Box<Sent>> {
        match std::mem::take(&mut self.place) {
            Place::InFlight { call, sent } if call == over => Some(sent),
            other @ (Place::InFlight { .. } | Place::Queued { .. } | Place::Idle) => {
                self.place = other;
                None
            }
        }
    }

    pub(super) fn book_of(
        &self,
        outlook: &Outlook,
        steps: &[Operation],
        restraint: Option<Restraint>,
    ) -> Book {
        let locks = |step: &&Operation| matches!(step, Operation::Lock { .. });
        let is_dead = |step: &Operation| self.state.dead.contains_key(&OperationName::from(step));
        let is_refused = |step: &Operation| {
            let tried = self.state.trying.get(&OperationName::from(step));
            tried.is_some_and(|tried| tried.is_refused)
        };
        if let Some(lock) = steps.iter().find(locks) {
            if is_refused(lock) {
                Book::LockRefused
            } else {
                Book::LeaverNotLocked
            }
        } else if steps.iter().any(|step| !is_dead(step)) {
            Book::Pending
        } else if let Some(restraint) = restraint {
            match restraint {
                Restraint::Held => Book::Held,
                Restraint::Rejected => Book::Rejected,
                Restraint::Outdated => Book::Outdated,
            }
        } else if !steps.is_empty() {
            Book::Dead
        } else if outlook.desired.is_unmapped {
            Book::Unmapped
        } else if !self.state.reassert.is_empty() {
            Book::Pending
        } else if outlook.next_change.is_some() {
            Book::Scheduled
        } else {
            Book::Applied
        }
    }
}

/// All lanes of a partition, and their timers.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<EmployeeId, Lane>,
    timers: BTreeSet<(Timestamp, EmployeeId)>,
}

impl Lanes {
    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    pub(super) fn get(&self, id: &EmployeeId) -> Option<&Lane> {
        self.lanes.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &EmployeeId) -> Option<&mut Lane> {
        self.lanes.get_mut(id)
    }

    pub(super) fn entry(&mut self, id: &EmployeeId) -> &mut Lane {
        self.lanes.entry(id.clone()).or_default()
    }

    /// Everybody, in the order of their ids: what follows must not depend on a hash.
    pub(super) fn people(&self) -> Vec<EmployeeId> {
        let mut people: Vec<_> = self.lanes.keys().cloned().collect();
        people.sort_unstable();
        people
    }

    /// Wakes a lane at an instant, instead of when it would have been woken.
    pub(super) fn wake(&mut self, id: &EmployeeId, at: Option<Timestamp>) {
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        if lane.timer == at {
            return;
        }
        if let Some(old) = std::mem::replace(&mut lane.timer, at) {
            self.timers.remove(&(old, id.clone()));
        }
        if let Some(at) = at {
            self.timers.insert((at, id.clone()));
        }
    }

    /// When the next lane wakes.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Takes the lanes that are due.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<EmployeeId> {
        let mut due = Vec::new();
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, id)) = self.timers.pop_first() {
                if let Some(lane) = self.lanes.get_mut(&id) {
                    lane.timer = None;
                }
                due.push(id);
            }
        }
        due
    }
}
