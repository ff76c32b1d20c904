//! The codec: what is read, what is refused and by which words, and the round trip.

mod any;

use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use self::any::{facts, instants};
use super::*;

fn event(kind: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": "1", "source": "portal", "type": kind,
        "subject": "E-1", "time": "2026-03-01T09:00:00Z", "data": data
    })
}

fn read(value: &Value) -> Result<Event, ParseError> {
    Event::from_value(value, Strictness::Strict)
}

fn refusal(value: &Value) -> String {
    read(value).unwrap_err().to_string()
}

/// The event with one envelope member replaced, or taken away by null.
fn with(name: &str, value: Value) -> Value {
    let mut event = event("hr.employee.erased.v1", &json!({}));
    let members = event.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    event
}

#[test]
fn every_example_is_read() {
    for (name, example) in examples() {
        let read = read(&example).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = Event::parse(&read.to_json(), Strictness::Strict);
        assert_eq!(again, Ok(read), "{name}");
    }
}

#[test]
fn a_wrong_envelope_names_the_member() {
    let long = "x".repeat(251);
    for (name, value, said) in [
        (
            "specversion",
            json!("0.3"),
            "specversion: expected \"1.0\", found a different text",
        ),
        (
            "specversion",
            Value::Null,
            "specversion: expected \"1.0\", found nothing",
        ),
        (
            "id",
            json!(7),
            "id: expected a text of 1 to 250 characters without control characters, found a number",
        ),
        (
            "source",
            json!(""),
            "source: expected a text of 1 to 64 characters without control characters, found a different text",
        ),
        (
            "subject",
            json!(long),
            "subject: expected a text of 1 to 250 characters without control characters, found a different text",
        ),
        (
            "subject",
            json!("a\u{7}"),
            "subject: expected a text of 1 to 250 characters without control characters, found a different text",
        ),
        (
            "time",
            json!("2026-03-01"),
            "time: expected an instant as RFC 3339 writes it (2026-03-31T17:00:00Z), found a different text",
        ),
        (
            "sequence",
            json!(1.5),
            "sequence: expected an integer of 64 bits, or the same as decimal text, found a number",
        ),
        (
            "datacontenttype",
            json!("text/xml"),
            "datacontenttype: expected \"application/json\", or no such member, found a different text",
        ),
        (
            "data",
            json!([1]),
            "data: expected an object, and no `data_base64`, found an array",
        ),
    ] {
        assert_eq!(refusal(&with(name, value)), said);
    }
    assert_eq!(
        refusal(&json!([])),
        "(the event): expected an object: one CloudEvents 1.0 event, found an array"
    );
}

#[test]
fn an_unknown_type_is_answered_with_the_types() {
    let error = read(&with("type", json!("hr.employee.promoted.v1"))).unwrap_err();
    assert_eq!(error.code(), "unknown_type");
    assert!(error.to_string().ends_with("relay.reconcile.v1"));
    assert!(!error.to_string().contains("promoted"));
}

const WRONG: &str = r#"
hired data.effective_at missing_field {}
hired data.effective_at wrong_field {"effective_at": null}
hired data.effective_at wrong_field {"effective_at": "canary"}
hired data.time_zone wrong_field {"effective_at": "2026-03-01", "time_zone": "canary"}
hired data.phase wrong_field {"effective_at": "2026-03-01", "phase": "canary"}
hired data.reason unknown_member {"effective_at": "2026-03-01", "reason": "other"}
updated data.attributes.age wrong_field {"attributes": {"age": 17}}
updated data.attributes.ok wrong_field {"attributes": {"ok": true}}
updated data.attributes wrong_field {"attributes": "canary"}
updated data.effective_at missing_field {"phase": "cancelled"}
group_changed data.groups missing_field {}
group_changed data.groups wrong_field {"groups": {"joined": []}}
group_changed data.groups.left wrong_field {"groups": {"joined": ["a"], "left": ["a"]}}
group_changed data.groups.current wrong_field {"groups": {"joined": [], "current": ["a"]}}
group_changed data.groups.current wrong_field {"groups": {"current": ["a", "a"]}}
group_changed data.groups.(unprintable) unknown_member {"groups": {"canary x": []}}
terminated data.effective_at missing_field {"phase": "scheduled"}
terminated data.reason wrong_field {"reason": "canary"}
access_revoked data.effective_at missing_field {"phase": "scheduled"}
access_restored data.employment_id unknown_member {"employment_id": "c"}
erased data.why unknown_member {"why": "canary"}
snapshot data.start_date wrong_field {"start_date": null}
snapshot data.status wrong_field {"status": "on leave"}
snapshot data.groups.joined unknown_member {"groups": {"joined": ["a"]}}
snapshot data.groups.current missing_field {"groups": {}}
snapshot data.import wrong_field {"import": true}
snapshot data.import.adopt missing_field {"import": {}}
snapshot data.import.adopt wrong_field {"import": {"adopt": ["canary"]}}
snapshot data.import.adopt wrong_field {"import": {"adopt": ["startexam", "startexam"]}}
"#;

