//! The messages that other producers write to the inbox, in CloudEvents' three modes.

use serde_json::{Value, json};

use super::headers::reference;
use super::messages::{Key, Message, said_of, shown};
use super::shapes::{data, facts, sent, short};
use crate::log::header;

/// The `content-type` of a record that another producer wrote.
fn content_type(is_needed: bool, pattern: &str) -> Value {
    json!({
        "type": "object",
        "required": if is_needed { vec![header::CONTENT_TYPE] } else { vec![] },
        "properties": {
            (header::CONTENT_TYPE): { "type": "string", "pattern": pattern },
            (header::TRACEPARENT): reference(header::TRACEPARENT),
            (header::TRACESTATE): reference(header::TRACESTATE)
        }
    })
}

/// A fact on the inbox, in CloudEvents' structured mode.
pub(super) fn structured(kind: &'static str) -> Message {
    let (title, summary) = said_of(kind);
    let is_sent = |example: &Value| example.pointer("/payload/data/import").is_none();
    let headers = |_: &Value| json!({ header::CONTENT_TYPE: "application/cloudevents+json" });
    Message {
        name: format!("sent.{}", short(kind)),
        title: format!("{title}, structured"),
        summary,
        headers: content_type(
            false,
            "^(application/cloudevents\\+json|application/json)($|[ ;])",
        ),
        key: Key::Any,
        content_type: Some("application/cloudevents+json"),
        payload: sent(kind),
        examples: shown(kind, headers).into_iter().filter(is_sent).collect(),
    }
}

pub(super) fn batch() -> Message {
    let items: Vec<Value> = facts().map(sent).collect();
    Message {
        name: "sent.batch".to_owned(),
        title: "Several facts".to_owned(),
        summary: "Several facts at once. One that cannot be taken holds back no other; the \
                  record is a dead letter as well then."
            .to_owned(),
        headers: content_type(true, "^application/cloudevents-batch\\+json($|[ ;])"),
        key: Key::Any,
        content_type: Some("application/cloudevents-batch+json"),
        payload: json!({ "type": "array", "items": { "oneOf": items } }),
        examples: Vec::new(),
    }
}

pub(super) fn binary() -> Message {
    let payloads: Vec<Value> = facts().map(data).collect();
    let kinds: Vec<&str> = facts().collect();
    let text = json!({ "type": "string" });
    Message {
        name: "sent.binary".to_owned(),
        title: "One fact, binary".to_owned(),
        summary: "CloudEvents' binary mode: attributes in headers, as plain UTF-8 and in any \
                  case; `data` alone in the value, which may be empty where a type needs no data."
            .to_owned(),
        headers: json!({
            "type": "object",
            "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject"],
            "properties": {
                "ce_specversion": { "type": "string", "const": "1.0" },
                "ce_id": text,
                "ce_source": {
                    "description": "The source's name in the relay's configuration.",
                    "type": "string"
                },
                "ce_type": { "type": "string", "enum": kinds },
                "ce_subject": { "description": "The employee id.", "type": "string" },
                "ce_time": { "type": "string", "format": "date-time" },
                "ce_sequence": { "type": "string", "pattern": "^-?[0-9]{1,18}$" },
                (header::CONTENT_TYPE): {
                    "type": "string", "pattern": "^application/json($|[ ;])"
                },
                (header::TRACEPARENT): reference(header::TRACEPARENT),
                (header::TRACESTATE): reference(header::TRACESTATE)
            }
        }),
        key: Key::Any,
        content_type: Some("application/json"),
        payload: json!({ "anyOf": payloads }),
        examples: vec![json!({
            "name": "terminated",
            "headers": {
                "ce_specversion": "1.0",
                "ce_id": "erp-4",
                "ce_source": "erp",
                "ce_type": "hr.employee.terminated.v1",
                "ce_subject": "e-17",
                "ce_time": "2026-11-20T09:00:00Z",
                (header::CONTENT_TYPE): "application/json"
            },
            "payload": { "effective_at": "2026-12-31", "reason": "resignation" }
        })],
    }
}
