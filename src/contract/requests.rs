//! What senders send: bodies, headers and proofs.

use serde_json::{Map, Value, json};

use super::shapes::{data, facts, sent, short};
use crate::event::{Example, examples};
use crate::log::header;
use crate::receiver::signature::{bamboohr, standard_webhooks};

/// How senders prove who they are.
pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A secret of a source of kind `cloudevents` that is no `whsec_...` or \
                            `whpk_...`; it alone tells which source sends."
        },
        "standardWebhooks": {
            "type": "apiKey",
            "in": "header",
            "name": standard_webhooks::SIGNATURE,
            "description": "As www.standardwebhooks.com says: one or more signatures with a space \
                            between, `v1,<base64 of HMAC-SHA256>` by the secret behind `whsec_`, or \
                            `v1a,<base64 of Ed25519>`, over id, timestamp and body with dots \
                            between. `webhook-id` and `webhook-timestamp` come with it."
        },
        "bambooHr": {
            "type": "apiKey",
            "in": "header",
            "name": bamboohr::SIGNATURE,
            "description": "As BambooHR signs: lower-case hexadecimal of HMAC-SHA256 by the \
                            webhook's private key over the body and then `x-bamboohr-timestamp`, \
                            nothing between."
        }
    })
}

/// The headers that senders may set, by their names among the components.
pub(super) fn parameters() -> Value {
    let parameters: Map<String, Value> = signatures()
        .into_iter()
        .chain(attributes())
        .chain(trace())
        .collect();
    Value::Object(parameters)
}

fn parameter(key: &str, name: &str, description: &str, schema: &Value) -> (String, Value) {
    let parameter = json!({
        "name": name, "in": "header", "required": false,
        "description": description, "schema": schema
    });
    (key.to_owned(), parameter)
}

/// What a signature is about.
fn signatures() -> [(String, Value); 3] {
    [
        parameter(
            "webhookId",
            standard_webhooks::ID,
            "With `webhook-signature`: the webhook's id, the same on every retry.",
            &json!({ "type": "string", "minLength": 1 }),
        ),
        parameter(
            "webhookTimestamp",
            standard_webhooks::TIMESTAMP,
            "With `webhook-signature`: when it was signed, in Unix seconds; not further from now \
             than the source's `tolerance` (5 minutes unless configured).",
            &json!({ "type": "string", "pattern": "^[0-9]+$" }),
        ),
        parameter(
            "bambooHrTimestamp",
            bamboohr::TIMESTAMP,
            "With `x-bamboohr-signature`: when it was signed, in Unix seconds or as RFC 3339.",
            &json!({ "type": "string" }),
        ),
    ]
}

/// The attributes of an event in binary mode.
fn attributes() -> [(String, Value); 7] {
    [
        parameter(
            "ceSpecversion",
            "ce-specversion",
            "CloudEvents' binary mode: `1.0`. The attributes are percent-encoded UTF-8.",
            &json!({ "type": "string", "const": "1.0" }),
        ),
        parameter(
            "ceId",
            "ce-id",
            "Binary mode: unique per source; the same id again is the same event again.",
            &json!({ "type": "string", "minLength": 1, "maxLength": 250 }),
        ),
        parameter(
            "ceSource",
            "ce-source",
            "Binary mode: the name of the source whose secret is used.",
            &json!({ "type": "string" }),
        ),
        parameter(
            "ceType",
            "ce-type",
            "Binary mode: what happened.",
            &json!({ "type": "string", "enum": facts().collect::<Vec<_>>() }),
        ),
        parameter(
            "ceSubject",
            "ce-subject",
            "Binary mode: the employee id.",
            &json!({ "type": "string", "minLength": 1 }),
        ),
        parameter(
            "ceTime",
            "ce-time",
            "Binary mode: when it happened; needed unless the source is ordered by `sequence`.",
            &json!({ "type": "string", "format": "date-time" }),
        ),
        parameter(
            "ceSequence",
            "ce-sequence",
            "Binary mode: the source's own order of the facts about this person.",
            &json!({ "type": "string", "pattern": "^-?[0-9]{1,18}$" }),
        ),
    ]
}

/// The trace that a request belongs to.
fn trace() -> [(String, Value); 2] {
    [
        parameter(
            header::TRACEPARENT,
            header::TRACEPARENT,
            "The trace of whoever sends (W3C Trace Context); followed where traces are on.",
            &json!({ "type": "string" }),
        ),
        parameter(
            header::TRACESTATE,
            header::TRACESTATE,
            "With `traceparent`: what the tracing systems on the way added.",
            &json!({ "type": "string" }),
        ),
    ]
}

/// The parameters of each door, by their names among the components.
pub(super) fn referred(names: &[&str]) -> Vec<Value> {
    names
        .iter()
        .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
        .collect()
}