#[test]
fn wrong_data_names_the_field_and_never_the_value() {
    for line in WRONG.trim().lines() {
        let [kind, field, code, data] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else {
            panic!("a type, a field, a code and data: {line}");
        };
        let data = serde_json::from_str(data).unwrap();
        let error = read(&event(&format!("hr.employee.{kind}.v1"), &data)).unwrap_err();
        assert_eq!((error.field(), error.code()), (Some(field), code), "{line}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn a_command_names_provider_version_operator_and_reason() {
    let whole = json!({"provider": "startexam", "fact_version": "9c1f0e5ab27d4c31", "operator": "jo", "reason": "mended"});
    assert!(read(&event("relay.redrive.v1", &whole)).is_ok());
    for name in ["provider", "fact_version", "operator", "reason"] {
        let mut data = whole.clone();
        data.as_object_mut().unwrap().remove(name);
        let error = read(&event("relay.redrive.v1", &data)).unwrap_err();
        assert_eq!(error.field(), Some(format!("data.{name}").as_str()));
    }
    let mut data = whole;
    data["fact_version"] = json!("0.1");
    let error = read(&event("relay.release.v1", &data)).unwrap_err();
    assert_eq!(
        (error.field(), error.code()),
        (Some("data.fact_version"), "wrong_field")
    );
}

#[test]
fn a_reconciliation_alone_may_name_no_fact_version() {
    let data = json!({"provider": "startexam", "operator": "jo", "reason": "a restored account"});
    assert!(read(&event("relay.reconcile.v1", &data)).is_ok());
    assert!(read(&event("relay.reject.v1", &data)).is_err());
}

#[test]
fn an_end_date_can_be_said_to_be_none_or_not_be_said() {
    for (data, end) in [
        (json!({}), ObservedEnd::Unmapped),
        (json!({"end_date": null}), ObservedEnd::Empty),
        (
            json!({"end_date": "2026-03-31"}),
            ObservedEnd::On("2026-03-31".parse().unwrap()),
        ),
    ] {
        let fact = read(&event("hr.employee.snapshot.v1", &data)).unwrap().fact;
        let Fact::Snapshot(snapshot) = fact else {
            panic!("a snapshot");
        };
        assert_eq!(snapshot.end, end);
    }
}

#[test]
fn data_may_come_as_base64() {
    let mut value = with("data", Value::Null);
    value["type"] = json!("hr.employee.terminated.v1");
    value["data_base64"] = json!("eyJyZWFzb24iOiJkZWxldGVkIn0=");
    let Fact::Terminated(termination) = read(&value).unwrap().fact else {
        panic!("a termination");
    };
    assert_eq!(termination.reason, Some(Reason::Deleted));
    for refused in ["not base64", "WzFd", "eyJhIjoxLCJhIjoyfQ=="] {
        value["data_base64"] = json!(refused);
        assert_eq!(read(&value).unwrap_err().field(), Some("data_base64"));
    }
}

#[test]
fn a_sequence_may_come_as_text_and_extensions_are_passed_over() {
    for (value, sequence) in [(json!(42), 42), (json!("42"), 42), (json!("-1"), -1)] {
        assert_eq!(
            read(&with("sequence", value)).unwrap().sequence,
            Some(sequence)
        );
    }
    assert!(read(&with("sequence", json!("+1"))).is_err());
    assert!(read(&with("traceparent", json!({"any": 1}))).is_ok());
}

#[test]
fn nobody_at_the_edge_says_when_we_received_it() {
    let value = with("receivedtime", json!("2020-01-01T00:00:00Z"));
    assert_eq!(read(&value).unwrap().received_time, None);
    let kept = Event::from_value(&value, Strictness::Lenient).unwrap();
    assert_eq!(kept.received_time, "2020-01-01T00:00:00Z".parse().ok());
}

#[test]
fn the_log_may_hold_what_a_newer_version_added() {
    let data = json!({"reason": "sabbatical", "notice": 1, "effective_at": "2026-03-31"});
    let value = event("hr.employee.terminated.v1", &data);
    assert!(read(&value).is_err());
    let lenient = Event::from_value(&value, Strictness::Lenient).unwrap();
    let Fact::Terminated(termination) = lenient.fact else {
        panic!("a termination");
    };
    assert_eq!(termination.reason, Some(Reason::Other));
}

#[test]
fn a_member_twice_is_refused_at_the_edge() {
    let text = event("hr.employee.erased.v1", &json!({})).to_string();
    let twice = text.replacen('{', r#"{"subject":"E-2","#, 1);
    let error = Event::parse(twice.as_bytes(), Strictness::Strict).unwrap_err();
    assert_eq!(error.code(), "duplicate_member");
    assert!(Event::parse(twice.as_bytes(), Strictness::Lenient).is_ok());
}

proptest! {
    #[test]
    fn an_event_survives_its_json(
        fact in facts(),
        subject in "\\PC{1,40}",
        time in option::of(instants()),
        received_time in option::of(instants()),
        sequence in option::of(any::<i64>()),
    ) {
        let event = Event {
            id: "e-1".try_into().unwrap(),
            source: "portal".try_into().unwrap(),
            subject: subject.as_str().try_into().unwrap(),
            time,
            received_time,
            sequence,
            fact,
        };
        let bytes = event.to_json();
        prop_assert_eq!(Event::parse(&bytes, Strictness::Lenient), Ok(event.clone()));
        prop_assert_eq!(Event::parse(&bytes, Strictness::Lenient).unwrap().to_json(), bytes.clone());
        let edge = Event { received_time: None, ..event };
        prop_assert_eq!(Event::parse(&bytes, Strictness::Strict), Ok(edge));
    }

    #[test]
    fn no_bytes_panic_the_parser(bytes in any::<Vec<u8>>()) {
        let _refused = Event::parse(&bytes, Strictness::Strict).is_err();
    }
}
