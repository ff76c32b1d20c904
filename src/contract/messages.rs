//! The messages of the topics: headers, key, payload and examples of each.

use serde_json::{Map, Value, json};

use super::headers::{self, Headers};
use super::sent;
use super::shapes::{event, facts, of, short};
use crate::event::{Event, TYPES, documents, examples};
use crate::id::EmployeeId;
use crate::log::{Topic, header};
use crate::worker::{LetterBody, LinksBody};

/// The version of AsyncAPI's Kafka bindings that the document follows.
pub(super) const BINDING: &str = "0.5.0";

/// What a record's key is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Person,
    Source,
    Any,
}

/// One message, before it is written down.
pub(super) struct Message {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) headers: Value,
    pub(super) key: Key,
    pub(super) content_type: Option<&'static str>,
    pub(super) payload: Value,
    pub(super) examples: Vec<Value>,
}

/// The names of a topic's messages: their name in the channel, and in the document.
pub(super) fn names(topic: Topic) -> Vec<(String, String)> {
    let single = |name: &str| vec![(name.to_owned(), name.to_owned())];
    let each = |prefix: &str, kinds: &mut dyn Iterator<Item = &'static str>| {
        let named = |kind| (short(kind).to_owned(), format!("{prefix}.{}", short(kind)));
        kinds.map(named).collect::<Vec<_>>()
    };
    match topic {
        Topic::Inbox => {
            let mut names = each("sent", &mut facts());
            for mode in ["batch", "binary"] {
                names.push((mode.to_owned(), format!("sent.{mode}")));
            }
            names
        }
        Topic::Events => each("event", &mut TYPES.iter().copied()),
        Topic::InboxDeadLetters => single("inboxDeadLetter"),
        Topic::EventsDeadLetters => single("eventsDeadLetter"),
        Topic::People => single("person"),
        Topic::State(_) => single("state"),
        Topic::DeadLetters(_) => single("deadLetter"),
        Topic::Outcomes(_) => single("outcome"),
        Topic::Links(_) => single("links"),
        Topic::Quarantine => single("quarantined"),
    }
}

/// Every message of the document, by its name.
pub(super) fn all() -> Map<String, Value> {
    let mut messages: Vec<Message> = TYPES.iter().copied().map(canonical).collect();
    messages.extend(facts().map(sent::structured));
    messages.extend([sent::batch(), sent::binary()]);
    messages.extend(unread());
    messages.extend(kept());
    messages.extend(told());
    messages.into_iter().map(Message::written).collect()
}

impl Message {
    fn written(self) -> (String, Value) {
        let key = match self.key {
            Key::Person => json!({
                "description": "The employee id: the `subject` of the event.",
                "type": "string", "minLength": 1, "maxLength": EmployeeId::LONGEST
            }),
            Key::Source => {
                json!({ "description": "The name of the source.", "type": "string" })
            }
            Key::Any => json!({ "description": "Any bytes, also none." }),
        };
        let mut message = json!({
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "headers": self.headers,
            "contentType": self.content_type,
            "payload": self.payload,
            "bindings": { "kafka": { "key": key, "bindingVersion": BINDING } },
            "examples": self.examples,
        });
        if let Some(members) = message.as_object_mut() {
            members.retain(|_, value| !value.is_null() && *value != json!([]));
        }
        (self.name, message)
    }
}

