//! Programs that are our mistake: nobody is blamed for them, and nobody else waits.

use super::*;
use crate::event::{GroupChange, Groups, Phase};

const HOUR: Duration = Duration::from_hours(1);

fn refusing_everybody() -> World {
    let mut world = World::new();
    world.refused.insert("join program:s".to_owned());
    for who in ["a", "b", "c", "d", "e"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle();
    world
}

fn closed_targets(world: &World) -> String {
    let text = world.metrics.render().unwrap();
    let of = |line: &&str| line.starts_with("hris_relay_closed_targets{");
    let line = text.lines().find(of).unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn a_program_that_refuses_two_people_alone_is_to_blame_and_they_are_not() {
    let mut world = refusing_everybody();
    for who in ["a", "b", "c", "d", "e"] {
        assert!(world.is_active(who), "everything else goes on");
        assert_eq!(world.programs(who), ["program:all"]);
        assert!(
            !world
                .durable
                .contains_key(&EmployeeId::try_from(who).unwrap())
                || world.state(who).dead.is_empty(),
            "{who}"
        );
    }
    assert_eq!(
        world.dead_letters().len(),
        1,
        "the first could not be known"
    );
    assert_eq!(closed_targets(&world), "1");
    world.refused.clear();
    world.settle_for(HOUR);
    for who in ["a", "b", "c", "d", "e"] {
        assert_eq!(world.programs(who), ["program:all", "program:s"], "{who}");
    }
    assert_eq!(closed_targets(&world), "0");
}

#[test]
fn a_closed_program_is_tried_with_one_registration_of_one_after_the_other() {
    let mut world = refusing_everybody();
    world.take_calls();
    world.settle_for(Duration::from_mins(11));
    let tried: Vec<_> = world
        .calls
        .iter()
        .map(|call| call.replace("program:s +", ""))
        .collect();
    assert_eq!(tried.len(), 5, "one every two minutes: {tried:?}");
    let people: BTreeSet<_> = tried.iter().collect();
    assert_eq!(people.len(), 5, "everybody has a turn: {tried:?}");
    world.refused.clear();
    world.take_calls();
    world.settle_for(Duration::from_mins(3));
    let sizes: Vec<_> = world
        .calls
        .iter()
        .map(|call| call.split(" +").count() - 1)
        .collect();
    assert_eq!(sizes, [1, 4], "one tries, then all others go at once");
}

#[test]
fn one_person_refused_at_a_program_that_takes_others_is_to_blame() {
    let mut world = World::new();
    world.refused.insert("join program:s b".to_owned());
    for who in ["a", "b", "c", "d"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle_for(HOUR);
    assert_eq!(
        world.dead_letters(),
        [("b".to_owned(), "operation_refused".to_owned())]
    );
    assert_eq!(world.state("b").dead.len(), 1);
    assert_eq!(closed_targets(&world), "0");
    assert_eq!(world.programs("d"), ["program:all", "program:s"]);
}

#[test]
fn two_people_refused_at_a_program_that_takes_others_hold_it_up_at_most_once() {
    let mut world = World::new();
    for who in ["b", "c"] {
        world.refused.insert(format!("join program:s {who}"));
    }
    for who in ["a", "b", "c", "d", "e", "f"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle_for(HOUR);
    for who in ["a", "d", "e", "f"] {
        assert_eq!(world.programs(who), ["program:all", "program:s"], "{who}");
    }
    for who in ["b", "c"] {
        assert_eq!(world.state(who).dead.len(), 1, "{who}");
    }
    assert_eq!(closed_targets(&world), "0");
    world.take_calls();
    world.settle_for(HOUR * 48);
    assert!(world.take_calls().is_empty());
}

#[test]
fn a_program_that_refuses_to_take_people_still_lets_them_go() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.refused.insert("join program:s".to_owned());
    for who in ["b", "c"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle();
    assert_eq!(closed_targets(&world), "1");
    world.terminated("a", None);
    world.terminated("b", None);
    world.settle();
    assert!(!world.is_active("a") && world.programs("a").is_empty());
    assert!(!world.is_active("b") && world.programs("b").is_empty());
    assert_eq!(
        closed_targets(&world),
        "1",
        "somebody who left shows nothing"
    );
}

#[test]
fn people_who_leave_are_never_evidence_against_a_program() {
    let mut world = World::new();
    for who in ["a", "b", "c"] {
        world.hired(who, "2026-03-01", SALES);
        world.refused.insert(format!("leave program:s {who}"));
    }
    world.settle();
    for who in ["a", "b", "c"] {
        world.terminated(who, None);
    }
    world.settle();
    assert_eq!(closed_targets(&world), "0");
    world.hired("d", "2026-03-01", SALES);
    world.settle();
    assert_eq!(world.programs("d"), ["program:all", "program:s"]);
}

#[test]
fn a_crash_before_the_second_refusal_leaves_nobody_behind() {
    let mut world = World::new();
    world.refused.insert("join program:s".to_owned());
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    assert_eq!(world.state("a").dead.len(), 1);
    world.crash();
    for who in ["b", "c"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle();
    world.refused.clear();
    world.settle_for(HOUR);
    for who in ["a", "b", "c"] {
        assert_eq!(world.programs(who), ["program:all", "program:s"], "{who}");
    }
}

#[test]
fn a_crash_while_a_program_is_closed_forgets_nobody_who_waits() {
    let mut world = refusing_everybody();
    world.crash();
    world.settle_for(HOUR);
    world.refused.clear();
    world.settle_for(HOUR);
    for who in ["a", "b", "c", "d", "e"] {
        assert_eq!(world.programs(who), ["program:all", "program:s"], "{who}");
    }
}

#[test]
fn people_who_cannot_be_sent_are_given_up_at_once_and_blame_no_program() {
    let mut world = World::new();
    for who in ["a", "b"] {
        world.invalid.insert(who.to_owned());
    }
    for who in ["a", "b", "c"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle();
    assert_eq!(closed_targets(&world), "0");
    let given_up = |who: &str| (who.to_owned(), "profile_invalid".to_owned());
    let mut dead = world.dead_letters();
    dead.sort();
    assert_eq!(
        dead,
        ["a", "a", "b", "b"].map(given_up),
        "a letter a program"
    );
    assert_eq!(world.programs("c"), ["program:all", "program:s"]);
    let tries = world.calls.iter().filter(|call| call.contains("program:s"));
    assert_eq!(tries.count(), 1, "nobody is looked for: {:?}", world.calls);
}

#[test]
fn somebody_who_cannot_be_sent_does_not_end_a_quarantine() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    let rejected = Failure::Unauthorized { status: 403 };
    world.script.push_back(Does::Fails(rejected));
    world.invalid.insert("a".to_owned());
    let both = [SALES, SUPPORT].map(|group| GroupId::try_from(group).unwrap());
    world.tell(
        "a",
        Fact::GroupChanged(GroupChange {
            employment: None,
            effective: None,
            phase: Phase::Effective,
            groups: Groups::all(both),
        }),
    );
    world.settle_for(HOUR);
    assert_eq!(world.dead_letters().len(), 1, "the probe sent nothing");
    for who in ["b", "c"] {
        world.hired(who, "2026-03-01", SALES);
    }
    let rejected = Failure::Unauthorized { status: 403 };
    world.script.push_back(Does::Fails(rejected));
    world.take_calls();
    world.settle_for(Duration::from_mins(1));
    assert_eq!(world.take_calls(), ["activate b"], "one probe, alone");
}
