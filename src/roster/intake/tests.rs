//! The intake's core: every record becomes events or a dead letter, never both for one event.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::core::Intake;
use crate::event::{Admission, Event, Strictness, VersionBy};
use crate::id::SourceId;
use crate::log::record::LARGEST;
use crate::log::{Arrived, Headers, Position, Record, Topic, header};
use crate::metrics::Metrics;
use crate::shard::{Core, Effect, Input};

const STRUCTURED: &str = "application/cloudevents+json; charset=UTF-8";
const BATCH: &str = "application/cloudevents-batch+json";

struct World {
    intake: Intake,
    metrics: Metrics,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let metrics = Metrics::new().unwrap();
        let source = SourceId::try_from("erp").unwrap();
        let admission = Admission {
            source: source.clone(),
            version: VersionBy::OccurredAt,
            attributes: vec![("email".to_owned(), "mail".to_owned())],
            subject_prefix: "acme/".to_owned(),
        };
        let admissions = Arc::new([(source, admission)].into());
        Self {
            intake: Intake::new(admissions, metrics.clone()),
            metrics,
            now: instant("2026-03-02T10:00:00Z"),
        }
    }

    /// What is written for a record with these headers.
    fn written(&mut self, headers: &[(&str, &str)], payload: &str) -> Vec<Record> {
        let mut record = arrived(payload);
        for (name, value) in headers {
            record.headers.push(*name, (*value).to_owned());
        }
        self.take(record)
    }

    fn take(&mut self, record: Arrived) -> Vec<Record> {
        let effects = self.intake.handle(Input::Record(record), self.now);
        effects
            .into_iter()
            .map(|effect| match effect {
                Effect::Write(record) => record,
                Effect::Call(_, never) => match never {},
                Effect::Stop(stop) => panic!("{stop}"),
            })
            .collect()
    }

    fn counted(&self, outcome: &str) -> u64 {
        let records = &self.metrics.roster.inbox_records;
        records.with_label_values(&[outcome]).get()
    }

    /// The dead letter's code for a record with these headers.
    fn code(&mut self, headers: &[(&str, &str)], payload: &str) -> String {
        let [letter] = &self.written(headers, payload)[..] else {
            panic!("one dead letter");
        };
        assert_eq!(letter.topic, Topic::InboxDeadLetters);
        letter
            .headers
            .text(header::FAILURE_CODE)
            .unwrap()
            .to_owned()
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn arrived(payload: &str) -> Arrived {
    Arrived {
        position: Position {
            topic: Topic::Inbox,
            partition: 3,
            offset: 41,
        },
        appended_at: instant("2026-03-02T09:00:00Z"),
        key: None,
        headers: Headers::default(),
        payload: Some(Bytes::copy_from_slice(payload.as_bytes())),
    }
}

fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "erp", "subject": "E-1",
        "type": "hr.employee.terminated.v1", "time": "2026-03-01T09:00:00Z",
        "receivedtime": "1999-01-01T00:00:00Z", "data": { "reason": "resignation" }
    })
}

const BINARY: [(&str, &str); 6] = [
    ("ce_specversion", "1.0"),
    ("CE_ID", "1"),
    ("Ce_Source", "erp"),
    ("ce_subject", "E-1"),
    ("ce_type", "hr.employee.terminated.v1"),
    ("ce_time", "2026-03-01T09:00:00Z"),
];

