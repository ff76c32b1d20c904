//! People who were at the provider before the relay: an import may say that they are already
//! as planned, so that a first installation calls nobody.

use jiff::{SignedDuration, Timestamp};

use super::core::Worker;
use super::state::PersonState;
use crate::id::EmployeeId;
use crate::plan::{Desired, Planner};

/// An end that was only imported and is older is history, and nobody is called about it.
pub(super) const HISTORY: SignedDuration = SignedDuration::from_hours(30 * 24);

impl PersonState {
    /// Takes what is planned for applied.
    fn adopt(&mut self, planner: &dyn Planner, desired: &Desired, now: Timestamp) {
        self.is_adopted = true;
        // An account and each target, once.
        for _ in 0..=desired.targets.len() {
            let Some(step) = planner.steps(desired, &self.applied).into_iter().next() else {
                return;
            };
            self.keep_profile(&step);
            self.confirm(&step);
            self.guard.confirm(&step, now);
        }
    }
}

impl Worker {
    /// Adopts somebody whom the worker has no record of, if the newest that was said of them
    /// is an import that says so. From then on there is a record, so every later change is
    /// asserted.
    pub(super) fn adopt(&mut self, id: &EmployeeId, now: Timestamp) {
        // By outdated assignments nobody is as planned.
        if self.succession.is_outdated() {
            return;
        }
        let Some(lane) = self.lanes.get_mut(id).filter(|lane| !lane.has_state) else {
            return;
        };
        let Some(outlook) = lane.outlook.as_ref().filter(|it| it.is_adopted()) else {
            return;
        };
        lane.has_state = true;
        self.states = self.states.saturating_add(1);
        let planner = &*self.rules.planner;
        lane.state.adopt(planner, &outlook.desired, now);
        self.changed.insert(id.clone());
        let provider = self.rules.provider.as_str();
        self.metrics.adopted.with_label_values(&[provider]).inc();
    }
}
