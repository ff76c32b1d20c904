//! Trouble of ours: what stops calls, to a provider or about a target, and blames nobody.

use jiff::Timestamp;

use super::core::Worker;
use super::kind::Kind;
use super::state::OperationName;
use super::targets::{Why, accounts, gates};
use crate::id::EmployeeId;
use crate::provider::{Blame, Failure, Operation, Target};

impl Worker {
    /// When what is closed at `now` is tried again.
    pub(super) fn try_again_at(&self, now: Timestamp) -> Timestamp {
        let at = now.checked_add(self.rules.settings.probe_every);
        at.unwrap_or(Timestamp::MAX)
    }

    /// Says whether the target, not the person who came alone, is to blame for a refusal.
    pub(super) fn blames_target(
        &mut self,
        id: &EmployeeId,
        operation: &Operation,
        failure: &Failure,
    ) -> bool {
        // A platform may refuse to unregister whoever it hides: that says nothing of others.
        let Operation::Join { target, .. } = operation else {
            return false;
        };
        self.targets.refuses(target, id, failure)
    }

    /// Closes a target the platform does not know, or that refuses everybody.
    pub(super) fn close_target(
        &mut self,
        id: &EmployeeId,
        operation: &Operation,
        failure: &Failure,
        now: Timestamp,
    ) {
        let (target, why) = match (failure, operation.target()) {
            (Failure::AccountsFull { .. }, _) => (&accounts(), Why::Full),
            (_, None) => return,
            (_, Some(target)) if failure.blame() == Blame::Target => (target, Why::Unknown),
            (_, Some(target)) => (target, Why::Refusing),
        };
        let until = self.try_again_at(now);
        if !self.targets.close(target, why, until) {
            return;
        }
        match why {
            Why::Unknown => self.tell_unknown(target),
            Why::Full => self.tell_full(),
            Why::Refusing => {
                self.tell_refusing(target);
                self.targets.blamed(target, id);
                self.acquit(target, failure, now);
            }
        }
        for id in self.queued_at(target, why) {
            self.plan(&id, now);
        }
    }

    /// Whoever waits for a call at what has been closed.
    fn queued_at(&self, target: &Target, why: Why) -> Vec<EmployeeId> {
        if why != Why::Full {
            return self.batches.people(&Kind::Target(target.clone()));
        }
        let mut people = self.lanes.people();
        people.retain(|id| {
            let lane = self.lanes.get(id);
            let queued = lane.and_then(|lane| lane.place.queued());
            queued.is_some_and(Operation::makes_account)
        });
        people
    }

    fn tell_full(&self) {
        tracing::error!(
            provider = self.rules.provider.as_str(),
            failure.code = "accounts_full",
            "The provider makes no more accounts; raise its limit. Those who have one are served"
        );
    }

    fn tell_unknown(&self, target: &Target) {
        tracing::error!(
            provider = self.rules.provider.as_str(),
            target.name = target.0,
            failure.code = "target_unknown",
            "The provider does not know this target; correct the assignments or create it there"
        );
    }

    fn tell_refusing(&self, target: &Target) {
        tracing::error!(
            provider = self.rules.provider.as_str(),
            target.name = target.0,
            failure.code = "target_refused",
            "The provider refuses one person like the other at this target; correct the \
             assignments or mend it there"
        );
    }

    /// Lifts the marks of those who were given up before their target was found to be to
    /// blame.
    fn acquit(&mut self, target: &Target, failure: &Failure, now: Timestamp) {
        let name = OperationName::from(&Operation::join(target.clone()));
        let since = self.targets.joined_at(target);
        for id in self.lanes.people() {
            let Some(lane) = self.lanes.get_mut(&id) else {
                continue;
            };
            let is_innocent = lane.state.dead.get(&name).is_some_and(|dead| {
                dead.code == failure.code() && since.is_none_or(|since| dead.at > since)
            });
            if is_innocent {
                lane.state.dead.remove(&name);
                self.changed.insert(id.clone());
                self.plan(&id, now);
            }
        }
    }

    /// Notes that an operation is in force, or was refused to one person alone: opens its target
    /// if that shows that it works.
    pub(super) fn learn_of_target(
        &mut self,
        id: &EmployeeId,
        operation: &Operation,
        is_applied: bool,
        now: Timestamp,
    ) {
        let joins = matches!(operation, Operation::Join { .. });
        if let Operation::Join { target, .. } = operation
            && is_applied
        {
            self.targets.joined(target, id, now);
        }
        for target in gates(operation) {
            let shows_it_works = match self.targets.why_closed(&target) {
                None => false,
                Some(Why::Unknown) => true,
                Some(Why::Refusing) => is_applied && joins,
                Some(Why::Full) => is_applied,
            };
            if shows_it_works {
                self.open_target(&target, now);
            }
        }
    }

    fn open_target(&mut self, target: &Target, now: Timestamp) {
        tracing::info!(
            provider = self.rules.provider.as_str(),
            target.name = target.0,
            "The provider takes people at this target again"
        );
        for id in self.targets.open(target).unwrap_or_default() {
            self.plan(&id, now);
        }
    }

    /// Lets one of those who wait for a closed target try it, if its time has come.
    pub(super) fn try_targets(&mut self, now: Timestamp) {
        for target in self.targets.due(now) {
            for id in self.targets.waiting(&target) {
                self.plan(&id, now);
                if !self.targets.is_due(&target, now) {
                    break;
                }
            }
            if self.targets.is_due(&target, now) {
                let until = self.try_again_at(now);
                self.targets.postpone(&target, until);
            }
        }
    }

    /// Stops all calls, since the provider rejects us.
    pub(super) fn close_provider(&mut self, failure: &Failure, now: Timestamp) {
        let probe_every = self.rules.settings.probe_every;
        if self.gate.quarantine(failure.code(), now, probe_every) {
            tracing::error!(
                provider = self.rules.provider.as_str(),
                failure.code = failure.code(),
                "Calls to this provider stop until one is accepted again: {failure}"
            );
        }
    }

    /// Stops all calls but locks, if too much was given up: those cannot become dead letters,
    /// and a leaver must not wait for whatever is wrong with others.
    pub(super) fn check_flood(&mut self, now: Timestamp) {
        if self.gate.is_flooded() || !self.flood.is_high() {
            return;
        }
        let until = self.try_again_at(now);
        self.gate.flood(now, until);
        tracing::error!(
            provider = self.rules.provider.as_str(),
            failure.code = "dead_letter_flood",
            "Too many operations are given up; nothing but locks goes to this provider until \
             somebody is taken again"
        );
    }

    /// Somebody was taken by a call that locks nobody.
    pub(super) fn end_flood(&mut self, started: Timestamp) {
        if self.gate.ebb(started) {
            self.flood.ebb();
            let provider = self.rules.provider.as_str();
            tracing::info!(provider, "The provider takes people again");
        }
    }
}
