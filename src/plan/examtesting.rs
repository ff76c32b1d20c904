//! What ExamTesting is told: the account with its group, enabled or disabled.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::applied::{Account, Applied, profile_digest};
use super::assignments::{Assignment, EVERYBODY_ELSE};
use super::{Desired, DesiredAccount, Planner};
use crate::person::Standing;
use crate::provider::examtesting::ExamTestingSettings;
use crate::provider::examtesting::wire::GROUP;
use crate::provider::{Operation, Profile, Target};
use crate::settings::Complaint;

/// What a group means at ExamTesting.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExamTestingAssignment {
    /// The student group, as ExamTesting names it. A person is in one at most: of several
    /// assignments that cover them, the first in the file decides.
    pub group: String,
}

/// What contradicts itself, whatever the settings; `prefix` is `assignments`.
pub fn complaints(
    assignments: &[Assignment],
    _settings: Option<&ExamTestingSettings>,
    prefix: &str,
) -> Vec<Complaint> {
    let parts = assignments.iter().enumerate();
    let nameless = parts.filter(|(_, assignment)| {
        let part = assignment.examtesting.as_ref();
        part.is_some_and(|part| part.group.trim().is_empty())
    });
    nameless
        .map(|(index, _)| {
            Complaint::missing(
                format!("{prefix}[{index}].examtesting.group"),
                "required: the student group as ExamTesting names it",
            )
        })
        .collect()
}

/// Plans for ExamTesting.
///
/// The group is a field of the account's profile, so whoever changes groups has another
/// profile, and that is sent. There is nothing to join or to leave.
#[derive(Debug)]
pub struct ExamTestingPlanner {
    assignments: Vec<Assignment>,
    /// The page's parameter name by canonical attribute name.
    fields: BTreeMap<String, String>,
    /// Attributes that only user names and student ids are made of.
    ingredients: BTreeMap<String, String>,
}

impl ExamTestingPlanner {
    /// A planner by these assignments and settings.
    pub fn new(assignments: Vec<Assignment>, settings: &ExamTestingSettings) -> Self {
        Self {
            assignments,
            fields: settings.fields.clone(),
            ingredients: settings.ingredients(),
        }
    }

    /// Always the full mapped set: whether ExamTesting keeps or clears what an update leaves
    /// out is not documented.
    fn profile(&self, standing: &Standing, group: Option<&str>) -> Profile {
        let mapped = self.fields.iter().chain(&self.ingredients);
        let known = mapped.filter_map(|(field, attribute)| {
            let value = standing.attributes.get(attribute)?;
            Some((field.clone(), value.clone()))
        });
        let group = group.map(|group| (GROUP.to_owned(), group.to_owned()));
        let mut fields: Vec<_> = known.chain(group).collect();
        fields.sort();
        Profile(fields)
    }

    /// The student group of somebody in these groups; none: nobody mapped any of them.
    fn group(&self, standing: &Standing) -> Option<&str> {
        let covers = |name: &str| standing.groups.contains(name);
        let first = |covers: &dyn Fn(&str) -> bool| {
            self.assignments
                .iter()
                .filter(|assignment| covers(&assignment.group))
                .find_map(|assignment| assignment.examtesting.as_ref())
        };
        let found = first(&covers).or_else(|| first(&|name| name == EVERYBODY_ELSE));
        found.map(|part| part.group.as_str())
    }
}

impl Planner for ExamTestingPlanner {
    /// Nobody can be taken out of a group, and somebody who works here is not locked out because
    /// a group is not mapped.
    fn desired(&self, standing: &Standing) -> Desired {
        let group = self.group(standing).filter(|_| standing.is_active());
        Desired::of(standing, self.profile(standing, group), || {
            group.map(|_| BTreeSet::new())
        })
    }

