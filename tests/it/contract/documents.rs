//! Every topic, header, path and refusal of the code is in its document, and nothing else is.

use std::collections::BTreeSet;

use hris_relay::event::examples;
use hris_relay::id::Provider;
use hris_relay::log::Topic;
use serde_json::Value;

use super::{complaints, resolved, surface, topics, validator};
use crate::layers::operations::words_of;

fn source(path: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// The values of the `pub const NAME: &str` of a text.
fn constants(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim);
    let values = lines.filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = "));
    values
        .map(|(_, value)| value.trim_matches([';', '"']).to_owned())
        .collect()
}

fn members(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// Every value of that member, however deep.
fn every<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get(name));
            object
                .values()
                .for_each(|member| every(member, name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| every(item, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_topic_is_a_channel_and_every_channel_a_topic() {
    let document = topics();
    let known: BTreeSet<String> = Topic::all(Provider::ALL)
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut told = BTreeSet::new();
    for channel in document["channels"].as_object().unwrap().values() {
        let address = channel["address"].as_str().unwrap();
        for provider in Provider::ALL {
            told.insert(address.replace("{provider}", provider.as_str()));
        }
        let has_parameter = channel["parameters"]["provider"].is_object();
        assert_eq!(has_parameter, address.contains("{provider}"), "{address}");
        let messages = channel["messages"].as_object().unwrap();
        assert!(!messages.is_empty(), "{address}");
    }
    assert_eq!(told, known);
}

#[test]
fn every_header_of_a_record_is_described_once_and_used() {
    let document = topics();
    let text = source("src/log/record.rs");
    let module = text.split("pub mod header {").nth(1).unwrap();
    let known = constants(module.split("\n}").next().unwrap());
    let schemas = members(&document["components"]["schemas"]);
    let described: BTreeSet<String> = schemas
        .iter()
        .filter_map(|name| name.strip_prefix("header.").map(str::to_owned))
        .collect();
    assert!(known.len() > 10 && known == described, "{described:#?}");
    let mut references = Vec::new();
    every(&document, "$ref", &mut references);
    for name in known {
        let reference = format!("#/components/schemas/header.{name}");
        let is_used = references.iter().any(|used| **used == reference);
        assert!(is_used, "no message has {name}");
    }
}

#[test]
fn a_message_says_whether_it_belongs_to_a_trace() {
    let document = topics();
    let one = [Provider::STARTEXAM];
    // What others write to the inbox may carry the trace of theirs.
    let written = Topic::all(&one)
        .into_iter()
        .filter(|topic| *topic != Topic::Inbox);
    for topic in written {
        let address = topic.to_string().replace("startexam", "{provider}");
        let channels = document["channels"].as_object().unwrap().values();
        let channel = channels.into_iter().find(|it| it["address"] == address);
        for message in channel.unwrap()["messages"].as_object().unwrap().values() {
            let headers = &resolved(&document, message)["headers"]["properties"];
            let is_told = headers["traceparent"].is_object() && headers["tracestate"].is_object();
            // What is no event is appended with the events of its webhook.
            let is_traced = topic.is_traced() || topic == Topic::Quarantine;
            assert_eq!(is_told, is_traced, "{topic}");
        }
    }
}

#[test]
fn every_path_of_the_ports_is_described_and_every_described_path_is_there() {
    let routes = source("src/receiver/routes.rs") + &source("src/admin/mod.rs");
    let known: BTreeSet<String> = constants(&routes)
        .into_iter()
        .filter(|value| value.starts_with('/'))
        .collect();
    assert_eq!(members(&surface()["paths"]), known);
    for call in ["resource(\"", "route(\"", "read_only(\""] {
        assert!(!routes.contains(call), "{call} is no constant");
    }
}

#[test]
fn every_code_of_a_refusal_is_described() {
    let log = source("src/log/mod.rs");
    let append = log.split("impl AppendError {").nth(1).unwrap();
    let mut known = words_of("code", append.split("\n}").next().unwrap());
    for path in [
        "src/receiver/refusal.rs",
        "src/receiver/signature/mod.rs",
        "src/event/parse_error.rs",
    ] {
        known.extend(words_of("code", &source(path)));
    }
    let document = surface();
    let mut codes = Vec::new();
    every(&document["paths"], "code", &mut codes);
    let described: BTreeSet<&str> = codes
        .into_iter()
        .filter_map(|code| code["enum"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // Of another path or method than those described.
    let elsewhere = document["info"]["description"].as_str().unwrap();
    for code in &known {
        let is_told = described.contains(code.as_str()) || elsewhere.contains(&format!("`{code}`"));
        assert!(is_told, "{code} is not described");
    }
    for code in described {
        assert!(known.iter().any(|it| it == code), "{code} is nobody's");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for document in [topics(), surface()] {
        let mut references = Vec::new();
        every(&document, "$ref", &mut references);
        assert!(references.len() > 50);
        for reference in references {
            let place = reference.as_str().unwrap().strip_prefix('#');
            let found = place.and_then(|place| document.pointer(place));
            assert!(found.is_some(), "{reference}");
        }
    }
}

#[test]
fn every_example_is_as_its_schema_says() {
    let document = topics();
    let mut shown = 0;
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        for example in message["examples"].as_array().into_iter().flatten() {
            shown += 1;
            for part in ["headers", "payload"] {
                let found = complaints(&document, &message[part], &example[part]);
                assert!(found.is_empty(), "{name}, {part}: {found:#?}");
            }
        }
    }
    assert!(shown > examples().len(), "{shown}");
    let document = surface();
    let mut contents = Vec::new();
    every(&document["paths"], "content", &mut contents);
    for content in contents {
        for media in content.as_object().unwrap().values() {
            let validator = validator(&document, &media["schema"]);
            for (name, example) in media["examples"].as_object().into_iter().flatten() {
                assert!(validator.is_valid(&example["value"]), "{name}");
            }
        }
    }
}

#[test]
fn what_a_sender_may_not_say_is_no_message_of_the_inbox_and_no_body() {
    let (topics, surface) = (topics(), surface());
    let inbox = topics["channels"]["inbox"]["messages"].as_object().unwrap();
    let body = &surface["paths"]["/events"]["post"]["requestBody"]["content"]["application/cloudevents+json"]
        ["schema"];
    for (name, example) in examples() {
        let is_own = example["type"].as_str().unwrap().starts_with("relay.")
            || example["data"].get("import").is_some();
        let is_said = inbox.values().any(|message| {
            let schema = &resolved(&topics, message)["payload"];
            // Any data passes for the value of a record in binary mode.
            let is_structured = !schema["anyOf"].is_array();
            is_structured && complaints(&topics, schema, &example).is_empty()
        });
        assert_eq!(is_said, !is_own, "{name}");
        let is_taken = complaints(&surface, body, &example).is_empty();
        assert_eq!(is_taken, !is_own, "{name}");
    }
}
