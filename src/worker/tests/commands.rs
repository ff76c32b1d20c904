//! What operators ask for: to try again, to assert everything.

use super::*;
use crate::event::CommandKind;
use crate::plan::Account;

const HOUR: Duration = Duration::from_hours(1);

/// Somebody the platform refused, and would take by now.
fn given_up() -> World {
    let mut world = World::new();
    world.refused.insert("a".to_owned());
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    assert_eq!(world.state("a").dead.len(), 1);
    world.take_calls();
    world.refused.clear();
    world
}

#[test]
fn a_redrive_of_the_present_facts_tries_again() {
    let mut world = given_up();
    let present = world.version("a");
    world.decides(CommandKind::Redrive, "a", Some(present));
    world.settle();
    assert!(world.is_active("a"));
    assert!(world.state("a").dead.is_empty());
}

#[test]
fn an_old_letter_undoes_no_newer_fact() {
    let mut world = given_up();
    let old = world.version("a");
    world.paid("a", "1");
    assert_ne!(world.version("a"), old);
    world.decides(CommandKind::Redrive, "a", Some(old));
    world.settle_for(HOUR);
    assert!(
        world.take_calls().is_empty(),
        "it judges facts that are history"
    );
    world.terminated("a", None);
    for version in [old, world.version("a")] {
        world.decides(CommandKind::Redrive, "a", Some(version));
    }
    world.settle_for(HOUR);
    assert!(!world.is_active("a"));
    assert!(!world.calls.iter().any(|call| call.starts_with("activate")));
}

#[test]
fn a_redrive_tries_once_however_often_the_process_dies() {
    let mut world = given_up();
    world.refused.insert("a".to_owned());
    let present = world.version("a");
    world.decides(CommandKind::Redrive, "a", Some(present));
    world.settle();
    assert_eq!(world.take_calls(), ["activate a"]);
    assert_eq!(world.dead_letters().len(), 2);
    world.crash();
    world.settle_for(HOUR);
    assert!(world.take_calls().is_empty());
    world.decides(CommandKind::Redrive, "a", Some(present));
    world.settle();
    assert_eq!(
        world.take_calls(),
        ["activate a"],
        "a newer one tries again"
    );
}

#[test]
fn a_redrive_lifts_every_mark_of_a_person() {
    let mut world = World::new();
    for program in ["program:all", "program:s"] {
        world.refused.insert(format!("join {program} a"));
    }
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    assert_eq!(world.state("a").dead.len(), 2);
    world.refused.clear();
    let present = world.version("a");
    world.decides(CommandKind::Redrive, "a", Some(present));
    world.settle();
    assert_eq!(world.programs("a"), ["program:all", "program:s"]);
}

#[test]
fn letters_name_the_version_of_the_facts_they_came_from() {
    let mut world = given_up();
    let version = world.version("a").to_string();
    world.refused.clear();
    world.renamed("a", "somebody else");
    world.settle();
    let newer = world.version("a").to_string();
    assert_ne!(version, newer);
    let expected = [&version, &newer, &newer, &newer];
    for (letter, expected) in world.letters.iter().zip(expected) {
        assert_eq!(letter.headers.text("fact-version"), Some(expected.as_str()));
        let payload = letter.payload.as_deref().unwrap();
        let body: serde_json::Value = serde_json::from_slice(payload).unwrap();
        assert_eq!(body["fact_version"], expected.as_str());
    }
    assert_eq!(world.letters.len(), expected.len());
}

#[test]
fn a_letter_is_about_the_facts_that_were_sent_not_those_that_came_meanwhile() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    let sent = world.version("a").to_string();
    world.pass(Duration::from_millis(50));
    world.feed(Input::Tick);
    world.renamed("a", "somebody else");
    world.refused.insert("a".to_owned());
    world.answer();
    let letter = world.letters.last().unwrap();
    assert_eq!(letter.headers.text("fact-version"), Some(sent.as_str()));
    assert_eq!(letter.headers.text("event-id"), Some("event-1"));
}

#[test]
fn a_reconciliation_asserts_everything_once() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.hired("b", "2026-03-01", SALES);
    world.settle();
    world.terminated("b", None);
    world.settle();
    world.take_calls();
    // Somebody works at the platform by hand.
    world.active.insert("a".to_owned(), false);
    world.active.insert("b".to_owned(), true);
    world.members.clear();
    for who in ["a", "b"] {
        world.decides(CommandKind::Reconcile, who, None);
    }
    world.settle();
    let calls = ["lock b", "activate a", "program:all +a", "program:s +a"];
    assert_eq!(world.take_calls(), calls);
    assert!(world.is_active("a") && !world.is_active("b"));
    world.crash();
    world.settle_for(HOUR * 24);
    assert!(world.take_calls().is_empty(), "obeyed once");
    world.decides(CommandKind::Reconcile, "b", None);
    world.settle();
    assert_eq!(world.take_calls(), ["lock b"], "a newer one is another");
}

#[test]
fn a_reconciliation_of_leavers_is_no_mass_removal() {
    let mut world = World::new();
    for n in 0..200 {
        let who = format!("e-{n:03}");
        world.hired(&who, "2026-03-01", SALES);
        world.terminated(&who, Some("2026-03-01"));
    }
    world.settle_for(HOUR * 2);
    let removed = world.locked_with.len();
    world.take_calls();
    for n in 0..200 {
        world.decides(CommandKind::Reconcile, &format!("e-{n:03}"), None);
    }
    world.settle_for(HOUR * 2);
    let asserted = world.calls.iter().map(|call| call.split(' ').count() - 1);
    assert_eq!(asserted.sum::<usize>(), removed);
}

#[test]
fn a_reconciliation_of_a_company_takes_full_calls() {
    // A fifth of 25,000 people in calls a fifth as large, to save the test's time. Everybody
    // is alike, so that one person's records do for all.
    const PEOPLE: usize = 5000;
    let mut rules = rules();
    rules.limits.accounts = 100;
    rules.limits.registrations = 100;
    let mut world = World::with(rules);
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    let template = EmployeeId::try_from("a").unwrap();
    let state = world.arrived(Topic::State(Provider::STARTEXAM), &template);
    world.decides(CommandKind::Reconcile, "a", None);
    let asked = world.arrived(Topic::People, &template);
    let of = |record: &Arrived, n: usize| Arrived {
        key: Some(Bytes::from(format!("e-{n:05}"))),
        ..record.clone()
    };
    let metrics = world.metrics.worker.clone();
    world.worker = Worker::new(Arc::clone(&world.rules), metrics, 3, 7);
    world.in_flight.clear();
    for n in 0..PEOPLE {
        world.worker.restore(of(&state, n)).unwrap();
    }
    world.feed(Input::Restored);
    world.settle();
    world.take_calls();
    for n in 0..PEOPLE {
        world.feed(Input::Record(of(&asked, n)));
    }
    world.settle_for(HOUR);
    for verb in ["activate", "program:all", "program:s"] {
        let of = world.calls.iter().filter(|call| call.starts_with(verb));
        let sizes: Vec<_> = of.map(|call| call.split(' ').count() - 1).collect();
        assert_eq!(sizes, [100; 50], "{verb}");
    }
    let last = world.state("e-04999");
    assert!(matches!(last.applied.account, Account::Active(_)));
}
