//! Batches: operations of different people that may share one call, until it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::gate::Admitted;
use super::kind::Kind;
use super::limits::Limits;
use super::queue::{Key, Queue, Stand, Waiting, is_leave};
use crate::id::EmployeeId;
use crate::provider::{Operation, Target};

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
    /// Targets where everybody needs a call of their own.
    alone: BTreeSet<Target>,
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
            alone: BTreeSet::new(),
            last_ticket: 0,
        }
    }

    /// Queues an operation; says where.
    pub(super) fn add(
        &mut self,
        id: &EmployeeId,
        operation: &Operation,
        key: Key,
        now: Timestamp,
    ) -> Stand {
        self.last_ticket = self.last_ticket.saturating_add(1);
        let is_leave = is_leave(operation);
        let queue = self.queues.entry(key.clone());
        let queue = queue.or_insert_with(|| Queue::new(now));
        queue.add(is_leave, self.last_ticket, id.clone());
        Stand::new(key, self.last_ticket, is_leave)
    }

    /// From now on everybody at a target needs a call of their own.
    pub(super) fn set_alone(&mut self, target: &Target) {
        if !self.alone.contains(target) {
            self.alone.insert(target.clone());
        }
    }

    /// Takes an operation back.
    pub(super) fn remove(&mut self, stand: &Stand) {
        if let Some(queue) = self.queues.get_mut(stand.key()) {
            queue.remove(stand);
            if queue.is_empty() {
                self.queues.remove(stand.key());
            }
        }
    }

    /// Whoever waits for a call of a kind.
    pub(super) fn people(&self, kind: &Kind) -> Vec<EmployeeId> {
        let queues = self.queues.iter().filter(|(key, _)| key.0 == *kind);
        queues.flat_map(|(_, queue)| queue.people()).collect()
    }

    /// How many operations wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queues.values().map(Queue::len).sum()
    }

    fn size(&self, kind: &Kind) -> usize {
        let most = match kind {
            Kind::Revoke | Kind::Lock | Kind::Activate => self.limits.accounts,
            Kind::Target(target) if self.alone.contains(target) => 1,
            Kind::Target(_) => self.limits.registrations,
        };
        self.sizes.get(kind).copied().unwrap_or(most).min(most)
    }

    /// When the next call with locks, or without, could be made, were the gate open.
    pub(super) fn ready_at(&self, locks: bool) -> Option<Timestamp> {
        let of_kind = self.waiting().filter(|(key, _)| key.0.is_lock() == locks);
        of_kind.map(|(key, queue)| self.ready(key, queue)).min()
    }

    fn waiting(&self) -> impl Iterator<Item = (&Key, &Queue)> {
        let queues = self.queues.iter();
        queues.filter(|((kind, _), _)| !self.busy.contains(kind))
    }

    fn ready(&self, key: &Key, queue: &Queue) -> Timestamp {
        if queue.largest_side() >= self.size(&key.0) {
            Timestamp::MIN
        } else {
            let since = queue.since();
            since.checked_add(self.linger).unwrap_or(since)
        }
    }

    /// Takes the most urgent batch that is ready: full, or old enough. Nobody with a lock to
    /// wait for stays behind while somebody else's call takes the place.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        admitted: Admitted,
    ) -> Option<(Key, Vec<Waiting>)> {
        let admits = |key: &Key| admitted.people(&key.0) > 0;
        let candidates = || self.waiting().filter(|(key, _)| admits(key));
        let is_any_ready = candidates().any(|(key, queue)| self.ready(key, queue) <= now);
        let (key, _) = candidates()
            .filter(|(key, queue)| {
                is_any_ready && key.0 == Kind::Revoke || self.ready(key, queue) <= now
            })
            .min_by_key(|(key, queue)| (key.0.rank(queue.has_joins()), queue.oldest()))?;
        let key = key.clone();
        let most = self.size(&key.0).min(admitted.people(&key.0));
        let mut batch = self.take_from(&key, most);
        if key == (Kind::Revoke, None) {
            let room = most.saturating_sub(batch.len());
            batch.append(&mut self.take_from(&(Kind::Lock, None), room));
        }
        Some((key, batch))
    }

    /// As many as fit from one queue; of a target's, as many that join as that leave. A call
    /// for one person takes one.
    fn take_from(&mut self, key: &Key, most: usize) -> Vec<Waiting> {
        let Some(queue) = self.queues.get_mut(key) else {
            return Vec::new();
        };
        let mut batch: Vec<Waiting> = queue.take(false, most).collect();
        if (most > 1 && self.limits.mixes) || batch.is_empty() {
            batch.extend(queue.take(true, most));
        }
        if queue.is_empty() {
            self.queues.remove(key);
        }
        batch
    }

    /// A call of this kind is under way.
    pub(super) fn start(&mut self, kind: &Kind) {
        self.busy.insert(kind.clone());
    }

    /// It is over, and did what it was asked for as many people as the size allows: the next
    /// may be larger again.
    pub(super) fn worked(&mut self, kind: &Kind, people: usize) {
        self.busy.remove(kind);
        let Some(size) = self.sizes.get(kind).copied().filter(|size| people >= *size) else {
            return;
        };
        let doubled = size.saturating_mul(2);
        if doubled < self.limits.accounts.max(self.limits.registrations) {
            self.sizes.insert(kind.clone(), doubled);
        } else {
            self.sizes.remove(kind);
        }
    }

    /// It is over, and failed whole: the next is half as large.
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
    use super::super::kind::Rank;
    use super::super::limits::BURST;
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
            mixes: true,
            call_timeout: Duration::from_secs(1),
        };
        Batches::new(Duration::from_millis(50), limits)
    }

    fn id(n: usize) -> EmployeeId {
        EmployeeId::try_from(format!("e-{n}")).unwrap()
    }

    fn lock() -> Operation {
        Operation::lock(crate::provider::Profile::default())
    }

    fn target() -> Target {
        Target("program:p".to_owned())
    }

    fn join() -> Operation {
        Operation::join(target())
    }

    fn leave() -> Operation {
        Operation::leave(target())
    }

    fn ids(batch: &[Waiting]) -> Vec<&str> {
        batch.iter().map(|waiting| waiting.id.as_str()).collect()
    }

    fn key(operation: &Operation, cohort: Option<u64>) -> Key {
        (Kind::of(operation, false), cohort)
    }

    impl Batches {
        fn queue(&mut self, n: usize, operation: &Operation, now: Timestamp) -> Stand {
            self.add(&id(n), operation, key(operation, None), now)
        }

        fn all(&mut self, now: Timestamp) -> Option<(Key, Vec<Waiting>)> {
            self.take(now, Admitted::EVERYTHING)
        }
    }

    #[test]
    fn a_batch_waits_for_the_linger_unless_it_is_full() {
        let mut batches = batches();
        batches.queue(1, &lock(), at(0));
        assert!(batches.all(at(49)).is_none());
        batches.queue(2, &lock(), at(10));
        batches.queue(3, &lock(), at(20));
        let (_, batch) = batches.all(at(20)).unwrap();
        assert_eq!(ids(&batch), ["e-1", "e-2", "e-3"]);
        batches.queue(4, &lock(), at(20));
        assert_eq!(batches.ready_at(true), Some(at(70)));
        assert_eq!(batches.ready_at(false), None);
        assert!(batches.all(at(70)).is_some());
        assert!(batches.all(at(999)).is_none());
    }

    #[test]
    fn a_registration_call_takes_as_many_that_join_as_that_leave() {
        let mut batches = batches();
        for n in 0..6 {
            batches.queue(n, &if n < 3 { join() } else { leave() }, at(0));
        }
        let (_, batch) = batches.all(at(50)).unwrap();
        assert_eq!(ids(&batch), ["e-0", "e-1", "e-3", "e-4"]);
        let (_, batch) = batches.all(at(50)).unwrap();
        assert_eq!(ids(&batch), ["e-2", "e-5"]);
    }

    #[test]
    fn a_call_for_one_person_is_for_one_person() {
        let mut batches = batches();
        batches.queue(1, &leave(), at(0));
        batches.queue(2, &join(), at(0));
        let one = Admitted { locks: 1, rest: 1 };
        let taken = [batches.take(at(50), one), batches.take(at(50), one)];
        let sizes = taken.map(|batch| batch.unwrap().1.len());
        assert_eq!(sizes, [1, 1]);
    }

    #[test]
    fn revocations_go_before_due_locks_before_the_rest_before_tidying() {
        let mut batches = batches();
        batches.queue(1, &leave(), at(0));
        let other = Operation::join(Target("program:z".to_owned()));
        batches.queue(2, &other, at(0));
        batches.add(&id(3), &lock(), (Kind::Lock, None), at(0));
        batches.queue(4, &lock(), at(0));
        let mut order = Vec::new();
        while let Some((key, batch)) = batches.all(at(50)) {
            order.push(key.0.rank(batch.iter().any(|waiting| waiting.id == id(2))));
        }
        let expected = [Rank::Revoke, Rank::Rest, Rank::Tidying];
        assert_eq!(order, expected, "locks share a call");
    }

    #[test]
    fn a_lock_does_not_linger_while_another_call_would_take_its_place() {
        let mut batches = batches();
        batches.queue(1, &join(), at(0));
        batches.queue(2, &lock(), at(49));
        let (key, _) = batches.all(at(50)).unwrap();
        assert_eq!(key.0, Kind::Revoke);
    }

    #[test]
    fn of_the_same_rank_whoever_waits_longest_goes_first() {
        let mut batches = batches();
        let join = |name: &str| Operation::join(Target(name.to_owned()));
        for (n, target) in [(1, "program:z"), (2, "program:a"), (3, "program:z")] {
            batches.queue(n, &join(target), at(0));
        }
        let (_, batch) = batches.all(at(50)).unwrap();
        assert_eq!(ids(&batch), ["e-1", "e-3"]);
    }

    #[test]
    fn a_target_has_one_call_at_a_time() {
        let mut batches = batches();
        batches.queue(1, &join(), at(0));
        batches.start(&Kind::Target(target()));
        assert!(batches.all(at(50)).is_none());
        batches.over(&Kind::Target(target()));
        assert!(batches.all(at(50)).is_some());
    }

    #[test]
    fn what_is_taken_back_leaves_nothing_behind() {
        let mut batches = batches();
        let stand = batches.queue(1, &join(), at(0));
        batches.remove(&stand);
        assert!(batches.queues.is_empty() && batches.all(at(50)).is_none());
    }

    #[test]
    fn a_call_that_failed_whole_is_halved_and_grows_back_as_calls_of_its_size_work() {
        let mut batches = batches();
        batches.failed_whole(&Kind::Lock, 3);
        assert_eq!(batches.size(&Kind::Lock), 2);
        batches.failed_whole(&Kind::Lock, 2);
        assert_eq!(batches.size(&Kind::Lock), 1);
        batches.failed_whole(&Kind::Lock, 1);
        assert_eq!(batches.size(&Kind::Lock), 1);
        batches.worked(&Kind::Lock, 1);
        assert_eq!(batches.size(&Kind::Lock), 2);
        batches.worked(&Kind::Lock, 1);
        assert_eq!(
            batches.size(&Kind::Lock),
            2,
            "one alone says nothing of two"
        );
        batches.worked(&Kind::Lock, 2);
        assert_eq!(batches.size(&Kind::Lock), 3);
    }

    #[test]
    fn the_halves_of_a_refused_batch_do_not_mix() {
        let mut batches = batches();
        for (n, cohort) in [(1, Some(1)), (2, Some(2)), (3, None)] {
            batches.add(&id(n), &lock(), key(&lock(), cohort), at(0));
        }
        for _ in 0..3 {
            let (_, batch) = batches.all(at(50)).unwrap();
            assert_eq!(batch.len(), 1);
        }
    }
}
