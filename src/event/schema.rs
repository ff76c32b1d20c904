//! JSON Schema 2020-12 documents of every event type, made from the shapes on the wire.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::decode::TYPES;
use super::examples::examples;
use super::wire::{
    AccessData, CommandData, Envelope, ErasureData, GroupChangeData, HireData, ReconcileData,
    SnapshotData, TerminationData, UpdateData,
};

/// Where the schemas say they live.
const HOME: &str = "https://hris-relay.dev/schemas";

/// The schema of every event type: the name of its file, and the document.
pub fn documents() -> Vec<(String, Value)> {
    TYPES
        .iter()
        .filter_map(|kind| Some((format!("{kind}.schema.json"), document(kind)?)))
        .collect()
}

/// What a type is called and says, in a sentence.
fn told(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "hr.employee.hired.v1" => ("Hired", "Somebody starts working here."),
        "hr.employee.rehired.v1" => (
            "Rehired",
            "Somebody starts working here again: the same fact as `hr.employee.hired.v1`.",
        ),
        "hr.employee.updated.v1" => ("Updated", "Attributes changed. It activates nobody."),
        "hr.employee.group_changed.v1" => ("Group changed", "Memberships changed."),
        "hr.employee.terminated.v1" => (
            "Terminated",
            "An employment ends; a person deleted in the HR system is one.",
        ),
        "hr.employee.access_revoked.v1" => (
            "Access revoked",
            "Access is taken away while the employment goes on.",
        ),
        "hr.employee.access_restored.v1" => (
            "Access restored",
            "Access that this source revoked is given back.",
        ),
        "hr.employee.erased.v1" => ("Erased", "The person's data must go."),
        "hr.employee.snapshot.v1" => (
            "Snapshot",
            "The state of a person as the source observed it at `time`.",
        ),
        "relay.redrive.v1" => (
            "Redrive",
            "An operator lets the relay try again what it gave up at one provider.",
        ),
        "relay.release.v1" => ("Release", "An operator lets a held removal go."),
        "relay.reject.v1" => ("Reject", "An operator refuses a held removal."),
        "relay.reconcile.v1" => (
            "Reconcile",
            "An operator lets the relay assert everything about a person at one provider again.",
        ),
        _ => return None,
    })
}

fn document(kind: &str) -> Option<Value> {
    let (title, description) = told(kind)?;
    let generated = match kind {
        "hr.employee.hired.v1" | "hr.employee.rehired.v1" => envelope::<HireData<'static>>(),
        "hr.employee.updated.v1" => envelope::<UpdateData<'static>>(),
        "hr.employee.group_changed.v1" => envelope::<GroupChangeData<'static>>(),
        "hr.employee.terminated.v1" => envelope::<TerminationData<'static>>(),
        "hr.employee.access_revoked.v1" | "hr.employee.access_restored.v1" => {
            envelope::<AccessData<'static>>()
        }
        "hr.employee.erased.v1" => envelope::<ErasureData>(),
        "hr.employee.snapshot.v1" => envelope::<SnapshotData<'static>>(),
        "relay.reconcile.v1" => envelope::<ReconcileData<'static>>(),
        _ => envelope::<CommandData<'static>>(),
    };
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{HOME}/{kind}.schema.json"),
        "title": title,
        "description": description,
    });
    let members = document.as_object_mut()?;
    for (name, value) in generated.as_object()? {
        members.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let of_kind = |event: &Value| event.get("type").and_then(Value::as_str) == Some(kind);
    let shown: Vec<Value> = examples()
        .into_iter()
        .map(|(_, event)| event)
        .filter(of_kind)
        .collect();
    members.insert("examples".to_owned(), Value::Array(shown));
    *document.pointer_mut("/properties/type")? =
        json!({ "description": "What happened.", "const": kind });
    data_or_base64(&mut document)?;
    Some(document)
}

fn envelope<D: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.transforms.push(Box::new(Mend));
    });
    settings
        .into_generator()
        .into_root_schema_for::<Envelope<'static, D>>()
        .to_value()
}

/// A type whose data all may be left out needs no `data`; others need it, or its base64.
fn data_or_base64(document: &mut Value) -> Option<()> {
    let needs_data = document.pointer("/properties/data/required").is_some();
    let members = document.as_object_mut()?;
    let required = members.get_mut("required")?.as_array_mut()?;
    required.retain(|name| name != "data");
    if needs_data {
        members.insert(
            "oneOf".to_owned(),
            json!([{ "required": ["data"] }, { "required": ["data_base64"] }]),
        );
    } else {
        members.insert(
            "not".to_owned(),
            json!({ "required": ["data", "data_base64"] }),
        );
    }
    let base64 = json!({
        "description": "The JSON of `data` in base64, instead of `data`.",
        "type": "string",
        "contentEncoding": "base64",
        "contentMediaType": "application/json"
    });
    members
        .get_mut("properties")?
        .as_object_mut()?
        .insert("data_base64".to_owned(), base64);
    Some(())
}

/// Mends what the generator takes from Rust: a member that may be left out may not be null
/// (only where null says something), and a sentence is one line.
#[derive(Debug, Clone)]
struct Mend;

impl Transform for Mend {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace('\n', " ");
        }
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            if name != "end_date" {
                forbid_null(property);
            }
        }
    }
}

fn forbid_null(property: &mut Value) {
    let Some(members) = property.as_object_mut() else {
        return;
    };
    members.remove("default");
    if let Some(Value::Array(kinds)) = members.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    let choices = members.get_mut("anyOf").and_then(Value::as_array_mut);
    let Some(choices) = choices else { return };
    let before = choices.len();
    choices.retain(|choice| choice != &json!({ "type": "null" }));
    if let ([only], true) = (choices.as_slice(), choices.len() < before) {
        let only = only.clone();
        members.remove("anyOf");
        for (name, value) in only.as_object().into_iter().flatten() {
            members.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}
