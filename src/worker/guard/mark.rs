//! What the guard keeps in a person's durable record, and what follows from it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::outlook::Outlook;
use super::{Budget, Judgement};
use crate::id::FactVersion;
use crate::provider::Operation;

/// The guard counts what it let go in so long.
pub(in crate::worker) const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// How long a removal is remembered, to tell how many of a day's were of strangers.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What the guard knows of a person: durable, so that a restart refills no budget.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Guarded {
    /// The lock is confirmed, and nothing was sent since that could have undone it: asserting
    /// it again removes nobody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_out: bool,
    /// The removal that was let go last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removal: Option<Pass>,
    /// The unregistration, of somebody who stayed active, that was let go last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave: Option<Pass>,
    /// What is held until an operator decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// Something the guard let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// When it was confirmed; while it is open, when it was announced last.
    pub at: Timestamp,
    /// It is not confirmed, so it may take effect at any time and counts however old it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_open: bool,
    /// An operator released it: it does not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_released: bool,
    /// The provider turned out not to know the person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_stranger: bool,
}

/// Something that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The budget it was beyond.
    pub budget: Budget,
    /// Since when.
    pub since: Timestamp,
    /// The version of the facts that led to it.
    pub facts: FactVersion,
}

/// Why some of a person's steps are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Restraint {
    /// The guard waits for an operator.
    Held,
    /// An operator decided that the person stays as they are.
    Rejected,
    /// They are left to a worker with newer assignments.
    Outdated,
}

impl Pass {
    /// Until when it counts; none: it does not.
    pub(super) fn counts_until(self) -> Option<Timestamp> {
        if self.is_released {
            None
        } else if self.is_open {
            Some(Timestamp::MAX)
        } else {
            Some(self.at.checked_add(WINDOW).unwrap_or(Timestamp::MAX))
        }
    }

    /// Until when it is one of a day's removals.
    pub(super) fn remembered_until(self) -> Timestamp {
        self.at.checked_add(DAY).unwrap_or(Timestamp::MAX)
    }

    fn covers(self, now: Timestamp) -> bool {
        self.is_open || self.counts_until().is_some_and(|until| until > now)
    }
}

/// Whether a step lets somebody in: by activating, or by a registration that makes the account.
const fn lets_in(step: &Operation) -> bool {
    matches!(step, Operation::Activate { .. }) || step.makes_account()
}

fn close(pass: &mut Option<Pass>, now: Timestamp) {
    if let Some(pass) = pass.as_mut().filter(|pass| pass.is_open) {
        pass.is_open = false;
        pass.at = now;
    }
}

impl Guarded {
    /// Whether there is nothing to keep.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    const fn pass(&self, budget: Budget) -> Option<Pass> {
        match budget {
            Budget::Removals => self.removal,
            Budget::Leaves => self.leave,
        }
    }

    const fn pass_mut(&mut self, budget: Budget) -> &mut Option<Pass> {
        match budget {
            Budget::Removals => &mut self.removal,
            Budget::Leaves => &mut self.leave,
        }
    }

    /// The budget that a step needs room in; none: it needs none, or has it.
    pub(in crate::worker) fn asks(
        &self,
        step: &Operation,
        is_removal: bool,
        now: Timestamp,
    ) -> Option<Budget> {
        let budget = Budget::of(step, is_removal)?;
        let is_over = budget == Budget::Removals && self.is_out;
        let has_room = self.pass(budget).is_some_and(|pass| pass.covers(now));
        (!is_over && !has_room).then_some(budget)
    }

    /// Notes that a step is announced.
    pub(in crate::worker) fn announce(
        &mut self,
        step: &Operation,
        is_removal: bool,
        is_released: bool,
        now: Timestamp,
    ) {
        if lets_in(step) {
            self.is_out = false;
            // What was approved is over once they are let in again: another removal is to be
            // approved anew, though nobody knows whether the first one has taken effect.
            if self.removal.is_some_and(|pass| pass.is_released) {
                close(&mut self.removal, now);
            }
        }
        let Some(budget) = Budget::of(step, is_removal) else {
            return;
        };
        if budget == Budget::Removals && self.is_out {
            return;
        }
        let pass = self.pass_mut(budget);
        let was_released = pass.is_some_and(|pass| pass.is_open && pass.is_released);
        *pass = Some(Pass {
            at: now,
            is_open: true,
            is_released: is_released || was_released,
            is_stranger: false,
        });
    }

    /// Notes that a step is confirmed.
    pub(in crate::worker) fn confirm(&mut self, step: &Operation, now: Timestamp) {
        match step {
            Operation::Lock { .. } => {
                self.is_out = true;
                close(&mut self.removal, now);
            }
            Operation::Leave { .. } => close(&mut self.leave, now),
            Operation::Activate { .. } | Operation::Join { .. } if lets_in(step) => {
                close(&mut self.removal, now);
            }
            Operation::Activate { .. } | Operation::Join { .. } => {}
        }
    }

    /// Takes out of a plan's steps what is held or rejected, and voids a hold whose reason is
    /// gone: nothing held goes by itself.
    pub(in crate::worker) fn restrain(
        &mut self,
        steps: &mut Vec<Operation>,
        outlook: &Outlook,
        now: Timestamp,
    ) -> Option<Restraint> {
        if steps.is_empty() {
            close(&mut self.removal, now);
            close(&mut self.leave, now);
        }
        let is_removal = outlook.is_removal();
        let budget = if is_removal {
            Budget::Removals
        } else {
            Budget::Leaves
        };
        let is_guarded = |step: &Operation| Budget::of(step, is_removal).is_some();
        if !steps.iter().any(is_guarded) {
            self.held = None;
            return None;
        }
        if self.held.as_ref().is_some_and(|held| held.budget != budget) {
            self.held = None;
        }
        let has_begun = self.pass(budget).is_some_and(|pass| pass.is_open)
            || (budget == Budget::Removals && self.is_out);
        let restraint = match outlook.judgement {
            Some(Judgement::Release) => {
                self.held = None;
                if let Some(pass) = self.pass_mut(budget).as_mut().filter(|pass| pass.is_open) {
                    pass.is_released = true;
                }
                None
            }
            // What was sent may have taken effect: half a removal helps nobody.
            Some(Judgement::Reject) if !has_begun => {
                self.held = None;
                Some(Restraint::Rejected)
            }
            Some(Judgement::Reject) | None => self.held.is_some().then_some(Restraint::Held),
        };
        if restraint.is_some() {
            steps.retain(|step| !is_guarded(step));
        }
        restraint
    }

    /// Notes that the provider does not know the person who was removed.
    pub(in crate::worker) const fn meet_stranger(&mut self) {
        if let Some(removal) = &mut self.removal {
            removal.is_stranger = true;
        }
    }

    /// Forgets what no longer counts.
    pub(in crate::worker) fn forget(&mut self, now: Timestamp) {
        let is_over = |pass: &mut Pass| !pass.is_open && pass.remembered_until() <= now;
        for pass in [&mut self.removal, &mut self.leave] {
            pass.take_if(is_over);
        }
    }
}
