//! A provider that fails, rejects us, or refuses everybody: how little it is called then.

use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn failed(status: u16, retry_after: Option<Duration>) -> Does {
    Does::Fails(Failure::Faulted {
        status,
        retry_after,
    })
}

fn crowd(world: &mut World, name: &str, people: usize) {
    for n in 0..people {
        world.hired(&format!("{name}-{n:02}"), "2026-03-01", SALES);
    }
}

fn sizes(calls: &[String]) -> Vec<usize> {
    calls
        .iter()
        .map(|call| call.split(' ').count() - 1)
        .collect()
}

fn gate(world: &World) -> String {
    let text = world.metrics.render().unwrap();
    let of = |line: &&str| line.starts_with("hris_relay_gate{") && line.ends_with(" 1");
    let lines: Vec<&str> = text.lines().filter(of).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let value = |label: &str| {
        let rest = lines[0].split(&format!("{label}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    format!("{} {}", value("state"), value("reason"))
}

#[test]
fn a_provider_that_fails_is_tried_with_one_person_before_everybody_goes() {
    let mut world = World::new();
    world.script.push_back(failed(503, None));
    crowd(&mut world, "e", 40);
    world.settle_for(Duration::from_millis(200));
    assert_eq!(gate(&world), "closed provider_failing");
    world.settle();
    assert_eq!(sizes(&world.calls)[..2], [40, 1], "{:?}", world.calls);
    assert_eq!(gate(&world), "open none");
    assert!(world.active.values().all(|active| *active));
}

#[test]
fn somebody_who_fails_alone_closes_nothing() {
    let mut world = World::new();
    world.script.push_back(failed(500, None));
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(Duration::from_millis(60));
    assert_eq!(gate(&world), "open none");
    world.hired("b", "2026-03-01", SALES);
    world.settle_for(Duration::from_millis(60));
    assert!(world.is_active("b"), "nobody waits for a");
}

#[test]
fn the_wait_a_provider_asks_for_holds_for_everybody() {
    let mut world = World::new();
    world
        .script
        .push_back(failed(503, Some(Duration::from_secs(77))));
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.hired("b", "2026-03-01", SALES);
    world.settle_for(Duration::from_mins(1));
    assert_eq!(world.calls.len(), 1);
    world.settle_for(Duration::from_secs(20));
    assert!(world.is_active("b"));
}

#[test]
fn a_provider_that_rejects_us_is_tried_with_one_person_at_a_time() {
    let mut world = World::new();
    let rejected = Does::Fails(Failure::Unauthorized { status: 401 });
    world.script.extend(vec![rejected; 3]);
    crowd(&mut world, "e", 40);
    world.settle_for(Duration::from_mins(5));
    assert_eq!(gate(&world), "closed credentials_rejected");
    assert_eq!(sizes(&world.calls), [40, 1, 1]);
    world.settle_for(HOUR);
    assert_eq!(gate(&world), "open none");
    assert!(world.active.values().all(|active| *active));
}

/// Forty people whom the platform refuses, one and all.
fn flooded() -> World {
    let mut world = World::new();
    crowd(&mut world, "old", 5);
    world.settle();
    for n in 0..40 {
        world.refused.insert(format!("new-{n:02}"));
    }
    crowd(&mut world, "new", 40);
    world.settle_for(HOUR);
    world
}

#[test]
fn a_flood_of_dead_letters_stops_after_twenty_and_counts_no_attempts() {
    let mut world = flooded();
    assert_eq!(world.dead_letters().len(), 20);
    assert!(gate(&world).ends_with(" dead_letters"), "{}", gate(&world));
    world.take_calls();
    world.settle_for(HOUR);
    assert_eq!(
        sizes(&world.calls),
        vec![1; 30],
        "one try every two minutes"
    );
    let tried: BTreeSet<_> = world.calls.iter().collect();
    assert_eq!(tried.len(), 20, "everybody has a turn");
    assert_eq!(world.dead_letters().len(), 20);
    let waiting = (0..40).map(|n| world.state(&format!("new-{n:02}")));
    let waiting: Vec<_> = waiting.filter(|state| state.dead.is_empty()).collect();
    assert_eq!(waiting.len(), 20);
    assert!(waiting.iter().all(|state| state.trying.is_empty()));
}

#[test]
fn after_a_flood_everybody_who_waited_is_served_by_itself() {
    let mut world = flooded();
    world.refused.clear();
    world.settle_for(Duration::from_mins(3));
    assert_eq!(gate(&world), "open none");
    let active = world.active.values().filter(|active| **active).count();
    assert_eq!(active, 25, "20 wait to be redriven");
}

#[test]
fn a_leaver_is_locked_at_once_in_a_flood() {
    let mut world = flooded();
    world.terminated("old-00", None);
    world.settle_for(Duration::from_secs(1));
    assert!(!world.is_active("old-00"));
    assert!(
        gate(&world).ends_with(" dead_letters"),
        "a lock ends no flood"
    );
}

#[test]
fn a_few_refused_among_many_are_no_flood() {
    let mut world = World::new();
    for n in 0..25 {
        world.refused.insert(format!("e-{:02}", n * 6));
    }
    crowd(&mut world, "e", 150);
    world.settle_for(HOUR);
    assert_eq!(world.dead_letters().len(), 25);
    assert_eq!(gate(&world), "open none");
}