#[test]
fn every_mode_becomes_the_same_event_under_the_employees_id() {
    let mut world = World::new();
    let one = world.written(&[("content-type", STRUCTURED)], &event("1").to_string());
    let [record] = &one[..] else {
        panic!("one event");
    };
    assert_eq!(record.topic, Topic::Events);
    assert_eq!(record.key.as_deref(), Some(b"acme/E-1".as_slice()));
    assert_eq!(record.headers.text(header::EVENT_ID), Some("1"));
    assert_eq!(
        record.headers.text(header::ORIGIN_TOPIC),
        Some("hris.inbox")
    );
    let payload = record.payload.as_deref().unwrap();
    let read = Event::parse(payload, Strictness::Lenient).unwrap();
    assert_eq!(read.received_time, Some(instant("2026-03-02T09:00:00Z")));
    assert_eq!(read.to_json(), payload);

    assert_eq!(world.written(&[], &event("1").to_string()), one);
    let json = [("Content-Type", "application/json")];
    assert_eq!(world.written(&json, &event("1").to_string()), one);
    assert_eq!(world.written(&BINARY, r#"{"reason":"resignation"}"#), one);
    let mut binary = BINARY.to_vec();
    binary.push(("CONTENT-TYPE", "application/json"));
    assert_eq!(world.written(&binary, r#"{"reason":"resignation"}"#), one);
    let batch = json!([event("1"), event("2")]).to_string();
    let both = world.written(&[("content-type", BATCH)], &batch);
    assert_eq!((&both[..1], both.len()), (&one[..], 2));
    assert_eq!(
        (world.counted("taken"), world.counted("dead_lettered")),
        (6, 0)
    );
}

#[test]
fn an_event_in_headers_needs_no_payload() {
    let mut world = World::new();
    let mut record = arrived("");
    record.payload = None;
    for (name, value) in BINARY {
        record.headers.push(name, value);
    }
    assert_eq!(world.take(record)[0].topic, Topic::Events);
}

#[test]
fn what_is_no_event_is_kept_as_it_came_with_the_reason_and_its_origin() {
    let mut world = World::new();
    let mut record = arrived("{");
    record.key = Some(Bytes::from_static(b"\xff any key"));
    record.headers.push("theirs", "kept");
    let [letter] = &world.take(record)[..] else {
        panic!("one dead letter");
    };
    assert_eq!(letter.topic, Topic::InboxDeadLetters);
    assert_eq!(letter.key.as_deref(), Some(b"\xff any key".as_slice()));
    assert_eq!(letter.payload.as_deref(), Some(b"{".as_slice()));
    for (name, value) in [
        ("theirs", "kept"),
        (header::FAILURE_CODE, "not_json"),
        (header::ORIGIN_TOPIC, "hris.inbox"),
        (header::ORIGIN_PARTITION, "3"),
        (header::ORIGIN_OFFSET, "41"),
    ] {
        assert_eq!(letter.headers.text(name), Some(value), "{name}");
    }
    assert_eq!(world.counted("dead_lettered"), 1);
}

#[test]
fn every_way_of_being_no_event_has_its_code() {
    let with = |name: &str, value: Value| {
        let mut event = event("1");
        event[name] = value;
        event.to_string()
    };
    let mut world = World::new();
    for (headers, payload, code) in [
        (vec![], String::new(), "empty_record"),
        (vec![], "[]".to_owned(), "wrong_field"),
        (vec![], "{}".to_owned(), "missing_field"),
        (vec![], "{\"a\":1,\"a\":2}".to_owned(), "duplicate_member"),
        (vec![], with("source", json!("portal")), "unknown_source"),
        (vec![], with("type", json!("other.v1")), "unknown_type"),
        (
            vec![],
            with("type", json!("relay.release.v1")),
            "missing_field",
        ),
        (vec![], with("data", json!({"x": 1})), "unknown_member"),
        (
            vec![],
            with("subject", json!("x".repeat(250))),
            "wrong_field",
        ),
        (
            vec![("content-type", "application/cloudevents+avro")],
            event("1").to_string(),
            "wrong_media_type",
        ),
        (
            vec![("ce_id", "1"), ("CE_ID", "2"), ("ce_specversion", "1.0")],
            String::new(),
            "bad_cloudevents_header",
        ),
    ] {
        assert_eq!(world.code(&headers, &payload), code, "{payload}");
    }
    let mut record = arrived("");
    record.payload = None;
    let letters = world.take(record);
    let code = letters[0].headers.text(header::FAILURE_CODE);
    assert_eq!(code, Some("empty_record"));
}

#[test]
fn a_producer_gives_no_operators_command_and_imports_nothing() {
    let mut world = World::new();
    let mut command = event("1");
    command["type"] = json!("relay.release.v1");
    command["data"] = json!({
        "provider": "startexam", "fact_version": "9c1f0e5ab27d4c31", "operator": "x", "reason": "y"
    });
    let mut import = event("1");
    import["type"] = json!("hr.employee.snapshot.v1");
    import["data"] = json!({"status": "active", "import": {"adopt": ["startexam"]}});
    for refused in [command, import] {
        assert_eq!(world.code(&[], &refused.to_string()), "wrong_field");
    }
}

#[test]
fn a_bad_event_holds_back_no_other_of_its_batch() {
    let mut world = World::new();
    let mut wrong = event("2");
    wrong["source"] = json!("portal");
    let batch = json!([event("1"), wrong, event("3")]).to_string();
    let written = world.written(&[("content-type", BATCH)], &batch);
    let topics: Vec<Topic> = written.iter().map(|record| record.topic).collect();
    assert_eq!(
        topics,
        [Topic::Events, Topic::Events, Topic::InboxDeadLetters]
    );
    let reason = written[2].headers.text(header::FAILURE_REASON).unwrap();
    assert!(
        reason.starts_with("event 1 of the batch: source"),
        "{reason}"
    );
    assert_eq!(written[2].payload.as_deref(), Some(batch.as_bytes()));
    assert_eq!(world.counted("partly_taken"), 1);
}

#[test]
fn an_event_too_large_for_the_log_stops_nobody() {
    let mut world = World::new();
    let mut large = event("1");
    large["type"] = json!("hr.employee.updated.v1");
    large["data"] = json!({"attributes": {"mail": "x".repeat(LARGEST - 500)}});
    assert_eq!(
        world.written(&[], &large.to_string())[0].topic,
        Topic::Events
    );
    large["data"] = json!({"attributes": {"mail": "x".repeat(LARGEST)}});
    assert_eq!(world.code(&[], &large.to_string()), "too_large");
}

#[test]
fn a_receipt_is_the_append_and_never_ahead_of_our_clock() {
    let mut world = World::new();
    world.now = instant("2026-03-02T08:00:00Z");
    let written = world.written(&[], &event("1").to_string());
    let read = Event::parse(written[0].payload.as_deref().unwrap(), Strictness::Lenient);
    assert_eq!(read.unwrap().received_time, Some(world.now));
}
