//! What Cirrus is told: add to schedules and remove from them, let log in or lock out.

mod assignment;

use std::collections::{BTreeMap, BTreeSet};

use super::applied::{Account, Applied, Membership, profile_digest};
use super::assignments::{Assignment, targets_of};
use super::{Desired, DesiredAccount, Planner, mapped};
use crate::person::Standing;
use crate::provider::cirrus::{CirrusSettings, Group};
use crate::provider::{Existence, Operation, Profile, Target};

use assignment::schedules;
pub use assignment::{CirrusAssignment, CirrusSchedule, complaints};

/// Plans for Cirrus.
#[derive(Debug)]
pub struct CirrusPlanner {
    assignments: Vec<Assignment>,
    /// Cirrus' field name by canonical attribute name.
    fields: BTreeMap<String, String>,
    groups: BTreeMap<Target, Group>,
    /// Whether whoever was made by being added still has to be told their profile.
    update_after_add: bool,
}

impl CirrusPlanner {
    /// A planner by these assignments and settings.
    pub fn new(assignments: Vec<Assignment>, settings: &CirrusSettings) -> Self {
        let groups = schedules(&assignments)
            .map(|(_, one)| (one.target(), one.group()))
            .collect();
        Self {
            assignments,
            fields: settings.candidate_fields.clone(),
            groups,
            update_after_add: settings.update_after_add,
        }
    }

    /// Whether an account is active with this profile, as it was told or as it was made.
    fn is_told(&self, account: &Account, profile: &Profile) -> bool {
        let Account::Active(digest) = account else {
            return false;
        };
        let is_made = || {
            let groups: BTreeSet<_> = self.groups.values().collect();
            let mut groups = groups.into_iter();
            groups.any(|group| *digest == profile_digest(&group.making(profile)))
        };
        *digest == profile_digest(profile) || !self.update_after_add && is_made()
    }

    /// Registrations that are wanted; `made_with`: adding makes the account with this profile.
    fn joins(
        &self,
        desired: &Desired,
        applied: &Applied,
        made_with: Option<&Profile>,
    ) -> Vec<Operation> {
        let state = |target: &Target| applied.targets.get(target).copied();
        desired
            .targets
            .iter()
            .filter(|target| state(target) != Some(Membership::Joined))
            .map(|target| Operation::Join {
                target: target.clone(),
                profile: made_with.map(|profile| match self.groups.get(target) {
                    Some(group) => group.making(profile),
                    None => profile.clone(),
                }),
                heard: desired.heard,
                is_repeat: state(target) == Some(Membership::Unsure),
            })
            .collect()
    }
}

impl Planner for CirrusPlanner {
    fn desired(&self, standing: &Standing) -> Desired {
        let part = |assignment: &'_ Assignment| assignment.cirrus.clone();
        let targets = |part: CirrusAssignment| {
            let schedules = part.schedules.iter();
            schedules.map(CirrusSchedule::target).collect()
        };
        Desired::of(standing, mapped(&self.fields, standing), || {
            targets_of(&self.assignments, &standing.groups, part, targets)
        })
    }

    fn steps(&self, desired: &Desired, applied: &Applied) -> Vec<Operation> {
        let leaves = desired.unwanted(applied).cloned().map(Operation::leave);
        let lock = |profile: &Profile| Operation::Lock {
            profile: profile.clone(),
            target: None,
            account: applied.existence(),
        };
        let is_locked = applied.account == Account::Locked;
        let mut steps = Vec::new();
        match &desired.account {
            DesiredAccount::Active(profile) => {
                if applied.account == Account::Unknown || may_be_made(desired, applied) {
                    // Adding makes the account: nothing else can.
                    steps.extend(self.joins(desired, applied, Some(profile)));
                } else if !self.is_told(&applied.account, profile) {
                    steps.push(Operation::Activate {
                        profile: profile.clone(),
                        target: None,
                        account: applied.existence(),
                    });
                }
                if matches!(applied.account, Account::Active(_)) {
                    steps.extend(self.joins(desired, applied, None));
                }
            }
            DesiredAccount::Locked(profile) => {
                steps.extend((!is_locked).then(|| lock(profile)));
            }
            DesiredAccount::NotYet(profile) => {
                let may_be_active = matches!(applied.account, Account::Active(_) | Account::Unsure);
                let may_be_there = may_be_active || !applied.targets.is_empty();
                steps.extend((may_be_there && !is_locked).then(|| lock(profile)));
            }
            DesiredAccount::Untouched => {}
        }
        steps.extend(leaves);
        steps
    }
}

/// Whether adding somebody to a wanted schedule may have made the account: who is on the
/// schedule tells, for many people at once, so that nobody has to be asked for alone.
fn may_be_made(desired: &Desired, applied: &Applied) -> bool {
    let is_unsure = |target| applied.targets.get(target) == Some(&Membership::Unsure);
    applied.existence() == Existence::Perhaps && desired.targets.iter().any(is_unsure)
}

#[cfg(test)]
mod tests;
