//! What StartExam is told: sync active or hidden, register and unregister in programs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::applied::{Account, Applied, profile_digest};
use super::assignments::{Assignment, targets_of};
use super::{Desired, DesiredAccount, Planner};
use crate::mutation::{Mutation, is_on};
use crate::person::{Presence, Standing};
use crate::provider::startexam::{RemovalOrder, StartExamSettings};
use crate::provider::{Operation, Profile, Target};

/// What a group means at StartExam.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StartExamAssignment {
    /// Programs by StartExam's own id (GUID).
    pub programs: Vec<String>,
    /// Programs by the external id they were given in StartExam.
    pub external_programs: Vec<String>,
}

impl StartExamAssignment {
    /// The programs as targets.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        let own = self.programs.iter();
        let external = self.external_programs.iter();
        own.map(|id| Target(format!("program:{id}")))
            .chain(external.map(|id| Target(format!("program-external:{id}"))))
    }
}

/// Plans for StartExam.
#[derive(Debug)]
pub struct StartExamPlanner {
    assignments: Vec<Assignment>,
    /// StartExam's field name by canonical attribute name, in the order they are sent.
    fields: BTreeMap<String, String>,
    order: RemovalOrder,
}

impl StartExamPlanner {
    /// A planner by these assignments and settings.
    pub fn new(assignments: Vec<Assignment>, settings: &StartExamSettings) -> Self {
        Self {
            assignments,
            fields: settings.profile_fields.clone(),
            order: settings.removal_order,
        }
    }

    /// Always the full mapped set: whether StartExam keeps or clears fields left out is not
    /// documented (Sync Employees page).
    fn profile(&self, standing: &Standing) -> Profile {
        let fields = self.fields.iter().filter_map(|(field, attribute)| {
            let value = standing.attributes.get(attribute)?;
            Some((field.clone(), value.clone()))
        });
        Profile(fields.collect())
    }
}

impl Planner for StartExamPlanner {
    fn desired(&self, standing: &Standing) -> Desired {
        let profile = self.profile(standing);
        let out = |account| Desired {
            account,
            targets: std::collections::BTreeSet::new(),
            is_unmapped: false,
            heard: None,
        };
        match standing.presence {
            Presence::Gone => out(DesiredAccount::Locked(profile)),
            Presence::Unheard | Presence::Ahead => out(DesiredAccount::NotYet(profile)),
            Presence::Active => {
                let part = |assignment: &'_ Assignment| assignment.startexam.clone();
                let targets = |part: StartExamAssignment| part.targets().collect();
                match targets_of(&self.assignments, &standing.groups, part, targets) {
                    Some(targets) => Desired {
                        targets,
                        ..out(DesiredAccount::Active(profile))
                    },
                    None => Desired {
                        is_unmapped: true,
                        ..out(DesiredAccount::Untouched)
                    },
                }
            }
        }
    }

