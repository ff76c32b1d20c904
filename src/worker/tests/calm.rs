//! Unregistrations of people who stay active wait until nothing more is said of them.

use super::*;

const CALM: Duration = Duration::from_secs(5);
/// The least bit less.
const ALMOST: Duration = Duration::from_millis(4998);

fn settled_in_sales() -> World {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.take_calls();
    world
}

#[test]
fn a_group_change_unregisters_only_after_the_calm() {
    let mut world = settled_in_sales();
    world.moved("a", SUPPORT);
    world.settle_for(ALMOST);
    assert_eq!(world.take_calls(), ["program:t +a"]);
    world.settle();
    assert_eq!(world.take_calls(), ["program:s -a"]);
}

#[test]
fn somebody_flapping_between_two_groups_loses_no_registration() {
    let mut world = settled_in_sales();
    for group in [SUPPORT, SALES, SUPPORT, SALES] {
        world.moved("a", group);
        world.settle_for(CALM / 2);
    }
    world.settle_for(Duration::from_hours(48));
    let calls = world.take_calls();
    assert!(
        !calls.iter().any(|call| call == "program:s -a"),
        "{calls:?}"
    );
    assert_eq!(calls.last().unwrap(), "program:t -a");
    assert_eq!(world.programs("a"), ["program:all", "program:s"]);
}

#[test]
fn every_later_fact_prolongs_the_calm() {
    let mut world = settled_in_sales();
    world.moved("a", SUPPORT);
    for n in 0..5 {
        world.settle_for(ALMOST);
        world.renamed("a", &format!("name {n}"));
    }
    assert_eq!(world.programs("a").len(), 3);
    world.settle();
    assert_eq!(world.programs("a"), ["program:all", "program:t"]);
}

#[test]
fn the_calm_delays_neither_a_lock_nor_the_tidying_after_it() {
    let mut world = settled_in_sales();
    world.terminated("a", None);
    world.settle_for(Duration::from_secs(1));
    assert_eq!(
        world.take_calls(),
        ["lock a", "program:all -a", "program:s -a"]
    );
}

#[test]
fn the_calm_survives_a_crash() {
    let mut world = settled_in_sales();
    world.moved("a", SUPPORT);
    world.settle_for(CALM / 2);
    world.crash();
    world.settle_for(ALMOST / 2);
    assert_eq!(world.take_calls(), ["program:t +a"]);
    world.settle();
    assert_eq!(world.programs("a"), ["program:all", "program:t"]);
}

#[test]
fn a_receipt_stamped_by_a_clock_ahead_prolongs_no_calm() {
    let mut world = settled_in_sales();
    world.ahead = Duration::from_hours(3);
    world.moved("a", SUPPORT);
    world.settle();
    assert_eq!(world.programs("a"), ["program:all", "program:t"]);
}
