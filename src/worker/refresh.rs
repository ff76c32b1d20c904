//! Brings a person's durable record up to date with the time, with what HR wants, and with
//! what operators ask for.

use jiff::Timestamp;

use super::lanes::Lane;
use super::outlook::Outlook;
use super::state::PersonState;
use crate::id::EventId;
use crate::mutation::{Mutation, is_on};
use crate::plan::{Aspect, Desired, Planner};

/// A redrive, as the newest one is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) event: EventId,
    /// It names the facts that are known: one about older facts undoes nothing newer.
    pub(super) is_about_these: bool,
}

impl Lane {
    /// Brings the record up to date; says whether that must be written. Assignments that are
    /// outdated void nothing that was noted under newer ones.
    pub(super) fn refresh(
        &mut self,
        planner: &dyn Planner,
        is_outdated: bool,
        now: Timestamp,
    ) -> bool {
        let is_due = self.state.doubt_what_is_due(now);
        let Some(outlook) = &self.outlook else {
            return is_due;
        };
        let mut is_lapsed = false;
        if !is_outdated {
            self.state.forget_unwanted(&outlook.desired);
            is_lapsed = self.state.forget_lapsed(planner, &outlook.desired);
        }
        let is_lifted = self.state.lift_marks(outlook, is_outdated);
        let is_reconciled = self.state.reconcile(outlook);
        is_due || is_lifted || is_reconciled || is_lapsed
    }
}

impl PersonState {
    /// Doubts what is due to be asserted once more; says whether there was any.
    fn doubt_what_is_due(&mut self, now: Timestamp) -> bool {
        let due = self.reassert.extract_if(.., |_, due| *due <= now);
        let due: Vec<Aspect> = due.map(|(aspect, _)| aspect).collect();
        let is_any = !due.is_empty();
        for aspect in due {
            self.applied.doubt(aspect);
        }
        is_any
    }

    /// Forgets registrations that the platform cannot take back; says whether there was any.
    fn forget_lapsed(&mut self, planner: &dyn Planner, desired: &Desired) -> bool {
        let lapsed = planner.lapsed(desired, &self.applied);
        for target in &lapsed {
            self.applied.targets.remove(target);
            self.reassert.remove(&Aspect::Target(target.clone()));
        }
        !lapsed.is_empty()
    }

    /// Lifts dead marks: of another plan than the present one, and those that an operator has
    /// redriven since they were made; says whether there was any.
    fn lift_marks(&mut self, outlook: &Outlook, is_outdated: bool) -> bool {
        let before = self.dead.len();
        let redrive = outlook.redrive.as_ref().filter(|it| it.is_about_these);
        self.dead.retain(|_, dead| {
            let is_redriven = redrive.is_some_and(|it| dead.redrive.as_ref() != Some(&it.event));
            let is_of_this_plan = is_outdated || dead.plan == outlook.digest;
            let is_of_this_plan = is_of_this_plan || is_on(Mutation::DeadMarkOutlivesPlan);
            is_of_this_plan && !is_redriven
        });
        self.dead.len() != before
    }

    /// Doubts everything, once for each reconciliation; says whether there was a new one.
    fn reconcile(&mut self, outlook: &Outlook) -> bool {
        if outlook.reconcile.is_none() || outlook.reconcile == self.reconciled {
            return false;
        }
        self.reconciled.clone_from(&outlook.reconcile);
        self.applied.doubt_everything();
        true
    }
}