    fn steps(&self, desired: &Desired, applied: &Applied) -> Vec<Operation> {
        let may_be_active = matches!(applied.account, Account::Active(_) | Account::Unsure);
        let step = match &desired.account {
            DesiredAccount::Active(profile)
                if applied.account != Account::Active(profile_digest(profile)) =>
            {
                Some(Operation::Activate {
                    profile: profile.clone(),
                    target: target(profile),
                    account: applied.existence(),
                })
            }
            DesiredAccount::Locked(profile) if applied.account != Account::Locked => {
                Some(lock(profile, applied))
            }
            DesiredAccount::NotYet(profile) if may_be_active => Some(lock(profile, applied)),
            DesiredAccount::Active(_)
            | DesiredAccount::Locked(_)
            | DesiredAccount::NotYet(_)
            | DesiredAccount::Untouched => None,
        };
        step.into_iter().collect()
    }

    /// HR names no groups of whoever has left, and an update may need one.
    fn outlasts(&self, field: &str) -> bool {
        field == GROUP
    }
}

/// No lock waits for a group that ExamTesting does not know, so it names no target: the group
/// that is sent along is the one sent last, if any was.
fn lock(profile: &Profile, applied: &Applied) -> Operation {
    Operation::Lock {
        profile: profile.clone(),
        target: None,
        account: applied.existence(),
    }
}

