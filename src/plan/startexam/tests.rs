//! Which steps follow from where somebody stands.

use std::collections::BTreeSet;

use super::*;
use crate::id::GroupId;
use crate::person::Presence;
use crate::plan::Membership;
use crate::provider::startexam::SessionSettings;

fn planner(order: RemovalOrder) -> StartExamPlanner {
    let assign = |group: &str, programs: &[&str]| Assignment {
        group: group.to_owned(),
        startexam: Some(StartExamAssignment {
            programs: programs.iter().map(ToString::to_string).collect(),
            ..StartExamAssignment::default()
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
fn settle(planner: &StartExamPlanner, standing: &Standing, applied: &mut Applied) -> Vec<String> {
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
        may_be_present: false,
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
            ..StartExamAssignment::default()
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

const ONE: &str = "4ebdd1bf-410a-4212-ad54-de6592dbcd1d";
const TWO: &str = "eede017b-67a8-47a4-a3d4-6181bf215ba0";

/// Everybody of one group, by this part of its assignment.
fn planner_of(part: &str, settings: &StartExamSettings) -> StartExamPlanner {
    let assignment = Assignment {
        group: "Sales".to_owned(),
        startexam: Some(toml::from_str(part).unwrap()),
        ..Assignment::default()
    };
    StartExamPlanner::new(vec![assignment], settings)
}

#[test]
fn a_session_is_forgotten_without_a_call_and_registered_anew_on_a_rehire() {
    let planner = planner_of("sessions = ['day']", &StartExamSettings::default());
    let mut applied = Applied::default();
    let active = stands(Presence::Active, &["Sales"]);
    let steps = settle(&planner, &active, &mut applied);
    assert_eq!(steps, ["activate", "join session:day"]);
    let gone = stands(Presence::Gone, &[]);
    assert_eq!(settle(&planner, &gone, &mut applied), ["lock"]);
    let session = Target("session:day".to_owned());
    let lapsed = planner.lapsed(&planner.desired(&gone), &applied);
    assert_eq!(lapsed, std::slice::from_ref(&session));
    assert_eq!(planner.lapsed(&planner.desired(&active), &applied), []);
    applied.targets.remove(&session);
    let steps = settle(&planner, &active, &mut applied);
    assert_eq!(steps, ["activate", "join session:day"]);
}

#[test]
fn only_a_session_whose_link_is_published_goes_alone() {
    for (publish_links, links, alone) in [
        (false, true, false),
        (true, false, false),
        (true, true, true),
    ] {
        let session = SessionSettings {
            links,
            ..SessionSettings::default()
        };
        let settings = StartExamSettings {
            publish_links,
            sessions: [("day".to_owned(), session)].into(),
            ..StartExamSettings::default()
        };
        let planner = planner_of("sessions = ['day']", &settings);
        let goes_alone = |target: &str| planner.goes_alone(&Target(target.to_owned()));
        assert_eq!(goes_alone("session:day"), alone);
        assert!(!goes_alone("session:night") && !goes_alone("program-external:day"));
    }
}

#[test]
fn the_tests_of_a_program_are_left_before_others_of_it_are_joined() {
    let settings = StartExamSettings::default();
    let tests = |tests: &str| {
        format!("external_programs = ['sales']\nmodule_tests = {{ sales = [{tests}] }}")
    };
    let active = stands(Presence::Active, &["Sales"]);
    let mut applied = Applied::default();
    let one = format!("tests:{ONE}@program-external:sales");
    let both = format!("tests:{ONE},{TWO}@program-external:sales");
    let two = format!("tests:{TWO}@program-external:sales");
    let whole = "program-external:sales".to_owned();
    for (part, left, joined) in [
        (tests(&format!("'{ONE}'")), None, Some(&one)),
        (tests(&format!("'{TWO}', '{ONE}'")), Some(&one), Some(&both)),
        (
            "external_programs = ['sales']".to_owned(),
            Some(&both),
            Some(&whole),
        ),
        (tests(&format!("'{TWO}'")), Some(&whole), Some(&two)),
    ] {
        let planner = planner_of(&part, &settings);
        let steps = settle(&planner, &active, &mut applied);
        let leave = left.map(|target| format!("leave {target}"));
        let join = joined.map(|target| format!("join {target}"));
        let expected: Vec<_> = leave.into_iter().chain(join).collect();
        let changes = steps.into_iter().filter(|step| step != "activate");
        assert_eq!(changes.collect::<Vec<_>>(), expected);
    }
    // Tests that both do not have need not wait.
    let planner = planner_of(&tests(&format!("'{ONE}'")), &settings);
    assert_eq!(
        settle(&planner, &active, &mut applied),
        [format!("join {one}"), format!("leave {two}")]
    );
}