/// What a type's schema says of it: title and description.
pub(super) fn said_of(kind: &str) -> (String, String) {
    let file = format!("{kind}.schema.json");
    let found = documents().into_iter().find(|(name, _)| *name == file);
    let text = |name: &str| {
        let value = found.as_ref().and_then(|(_, document)| document.get(name));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    (text("title"), text("description"))
}

/// The committed examples of a type that are for these headers.
pub(super) fn shown(kind: &str, headers: impl Fn(&Value) -> Value) -> Vec<Value> {
    let examples = examples().into_iter();
    let of_kind = examples.filter(|(_, event)| event.get("type") == Some(&json!(kind)));
    of_kind
        .map(|(name, event)| json!({ "name": name, "headers": headers(&event), "payload": event }))
        .collect()
}

/// An event on `hris.events`.
fn canonical(kind: &'static str) -> Message {
    let (title, summary) = said_of(kind);
    Message {
        name: format!("event.{}", short(kind)),
        title,
        summary,
        headers: headers::EVENT.schema(),
        key: Key::Person,
        content_type: Some("application/cloudevents+json"),
        payload: event(kind),
        examples: shown(kind, |event| {
            json!({
                header::EVENT_ID: event.get("id"),
                header::CONTENT_TYPE: Event::CONTENT_TYPE
            })
        }),
    }
}

fn as_it_came(description: &str) -> Value {
    json!({ "description": description })
}

/// What the relay could not read, as it came.
fn unread() -> [Message; 3] {
    let letter = |name: &str, title: &str, summary: &str, headers: Headers, key| Message {
        name: name.to_owned(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        headers: headers.schema(),
        key,
        content_type: None,
        payload: as_it_came(
            "The bytes as they came; none if they would not fit beside the reason.",
        ),
        examples: Vec::new(),
    };
    [
        letter(
            "inboxDeadLetter",
            "Record the intake could not read",
            "A record of another producer as it came: key, headers and bytes, and why.",
            headers::UNREAD,
            Key::Any,
        ),
        letter(
            "eventsDeadLetter",
            "Event the roster could not fold",
            "A record of `hris.events` as it was: key, headers and bytes, and why.",
            headers::UNREAD,
            Key::Any,
        ),
        Message {
            payload: as_it_came("The body of the webhook as it came."),
            ..letter(
                "quarantined",
                "Webhook nobody could map",
                "An authentic webhook that is no event, or of which a part is none.",
                headers::QUARANTINED,
                Key::Source,
            )
        },
    ]
}

/// The relay's own records of people.
fn kept() -> [Message; 2] {
    let record = |name: &str, title: &str, headers: Headers, newest: u32| Message {
        name: name.to_owned(),
        title: title.to_owned(),
        summary: "The relay's own record. Its form is promised to nobody.".to_owned(),
        headers: headers.schema(),
        key: Key::Person,
        content_type: Some("application/json"),
        payload: json!({
            "type": "object",
            "required": ["v"],
            "properties": {
                "v": {
                    "description": "The version of the form; the relay refuses a greater one \
                                    than it knows.",
                    "type": "integer", "minimum": 1, "maximum": newest
                }
            }
        }),
        examples: Vec::new(),
    };
    [
        record(
            "person",
            "Person as HR sees them",
            headers::PERSON,
            crate::person::FORMAT,
        ),
        record(
            "state",
            "Person at a platform",
            headers::NONE,
            crate::worker::FORMAT,
        ),
    ]
}

/// What workers write for others to read.
fn told() -> [Message; 3] {
    let message = |name: &str, title: &str, summary: &str, headers: Headers| Message {
        name: name.to_owned(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        headers: headers.schema(),
        key: Key::Person,
        content_type: Some("application/json"),
        payload: json!({ "$ref": "#/components/schemas/Letter" }),
        examples: Vec::new(),
    };
    let outcome = message(
        "outcome",
        "Something done",
        "An operation that is in force for a person at a platform.",
        headers::OUTCOME,
    );
    let dead_letter = message(
        "deadLetter",
        "Something given up",
        "An operation that is not tried again until the plan changes or an operator redrives it.",
        headers::DEAD_LETTER,
    );
    let links = message(
        "links",
        "Links for a person",
        "What a platform returned that lets the person in: credentials.",
        headers::LINKS,
    );
    [
        Message {
            examples: vec![an_outcome()],
            ..outcome
        },
        Message {
            examples: vec![a_dead_letter()],
            ..dead_letter
        },
        Message {
            payload: json!({ "$ref": "#/components/schemas/Links" }),
            examples: vec![some_links()],
            ..links
        },
    ]
}

// What the examples have in common.
const AT: &str = "2026-03-31T22:00:04.812Z";
const EVENT_ID: &str = "portal-7";
const FACTS: &str = "9c1f0e5ab27d4c31";
const PROGRAM: &str = "program:95a6e267-1765-4a93-98b1-c6ca5ef2cd61";

fn an_outcome() -> Value {
    json!({
        "name": "locked",
        "headers": { header::EVENT_ID: EVENT_ID, header::FACT_VERSION: FACTS },
        "payload": {
            "operation": "lock", "outcome": "applied", "attempt": 2, "at": AT,
            "event": EVENT_ID, "fact_version": FACTS
        }
    })
}

fn a_dead_letter() -> Value {
    json!({
        "name": "refused",
        "headers": {
            header::EVENT_ID: EVENT_ID, header::FACT_VERSION: FACTS,
            header::FAILURE_CODE: "operation_refused",
            header::FAILURE_REASON: "provider refused the operation with status 400",
            header::ATTEMPT: "1", header::FIRST_SEEN: AT
        },
        "payload": {
            "operation": "join", "target": PROGRAM, "outcome": "operation_refused",
            "attempt": 1, "at": AT, "event": EVENT_ID, "fact_version": FACTS
        }
    })
}

fn some_links() -> Value {
    json!({
        "name": "registered",
        "headers": { header::EVENT_ID: EVENT_ID },
        "payload": {
            "target": PROGRAM, "links": ["https://exams.example.org/start/2f6c"],
            "at": AT, "event": EVENT_ID
        }
    })
}

/// The shapes that several messages refer to.
pub(super) fn schemas() -> [(String, Value); 2] {
    [
        ("Letter".to_owned(), of::<LetterBody<'static>>()),
        ("Links".to_owned(), of::<LinksBody<'static>>()),
    ]
}