/// What `POST /events` takes, by media type.
pub(super) fn events() -> Value {
    let each: Vec<Value> = facts().map(sent).collect();
    let data: Vec<Value> = facts().map(data).collect();
    let shown: Map<String, Value> = sent_examples()
        .map(|(name, event)| (name.to_owned(), json!({ "value": event })))
        .collect();
    let two: Vec<Value> = sent_examples().map(|(_, event)| event).take(2).collect();
    json!({
        "application/cloudevents+json": {
            "schema": { "oneOf": each }, "examples": shown
        },
        "application/cloudevents-batch+json": {
            "schema": { "type": "array", "items": { "oneOf": each } },
            "examples": { "two": { "summary": "All of them or none.", "value": two } }
        },
        "application/json": {
            "schema": {
                "description": "`data` alone, the attributes in `ce-` headers. May be empty where \
                                the type needs no data.",
                "anyOf": data
            },
            "examples": { "terminated": {
                "value": { "effective_at": "2026-12-31", "reason": "resignation" }
            } }
        }
    })
}

/// The examples that a sender may send.
fn sent_examples() -> impl Iterator<Item = Example> {
    let is_sent = |event: &Value| {
        let kind = event.get("type").and_then(Value::as_str);
        let is_fact = kind.is_some_and(|kind| kind.starts_with("hr."));
        is_fact && event.pointer("/data/import").is_none()
    };
    examples()
        .into_iter()
        .filter(move |(_, event)| is_sent(event))
}

/// What `POST /hooks/{source}` takes, by media type. Whatever is authentic is answered 200,
/// so that this says what is understood.
pub(super) fn webhooks() -> Value {
    let understood = json!({
        "description": "By the kind of the source. What is authentic and nothing of this is \
                        answered 200 all the same and kept in quarantine.",
        "anyOf": [
            { "$ref": "#/components/schemas/StandardWebhook" },
            { "$ref": "#/components/schemas/BambooHrBatch" },
            { "$ref": "#/components/schemas/BambooHrNotice" }
        ]
    });
    let bamboohr = json!({ "employees": [{
        "id": "12345",
        "action": "Updated",
        "timestamp": "2026-03-01T09:00:00+0000",
        "changedFields": ["Department"],
        "fields": { "First Name": "Ada", "Department": "Sales", "Status": "Active" }
    }] });
    json!({
        "application/json": {
            "schema": understood,
            "examples": {
                "standard_webhooks": {
                    "summary": "A canonical event; the webhook lends it what it lacks.",
                    "value": {
                        "type": "hr.employee.terminated.v1",
                        "timestamp": "2026-03-01T09:00:00Z",
                        "subject": "E-1001",
                        "data": { "effective_at": "2026-03-31" }
                    }
                },
                "bamboohr": {
                    "summary": "A field-based webhook of BambooHR.",
                    "value": bamboohr
                },
                "bamboohr_deleted": {
                    "summary": "The one event-based webhook of BambooHR that says enough.",
                    "value": {
                        "type": "employee.deleted",
                        "timestamp": "2026-03-01T09:00:00+0000",
                        "data": { "employeeId": "12345" }
                    }
                }
            }
        },
        "application/x-www-form-urlencoded": {
            "schema": {
                "description": "BambooHR's other format, with the same members.",
                "type": "object"
            }
        }
    })
}

/// The shapes of webhooks' bodies, by their names among the components.
pub(super) fn schemas() -> [(String, Value); 3] {
    [
        ("StandardWebhook".to_owned(), standard_webhook()),
        ("BambooHrBatch".to_owned(), bamboohr_batch()),
        ("BambooHrNotice".to_owned(), bamboohr_notice()),
    ]
}

fn standard_webhook() -> Value {
    let of_kind = |kind: &str| {
        json!({
            "title": short(kind),
            "required": ["type"],
            "properties": { "type": { "const": kind }, "data": data(kind) }
        })
    };
    let kinds: Vec<Value> = facts().map(of_kind).collect();
    json!({
        "description": "A source of kind `standard_webhooks`: one canonical event. `specversion`, \
                        `id` (the `webhook-id`) and `source` may be left out, and `timestamp` may \
                        stand for `time`.",
        "type": "object",
        "required": ["subject"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "minLength": 1, "maxLength": 250 },
            "source": { "type": "string" },
            "subject": {
                "description": "The employee id.",
                "type": "string", "minLength": 1, "maxLength": 250
            },
            "time": { "type": "string", "format": "date-time" },
            "timestamp": { "type": "string", "format": "date-time" },
            "sequence": { "type": ["integer", "string"] }
        },
        "oneOf": kinds
    })
}

fn bamboohr_batch() -> Value {
    json!({
        "description": "A source of kind `bamboohr`: what its field-based webhooks post. The \
                        source's settings say which field is what.",
        "type": "object",
        "required": ["employees"],
        "properties": { "employees": { "type": "array", "items": {
            "type": "object",
            "required": ["timestamp"],
            "properties": {
                "id": { "type": ["string", "integer"] },
                "action": { "description": "`Created`, `Updated` or `Deleted`.", "type": "string" },
                "timestamp": { "type": "string" },
                "fields": { "description": "By their labels, all of them.", "type": "object" }
            }
        } } }
    })
}

fn bamboohr_notice() -> Value {
    json!({
        "description": "A source of kind `bamboohr`: what its event-based webhooks post. They \
                        carry no values, so only a deletion is a fact.",
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": { "type": "string", "pattern": "^[a-z]+\\.[a-z]+$" },
            "timestamp": { "type": "string" },
            "data": { "type": "object", "properties": {
                "employeeId": { "type": ["string", "integer"] }
            } }
        }
    })
}
