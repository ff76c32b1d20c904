//! Failed operations are tried again: how often, how long, and what ages them.

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn faulted() -> Does {
    Does::Fails(Failure::Faulted {
        status: 503,
        retry_after: None,
    })
}

#[test]
fn a_refused_lock_is_tried_hourly_and_never_given_up() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.take_calls();
    world.refused.insert("a".to_owned());
    world.terminated("a", None);
    world.settle_until(later(&world, HOUR * 24 * 20));
    let locks = world.calls.iter().filter(|call| *call == "lock a").count();
    assert!((479..=481).contains(&locks), "{locks} locks in 480 hours");
    assert!(world.dead_letters().is_empty());
    world.refused.clear();
    world.settle_until(later(&world, HOUR * 25));
    assert!(!world.is_active("a") && world.programs("a").is_empty());
}

#[test]
fn a_retry_keeps_its_count_and_its_wait_over_a_crash() {
    let mut world = World::new();
    world
        .script
        .extend(vec![Does::Fails(Failure::Unanswered); 2]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_until(later(&world, Duration::from_millis(200)));
    let before = world.state("a").trying;
    assert_eq!(before.values().next().unwrap().attempts, 1);
    world.crash();
    world.settle_until(later(&world, Duration::from_millis(200)));
    assert_eq!(world.state("a").trying, before);
    world.settle_until(later(&world, HOUR));
    assert!(world.is_active("a"));
    assert!(world.state("a").trying.is_empty());
}

#[test]
fn a_workers_record_is_written_in_the_form_that_is_set() {
    let mut world = World::new();
    let metrics = world.metrics.worker.clone();
    world.worker = Worker::new(Arc::clone(&world.rules), metrics, 3, 7).writing(7);
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    assert_eq!(world.state("a").v, 7);
}

#[test]
fn an_operation_that_never_succeeds_expires_into_a_dead_letter() {
    let mut world = World::new();
    world
        .script
        .extend(vec![Does::Fails(Failure::Unanswered); 10_000]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_until(later(&world, HOUR * 24 * 9));
    assert_eq!(
        world.dead_letters(),
        [("a".to_owned(), "expired".to_owned())]
    );
}

/// A world in which a gate or target is tried once a day.
fn probed_daily() -> World {
    let mut rules = rules();
    rules.settings.probe_every = DAY;
    World::with(rules)
}

#[test]
fn an_operation_does_not_age_while_our_credentials_are_rejected() {
    let mut world = probed_daily();
    let rejected = Does::Fails(Failure::Unauthorized { status: 403 });
    world.script.extend(vec![faulted(); 3]);
    world.script.extend(vec![rejected; 20]);
    world.script.extend(vec![faulted(); 3]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(HOUR * (24 * 20 - 1));
    assert_eq!(world.state("a").trying.values().next().unwrap().attempts, 3);
    world.settle_for(HOUR * 4);
    assert!(world.dead_letters().is_empty());
    assert!(world.is_active("a"));
}

#[test]
fn a_registration_does_not_age_while_its_program_is_unknown() {
    let mut world = probed_daily();
    world.script.extend([Does::Works, Does::Works]);
    world.script.extend(vec![faulted(); 3]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(HOUR);
    world.missing.insert("program:t".to_owned());
    world.moved("a", SUPPORT);
    world.settle_for(DAY * 20);
    world.missing.clear();
    world.script.extend(vec![faulted(); 3]);
    world.settle_for(DAY * 2);
    assert!(world.dead_letters().is_empty());
    assert_eq!(world.programs("a"), ["program:all", "program:t"]);
}

#[test]
fn a_wait_the_platform_asks_for_ages_nobody() {
    let mut world = World::new();
    let throttled = Does::Fails(Failure::Throttled {
        retry_after: Some(DAY * 9),
    });
    world.script.extend([throttled, faulted()]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(DAY * 10);
    assert!(world.dead_letters().is_empty());
    assert!(world.is_active("a"));
}

#[test]
fn a_wish_that_hr_dropped_is_new_when_it_comes_back() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.script.extend(vec![faulted(); 3]);
    world.renamed("a", "b");
    world.settle_for(HOUR);
    assert!(world.state("a").trying.is_empty());
    world.script.extend(vec![faulted(); 3]);
    world.renamed("a", "c");
    world.settle_for(Duration::from_millis(500));
    world.terminated("a", None);
    world.settle_for(HOUR);
    assert!(!world.is_active("a"));
    assert!(
        world.state("a").trying.is_empty(),
        "nobody is activated now"
    );
}

#[test]
fn a_refused_lock_that_hr_called_off_keeps_no_later_removal_waiting() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.refused.insert("a".to_owned());
    world.terminated("a", None);
    world.settle();
    world.refused.clear();
    world.termination_rescinded("a");
    world.settle();
    assert!(world.is_active("a") && world.state("a").trying.is_empty());
    world.erased("a");
    world.settle();
    assert!(!world.is_active("a"), "another removal is another lock");
}

#[test]
fn a_refused_lock_has_a_book_of_its_own_until_it_is_taken() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.terminated("a", None);
    assert_eq!(world.book(), "leaver_not_locked");
    world.refused.insert("a".to_owned());
    world.settle();
    assert_eq!(world.book(), "lock_refused");
    world.crash();
    assert_eq!(world.book(), "lock_refused");
    world.refused.clear();
    world.settle_for(DAY * 2);
    assert_eq!(world.book(), "applied");
}

#[test]
fn a_refused_unregistration_is_tried_daily_and_never_given_up() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.refused.insert("leave program:s a".to_owned());
    world.terminated("a", None);
    world.settle_for(DAY * 30 + HOUR);
    let tries = world.calls.iter().filter(|call| *call == "program:s -a");
    assert_eq!(tries.count(), 31);
    assert!(world.dead_letters().is_empty());
    assert!(!world.is_active("a"), "the lock came first");
    assert_eq!(world.programs("a"), ["program:s"]);
}
