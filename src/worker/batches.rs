//! Batches: operations of different people that may share one call, until it is sent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::gate::Limits;
use crate::id::EmployeeId;
use crate::provider::{Operation, Target};

/// What shares a call, most urgent first: a lock shares a batch only with locks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Locks.
    Lock,
    /// Activations and profile changes.
    Activate,
    /// Registrations at one target.
    Target(Target),
}

impl From<&Operation> for Kind {
    fn from(operation: &Operation) -> Self {
        match operation {
            Operation::Lock { .. } => Self::Lock,
            Operation::Activate { .. } => Self::Activate,
            Operation::Join { target } | Operation::Leave { target } => {
                Self::Target(target.clone())
            }
        }
    }
}

/// A queue's name: what shares a call, apart from the halves of a refused batch.
pub(super) type Key = (Kind, Option<u64>);

/// An entry of a queue: void if the lane has another ticket by then.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) id: EmployeeId,
    pub(super) ticket: u64,
    pub(super) is_leave: bool,
}

#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Waiting>,
    since: Timestamp,
}

/// The operations that wait for a call.
#[derive(Debug)]
pub(super) struct Batches {
    linger: Duration,
    limits: Limits,
    queues: BTreeMap<Key, Queue>,
    /// Kinds with a call under way: one at a time keeps two calls off the same target.
    busy: BTreeSet<Kind>,
    /// Smaller sizes for kinds whose last calls failed whole.
    sizes: BTreeMap<Kind, usize>,
    last_ticket: u64,
}

impl Batches {
    pub(super) fn new(linger: Duration, limits: Limits) -> Self {
        Self {
            linger,
            limits,
            queues: BTreeMap::new(),
            busy: BTreeSet::new(),
            sizes: BTreeMap::new(),
            last_ticket: 0,
        }
    }

    /// Queues an operation; returns its ticket.
    pub(super) fn add(
        &mut self,
        id: &EmployeeId,
        operation: &Operation,
        cohort: Option<u64>,
        now: Timestamp,
    ) -> u64 {
        self.last_ticket = self.last_ticket.saturating_add(1);
        let queue = self
            .queues
            .entry((Kind::from(operation), cohort))
            .or_insert_with(|| Queue {
                waiting: VecDeque::new(),
                since: now,
            });
        queue.waiting.push_back(Waiting {
            id: id.clone(),
            ticket: self.last_ticket,
            is_leave: matches!(operation, Operation::Leave { .. }),
        });
        self.last_ticket
    }

    fn size(&self, kind: &Kind) -> usize {
        let most = match kind {
            Kind::Lock | Kind::Activate => self.limits.accounts,
            Kind::Target(_) => self.limits.registrations,
        };
        self.sizes.get(kind).copied().unwrap_or(most).min(most)
    }

    /// When the next call could be made, were the gate open.
    pub(super) fn ready_at(&self) -> Option<Timestamp> {
        self.ready().map(|(at, _)| at).min()
    }

