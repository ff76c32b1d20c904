//! What StartExam is told: sync active or hidden, register and unregister in programs.

mod assignment;

use std::collections::{BTreeMap, BTreeSet};

use crate::mutation::{Mutation, is_on};
use crate::person::Standing;
use crate::plan::applied::{Account, Applied, profile_digest};
use crate::plan::assignments::{Assignment, targets_of};
use crate::plan::{Desired, DesiredAccount, Membership, Planner, mapped};
use crate::provider::startexam::{Registration, RemovalOrder, StartExamSettings};
use crate::provider::{Operation, Profile, Target};

pub use assignment::{StartExamAssignment, complaints};

/// Plans for StartExam.
#[derive(Debug)]
pub struct StartExamPlanner {
    assignments: Vec<Assignment>,
    /// StartExam's field name by canonical attribute name, in the order they are sent.
    fields: BTreeMap<String, String>,
    order: RemovalOrder,
    /// Sessions whose links are published.
    linked: BTreeSet<Target>,
}

impl StartExamPlanner {
    /// A planner by these assignments and settings.
    pub fn new(assignments: Vec<Assignment>, settings: &StartExamSettings) -> Self {
        let linked = settings
            .sessions
            .iter()
            .filter(|(_, session)| session.links);
        let linked = linked.map(|(name, _)| Target(format!("session:{name}")));
        Self {
            assignments,
            linked: linked.filter(|_| settings.publish_links).collect(),
            fields: settings.profile_fields.clone(),
            order: settings.removal_order,
        }
    }
}

impl Planner for StartExamPlanner {
    fn desired(&self, standing: &Standing) -> Desired {
        let part = |assignment: &'_ Assignment| assignment.startexam.clone();
        let targets = |part: StartExamAssignment| part.targets().collect();
        Desired::of(standing, mapped(&self.fields, standing), || {
            targets_of(&self.assignments, &standing.groups, part, targets)
        })
    }

    fn steps(&self, desired: &Desired, applied: &Applied) -> Vec<Operation> {
        let leaves = desired
            .unwanted(applied)
            .filter(|target| !is_session(target))
            .map(|target| Operation::leave(target.clone()));
        match &desired.account {
            DesiredAccount::Active(profile) => {
                let mut steps = Vec::new();
                let profile_applied = profile_digest(profile);
                if applied.account != Account::Active(profile_applied) {
                    let profile = profile.clone();
                    steps.push(Operation::Activate {
                        profile,
                        target: None,
                        account: applied.existence(),
                    });
                }
                // An employee must exist before a registration, and registering somebody
                // hidden is not documented.
                if matches!(applied.account, Account::Active(_)) {
                    steps.extend(joins(desired, applied));
                }
                steps.extend(leaves);
                steps
            }
            DesiredAccount::Locked(profile) => {
                let lock = (applied.account != Account::Locked).then(|| lock(profile));
                self.removal(lock, leaves)
            }
            DesiredAccount::NotYet(profile) => {
                let may_be_active = matches!(applied.account, Account::Active(_) | Account::Unsure);
                let lock = may_be_active.then(|| lock(profile));
                self.removal(lock, leaves)
            }
            DesiredAccount::Untouched => leaves.collect(),
        }
    }

    /// StartExam takes nobody out of a session: whoever may not sit it is hidden.
    fn lapsed(&self, desired: &Desired, applied: &Applied) -> Vec<Target> {
        let lapsed = desired
            .unwanted(applied)
            .filter(|target| is_session(target));
        lapsed.cloned().collect()
    }

    fn goes_alone(&self, target: &Target) -> bool {
        self.linked.contains(target)
    }
}

fn is_session(target: &Target) -> bool {
    matches!(Registration::try_from(target), Ok(Registration::Session(_)))
}

impl StartExamPlanner {
    fn removal(
        &self,
        lock: Option<Operation>,
        leaves: impl Iterator<Item = Operation>,
    ) -> Vec<Operation> {
        match self.order {
            RemovalOrder::HideFirst => lock.into_iter().chain(leaves).collect(),
            RemovalOrder::UnregisterFirst => {
                let mut leaves: Vec<_> = leaves.collect();
                if leaves.is_empty() || !is_on(Mutation::UnregisterFirstAndWait) {
                    leaves.extend(lock);
                }
                leaves
            }
        }
    }
}

fn lock(profile: &Profile) -> Operation {
    Operation::lock(profile.clone())
}

fn joins<'a>(desired: &'a Desired, applied: &'a Applied) -> impl Iterator<Item = Operation> + 'a {
    desired
        .targets
        .iter()
        .filter(|target| !is_joined(applied, target))
        .filter(|target| !must_wait(target, desired, applied))
        .map(move |target| Operation::Join {
            target: target.clone(),
            profile: None,
            heard: desired.heard,
            is_repeat: applied.targets.contains_key(target),
        })
}

/// Whether the tests of a program are about to change: leaving what was registered would take
/// back what both have, so it is left first.
fn must_wait(target: &Target, desired: &Desired, applied: &Applied) -> bool {
    let Ok(wanted) = Registration::try_from(target) else {
        return false;
    };
    desired
        .unwanted(applied)
        .filter_map(|other| Registration::try_from(other).ok())
        .any(|other| wanted.overlaps(&other))
}

fn is_joined(applied: &Applied, target: &Target) -> bool {
    applied.targets.get(target) == Some(&Membership::Joined)
}

#[cfg(test)]
mod tests;
