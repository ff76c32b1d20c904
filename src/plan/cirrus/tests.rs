//! How a person is planned for at Cirrus, step by step.

use super::*;
use crate::id::GroupId;
use crate::person::Presence;

fn schedule(schedule: &str, group: &str) -> CirrusSchedule {
    CirrusSchedule {
        schedule: schedule.to_owned(),
        group: group.to_owned(),
        group_name: format!("Group {group}"),
    }
}

fn assign(name: &str, schedules: Vec<CirrusSchedule>) -> Assignment {
    Assignment {
        group: name.to_owned(),
        cirrus: Some(CirrusAssignment { schedules }),
        ..Assignment::default()
    }
}

fn assignments() -> Vec<Assignment> {
    vec![
        assign("Sales", vec![schedule("s", "GrS"), schedule("all", "GrA")]),
        assign(
            "Support",
            vec![schedule("t", "GrT"), schedule("all", "GrA")],
        ),
    ]
}

fn planner(update_after_add: bool) -> CirrusPlanner {
    let settings = CirrusSettings {
        update_after_add,
        ..CirrusSettings::default()
    };
    CirrusPlanner::new(assignments(), &settings)
}

fn stands(presence: Presence, groups: &[&str], first_name: &str) -> Standing {
    let attributes = [("first_name", first_name), ("salary", "1")];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Standing {
        presence,
        groups: groups
            .iter()
            .map(|group| GroupId::try_from(*group).unwrap())
            .collect(),
        attributes: attributes.into(),
        disputed: false,
        ended_at: None,
        next_change: None,
    }
}

fn active(groups: &[&str]) -> Standing {
    stands(Presence::Active, groups, "Ada")
}

fn gone() -> Standing {
    stands(Presence::Gone, &[], "Ada")
}

fn word(step: &Operation) -> String {
    let known = |account: &Existence| match account {
        Existence::Absent => "absent",
        Existence::Perhaps => "perhaps",
        Existence::Present => "present",
    };
    match step {
        Operation::Lock { account, .. } => format!("lock {}", known(account)),
        Operation::Activate { account, .. } => format!("activate {}", known(account)),
        Operation::Join {
            target,
            profile,
            is_repeat,
            ..
        } => {
            let how = if profile.is_some() { "make" } else { "join" };
            let again = if *is_repeat { " again" } else { "" };
            format!("{how} {}{again}", target.0)
        }
        Operation::Leave { target } => format!("leave {}", target.0),
    }
}

fn words(planner: &CirrusPlanner, standing: &Standing, applied: &Applied) -> Vec<String> {
    let desired = planner.desired(standing);
    planner.steps(&desired, applied).iter().map(word).collect()
}

/// Does every step until nothing is left to do; says which.
fn settle(planner: &CirrusPlanner, standing: &Standing, applied: &mut Applied) -> Vec<String> {
    let desired = planner.desired(standing);
    let mut done = Vec::new();
    while let Some(step) = planner.steps(&desired, applied).into_iter().next() {
        assert!(done.len() < 9, "{done:?}");
        done.push(word(&step));
        applied.confirm(&step);
    }
    done
}

#[test]
fn a_life_at_cirrus() {
    let planner = planner(false);
    let mut applied = Applied::default();
    for (standing, steps) in [
        (stands(Presence::Ahead, &[], "Ada"), vec![]),
        (
            active(&["Sales"]),
            vec!["make schedule:all", "join schedule:s"],
        ),
        (active(&["Sales"]), vec![]),
        (
            stands(Presence::Active, &["Sales"], "Eve"),
            vec!["activate present"],
        ),
        // Two groups may share a schedule: nobody leaves it in between.
        (
            stands(Presence::Active, &["Support"], "Eve"),
            vec!["join schedule:t", "leave schedule:s"],
        ),
        (
            gone(),
            vec!["lock present", "leave schedule:all", "leave schedule:t"],
        ),
        (gone(), vec![]),
        (
            active(&["Sales"]),
            vec!["activate present", "join schedule:all", "join schedule:s"],
        ),
    ] {
        assert_eq!(settle(&planner, &standing, &mut applied), steps);
    }
}

