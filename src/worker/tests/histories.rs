//! HR's histories and the calls they make.

use super::*;

#[test]
fn a_hire_is_activated_and_registered_and_then_nothing_more_is_sent() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.hired("b", "2026-03-01", SALES);
    world.settle();
    let calls = ["activate a b", "program:all +a +b", "program:s +a +b"];
    assert_eq!(world.take_calls(), calls);
    world.renamed("a", "A");
    world.settle();
    assert!(world.take_calls().is_empty(), "the name was A already");
}

#[test]
fn a_leaver_is_locked_first_and_unregistered_after() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.take_calls();
    world.terminated("a", None);
    world.settle();
    assert_eq!(
        world.take_calls(),
        ["lock a", "program:all -a", "program:s -a"]
    );
    assert!(!world.is_active("a") && world.programs("a").is_empty());
}

#[test]
fn a_group_change_registers_here_and_unregisters_there() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.take_calls();
    world.moved("a", SUPPORT);
    world.settle();
    assert_eq!(world.take_calls(), ["program:t +a", "program:s -a"]);
}

#[test]
fn a_first_day_ahead_is_applied_when_it_comes() {
    let mut world = World::new();
    world.hired("a", "2026-04-01", SALES);
    world.settle_until("2026-03-31T23:59:59Z".parse().unwrap());
    assert!(world.take_calls().is_empty());
    world.settle_until("2026-04-01T00:00:01Z".parse().unwrap());
    assert!(world.is_active("a"));
    assert_eq!(world.programs("a"), ["program:all", "program:s"]);
}

#[test]
fn a_last_day_ahead_is_applied_when_it_is_over_even_after_a_crash() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.terminated("a", Some("2026-03-31"));
    world.settle_until("2026-03-20T00:00:00Z".parse().unwrap());
    world.crash();
    world.settle_until("2026-03-31T23:59:59Z".parse().unwrap());
    assert!(world.is_active("a"));
    world.settle_until("2026-04-01T00:00:01Z".parse().unwrap());
    assert!(!world.is_active("a") && world.programs("a").is_empty());
}

#[test]
fn a_rescinded_termination_never_locks_and_a_rehire_comes_back() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.terminated("a", Some("2026-03-31"));
    world.termination_rescinded("a");
    world.settle_until("2026-04-02T00:00:00Z".parse().unwrap());
    assert!(world.is_active("a"));
    world.terminated("a", None);
    world.settle();
    assert!(!world.is_active("a"));
    world.hired("a", "2026-04-03", SUPPORT);
    world.settle_until("2026-04-03T00:00:01Z".parse().unwrap());
    assert!(world.is_active("a"));
    assert_eq!(world.programs("a"), ["program:all", "program:t"]);
}

#[test]
fn ten_changes_during_an_outage_become_one_call() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.take_calls();
    world
        .script
        .extend(vec![Does::Fails(Failure::Unreachable); 3]);
    for n in 0..10 {
        world.renamed("a", &format!("name {n}"));
    }
    world.settle_until("2026-03-02T09:05:00Z".parse().unwrap());
    assert_eq!(world.take_calls(), vec!["activate a"; 4]);
}

#[test]
fn a_full_batch_does_not_wait_and_a_larger_crowd_is_cut_into_batches() {
    let mut world = World::new();
    for n in 0..1001 {
        world.hired(&format!("e-{n:04}"), "2026-03-01", SALES);
    }
    world.settle();
    let calls = world.take_calls();
    let sizes = |verb: &str| -> Vec<usize> {
        let of = calls.iter().filter(|call| call.starts_with(verb));
        of.map(|call| call.split(' ').count() - 1).collect()
    };
    assert_eq!(sizes("activate").iter().sum::<usize>(), 1001);
    assert!(sizes("activate").iter().all(|size| *size <= 500));
    assert_eq!(sizes("program:s").iter().sum::<usize>(), 1001);
}

#[test]
fn somebody_in_no_mapped_group_is_not_created_and_is_counted() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", "Nobody mapped this");
    world.settle();
    assert!(world.take_calls().is_empty());
    let text = world.metrics.render().unwrap();
    let labels = "partition=\"3\",provider=\"startexam\",state=\"unmapped\"";
    assert!(text.contains(&format!("hris_relay_waiting_people{{{labels}}} 1")));
}

#[test]
fn every_person_is_in_exactly_one_book() {
    let mut world = World::new();
    world.refused.insert("dead".to_owned());
    world.hired("lock_refused", "2026-03-01", SALES);
    world.settle();
    world.refused.insert("lock_refused".to_owned());
    world.terminated("lock_refused", None);
    world.hired("applied", "2026-03-01", SALES);
    world.hired("scheduled", "2026-05-01", SALES);
    world.hired("unmapped", "2026-03-01", "Nobody mapped this");
    world.hired("dead", "2026-03-01", SALES);
    world.settle();
    world.hired("pending", "2026-03-01", SALES);
    let text = world.metrics.render().unwrap();
    for book in [
        "applied",
        "scheduled",
        "unmapped",
        "dead",
        "lock_refused",
        "pending",
    ] {
        let labels = format!("partition=\"3\",provider=\"startexam\",state=\"{book}\"");
        let line = format!("hris_relay_waiting_people{{{labels}}} 1");
        assert!(text.contains(&line), "{book}: {text}");
    }
}
