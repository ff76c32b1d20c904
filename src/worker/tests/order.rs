//! What goes first over all people.

use super::*;

const EVE: &str = "2026-03-31T23:59:59Z";
const IN_A_CALL: usize = 100;

/// A platform that takes one call a second, and so many people whose last day ends at midnight.
fn on_the_eve(leavers: usize) -> World {
    let mut rules = rules();
    rules.limits.calls_per_second = 1.0;
    rules.limits.burst = 1;
    rules.limits.in_flight = 1;
    rules.limits.accounts = IN_A_CALL;
    rules.settings.guard.enabled = false;
    let mut world = World::with(rules);
    world.hired("z", "2026-03-01", SALES);
    for n in 0..leavers {
        let who = format!("e-{n:04}");
        world.hired(&who, "2026-03-01", SALES);
        world.terminated(&who, Some("2026-03-31"));
    }
    world.settle_until(EVE.parse().unwrap());
    assert_eq!(
        world.active.values().filter(|active| **active).count(),
        leavers + 1
    );
    world.take_calls();
    world
}

fn people_in(call: &str) -> usize {
    call.split(' ').count() - 1
}

#[test]
fn an_immediate_termination_goes_before_thousands_of_locks_due_at_midnight() {
    let mut world = on_the_eve(2000);
    world.settle_for(Duration::from_secs(4));
    let before = world.take_calls();
    assert!((2..=4).contains(&before.len()), "{}", before.len());
    world.terminated("z", None);
    world.settle_for(Duration::from_secs(1));
    let next = &world.calls[0];
    assert!(next.starts_with("lock z "), "{next}");
    assert_eq!(people_in(next), IN_A_CALL, "locks share calls with locks");
}

#[test]
fn everybody_is_locked_before_others_are_served_before_anything_is_tidied_up() {
    let mut world = on_the_eve(600);
    world.settle_for(Duration::from_secs(2));
    world.hired("new", "2026-03-01", SUPPORT);
    world.settle_for(Duration::from_hours(1));
    let verb = |call: &String| call.split(' ').next().unwrap().to_owned();
    let mut verbs: Vec<String> = world.calls.iter().map(verb).collect();
    verbs.dedup();
    let words = world.calls.iter().flat_map(|call| call.split(' '));
    let tidied = words.filter(|word| word.starts_with('-')).count();
    assert_eq!(tidied, 2 * 600);
    assert_eq!(verbs[..2], ["lock", "activate"], "{verbs:?}");
    let last_lock = world
        .calls
        .iter()
        .rposition(|call| call.starts_with("lock"));
    let first_tidied = world.calls.iter().position(|call| call.contains(" -"));
    assert!(last_lock < first_tidied, "{verbs:?}");
    assert_eq!(world.programs("new"), ["program:all", "program:t"]);
}

#[test]
fn a_queued_lock_that_becomes_immediate_goes_first() {
    let mut world = on_the_eve(600);
    world.settle_for(Duration::from_secs(2));
    // HR says it again, with the same last day, when that day is over.
    world.terminated("e-0599", Some("2026-03-31"));
    world.take_calls();
    world.settle_for(Duration::from_secs(2));
    assert!(
        world.calls[0].starts_with("lock e-0599 "),
        "{}",
        world.calls[0]
    );
}

#[test]
fn a_thousand_changes_while_nothing_goes_wait_as_one() {
    let mut world = World::new();
    world.script.push_back(Does::Fails(Failure::Throttled {
        retry_after: Some(Duration::from_hours(10)),
    }));
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.hired("b", "2026-03-01", SALES);
    for n in 0..1000 {
        world.renamed("b", &format!("name {n}"));
    }
    assert_eq!(world.worker.batches.len(), 1, "I8: bounded by people");
}
