//! The document of the HTTP surface: OpenAPI 3.1.

use serde_json::{Map, Value, json};

use super::shapes::{made, of};
use super::{VERSION, requests, responses};
use crate::admin::{ASYNCAPI, AdminSettings, LIVE, METRICS, OPENAPI, READY};
use crate::health::Report;
use crate::metrics::Format;
use crate::receiver::ReceiverSettings;
use crate::receiver::surface::{
    ALLOWED, ALLOWED_ORIGIN, ALLOWED_RATE, Door, EVENTS, HOOKS, REQUEST_ORIGIN, REQUEST_RATE,
    problem_schema, turned_away_elsewhere,
};

/// The public port and the admin port, for whoever sends to one or watches the other. It refers
/// to the events' schemas by their files, in the same folder.
pub fn openapi(receiver: &ReceiverSettings, admin: &AdminSettings) -> Value {
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "hris-relay",
            "version": VERSION,
            "summary": "Webhooks and CloudEvents in; health and metrics.",
            "description": description(receiver),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{
            "url": "https://{receiver}",
            "description": "The public port (`receiver.listen`), behind whatever ends TLS.",
            "variables": { "receiver": {
                "description": "Where senders reach the receiver.",
                "default": "hris.example.org"
            } }
        }],
        "tags": [
            { "name": "senders", "description": "HR systems and producers of events." },
            { "name": "operators", "description": "Whoever watches: Kubernetes, Prometheus." }
        ],
        "paths": paths(receiver, admin),
        "components": {
            "securitySchemes": requests::security_schemes(),
            "parameters": requests::parameters(),
            "schemas": schemas()
        }
    })
}

fn description(receiver: &ReceiverSettings) -> String {
    let limit = receiver.body_limit;
    let answer = humantime::format_duration(receiver.answer_within);
    let elsewhere: Vec<String> = turned_away_elsewhere()
        .iter()
        .map(|turned| format!("{} `{}`", turned.status, turned.code))
        .collect();
    format!(
        "A request is answered with success once every in-sync replica of the event log holds \
         what it says, and never before. Whatever is turned away is answered with a problem \
         document (RFC 9457) and nothing of it is kept, except that after 503 the log may hold \
         it all the same. Repeating is always safe: the same `source` and `id` is the same \
         event. The relay never answers 429.\n\n\
         A body has at most {limit} bytes and is not decompressed; the log has {answer} to \
         confirm it. Every path answers another method, and every other path anything, with a \
         problem document: {}. The admin port answers GET and HEAD alike, and whatever else it is \
         asked with 404 or 405 without one. What is no HTTP request at all is answered 400, 408 or 431 \
         without one. New codes may come with any release: one that is not known means what its \
         status means.",
        elsewhere.join(", ")
    )
}

fn schemas() -> Map<String, Value> {
    let mut schemas: Map<String, Value> = requests::schemas().into_iter().collect();
    let problem = made(|generator| problem_schema(generator).to_value());
    schemas.insert("Problem".to_owned(), problem);
    schemas.insert("Report".to_owned(), of::<Report>());
    schemas
}

fn paths(receiver: &ReceiverSettings, admin: &AdminSettings) -> Value {
    json!({
        HOOKS: hooks(receiver),
        EVENTS: events(receiver),
        LIVE: health(
            admin,
            "isAlive",
            "Whether every part gave a sign of life lately",
            "Not so: restart the process."
        ),
        READY: health(
            admin,
            "isReady",
            "Whether every part can take work",
            "Not so: send nothing here, and do not restart for it. A platform that is down \
             changes nothing."
        ),
        METRICS: metrics(admin),
        OPENAPI: document(admin, "openapi", "This document, for this installation"),
        ASYNCAPI: document(admin, "asyncapi", "The topics of this installation, as AsyncAPI")
    })
}

/// The answers of a door: success, and everything else.
fn answers(
    success: &str,
    says: &str,
    door: Door,
    receiver: &ReceiverSettings,
) -> Map<String, Value> {
    let mut answers = Map::new();
    answers.insert(success.to_owned(), json!({ "description": says }));
    answers.extend(responses::refusals(door, receiver));
    answers
}

fn hooks(receiver: &ReceiverSettings) -> Value {
    let source = json!({
        "name": "source", "in": "path", "required": true,
        "description": "The name under `[sources]`: 1 to 64 letters, digits, `-` and `_`.",
        "schema": { "type": "string" },
        "example": "bamboohr"
    });
    let signed = [
        "webhookId",
        "webhookTimestamp",
        "bambooHrTimestamp",
        "traceparent",
        "tracestate",
    ];
    let kept = "Durable: as events, or kept in quarantine because nobody can map it, or it says \
                nothing about a person. Never send it again.";
    json!({
        "parameters": [source],
        "post": {
            "operationId": "sendWebhook",
            "tags": ["senders"],
            "summary": "A webhook of an HR system",
            "description": "The source decides who must sign, how, and what the body is. The \
                            signature is over exactly the bytes that are sent. A sender cannot mend \
                            our mapping: whatever is authentic is answered 200.",
            "security": [{ "standardWebhooks": [] }, { "bambooHr": [] }],
            "parameters": requests::referred(&signed),
            "requestBody": { "required": true, "content": requests::webhooks() },
            "responses": answers("200", kept, Door::Hooks, receiver)
        },
        "options": handshake("mayWebhooksCome")
    })
}

