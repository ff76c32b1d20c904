//! The contracts are of one mind with the code, and with what a running relay does.

mod documents;
mod held;
mod http;
mod printed;
mod records;

use hris_relay::config::Settings;
use hris_relay::contract;
use hris_relay::id::Provider;
use jsonschema::Validator;
use serde_json::{Value, json};

/// The topics, in one document.
fn topics() -> Value {
    let kafka = Settings::default().kafka;
    contract::whole(contract::asyncapi(&kafka, Provider::ALL))
}

/// The HTTP surface, in one document.
fn surface() -> Value {
    let settings = Settings::default();
    contract::whole(contract::openapi(&settings.receiver, &settings.admin))
}

/// The validator of a schema within a document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// What a schema finds wrong with a value.
fn complaints(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let validator = validator(document, schema);
    let found = validator.iter_errors(value);
    found.map(|error| error.to_string()).collect()
}

/// What a reference within a document refers to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        None => value,
        Some(reference) => {
            let place = reference.trim_start_matches('#');
            let found = document.pointer(place);
            resolved(document, found.unwrap_or_else(|| panic!("no {reference}")))
        }
    }
}
