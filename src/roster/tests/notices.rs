//! What the roster says: clocks ahead, sequences that fall, removals that lose, conflicts.

use super::*;
use crate::event::{AccessChange, Snapshot, Status};
use crate::person::Person;

impl World {
    fn says(&mut self, event: &Event) -> Option<Person> {
        let written = self.written("e-17", &event.to_json());
        assert!(written.iter().all(|record| record.topic == Topic::People));
        let payload = written.first()?.payload.clone()?;
        Some(serde_json::from_slice(&payload).unwrap())
    }

    fn overruled(&self) -> u64 {
        let overruled = &self.metrics.roster.removals_overruled;
        overruled.with_label_values(&["hr"]).get()
    }

    fn conflicts(&self) -> i64 {
        let conflicts = &self.metrics.roster.conflicts;
        conflicts.with_label_values(&["3"]).get()
    }

    fn fallen(&self) -> u64 {
        let fallen = &self.metrics.roster.sequences_fallen;
        fallen.with_label_values(&["portal"]).get()
    }

    fn ahead(&self) -> u64 {
        let ahead = &self.metrics.roster.clock_ahead;
        ahead.with_label_values(&["hr"]).get()
    }
}

fn termination(end: Option<&str>) -> Fact {
    Fact::Terminated(Termination {
        employment: None,
        end: end.map(|end| When::day(end.parse().unwrap())),
        phase: Phase::Effective,
        reason: None,
    })
}

fn observed(status: Status) -> Fact {
    Fact::Snapshot(Snapshot {
        status: Some(status),
        ..Snapshot::default()
    })
}

fn hire(start: &str) -> Fact {
    Fact::Hired(Hire {
        employment: None,
        start: When::day(start.parse().unwrap()),
        phase: Phase::Effective,
        attributes: [].into(),
        groups: Groups::default(),
    })
}

const EARLY: &str = "2026-01-10T08:00:00Z";
const LATER: &str = "2026-02-10T08:00:00Z";
const LATEST: &str = "2026-02-20T08:00:00Z";

#[test]
fn every_kind_of_removal_after_which_somebody_is_still_active_is_listed_and_counted() {
    let revoked = Fact::AccessRevoked(AccessChange {
        effective: None,
        phase: Phase::Effective,
    });
    let ended = Fact::Snapshot(Snapshot {
        end: crate::event::ObservedEnd::On("2026-01-31".parse().unwrap()),
        ..Snapshot::default()
    });
    for removal in [
        termination(None),
        termination(Some("2026-01-31")),
        revoked,
        observed(Status::Inactive),
        ended,
        Fact::Erased,
    ] {
        let mut world = World::new();
        world
            .says(&said("hire", LATER, hire("2026-02-10")))
            .unwrap();
        let late = said("late", EARLY, removal.clone());
        let person = world.says(&late).unwrap();
        let overruled = person.overruled.unwrap();
        assert_eq!(overruled.event.as_str(), "late", "{removal:?}");
        assert_eq!(overruled.kind, removal.event_type());
        assert_eq!(overruled.said_at, instant(EARLY));
        assert_eq!(world.overruled(), 1);
        // Told again it is the same removal.
        assert_eq!(world.says(&late), None);
        assert_eq!(world.overruled(), 1);
        let gone = world.says(&said("leaves", LATEST, termination(None)));
        assert_eq!(gone.unwrap().overruled, None);
    }
}

#[test]
fn a_removal_that_takes_effect_or_is_still_ahead_is_not_listed() {
    let mut world = World::new();
    world
        .says(&said("hire", EARLY, hire("2026-01-10")))
        .unwrap();
    let ahead = said("ahead", LATER, termination(Some("2026-12-31")));
    assert_eq!(world.says(&ahead).unwrap().overruled, None);
    let leaves = said("leaves", LATEST, termination(None));
    assert_eq!(world.says(&leaves).unwrap().overruled, None);
    assert_eq!(world.overruled(), 0);
}

