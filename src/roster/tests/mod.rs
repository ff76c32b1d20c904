//! The roster's core: every event is folded, superseded or a dead letter.

mod notices;

use bytes::Bytes;
use jiff::Timestamp;

use super::core::Roster;
use crate::event::{Event, Fact, Groups, Hire, Phase, Termination, Update, VersionBy, When};
use crate::id::{EmployeeId, EventId, SourceId};
use crate::log::record::LARGEST;
use crate::log::{Arrived, Headers, Position, Record, Topic, header};
use crate::metrics::Metrics;
use crate::person::{Rules, SourceRules};
use crate::shard::{Core, Effect, Input, Stop};

struct World {
    roster: Roster,
    metrics: Metrics,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let metrics = Metrics::new().unwrap();
        Self {
            roster: Roster::new(rules(), metrics.roster.clone()).of_partition(3),
            metrics,
            now: instant("2026-03-02T09:00:00Z"),
        }
    }

    /// What the roster writes for a record under a key.
    fn written(&mut self, key: &str, payload: &[u8]) -> Vec<Record> {
        let record = arrived(Topic::Events, key, payload);
        let effects = self.roster.handle(Input::Record(record), self.now);
        effects
            .into_iter()
            .map(|effect| match effect {
                Effect::Write(record) => record,
                Effect::Stop(stop) => panic!("{stop}"),
                Effect::Call(_, never) => match never {},
            })
            .collect()
    }

    fn counted(&self, outcome: &str) -> u64 {
        let facts = &self.metrics.roster.facts;
        facts.with_label_values(&[outcome]).get()
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `hr` and `portal` employ, `portal` counts by sequence; nothing else is configured.
fn rules() -> Rules {
    let source = |name: &str| SourceId::try_from(name).unwrap();
    let portal = SourceRules {
        version_by: VersionBy::Sequence,
        ..SourceRules::default()
    };
    Rules {
        sources: [
            (source("hr"), SourceRules::default()),
            (source("portal"), portal),
        ]
        .into(),
        ..Rules::default()
    }
}

fn arrived(topic: Topic, key: &str, payload: &[u8]) -> Arrived {
    Arrived {
        position: Position {
            topic,
            partition: 3,
            offset: 41,
        },
        appended_at: "2026-03-02T09:00:00Z".parse().unwrap(),
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        headers: Headers::default().with(header::EVENT_ID, "event-1"),
        payload: Some(Bytes::copy_from_slice(payload)),
    }
}

fn event(id: &str, time: &str, fact: Fact) -> Vec<u8> {
    said(id, time, fact).to_json()
}

fn said(id: &str, time: &str, fact: Fact) -> Event {
    Event {
        id: EventId::try_from(id).unwrap(),
        source: SourceId::try_from("hr").unwrap(),
        subject: EmployeeId::try_from("e-17").unwrap(),
        time: Some(time.parse().unwrap()),
        received_time: Some("2026-03-02T09:00:00Z".parse().unwrap()),
        sequence: None,
        fact,
    }
}

fn hired(id: &str, time: &str) -> Vec<u8> {
    event(id, time, said_hire())
}

fn said_hire() -> Fact {
    Fact::Hired(Hire {
        employment: None,
        start: When::day("2026-01-01".parse().unwrap()),
        phase: Phase::Effective,
        attributes: [].into(),
        groups: Groups::default(),
    })
}

fn terminated(id: &str, time: &str) -> Vec<u8> {
    let termination = Termination {
        employment: None,
        end: None,
        phase: Phase::Effective,
        reason: None,
    };
    event(id, time, Fact::Terminated(termination))
}

#[test]
fn a_folded_fact_writes_the_person_and_a_repeated_one_nothing() {
    let mut world = World::new();
    let hire = hired("event-2", "2026-01-01T08:00:00Z");
    let written = world.written("e-17", &hire);
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].topic, Topic::People);
    assert_eq!(written[0].headers.text(header::EVENT_ID), Some("event-2"));
    assert!(world.written("e-17", &hire).is_empty());
    assert_eq!(
        (world.counted("folded"), world.counted("superseded")),
        (1, 1)
    );
}

