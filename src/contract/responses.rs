//! What a request is answered: every refusal with its body, and when to come back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::receiver::ReceiverSettings;
use crate::receiver::surface::{Door, PROBLEM, TurnedAway, turned_away};

/// Everything but success that a `POST` to a door is answered, by status.
pub(super) fn refusals(door: Door, receiver: &ReceiverSettings) -> Map<String, Value> {
    let mut by_status = BTreeMap::<u16, Vec<TurnedAway>>::new();
    for turned in turned_away(door) {
        by_status.entry(turned.status).or_default().push(turned);
    }
    by_status
        .into_iter()
        .map(|(status, turned)| (status.to_string(), refusal(status, &turned, receiver)))
        .collect()
}

fn refusal(status: u16, turned: &[TurnedAway], receiver: &ReceiverSettings) -> Value {
    let codes: Vec<&str> = turned.iter().map(|turned| turned.code).collect();
    let examples: Map<String, Value> = turned.iter().map(example).collect();
    let mut response = json!({
        "description": meaning(status, receiver),
        "content": { PROBLEM: {
            "schema": { "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "properties": {
                    "status": { "const": status },
                    "code": { "enum": codes }
                } }
            ] },
            "examples": examples
        } }
    });
    let mut names: Vec<&str> = turned
        .iter()
        .filter_map(|it| it.header.as_deref())
        .collect();
    names.dedup();
    let headers: Map<String, Value> = names
        .into_iter()
        .map(|name| {
            let is_always = turned.iter().all(|it| it.header.as_deref() == Some(name));
            (name.to_owned(), header(name, is_always))
        })
        .collect();
    if let (false, Some(members)) = (headers.is_empty(), response.as_object_mut()) {
        members.insert("headers".to_owned(), Value::Object(headers));
    }
    response
}

fn example(turned: &TurnedAway) -> (String, Value) {
    let detail = turned.problem.get("detail");
    let summary = detail.and_then(Value::as_str).unwrap_or(turned.code);
    let example = json!({ "summary": summary, "value": turned.problem });
    (turned.code.to_owned(), example)
}

fn header(name: &str, is_always: bool) -> Value {
    let (description, schema) = match name {
        "retry-after" => (
            "Seconds to wait: `receiver.retry_after`.",
            json!({ "type": "integer", "minimum": 1 }),
        ),
        "www-authenticate" => (
            "Where neither a token nor a signature was believed.",
            json!({ "type": "string", "const": "Bearer" }),
        ),
        _ => ("What the path takes.", json!({ "type": "string" })),
    };
    json!({ "description": description, "required": is_always, "schema": schema })
}

/// What a status means for whoever sends, and whether to come back.
fn meaning(status: u16, receiver: &ReceiverSettings) -> String {
    let limit = receiver.body_limit;
    let within = humantime::format_duration(receiver.body_within);
    match status {
        400 => "No event of CloudEvents 1.0 was found, or the body broke off. After \
                `broken_body` send it again; else mend it first."
            .to_owned(),
        401 => "Not believed. The same request stays refused: mend the secret, the signature \
                or the clock. A retry is signed anew, with the same id."
            .to_owned(),
        404 => "No source of this name takes webhooks. Mend the address, or have the source \
                configured."
            .to_owned(),
        408 => format!("The body did not arrive within {within}. Send it again."),
        413 => format!(
            "The body is larger than {limit} bytes (`receiver.body_limit`), or an event is \
             larger than a record of the log. Send fewer events at once."
        ),
        415 => "None of the three modes of CloudEvents in JSON, compressed, or not UTF-8. Mend it."
            .to_owned(),
        422 => "An event that the relay does not take: `field` and `expected` say what to mend, \
                `index` which event of a batch. Nothing of the request was kept."
            .to_owned(),
        503 => "The event log has not confirmed; it may hold the events all the same. Send the \
                same again, with the same ids, after `Retry-After` seconds."
            .to_owned(),
        _ => "Turned away.".to_owned(),
    }
}
