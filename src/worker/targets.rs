//! Targets that are closed: ours to mend, so that no person is blamed for them.
//!
//! A program the platform does not know, or that refuses everybody, is a mistake in the
//! assignments. Registrations there wait; one of them at a time tries whether it works again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::Timestamp;

use crate::id::EmployeeId;
use crate::provider::{Failure, Operation, Target};

/// Why a target is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The platform does not know it: nobody can join or leave.
    Unknown,
    /// It refused two people alike: nobody can join.
    Refusing,
    /// The platform makes no more accounts.
    Full,
}

#[derive(Debug)]
struct Closed {
    why: Why,
    /// When it is tried again.
    until: Timestamp,
    /// Whoever tries.
    prober: Option<EmployeeId>,
    /// Whoever tried last: somebody else is next.
    tried_last: Option<EmployeeId>,
    /// Whoever waits for it.
    waiting: BTreeSet<EmployeeId>,
    /// Whoever was refused there alone.
    refused: BTreeSet<EmployeeId>,
}

/// Somebody whom a target refused alone, with nobody joining it since.
#[derive(Debug)]
struct Suspicion {
    id: EmployeeId,
    failure: Failure,
}

/// The targets of one provider, as far as there is trouble with them.
#[derive(Debug, Default)]
pub(super) struct Targets {
    closed: BTreeMap<Target, Closed>,
    suspicions: BTreeMap<Target, Suspicion>,
    /// People whom a target refused although it took others: it is not to blame for them.
    cleared: BTreeMap<Target, BTreeSet<EmployeeId>>,
    /// When somebody last joined.
    joined_at: BTreeMap<Target, Timestamp>,
}

/// The name under which the making of accounts is closed; no target has it, for theirs have a
/// colon.
const ACCOUNTS: &str = "accounts";

/// Everything whose closing an operation may have to wait for.
pub(super) fn gates(operation: &Operation) -> impl Iterator<Item = Target> {
    let own = operation.target().filter(|_| !operation.is_lock());
    let accounts = operation.makes_account().then(accounts);
    own.cloned().into_iter().chain(accounts)
}

/// What is closed when a platform makes no more accounts.
pub(super) fn accounts() -> Target {
    Target(ACCOUNTS.to_owned())
}

impl Why {
    const fn holds(self, operation: &Operation) -> bool {
        match (self, operation) {
            (_, Operation::Lock { .. }) | (Self::Refusing, Operation::Leave { .. }) => false,
            (Self::Full, _) => operation.makes_account(),
            (Self::Unknown, Operation::Leave { .. })
            | (
                Self::Unknown | Self::Refusing,
                Operation::Activate { .. } | Operation::Join { .. },
            ) => true,
        }
    }
}

impl Targets {
    /// How many are closed.
    pub(super) fn closed(&self) -> usize {
        self.closed.len()
    }

    /// Why a target is closed, if it is.
    pub(super) fn why_closed(&self, target: &Target) -> Option<Why> {
        self.closed.get(target).map(|closed| closed.why)
    }

    fn holding(&self, operation: &Operation) -> Vec<Target> {
        if self.closed.is_empty() {
            return Vec::new();
        }
        let holds = |target: &Target| {
            let closed = self.closed.get(target);
            closed.is_some_and(|closed| closed.why.holds(operation))
        };
        gates(operation).filter(holds).collect()
    }

    /// Whether an operation must wait; whoever asks first when the target is due may try.
    pub(super) fn holds(&self, id: &EmployeeId, operation: &Operation, now: Timestamp) -> bool {
        self.holding(operation).iter().any(|target| {
            let closed = self.closed.get(target);
            closed.is_some_and(|it| it.prober.as_ref() != Some(id) && it.until > now)
        })
    }

    /// Notes who waits for closed targets.
    pub(super) fn wait(&mut self, id: &EmployeeId, steps: &[Operation]) {
        for target in steps
            .iter()
            .flat_map(|step| self.holding(step))
            .collect::<Vec<_>>()
        {
            if let Some(closed) = self.closed.get_mut(&target) {
                closed.waiting.insert(id.clone());
            }
        }
    }

    /// Notes that somebody is about to do an operation: at a closed target they are the one
    /// who tries, and the next may at `until`.
    pub(super) fn claim(&mut self, id: &EmployeeId, operation: &Operation, until: Timestamp) {
        for target in self.holding(operation) {
            if let Some(closed) = self.closed.get_mut(&target)
                && closed.prober.as_ref() != Some(id)
            {
                closed.prober = Some(id.clone());
                closed.tried_last = Some(id.clone());
                closed.until = until;
            }
        }
    }

    /// Closes a target, or keeps it closed; says whether it was open.
    pub(super) fn close(&mut self, target: &Target, why: Why, until: Timestamp) -> bool {
        if let Some(closed) = self.closed.get_mut(target) {
            closed.until = until;
            closed.prober = None;
            return false;
        }
        let closed = Closed {
            why,
            until,
            prober: None,
            tried_last: None,
            waiting: BTreeSet::new(),
            refused: BTreeSet::new(),
        };
        self.closed.insert(target.clone(), closed);
        true
    }

    /// Opens a target; hands out who has waited for it, if it was closed.
    pub(super) fn open(&mut self, target: &Target) -> Option<BTreeSet<EmployeeId>> {
        let closed = self.closed.remove(target)?;
        let cleared = self.cleared.entry(target.clone()).or_default();
        cleared.extend(closed.refused);
        Some(closed.waiting)
    }

