//! A Standard Webhooks body: a canonical event, whose envelope may be left to the webhook.

use serde_json::{Value, json};

use super::{Mapped, Unmappable};
use crate::event::{Event, ParseError, Strictness, read_json};
use crate::id::EventId;
use crate::receiver::source::Source;

/// Maps a body. `id` is the webhook's id, which names the event where the body does not.
///
/// `specversion`, `id` and `source` may be left out; `timestamp`, the Standard Webhooks
/// member, is taken as `time` where that is left out.
pub(crate) fn map(source: &Source, id: &str, body: &[u8]) -> Mapped {
    match event(source, id, body) {
        Ok(event) => Mapped {
            events: vec![event],
            unmappable: None,
        },
        Err(error) => Mapped {
            events: Vec::new(),
            unmappable: Some(Unmappable {
                code: error.code(),
                reason: error.to_string(),
                event_id: EventId::try_from(id).ok(),
            }),
        },
    }
}

fn event(source: &Source, id: &str, body: &[u8]) -> Result<Event, ParseError> {
    let mut value = read_json(body)?;
    if let Value::Object(members) = &mut value {
        let timestamp = members.shift_remove("timestamp");
        if let (Some(timestamp), false) = (timestamp, members.contains_key("time")) {
            members.insert("time".to_owned(), timestamp);
        }
        for (name, known) in [
            ("specversion", json!("1.0")),
            ("id", json!(id)),
            ("source", json!(source.id())),
        ] {
            members.entry(name).or_insert(known);
        }
    }
    let event = Event::from_value(&value, Strictness::Strict)?;
    source.admission.admit(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Fact;
    use crate::receiver::settings::SourceSettings;

    fn source(settings: &str) -> Source {
        let secret = "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LTAx";
        let text = format!("kind = 'standard_webhooks'\nsecrets = ['{secret}']\n{settings}");
        let settings: SourceSettings = toml::from_str(&text).unwrap();
        Source::from_settings("portal", &settings).unwrap()
    }

    fn mapped(settings: &str, body: &Value) -> Mapped {
        map(&source(settings), "msg_1", body.to_string().as_bytes())
    }

    fn refusal(settings: &str, body: &Value) -> (&'static str, String) {
        let mapped = mapped(settings, body);
        assert_eq!(mapped.events, []);
        let unmappable = mapped.unmappable.unwrap();
        assert_eq!(unmappable.event_id.unwrap().as_str(), "msg_1");
        (unmappable.code, unmappable.reason)
    }

    fn short() -> Value {
        json!({
            "type": "hr.employee.terminated.v1",
            "timestamp": "2026-03-01T09:00:00Z",
            "subject": "E-1",
            "data": { "effective_at": "2026-03-31" }
        })
    }

    #[test]
    fn the_webhook_lends_the_envelope_what_it_lacks() {
        let [event] = &mapped("", &short()).events[..] else {
            panic!("one event");
        };
        assert_eq!(event.id.as_str(), "msg_1");
        assert_eq!(event.source.as_str(), "portal");
        assert_eq!(event.time, "2026-03-01T09:00:00Z".parse().ok());
        assert_eq!(event.received_time, None);
        assert!(matches!(event.fact, Fact::Terminated(_)));
    }

    #[test]
    fn the_events_own_id_and_time_come_first() {
        let mut body = short();
        body["id"] = json!("evt-7");
        body["time"] = json!("2026-02-28T09:00:00Z");
        let [event] = &mapped("", &body).events[..] else {
            panic!("one event");
        };
        assert_eq!(event.id.as_str(), "evt-7");
        assert_eq!(event.time, "2026-02-28T09:00:00Z".parse().ok());
    }

    #[test]
    fn what_is_no_event_of_this_source_says_why() {
        let with = |name: &str, value: Value| {
            let mut body = short();
            body[name] = value;
            body
        };
        for (body, code, reason) in [
            (json!([1]), "wrong_field", "(the event): expected an object"),
            (
                with("source", json!("erp")),
                "wrong_field",
                "source: expected the name of the source",
            ),
            (
                with("type", json!("user.created")),
                "unknown_type",
                "type: expected one of hr.",
            ),
            (
                with("timestamp", json!("today")),
                "wrong_field",
                "time: expected an instant",
            ),
            (
                with("subject", json!("x".repeat(251))),
                "wrong_field",
                "subject: expected a text",
            ),
        ] {
            let (found, said) = refusal("", &body);
            assert_eq!(found, code);
            assert!(said.starts_with(reason), "{said}");
        }
        assert_eq!(
            map(&source(""), "msg_1", b"\x1f\x8b")
                .unmappable
                .unwrap()
                .code,
            "not_json"
        );
    }

    #[test]
    fn a_sender_cannot_give_an_operators_command() {
        let mut body = short();
        body["type"] = json!("relay.release.v1");
        body["data"] = json!({"provider": "startexam", "fact_version": "9c1f0e5ab27d4c31", "operator": "x", "reason": "y"});
        let (code, reason) = refusal("", &body);
        assert_eq!(code, "wrong_field");
        assert!(reason.starts_with("type: expected a fact"), "{reason}");
    }

    #[test]
    fn a_sender_cannot_pass_off_a_state_as_imported() {
        let mut body = short();
        body["type"] = json!("hr.employee.snapshot.v1");
        body["data"] = json!({"status": "active", "import": {"adopt": ["startexam"]}});
        let (code, reason) = refusal("", &body);
        assert_eq!(code, "wrong_field");
        assert!(
            reason.starts_with("data.import: expected no such"),
            "{reason}"
        );
    }

    #[test]
    fn an_event_without_what_orders_it_is_refused() {
        let mut body = short();
        body.as_object_mut().unwrap().remove("timestamp");
        assert_eq!(refusal("", &body).0, "missing_field");
        assert_eq!(refusal("version = 'sequence'", &short()).0, "missing_field");
        body["sequence"] = json!(4);
        assert_eq!(mapped("version = 'sequence'", &body).events.len(), 1);
    }

    #[test]
    fn only_attributes_that_are_let_in_pass_and_the_id_gets_its_prefix() {
        let mut body = short();
        body["type"] = json!("hr.employee.updated.v1");
        body["data"] = json!({"attributes": {"mail": "a@example.com", "ssn": "078-05-1120"}});
        let settings = "attributes = { email = 'mail', login = 'mail' }\nsubject_prefix = 'acme/'";
        let [event] = &mapped(settings, &body).events[..] else {
            panic!("one event");
        };
        assert_eq!(event.subject.as_str(), "acme/E-1");
        let Fact::Updated(update) = &event.fact else {
            panic!("an update");
        };
        let kept: Vec<&str> = update.attributes.keys().map(String::as_str).collect();
        assert_eq!(kept, ["email", "login"]);
    }
}