#[test]
fn a_removal_told_again_after_a_rehire_is_a_duplicate_and_no_alarm() {
    let mut world = World::new();
    world
        .says(&said("hire", EARLY, hire("2026-01-10")))
        .unwrap();
    let leaves = said("leaves", LATER, termination(None));
    world.says(&leaves).unwrap();
    world
        .says(&said("rehire", LATEST, hire("2026-02-20")))
        .unwrap();
    assert_eq!(world.says(&leaves), None);
    assert_eq!(world.overruled(), 0);
}

#[test]
fn a_conflict_is_counted_from_when_it_begins_until_it_ends() {
    let mut world = World::new();
    world
        .says(&said("hire", EARLY, hire("2026-01-10")))
        .unwrap();
    world
        .says(&said("leaves", LATER, termination(None)))
        .unwrap();
    assert_eq!(world.conflicts(), 0);
    let seen = said("seen", "2026-02-10T12:00:00Z", observed(Status::Active));
    let person = world.says(&seen).unwrap();
    assert_eq!(world.conflicts(), 1);
    // A first day that is still ahead ends it by itself.
    world
        .says(&said("rehire", LATEST, hire("2026-03-10")))
        .unwrap();
    assert_eq!(world.conflicts(), 1);
    let due = world.roster.wake_at().unwrap();
    assert_eq!(due, instant("2026-03-10T00:00:00Z"));
    let effects = world.roster.handle(Input::Tick, due);
    assert!(effects.is_empty());
    assert_eq!((world.conflicts(), world.roster.wake_at()), (0, None));

    let mut next = World::new();
    let record = arrived(Topic::People, "e-17", &serde_json::to_vec(&person).unwrap());
    next.roster.restore(record).unwrap();
    let effects = next.roster.handle(Input::Restored, next.now);
    assert!(effects.is_empty());
    assert_eq!(next.conflicts(), 1);
    let metrics = next.metrics.clone();
    drop(next);
    let gauge = &metrics.roster.conflicts;
    assert_eq!(gauge.with_label_values(&["3"]).get(), 0);
}

#[test]
fn a_lower_sequence_that_happened_later_is_an_alarm() {
    let mut world = World::new();
    let counted = |id: &str, sequence: i64, time: &str, fact: Fact| Event {
        source: SourceId::try_from("portal").unwrap(),
        sequence: Some(sequence),
        ..said(id, time, fact)
    };
    world.says(&counted("seven", 7, LATER, hire("2026-01-10")));
    // Only late: it happened before.
    world.says(&counted("six", 6, EARLY, observed(Status::Active)));
    world.says(&counted("eight", 8, LATEST, observed(Status::Active)));
    assert_eq!(world.fallen(), 0);
    world.says(&counted(
        "one",
        1,
        "2026-02-25T08:00:00Z",
        termination(None),
    ));
    assert_eq!(world.fallen(), 1);
}

#[test]
fn a_lower_sequence_than_that_of_an_erasure_is_an_alarm_too() {
    let mut world = World::new();
    let counted = |id: &str, sequence: i64, time: &str, fact: Fact| Event {
        source: SourceId::try_from("portal").unwrap(),
        sequence: Some(sequence),
        ..said(id, time, fact)
    };
    world.says(&counted("nine", 9, LATER, Fact::Erased));
    world.says(&counted("one", 1, LATEST, hire("2026-02-20")));
    assert_eq!(world.fallen(), 1);
}

#[test]
fn a_fact_dated_after_its_receipt_is_counted() {
    let mut world = World::new();
    world.says(&said("ahead", "2026-03-02T15:00:00Z", hire("2026-01-10")));
    assert_eq!(world.ahead(), 1);
    world.says(&said("at once", "2026-03-02T09:00:00Z", hire("2026-01-10")));
    assert_eq!(world.ahead(), 1);
}