    fn steps(&self, desired: &Desired, applied: &Applied) -> Vec<Operation> {
        let leaves = applied
            .targets
            .keys()
            .filter(|target| !desired.targets.contains(*target))
            .map(|target| Operation::Leave {
                target: target.clone(),
            });
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
        .map(move |target| Operation::Join {
            target: target.clone(),
            profile: None,
            heard: desired.heard,
            is_repeat: applied.targets.contains_key(target),
        })
}

fn is_joined(applied: &Applied, target: &Target) -> bool {
    applied.targets.get(target) == Some(&super::Membership::Joined)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::id::GroupId;
    use crate::plan::Membership;

    fn planner(order: RemovalOrder) -> StartExamPlanner {
        let assign = |group: &str, programs: &[&str]| Assignment {
            group: group.to_owned(),
            startexam: Some(StartExamAssignment {
                programs: programs.iter().map(ToString::to_string).collect(),
                external_programs: Vec::new(),
            }),
            ..Assignment::default()
        };
        let assignments = vec![
            assign("Sales", &["s", "all"]),
            assign("Support", &["t", "all"]),
        ];
        let fields = [("First Name", "first_name"), ("Email", "email")]
            .map(|(field, attribute)| (field.to_owned(), attribute.to_owned()));
        let settings = StartExamSettings {
            profile_fields: fields.into(),
            removal_order: order,
            ..StartExamSettings::default()
        };
        StartExamPlanner::new(assignments, &settings)
    }

    fn stands(presence: Presence, groups: &[&str]) -> Standing {
        let attributes = [("first_name", "Ada"), ("salary", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Standing {
            presence,
            groups: groups
                .iter()
                .map(|g| GroupId::try_from(*g).unwrap())
                .collect(),
            attributes: attributes.into(),
            disputed: false,
            ended_at: None,
            next_change: None,
        }
    }

    /// Does every step until nothing is left to do; says which.
    fn settle(
        planner: &StartExamPlanner,
        standing: &Standing,
        applied: &mut Applied,
    ) -> Vec<String> {
        let desired = planner.desired(standing);
        let mut done = Vec::new();
        while let Some(step) = planner.steps(&desired, applied).first() {
            applied.confirm(step);
            done.push(match step {
                Operation::Lock { .. } => "lock".to_owned(),
                Operation::Activate { .. } => "activate".to_owned(),
                Operation::Join { target, .. } => format!("join {}", target.0),
                Operation::Leave { target } => format!("leave {}", target.0),
            });
        }
        done
    }

    #[test]
    fn each_hr_fact_makes_the_calls_of_the_contract_and_no_more() {
        let planner = planner(RemovalOrder::HideFirst);
        let mut applied = Applied::default();
        for (standing, steps) in [
            (stands(Presence::Ahead, &[]), vec![]),
            (
                stands(Presence::Active, &["Sales"]),
                vec!["activate", "join program:all", "join program:s"],
            ),
            (stands(Presence::Active, &["Sales"]), vec![]),
            // Two groups may share a program: nobody leaves it in between.
            (
                stands(Presence::Active, &["Support"]),
                vec!["join program:t", "leave program:s"],
            ),
            (
                stands(Presence::Gone, &[]),
                vec!["lock", "leave program:all", "leave program:t"],
            ),
            (stands(Presence::Gone, &[]), vec![]),
            (
                stands(Presence::Active, &["Sales"]),
                vec!["activate", "join program:all", "join program:s"],
            ),
            // The hire was withdrawn after it had been applied.
            (
                stands(Presence::Ahead, &[]),
                vec!["lock", "leave program:all", "leave program:s"],
            ),
        ] {
            assert_eq!(
                settle(&planner, &standing, &mut applied),
                steps,
                "{standing:?}"
            );
        }
    }

    #[test]
    fn somebody_gone_is_locked_even_if_the_relay_never_saw_them() {
        let planner = planner(RemovalOrder::HideFirst);
        let mut applied = Applied::default();
        let gone = stands(Presence::Gone, &[]);
        assert_eq!(settle(&planner, &gone, &mut applied), ["lock"]);
    }

    #[test]
    fn somebody_whose_activation_may_have_happened_is_locked_again() {
        let planner = planner(RemovalOrder::HideFirst);
        for standing in [stands(Presence::Gone, &[]), stands(Presence::Ahead, &[])] {
            let mut applied = Applied {
                account: Account::Unsure,
                ..Applied::default()
            };
            assert_eq!(settle(&planner, &standing, &mut applied), ["lock"]);
        }
    }

    #[test]
    fn a_registration_that_may_be_in_force_is_asserted_or_removed() {
        let planner = planner(RemovalOrder::HideFirst);
        let unsure = |program: &str| Applied {
            account: Account::Locked,
            is_present: false,
            targets: [(Target(program.to_owned()), Membership::Unsure)].into(),
        };
        let gone = stands(Presence::Gone, &[]);
        assert_eq!(
            settle(&planner, &gone, &mut unsure("program:s")),
            ["leave program:s"]
        );
        let active = stands(Presence::Active, &["Sales"]);
        let steps = settle(&planner, &active, &mut unsure("program:s"));
        assert_eq!(steps, ["activate", "join program:all", "join program:s"]);
    }

    #[test]
    fn unregister_first_leaves_before_it_locks() {
        let planner = planner(RemovalOrder::UnregisterFirst);
        let mut applied = Applied::default();
        settle(
            &planner,
            &stands(Presence::Active, &["Sales"]),
            &mut applied,
        );
        let steps = settle(&planner, &stands(Presence::Gone, &[]), &mut applied);
        assert_eq!(steps, ["leave program:all", "leave program:s", "lock"]);
    }

    #[test]
    fn only_mapped_attributes_are_sent() {
        let planner = planner(RemovalOrder::HideFirst);
        let desired = planner.desired(&stands(Presence::Active, &["Sales"]));
        let fields = vec![("First Name".to_owned(), "Ada".to_owned())];
        assert_eq!(desired.account, DesiredAccount::Active(Profile(fields)));
    }

    #[test]
    fn people_in_no_mapped_group_are_not_created_but_leave_what_they_were_in() {
        let planner = planner(RemovalOrder::HideFirst);
        let unmapped = stands(Presence::Active, &["Nobody mapped this"]);
        assert!(planner.desired(&unmapped).is_unmapped);
        let mut applied = Applied::default();
        assert!(settle(&planner, &unmapped, &mut applied).is_empty());
        settle(
            &planner,
            &stands(Presence::Active, &["Sales"]),
            &mut applied,
        );
        let steps = settle(&planner, &unmapped, &mut applied);
        assert_eq!(steps, ["leave program:all", "leave program:s"]);
    }

    #[test]
    fn the_rule_for_everybody_else_covers_only_people_no_other_rule_covers() {
        let mut planner = planner(RemovalOrder::HideFirst);
        planner.assignments.push(Assignment {
            group: "*".to_owned(),
            startexam: Some(StartExamAssignment {
                programs: vec!["rest".to_owned()],
                external_programs: vec!["ext".to_owned()],
            }),
            ..Assignment::default()
        });
        let targets = |groups: &[&str]| -> BTreeSet<String> {
            let desired = planner.desired(&stands(Presence::Active, groups));
            desired.targets.into_iter().map(|target| target.0).collect()
        };
        assert_eq!(
            targets(&["Sales"]),
            ["program:all", "program:s"].map(str::to_owned).into()
        );
        let rest = ["program-external:ext", "program:rest"]
            .map(str::to_owned)
            .into();
        assert_eq!(targets(&["Nobody mapped this"]), rest);
    }
}