#[test]
fn whoever_is_made_is_updated_as_well_where_that_is_configured() {
    let mut applied = Applied::default();
    let steps = settle(&planner(true), &active(&["Sales"]), &mut applied);
    assert_eq!(
        steps,
        ["make schedule:all", "activate present", "join schedule:s"]
    );
}

#[test]
fn adding_says_the_group_and_the_mapped_attributes() {
    let desired = planner(false).desired(&active(&["Sales"]));
    let steps = planner(false).steps(&desired, &Applied::default());
    let Operation::Join { profile, .. } = &steps[0] else {
        panic!("{steps:?}");
    };
    let fields = [
        ("FirstName", "Ada"),
        ("GroupExtId", "GrA"),
        ("GroupName", "Group GrA"),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(profile, &Some(Profile(fields.into())));
}

#[test]
fn an_addition_without_an_answer_is_repeated_as_one() {
    let planner = planner(false);
    let standing = active(&["Sales"]);
    let mut applied = Applied::default();
    let steps = planner.steps(&planner.desired(&standing), &applied);
    applied.announce(&steps[0]);
    let again = ["make schedule:all again", "make schedule:s"];
    assert_eq!(words(&planner, &standing, &applied), again);
    // Without a mark of it, only the account itself can tell.
    applied.targets.clear();
    assert_eq!(words(&planner, &standing, &applied), ["activate perhaps"]);
}

#[test]
fn an_account_that_is_gone_is_made_again_and_registered_everywhere() {
    let planner = planner(false);
    let standing = active(&["Sales"]);
    let mut applied = Applied::default();
    settle(&planner, &standing, &mut applied);
    applied.miss(&Operation::activate(Profile::default()));
    let again = settle(&planner, &standing, &mut applied);
    assert_eq!(again, ["make schedule:all again", "join schedule:s again"]);
}

#[test]
fn somebody_gone_is_locked_even_if_the_relay_never_saw_them() {
    let mut applied = Applied::default();
    let steps = settle(&planner(false), &gone(), &mut applied);
    assert_eq!(steps, ["lock absent"]);
}

#[test]
fn a_withdrawn_hire_is_locked_if_anything_of_it_may_be_there() {
    let planner = planner(false);
    let ahead = stands(Presence::Ahead, &[], "Ada");
    let target = Target("schedule:s".to_owned());
    let with = |account: Account, targets: &[Membership]| Applied {
        may_be_present: account == Account::Unsure,
        account,
        targets: targets.iter().map(|one| (target.clone(), *one)).collect(),
        ..Applied::default()
    };
    let unsure = [Membership::Unsure];
    for (mut applied, steps) in [
        (with(Account::Unknown, &[]), vec![]),
        (with(Account::Locked, &[]), vec![]),
        (with(Account::Unsure, &[]), vec!["lock perhaps"]),
        (
            with(Account::Unknown, &unsure),
            vec!["lock absent", "leave schedule:s"],
        ),
        (with(Account::Locked, &unsure), vec!["leave schedule:s"]),
    ] {
        assert_eq!(settle(&planner, &ahead, &mut applied), steps);
    }
}

#[test]
fn people_in_no_mapped_group_are_not_made_but_leave_what_they_were_in() {
    let planner = planner(false);
    let unmapped = active(&["Nobody mapped this"]);
    assert!(planner.desired(&unmapped).is_unmapped);
    let mut applied = Applied::default();
    assert!(settle(&planner, &unmapped, &mut applied).is_empty());
    settle(&planner, &active(&["Sales"]), &mut applied);
    let steps = settle(&planner, &unmapped, &mut applied);
    assert_eq!(steps, ["leave schedule:all", "leave schedule:s"]);
}