    /// Notes that a target refused somebody who came alone; says whether it is to blame: it
    /// refused somebody else alike, and nobody joined it in between.
    pub(super) fn refuses(&mut self, target: &Target, id: &EmployeeId, failure: &Failure) -> bool {
        if let Some(closed) = self.closed.get_mut(target) {
            closed.refused.insert(id.clone());
            return closed.why == Why::Refusing;
        }
        let cleared = self.cleared.get(target);
        if cleared.is_some_and(|cleared| cleared.contains(id)) {
            return false;
        }
        let suspicion = self.suspicions.get(target);
        if suspicion.is_some_and(|it| it.id != *id && it.failure.is_like(failure)) {
            return true;
        }
        let suspicion = Suspicion {
            id: id.clone(),
            failure: failure.clone(),
        };
        self.suspicions.insert(target.clone(), suspicion);
        false
    }

    /// Notes who was refused before a target was found to be to blame.
    pub(super) fn blamed(&mut self, target: &Target, id: &EmployeeId) {
        let before = self.suspicions.remove(target);
        if let Some(closed) = self.closed.get_mut(target) {
            closed.refused.extend(before.map(|before| before.id));
            closed.refused.insert(id.clone());
        }
    }

    /// Notes that somebody joined.
    pub(super) fn joined(&mut self, target: &Target, id: &EmployeeId, now: Timestamp) {
        self.suspicions.remove(target);
        self.joined_at.insert(target.clone(), now);
        if let Some(cleared) = self.cleared.get_mut(target) {
            cleared.remove(id);
        }
    }

    /// When somebody last joined.
    pub(super) fn joined_at(&self, target: &Target) -> Option<Timestamp> {
        self.joined_at.get(target).copied()
    }

    /// When the next closed target that anybody waits for is tried.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
        let waited_for = self.closed.values().filter(|it| !it.waiting.is_empty());
        waited_for.map(|closed| closed.until).min()
    }

    /// Puts a try off that nobody could make.
    pub(super) fn postpone(&mut self, target: &Target, until: Timestamp) {
        if let Some(closed) = self.closed.get_mut(target) {
            closed.until = until;
        }
    }

    /// The closed targets that are to be tried.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Target> {
        let due = self.closed.iter().filter(|(_, it)| it.until <= now);
        due.map(|(target, _)| target.clone()).collect()
    }

    /// Whether a closed target is still to be tried.
    pub(super) fn is_due(&self, target: &Target, now: Timestamp) -> bool {
        self.closed.get(target).is_some_and(|it| it.until <= now)
    }

    /// Whoever waits for a closed target, beginning behind who tried last.
    pub(super) fn waiting(&self, target: &Target) -> Vec<EmployeeId> {
        let Some(closed) = self.closed.get(target) else {
            return Vec::new();
        };
        let Some(last) = &closed.tried_last else {
            return closed.waiting.iter().cloned().collect();
        };
        let behind = (Bound::Excluded(last), Bound::Unbounded);
        let behind = closed.waiting.range::<EmployeeId, _>(behind);
        let others = closed.waiting.range::<EmployeeId, _>(..=last);
        behind.chain(others).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(who: &str) -> EmployeeId {
        EmployeeId::try_from(who).unwrap()
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

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn refused(status: u16) -> Failure {
        let said = format!("no {status}");
        Failure::Refused { status, said }
    }

    #[test]
    fn two_people_refused_alike_blame_the_target_unless_somebody_joined_between() {
        let mut targets = Targets::default();
        assert!(!targets.refuses(&target(), &id("a"), &refused(400)));
        assert!(!targets.refuses(&target(), &id("a"), &refused(400)));
        assert!(!targets.refuses(&target(), &id("b"), &refused(409)));
        assert!(targets.refuses(&target(), &id("c"), &refused(409)));
        targets.joined(&target(), &id("d"), at(0));
        assert!(!targets.refuses(&target(), &id("e"), &refused(409)));
    }

    #[test]
    fn somebody_refused_where_others_join_is_no_evidence_any_more() {
        let mut targets = Targets::default();
        targets.refuses(&target(), &id("a"), &refused(400));
        targets.refuses(&target(), &id("b"), &refused(400));
        targets.close(&target(), Why::Refusing, at(10));
        targets.blamed(&target(), &id("b"));
        targets.open(&target());
        targets.joined(&target(), &id("c"), at(1));
        for who in ["a", "b", "a"] {
            assert!(
                !targets.refuses(&target(), &id(who), &refused(400)),
                "{who}"
            );
        }
    }

    #[test]
    fn a_target_that_refuses_lets_people_leave_and_an_unknown_one_does_not() {
        for (why, leaving) in [(Why::Refusing, false), (Why::Unknown, true)] {
            let mut targets = Targets::default();
            assert!(targets.close(&target(), why, at(10)));
            assert!(!targets.close(&target(), why, at(10)));
            assert!(targets.holds(&id("a"), &join(), at(9)));
            assert_eq!(targets.holds(&id("a"), &leave(), at(9)), leaving);
        }
    }

    #[test]
    fn one_at_a_time_tries_a_closed_target_and_everybody_has_a_turn() {
        let mut targets = Targets::default();
        targets.close(&target(), Why::Refusing, at(10));
        for who in ["a", "b"] {
            targets.wait(&id(who), &[join()]);
        }
        assert_eq!(targets.next_try(), Some(at(10)));
        assert_eq!(targets.due(at(10)), [target()]);
        targets.claim(&id("a"), &join(), at(20));
        assert!(!targets.holds(&id("a"), &join(), at(10)));
        assert!(targets.holds(&id("b"), &join(), at(10)));
        targets.close(&target(), Why::Refusing, at(20));
        assert!(targets.holds(&id("a"), &join(), at(19)));
        assert_eq!(targets.waiting(&target()), [id("b"), id("a")]);
        assert_eq!(targets.open(&target()), Some([id("a"), id("b")].into()));
        assert!(!targets.holds(&id("b"), &join(), at(10)));
    }
}