    /// Takes the most urgent batch that is ready: full, or old enough.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Key, Vec<Waiting>)> {
        let ready = self.ready().find(|(at, _)| *at <= now);
        let key = ready.map(|(_, key)| key.clone())?;
        let most = self.size(&key.0);
        let queue = self.queues.get_mut(&key)?;
        let mut batch = Vec::new();
        let mut later = VecDeque::new();
        let (mut joins, mut leaves) = (0_usize, 0_usize);
        while let Some(waiting) = queue.waiting.pop_front() {
            let count = if waiting.is_leave {
                &mut leaves
            } else {
                &mut joins
            };
            if *count < most {
                *count = count.saturating_add(1);
                batch.push(waiting);
            } else {
                later.push_back(waiting);
            }
            if joins.min(leaves) >= most {
                break;
            }
        }
        later.append(&mut queue.waiting);
        queue.waiting = later;
        if queue.waiting.is_empty() {
            self.queues.remove(&key);
        }
        Some((key, batch))
    }

    fn ready(&self) -> impl Iterator<Item = (Timestamp, &Key)> {
        self.queues
            .iter()
            .filter(|((kind, _), _)| !self.busy.contains(kind))
            .map(|(key, queue)| {
                let at = if queue.waiting.len() >= self.size(&key.0) {
                    Timestamp::MIN
                } else {
                    queue.since.checked_add(self.linger).unwrap_or(queue.since)
                };
                (at, key)
            })
    }

    /// A call of this kind is under way.
    pub(super) fn start(&mut self, kind: &Kind) {
        self.busy.insert(kind.clone());
    }

    /// It is over, and did what it was asked: the next may be larger again.
    pub(super) fn worked(&mut self, kind: &Kind) {
        self.busy.remove(kind);
        if let Some(size) = self.sizes.remove(kind) {
            let doubled = size.saturating_mul(2);
            if doubled < self.limits.accounts.max(self.limits.registrations) {
                self.sizes.insert(kind.clone(), doubled);
            }
        }
    }

    /// It is over, and failed whole with this many people: the next is half as large.
    pub(super) fn failed_whole(&mut self, kind: &Kind, people: usize) {
        self.busy.remove(kind);
        self.sizes.insert(kind.clone(), people.div_ceil(2).max(1));
    }

    /// It is over.
    pub(super) fn over(&mut self, kind: &Kind) {
        self.busy.remove(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::super::gate::BURST;
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    fn batches() -> Batches {
        let limits = Limits {
            calls_per_second: 1000.0,
            burst: BURST,
            in_flight: 8,
            accounts: 3,
            registrations: 2,
            call_timeout: Duration::from_secs(1),
        };
        Batches::new(Duration::from_millis(50), limits)
    }

    fn id(n: usize) -> EmployeeId {
        EmployeeId::try_from(format!("e-{n}")).unwrap()
    }

    fn lock() -> Operation {
        let profile = crate::provider::Profile::default();
        Operation::Lock { profile }
    }

    fn target() -> Target {
        Target("program:p".to_owned())
    }

    fn ids(batch: &[Waiting]) -> Vec<&str> {
        batch.iter().map(|waiting| waiting.id.as_str()).collect()
    }

    #[test]
    fn a_batch_waits_for_the_linger_unless_it_is_full() {
        let mut batches = batches();
        batches.add(&id(1), &lock(), None, at(0));
        assert!(batches.take(at(49)).is_none());
        batches.add(&id(2), &lock(), None, at(10));
        batches.add(&id(3), &lock(), None, at(20));
        let (_, batch) = batches.take(at(20)).unwrap();
        assert_eq!(ids(&batch), ["e-1", "e-2", "e-3"]);
        batches.add(&id(4), &lock(), None, at(20));
        assert_eq!(batches.ready_at(), Some(at(70)));
        assert!(batches.take(at(70)).is_some());
        assert!(batches.take(at(999)).is_none());
    }

    #[test]
    fn a_registration_call_takes_as_many_that_join_as_that_leave() {
        let mut batches = batches();
        for n in 0..6 {
            let target = target();
            let operation = if n < 3 {
                Operation::Join { target }
            } else {
                Operation::Leave { target }
            };
            batches.add(&id(n), &operation, None, at(0));
        }
        let (_, batch) = batches.take(at(50)).unwrap();
        assert_eq!(ids(&batch), ["e-0", "e-1", "e-3", "e-4"]);
        let (_, batch) = batches.take(at(50)).unwrap();
        assert_eq!(ids(&batch), ["e-2", "e-5"]);
    }

    #[test]
    fn locks_go_first_and_a_target_has_one_call_at_a_time() {
        let mut batches = batches();
        let join = Operation::Join { target: target() };
        batches.add(&id(1), &join, None, at(0));
        batches.add(&id(2), &lock(), None, at(0));
        let ((kind, _), _) = batches.take(at(50)).unwrap();
        assert_eq!(kind, Kind::Lock);
        batches.start(&Kind::Target(target()));
        assert!(batches.take(at(50)).is_none());
        batches.over(&Kind::Target(target()));
        assert!(batches.take(at(50)).is_some());
    }

    #[test]
    fn a_call_that_failed_whole_is_halved_and_grows_back() {
        let mut batches = batches();
        batches.failed_whole(&Kind::Lock, 3);
        assert_eq!(batches.size(&Kind::Lock), 2);
        batches.failed_whole(&Kind::Lock, 2);
        assert_eq!(batches.size(&Kind::Lock), 1);
        batches.failed_whole(&Kind::Lock, 1);
        assert_eq!(batches.size(&Kind::Lock), 1);
        batches.worked(&Kind::Lock);
        batches.worked(&Kind::Lock);
        assert_eq!(batches.size(&Kind::Lock), 3);
    }

    #[test]
    fn the_halves_of_a_refused_batch_do_not_mix() {
        let mut batches = batches();
        batches.add(&id(1), &lock(), Some(1), at(0));
        batches.add(&id(2), &lock(), Some(2), at(0));
        batches.add(&id(3), &lock(), None, at(0));
        for _ in 0..3 {
            let (_, batch) = batches.take(at(50)).unwrap();
            assert_eq!(batch.len(), 1);
        }
    }
}