fn events(receiver: &ReceiverSettings) -> Value {
    let headers = [
        "webhookId",
        "webhookTimestamp",
        "ceSpecversion",
        "ceId",
        "ceSource",
        "ceType",
        "ceSubject",
        "ceTime",
        "ceSequence",
        "traceparent",
        "tracestate",
    ];
    let durable = "Every event of the request is durable.";
    json!({
        "post": {
            "operationId": "sendEvents",
            "tags": ["senders"],
            "summary": "CloudEvents of a producer",
            "description": "CloudEvents 1.0, structured, batched or binary; all events of a request \
                            or none. `source` must be the name of the source whose secret is used. \
                            `receivedtime` is believed from nobody, `relay.*` types are the \
                            operators' own.",
            "security": [{ "bearer": [] }, { "standardWebhooks": [] }],
            "parameters": requests::referred(&headers),
            "requestBody": { "required": false, "content": requests::events() },
            "responses": answers("202", durable, Door::Events, receiver)
        },
        "options": handshake("mayEventsCome")
    })
}

/// The handshake of the CloudEvents webhook specification.
fn handshake(id: &str) -> Value {
    let asks = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": false,
            "description": description, "schema": { "type": "string" }
        })
    };
    let grants = |description: &str| json!({ "description": description, "schema": { "type": "string", "const": "*" } });
    json!({
        "operationId": id,
        "tags": ["senders"],
        "summary": "May I send?",
        "description": "The handshake of CloudEvents' HTTP webhooks, granted to everybody, since \
                        every delivery must be proved anyway.",
        "security": [],
        "parameters": [
            asks(REQUEST_ORIGIN, "Who would like to send."),
            asks(REQUEST_RATE, "How many requests a minute they would like to send.")
        ],
        "responses": { "200": {
            "description": "Yes.",
            "headers": {
                "allow": {
                    "description": "What the path takes.",
                    "required": true,
                    "schema": { "type": "string", "const": ALLOWED }
                },
                ALLOWED_ORIGIN: grants("To whoever asked; there if they did."),
                ALLOWED_RATE: grants("As often as they like; there if they asked for it.")
            }
        } }
    })
}

fn admin_server(admin: &AdminSettings) -> Value {
    json!([{
        "url": "http://{admin}",
        "description": "The admin port (`admin.listen`). It asks for no password: never let it be \
                        reached from outside.",
        "variables": { "admin": {
            "description": "Where it listens.",
            "default": admin.listen.to_string()
        } }
    }])
}

fn uncached() -> Value {
    json!({ "cache-control": {
        "description": "An answer is true once.",
        "required": true,
        "schema": { "type": "string", "const": "no-store" }
    } })
}

fn health(admin: &AdminSettings, id: &str, summary: &str, otherwise: &str) -> Value {
    let report = |is_ok: bool, description: &str| {
        json!({
            "description": description,
            "headers": uncached(),
            "content": { "application/json": {
                "schema": { "allOf": [
                    { "$ref": "#/components/schemas/Report" },
                    { "properties": { "ok": { "const": is_ok } } }
                ] }
            } }
        })
    };
    json!({
        "servers": admin_server(admin),
        "get": {
            "operationId": id,
            "tags": ["operators"],
            "summary": summary,
            "description": "A word for each part of the process. It asks no broker and no platform.",
            "security": [],
            "responses": { "200": report(true, "So it is."), "503": report(false, otherwise) }
        }
    })
}

fn document(admin: &AdminSettings, id: &str, summary: &str) -> Value {
    json!({
        "servers": admin_server(admin),
        "get": {
            "operationId": id,
            "tags": ["operators"],
            "summary": summary,
            "description": "In one piece. It holds no name of a source and no secret.",
            "security": [],
            "responses": { "200": {
                "description": "The document.",
                "headers": uncached(),
                "content": { "application/json": { "schema": {
                    "type": "object", "required": [id, "info", "components"]
                } } }
            } }
        }
    })
}

fn metrics(admin: &AdminSettings) -> Value {
    let text = json!({ "schema": { "type": "string" } });
    let mut headers = uncached();
    if let Some(headers) = headers.as_object_mut() {
        let vary = json!({
            "description": "What the answer depends on.",
            "required": true,
            "schema": { "type": "string", "const": "accept" }
        });
        headers.insert("vary".to_owned(), vary);
    }
    json!({
        "servers": admin_server(admin),
        "get": {
            "operationId": "scrape",
            "tags": ["operators"],
            "summary": "What is counted",
            "description": "For Prometheus, in the format that `Accept` asks for; docs/operations.md \
                            explains every metric. No label names a person.",
            "security": [],
            "responses": {
                "200": {
                    "description": "Every metric: OpenMetrics for whoever asks for it, else the \
                                    classic text.",
                    "headers": headers,
                    "content": {
                        Format::OpenMetrics.content_type(): text,
                        Format::Text.content_type(): text
                    }
                },
                "500": {
                    "description": "They cannot be written as text.",
                    "headers": uncached()
                }
            }
        }
    })
}
