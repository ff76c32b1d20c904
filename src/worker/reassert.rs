//! What follows from a call whose answer never came: it may take effect long after.
//!
//! A platform that answers late may also act late, after the relay has asked it for the
//! opposite. So what such a call was about is asserted once more when its time is surely
//! over, with whatever is wanted by then.

use std::time::Duration;

use jiff::Timestamp;

use super::state::PersonState;
use crate::mutation::{Mutation, is_on};
use crate::plan::{Account, Aspect};
use crate::provider::{Operation, Profile};

impl PersonState {
    /// Notes that a call ended at `now` without an answer.
    pub(super) fn reassert_later(&mut self, aspect: Aspect, now: Timestamp, after: Duration) {
        if is_on(Mutation::NoReassertion) {
            return;
        }
        let at = now.checked_add(after).unwrap_or(Timestamp::MAX);
        let due = self.reassert.entry(aspect).or_insert(at);
        *due = at.max(*due);
    }

    /// The same for everything that was left open by whoever wrote the record, since a call of
    /// theirs may have started just before they died; says whether there was any.
    pub(super) fn reassert_what_is_open(&mut self, now: Timestamp, after: Duration) -> bool {
        let open: Vec<Aspect> = self.applied.unsure().collect();
        let is_any = !open.is_empty();
        for aspect in open {
            self.reassert_later(aspect, now, after);
        }
        is_any
    }

    /// Notes what is about to be sent: a call that starts when its aspect is due is itself
    /// the assertion.
    pub(super) fn announce(&mut self, operation: &Operation, now: Timestamp) {
        for aspect in Aspect::all_of(operation) {
            if self.reassert.get(&aspect).is_some_and(|due| *due <= now) {
                self.reassert.remove(&aspect);
            }
        }
        self.applied.announce(operation);
        self.keep_profile(operation);
    }

    /// Keeps what the platform is told of a person.
    pub(super) fn keep_profile(&mut self, operation: &Operation) {
        let (Operation::Lock { profile, .. }
        | Operation::Activate { profile, .. }
        | Operation::Join {
            profile: Some(profile),
            ..
        }) = operation
        else {
            return;
        };
        if *profile != Profile::default() {
            self.profile = Some(profile.clone());
        }
    }

    /// Notes that an operation is in force.
    pub(super) fn confirm(&mut self, operation: &Operation) {
        self.applied.confirm(operation);
        self.forget_profile();
    }

    /// Notes that the platform does not know the person.
    pub(super) fn miss(&mut self, operation: &Operation) {
        self.applied.miss(operation);
        self.forget_profile();
    }

    /// Forgets the profile once the person is locked and nothing can undo it.
    fn forget_profile(&mut self) {
        let may_change = self.reassert.contains_key(&Aspect::Account);
        if self.applied.account == Account::Locked && !may_change {
            self.profile = None;
        }
    }

    /// When something is asserted once more.
    pub(super) fn next_reassertion(&self) -> Option<Timestamp> {
        self.reassert.values().min().copied()
    }
}
