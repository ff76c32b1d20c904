//! Schemas in the documents: references to the events' files, and shapes made from types.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::event::{TYPES, documents};

/// The types that a sender may say; the others are the relay's own.
pub(super) fn facts() -> impl Iterator<Item = &'static str> {
    let types = TYPES.iter().copied();
    types.filter(|kind| kind.starts_with("hr."))
}

/// The name of a type within a document: `hired` of `hr.employee.hired.v1`.
pub(super) fn short(kind: &str) -> &str {
    let unversioned = kind.strip_suffix(".v1").unwrap_or(kind);
    unversioned.rsplit('.').next().unwrap_or(unversioned)
}

/// The schema of a type's events.
pub(super) fn event(kind: &str) -> Value {
    json!({ "$ref": format!("./{kind}.schema.json") })
}

/// The schema of a type's `data`.
pub(super) fn data(kind: &str) -> Value {
    json!({ "$ref": format!("./{kind}.schema.json#/properties/data") })
}

/// The schema of a fact as a sender may say it.
pub(super) fn sent(kind: &str) -> Value {
    if kind != "hr.employee.snapshot.v1" {
        return event(kind);
    }
    json!({
        "allOf": [
            event(kind),
            {
                "description": "`data.import` is for `hris-relay import` alone.",
                "properties": { "data": { "not": { "required": ["import"] } } }
            }
        ]
    })
}

/// The schema of what a type serialises to.
pub(super) fn of<T: JsonSchema>() -> Value {
    made(|generator| generator.root_schema_for::<T>().to_value())
}

/// A schema that somebody makes with our settings: everything in place, optional members
/// left out rather than null.
pub(super) fn made(make: impl FnOnce(&mut SchemaGenerator) -> Value) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let mut schema = make(&mut settings.into_generator());
    mend(&mut schema);
    if let Some(members) = schema.as_object_mut() {
        for name in ["$schema", "title"] {
            members.shift_remove(name);
        }
    }
    schema
}

/// A sentence is one line, and the size of a number in Rust is no format.
fn mend(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(description)) = members.get_mut("description") {
                *description = description.replace('\n', " ");
            }
            let is_size = |format: &Value| format.as_str().is_some_and(|it| it.starts_with("uint"));
            if members.get("format").is_some_and(is_size) {
                members.shift_remove("format");
            }
            members.values_mut().for_each(mend);
        }
        Value::Array(items) => items.iter_mut().for_each(mend),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The same document with the events' schemas in it: it needs no other file.
pub fn whole(mut document: Value) -> Value {
    let mut named = BTreeSet::new();
    inward(&mut document, &mut named);
    let schemas = document.pointer_mut("/components/schemas");
    if let Some(schemas) = schemas.and_then(Value::as_object_mut) {
        let events = documents().into_iter().map(embedded);
        schemas.extend(events.filter(|(kind, _)| named.contains(kind)));
    }
    document
}

/// A schema under the name of its type, without what says that it is a file of its own.
fn embedded((file, schema): (String, Value)) -> (String, Value) {
    let name = file.trim_end_matches(".schema.json").to_owned();
    let mut members = match schema {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    members.retain(|name, _| !matches!(name.as_str(), "$schema" | "$id"));
    (name, Value::Object(members))
}

/// Turns references to the schemas' files into references within the document, and notes the
/// types they name.
fn inward(value: &mut Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                let file = reference.strip_prefix("./").map(str::to_owned);
                if let Some((kind, place)) = file.as_deref().and_then(parted) {
                    *reference = format!("#/components/schemas/{kind}{place}");
                    named.insert(kind.to_owned());
                }
            }
            for member in members.values_mut() {
                inward(member, named);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| inward(item, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The type whose file a reference names, and the place in it.
fn parted(reference: &str) -> Option<(&str, &str)> {
    let (kind, rest) = reference.split_once(".schema.json")?;
    Some((kind, rest.trim_start_matches('#')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_document_refers_to_nothing_outside() {
        let document = json!({
            "components": { "schemas": {} },
            "a": event("hr.employee.hired.v1"),
            "b": [data("hr.employee.erased.v1")],
        });
        let whole = whole(document);
        assert_eq!(
            whole["a"]["$ref"],
            "#/components/schemas/hr.employee.hired.v1"
        );
        let place = whole["b"][0]["$ref"].as_str().unwrap();
        assert!(
            whole
                .pointer(place.trim_start_matches('#'))
                .unwrap()
                .is_object()
        );
        let embedded = &whole["components"]["schemas"]["hr.employee.hired.v1"];
        assert!(embedded["$id"].is_null() && embedded["title"] == "Hired");
    }

    #[test]
    fn a_type_is_called_by_its_last_word() {
        assert_eq!(short("hr.employee.group_changed.v1"), "group_changed");
        assert_eq!(short("relay.redrive.v1"), "redrive");
    }
}