/// What waits together while ExamTesting does not know the group.
fn target(profile: &Profile) -> Option<Target> {
    let mut fields = profile.0.iter();
    let (_, group) = fields.find(|(field, _)| field == GROUP)?;
    Some(Target(format!("group:{group}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::GroupId;
    use crate::person::Presence;
    use crate::provider::Existence;

    fn planner() -> ExamTestingPlanner {
        let assign = |group: &str, class: &str| Assignment {
            group: group.to_owned(),
            examtesting: Some(ExamTestingAssignment {
                group: class.to_owned(),
            }),
            ..Assignment::default()
        };
        let elsewhere = Assignment {
            group: "Sales".to_owned(),
            ..Assignment::default()
        };
        let settings = ExamTestingSettings {
            username_template: "{badge}-{id}".to_owned(),
            ..ExamTestingSettings::default()
        };
        let assignments = vec![
            elsewhere,
            assign("Sales", "Class A"),
            assign("Support", "Class B"),
        ];
        ExamTestingPlanner::new(assignments, &settings)
    }

    fn stands(presence: Presence, groups: &[&str]) -> Standing {
        let attributes = [("first_name", "Ada"), ("badge", "7"), ("salary", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let groups = groups
            .iter()
            .map(|group| GroupId::try_from(*group).unwrap());
        Standing {
            presence,
            groups: groups.collect(),
            attributes: attributes.into(),
            disputed: false,
            ended_at: None,
            next_change: None,
        }
    }

    /// Does every step until nothing is left to do; says which, and of whom it is known that they
    /// are there.
    fn settle(
        planner: &ExamTestingPlanner,
        standing: &Standing,
        applied: &mut Applied,
    ) -> Vec<String> {
        let desired = planner.desired(standing);
        let mut done = Vec::new();
        while let Some(step) = planner.steps(&desired, applied).first() {
            applied.confirm(step);
            done.push(match step {
                Operation::Lock {
                    target: None,
                    account,
                    ..
                } => format!("lock {account:?}"),
                Operation::Activate {
                    target: Some(target),
                    account,
                    ..
                } => format!("activate {} {account:?}", target.0),
                Operation::Lock { .. }
                | Operation::Activate { .. }
                | Operation::Join { .. }
                | Operation::Leave { .. } => panic!("{step:?}"),
            });
        }
        done
    }

    #[test]
    fn each_hr_fact_makes_the_call_of_the_contract_and_no_more() {
        let planner = planner();
        let mut applied = Applied::default();
        let mut moved = stands(Presence::Active, &["Sales"]);
        moved
            .attributes
            .insert("first_name".to_owned(), "Eve".to_owned());
        let mut paid = stands(Presence::Active, &["Sales"]);
        paid.attributes.insert("salary".to_owned(), "2".to_owned());
        let active = |groups: &[&str]| stands(Presence::Active, groups);
        for (fact, standing, steps) in [
            ("a hire ahead", stands(Presence::Ahead, &[]), vec![]),
            (
                "a hire",
                active(&["Sales"]),
                vec!["activate group:Class A Absent"],
            ),
            ("nothing new", active(&["Sales"]), vec![]),
            ("what is not sent", paid, vec![]),
            ("a new name", moved, vec!["activate group:Class A Present"]),
            (
                "another group",
                active(&["Support"]),
                vec!["activate group:Class B Present"],
            ),
            (
                "two groups",
                active(&["Support", "Sales"]),
                vec!["activate group:Class A Present"],
            ),
            (
                "a termination",
                stands(Presence::Gone, &[]),
                vec!["lock Present"],
            ),
            ("nothing new", stands(Presence::Gone, &[]), vec![]),
            (
                "a rehire",
                active(&["Sales"]),
                vec!["activate group:Class A Present"],
            ),
            (
                "a hire withdrawn",
                stands(Presence::Ahead, &[]),
                vec!["lock Present"],
            ),
        ] {
            assert_eq!(settle(&planner, &standing, &mut applied), steps, "{fact}");
        }
    }

    #[test]
    fn somebody_gone_is_locked_even_if_the_relay_never_saw_them() {
        let mut applied = Applied::default();
        let gone = stands(Presence::Gone, &[]);
        assert_eq!(settle(&planner(), &gone, &mut applied), ["lock Absent"]);
    }

    #[test]
    fn an_account_that_may_be_there_is_asserted_or_locked() {
        let unsure = Applied {
            account: Account::Unsure,
            may_be_present: true,
            ..Applied::default()
        };
        for (standing, step) in [
            (stands(Presence::Gone, &[]), "lock Perhaps"),
            (stands(Presence::Ahead, &[]), "lock Perhaps"),
            (
                stands(Presence::Active, &["Sales"]),
                "activate group:Class A Perhaps",
            ),
        ] {
            assert_eq!(settle(&planner(), &standing, &mut unsure.clone()), [step]);
        }
        assert_eq!(unsure.existence(), Existence::Perhaps);
    }

    #[test]
    fn only_mapped_attributes_templates_and_the_group_are_sent() {
        let desired = planner().desired(&stands(Presence::Active, &["Sales"]));
        let fields = [
            ("firstname", "Ada"),
            ("groupName", "Class A"),
            ("{badge}", "7"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            desired.account,
            DesiredAccount::Active(Profile(fields.into()))
        );
        let desired = planner().desired(&stands(Presence::Gone, &[]));
        let fields = [("firstname", "Ada"), ("{badge}", "7")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            desired.account,
            DesiredAccount::Locked(Profile(fields.into()))
        );
    }

    #[test]
    fn people_in_no_mapped_group_are_neither_made_nor_locked_out() {
        let planner = planner();
        let unmapped = stands(Presence::Active, &["Nobody mapped this"]);
        assert!(planner.desired(&unmapped).is_unmapped);
        let mut applied = Applied::default();
        assert!(settle(&planner, &unmapped, &mut applied).is_empty());
        settle(
            &planner,
            &stands(Presence::Active, &["Sales"]),
            &mut applied,
        );
        assert!(settle(&planner, &unmapped, &mut applied).is_empty());
    }

    #[test]
    fn a_group_without_a_name_is_refused() {
        let mut assignments = planner().assignments;
        assert_eq!(complaints(&assignments, None, "a"), []);
        assignments[1].examtesting = Some(ExamTestingAssignment::default());
        let complaints = complaints(&assignments, None, "a");
        assert_eq!(complaints[0].key, "a[1].examtesting.group");
    }

    #[test]
    fn the_rule_for_everybody_else_covers_only_people_no_other_rule_covers() {
        let mut planner = planner();
        let rest = Assignment {
            group: "*".to_owned(),
            examtesting: Some(ExamTestingAssignment {
                group: "Class C".to_owned(),
            }),
            ..Assignment::default()
        };
        planner.assignments.insert(0, rest);
        for (group, class) in [("Support", "Class B"), ("Nobody mapped this", "Class C")] {
            let standing = stands(Presence::Active, &[group]);
            assert_eq!(planner.group(&standing), Some(class));
        }
    }
}
