//! What the platform and the machine can do to us, and what must hold all the same.

use super::*;
use crate::plan::Account;

const HOUR: Duration = Duration::from_hours(1);

#[test]
fn one_refused_person_is_found_and_delays_nobody() {
    let mut world = World::new();
    world.refused.insert("e-037".to_owned());
    for n in 0..100 {
        world.hired(&format!("e-{n:03}"), "2026-03-01", SALES);
    }
    world.settle();
    assert_eq!(world.active.len(), 99);
    let refused = ("e-037".to_owned(), "operation_refused".to_owned());
    assert_eq!(world.dead_letters(), [refused]);
    let activations = world
        .calls
        .iter()
        .filter(|call| call.starts_with("activate"));
    assert!(activations.count() <= 16, "2 calls a halving of 100 people");
}

#[test]
fn a_changed_plan_ignores_a_dead_mark() {
    let mut world = World::new();
    world.refused.insert("a".to_owned());
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.take_calls();
    world.moved("a", SALES);
    world.settle_until(later(&world, HOUR));
    assert!(
        world.take_calls().is_empty(),
        "nothing HR wants has changed"
    );
    world.refused.clear();
    world.renamed("a", "somebody the platform takes");
    world.settle();
    assert!(world.is_active("a"));
    assert!(world.state("a").dead.is_empty());
}

#[test]
fn a_failing_unregistration_does_not_delay_the_lock_or_the_other() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.missing.insert("program:all".to_owned());
    world.terminated("a", None);
    world.settle();
    assert!(!world.is_active("a"));
    assert_eq!(world.programs("a"), ["program:all"]);
    world.missing.clear();
    world.settle_until(later(&world, HOUR));
    assert!(world.programs("a").is_empty());
}

#[test]
fn a_program_the_platform_does_not_know_delays_only_its_own_registrations() {
    let mut world = World::new();
    world.missing.insert("program:s".to_owned());
    for who in ["a", "b", "c"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle();
    for who in ["a", "b", "c"] {
        assert!(world.is_active(who));
        assert_eq!(world.programs(who), ["program:all"]);
    }
    assert!(
        world.dead_letters().is_empty(),
        "I9: our mapping blames nobody"
    );
    world.missing.clear();
    world.settle_until(later(&world, HOUR));
    assert_eq!(world.programs("b"), ["program:all", "program:s"]);
}

#[test]
fn rejected_credentials_dead_letter_nobody_and_release_by_themselves() {
    let mut world = World::new();
    let rejected = Does::Fails(Failure::Unauthorized { status: 403 });
    world.script.extend(vec![rejected; 5]);
    for who in ["a", "b", "c"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle_until(later(&world, Duration::from_mins(7)));
    assert_eq!(world.calls.len(), 4, "one probe every two minutes");
    assert!(world.dead_letters().is_empty());
    assert!(
        world.state("a").trying.is_empty(),
        "attempts are not counted"
    );
    world.settle_until(later(&world, HOUR));
    assert!(["a", "b", "c"].iter().all(|who| world.is_active(who)));
}

#[test]
fn an_outage_costs_few_calls_and_loses_nobody() {
    let mut world = World::new();
    let down = Does::Fails(Failure::Faulted {
        status: 503,
        retry_after: None,
    });
    world.script.extend(vec![down; 20]);
    for n in 0..2000 {
        world.hired(&format!("e-{n:04}"), "2026-03-01", SALES);
    }
    world.settle_until(later(&world, HOUR * 3));
    assert_eq!(
        world.active.values().filter(|active| **active).count(),
        2000
    );
    assert!(world.dead_letters().is_empty());
}

#[test]
fn a_leaver_whose_activation_was_lost_is_locked_whenever_the_process_died() {
    // A rehire is activated, the process dies at some step, and the termination is all that
    // is left to read: the compacted topic has forgotten the rehire.
    for steps in 0..4 {
        let mut world = World::new();
        world.hired("a", "2026-03-01", SALES);
        world.terminated("a", Some("2026-03-01"));
        world.settle();
        assert_eq!(world.state("a").applied.account, Account::Locked);
        world.hired("a", "2026-03-02", SALES);
        for _ in 0..steps {
            let wake = world.worker.wake_at();
            world.now = world.now.max(wake.unwrap_or(world.now));
            world.feed(Input::Tick);
            if steps == 3 {
                world.answer();
            } else if let Some((_, call)) = world.in_flight.pop() {
                // It takes effect, but its answer is never seen.
                world.perform(&call);
            }
        }
        let person = EmployeeId::try_from("a").unwrap();
        let rehired = world.people[&person].clone();
        world.people.remove(&person);
        world.crash();
        world.people.insert(person, rehired);
        world.terminated("a", None);
        world.settle_until(later(&world, HOUR));
        assert!(!world.is_active("a"), "died after {steps} steps");
        assert!(world.programs("a").is_empty(), "died after {steps} steps");
    }
}

#[test]
fn a_call_is_announced_in_the_record_before_it_is_made() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.pass(Duration::from_millis(50));
    world.feed(Input::Tick);
    assert_eq!(world.in_flight.len(), 1);
    assert_eq!(world.state("a").applied.account, Account::Unsure);
}

#[test]
fn an_answer_that_came_too_late_for_the_plan_is_followed_by_the_right_call() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.pass(Duration::from_millis(50));
    world.feed(Input::Tick);
    // The termination arrives while the activation is under way.
    world.terminated("a", None);
    assert_eq!(world.in_flight.len(), 1);
    world.settle();
    assert_eq!(world.take_calls(), ["activate a", "lock a"]);
    assert!(!world.is_active("a"));
}

#[test]
fn a_record_that_cannot_be_read_stops_one_person_and_keeps_its_bytes() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.hired("b", "2026-03-01", SALES);
    world.settle();
    let a = EmployeeId::try_from("a").unwrap();
    let garbage = Bytes::from_static(b"{\"v\":1,");
    world.durable.insert(a.clone(), garbage.clone());
    world.crash();
    world.terminated("a", None);
    world.terminated("b", None);
    world.settle();
    assert_eq!(world.durable[&a], garbage);
    assert!(world.is_active("a") && !world.is_active("b"));
}

#[test]
fn a_worker_that_drains_starts_no_call() {
    let mut world = World::new();
    world.feed(Input::Draining);
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    assert!(world.take_calls().is_empty());
}

#[test]
fn lost_answers_never_leave_a_leaver_active() {
    let mut world = World::new();
    world
        .script
        .extend([Does::Works, Does::LosesAnswer, Does::LosesAnswer]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_until(later(&world, Duration::from_secs(1)));
    world.script = vec![Does::LosesAnswer; 3].into();
    world.terminated("a", None);
    world.settle_until(later(&world, HOUR * 48));
    assert!(!world.is_active("a") && world.programs("a").is_empty());
}