#[test]
fn what_cannot_be_folded_is_kept_with_the_reason_and_its_origin() {
    let hire = hired("event-2", "2026-01-01T08:00:00Z");
    for (key, payload, code) in [
        (
            "e-17",
            b"{\"no\": \"event\"}".as_slice(),
            "event_undecodable",
        ),
        ("somebody else", &hire, "event_misfiled"),
    ] {
        let mut world = World::new();
        let written = world.written(key, payload);
        assert_eq!(written.len(), 1);
        let letter = &written[0];
        assert_eq!(letter.topic, Topic::EventsDeadLetters);
        assert_eq!(letter.payload.as_deref(), Some(payload));
        for (name, value) in [
            (header::FAILURE_CODE, code),
            (header::ORIGIN_TOPIC, "hris.events"),
            (header::ORIGIN_PARTITION, "3"),
            (header::ORIGIN_OFFSET, "41"),
            (header::EVENT_ID, "event-1"),
        ] {
            assert_eq!(letter.headers.text(name), Some(value), "{name}");
        }
        assert_eq!(world.counted("dead_lettered"), 1);
    }
}

#[test]
fn a_fact_of_a_source_that_is_not_configured_is_kept_and_not_guessed_at() {
    let mut world = World::new();
    let hire: Fact = said_hire();
    let stranger = Event {
        source: SourceId::try_from("stranger").unwrap(),
        ..said("event-2", "2026-01-01T08:00:00Z", hire)
    };
    let written = world.written("e-17", &stranger.to_json());
    let code = written[0].headers.text(header::FAILURE_CODE);
    assert_eq!(code, Some("event_unconfigured"));
    assert_eq!(world.roster.people(), 0);
}

#[test]
fn a_record_too_large_for_the_log_costs_one_fact_and_not_the_partition() {
    let mut world = World::new();
    let update = |id: &str, name: &str| {
        let value = Some("x".repeat(LARGEST * 2 / 3));
        let fact = Fact::Updated(Update {
            effective: None,
            phase: Phase::Effective,
            attributes: [(name.to_owned(), value)].into(),
        });
        event(id, "2026-01-01T08:00:00Z", fact)
    };
    let first = world.written("e-17", &update("event-2", "email"));
    assert_eq!(first[0].topic, Topic::People);
    let second = world.written("e-17", &update("event-3", "phone"));
    assert_eq!(second[0].topic, Topic::EventsDeadLetters);
    let code = second[0].headers.text(header::FAILURE_CODE);
    assert_eq!(code, Some("person_too_large"));
    assert!(second[0].size() <= LARGEST);
    let third = world.written("e-17", &terminated("event-4", "2026-02-01T08:00:00Z"));
    assert_eq!(third[0].topic, Topic::People);
}

#[test]
fn a_record_of_a_newer_program_stops_the_partition() {
    let mut world = World::new();
    let newer = b"{\"v\": 2, \"sources\": {}, \"novelty\": true}";
    let stopped = world.roster.restore(arrived(Topic::People, "e-17", newer));
    assert_eq!(stopped, Err(Stop::RecordTooNew { v: 2 }));
}

#[test]
fn a_persons_record_is_written_in_the_form_that_is_set() {
    let mut world = World::new();
    world.roster = Roster::new(rules(), world.metrics.roster.clone()).writing(7);
    let written = world.written("e-17", &hired("event-2", "2026-01-01T08:00:00Z"));
    let payload = written[0].payload.as_deref().unwrap();
    let person: crate::person::Person = serde_json::from_slice(payload).unwrap();
    assert_eq!(person.v, 7);
}

#[test]
fn a_restored_roster_goes_on_where_the_last_one_ended() {
    let mut world = World::new();
    let written = world.written("e-17", &hired("event-2", "2026-01-01T08:00:00Z"));
    let person = written[0].payload.clone().unwrap();
    let mut next = World::new();
    next.roster
        .restore(arrived(Topic::People, "e-17", &person))
        .unwrap();
    let leaver = terminated("event-3", "2026-02-01T08:00:00Z");
    let in_one_go = world.written("e-17", &leaver);
    assert_eq!(next.written("e-17", &leaver), in_one_go);
    assert_eq!(next.roster.people(), 1);
}
