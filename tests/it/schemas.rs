//! The committed JSON Schemas: up to date, valid, and of one mind with the parser.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hris_relay::event::{Event, Strictness, documents, examples};
use jsonschema::Validator;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// Compares a committed file with what it must be; `UPDATE_SNAPSHOTS=1` rewrites it.
fn committed(path: &Path, wanted: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of the tests, not of the product"
    )]
    let update = std::env::var("UPDATE_SNAPSHOTS").is_ok_and(|value| value == "1");
    if update {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is out of date: run UPDATE_SNAPSHOTS=1 cargo test --test it schemas",
        path.display()
    );
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

fn validator(document: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(document)
        .unwrap()
}

/// The validator of the type an event says it has.
fn validator_of(event: &Value) -> Validator {
    let file = format!("{}.schema.json", event["type"].as_str().unwrap());
    let found = documents().into_iter().find(|(name, _)| *name == file);
    validator(&found.unwrap().1)
}

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    let mut index = String::from(
        "# Event schemas\n\n\
         JSON Schema 2020-12, one file a type, made from the types in `src/event/wire.rs`;\n\
         `hris-relay schemas` prints the same. The envelope is CloudEvents 1.0, `data` is closed:\n\
         a member that a schema does not list is refused at the edge. What a schema cannot say and the\n\
         relay checks: no group is in `joined` and in `left`, a time zone is an IANA name, and nobody\n\
         but the relay's own commands writes the `relay.*` types and `data.import`.\n\n\
         Where they travel: [asyncapi.json](asyncapi.json) has the topics, [openapi.json](openapi.json) the HTTP\n\
         surface; both refer to these files. `hris-relay schemas asyncapi` and `openapi` print each with the\n\
         schemas in it, for the installation that `--config` names.\n\n\
         | type | what it says | examples |\n|---|---|---|\n",
    );
    for (file, document) in documents() {
        committed(&folder().join(&file), &pretty(&document));
        let kind = file.trim_end_matches(".schema.json");
        let links: Vec<String> = examples()
            .iter()
            .filter(|(_, event)| event["type"] == kind)
            .map(|(name, _)| format!("[{name}](examples/{name}.json)"))
            .collect();
        let said = document["description"].as_str().unwrap();
        writeln!(
            index,
            "| [`{kind}`]({file}) | {said} | {} |",
            links.join(", ")
        )
        .unwrap();
    }
    committed(&folder().join("README.md"), &index);
    for (name, event) in examples() {
        let path = folder().join("examples").join(format!("{name}.json"));
        committed(&path, &pretty(&event));
    }
}

#[test]
fn nothing_else_lies_in_the_folder() {
    let count = |folder: &Path| {
        let files = std::fs::read_dir(folder).unwrap();
        files
            .filter(|file| file.as_ref().unwrap().path().is_file())
            .count()
    };
    // The index, the configuration's schema, the topics and the HTTP surface.
    assert_eq!(count(&folder()), documents().len() + 4);
    assert_eq!(count(&folder().join("examples")), examples().len());
}

#[test]
fn every_schema_is_valid_named_and_described() {
    for (file, document) in documents() {
        jsonschema::meta::validate(&document).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(
            document["$id"],
            format!("https://hris-relay.dev/schemas/{file}")
        );
        for member in ["title", "description"] {
            assert!(document[member].is_string(), "{file}: {member}");
        }
        let properties = document["properties"].as_object().unwrap();
        let data = properties["data"]["properties"].as_object();
        for (name, property) in properties.iter().chain(data.into_iter().flatten()) {
            assert!(property["description"].is_string(), "{file}: {name}");
        }
        assert!(
            !document["examples"].as_array().unwrap().is_empty(),
            "{file}"
        );
    }
}

#[test]
fn parser_and_schema_take_every_committed_example() {
    for (name, _) in examples() {
        let path = folder().join("examples").join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap();
        let event: Value = serde_json::from_str(&text).unwrap();
        let written = Event::parse(text.as_bytes(), Strictness::Strict)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .to_json();
        let written: Value = serde_json::from_slice(&written).unwrap();
        assert!(validator_of(&event).is_valid(&event), "{name}");
        assert!(
            validator_of(&written).is_valid(&written),
            "{name} as the relay writes it"
        );
    }
}

/// An example with the member at a JSON pointer replaced, or taken away by `(gone)`.
fn mutated(line: &str) -> Value {
    let [example, pointer, value] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("an example, a pointer and a value: {line}");
    };
    let found = examples().into_iter().find(|(name, _)| *name == example);
    let (_, mut event) = found.expect(line);
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    let value = match value {
        "(gone)" => None,
        "(65 characters)" => Some(json!("x".repeat(65))),
        "(251 characters)" => Some(json!("x".repeat(251))),
        json => Some(serde_json::from_str(json).expect(line)),
    };
    match value {
        None => drop(parent.remove(member).expect(line)),
        Some(value) => drop(parent.insert(member.to_owned(), value)),
    }
    if member == "data_base64" && example == "erased" {
        parent.remove("data");
    }
    event
}

const REFUSED: &str = r#"
hired /specversion "0.3"
hired /specversion (gone)
hired /id (gone)
hired /id ""
hired /source (gone)
hired /source (65 characters)
hired /subject (gone)
hired /subject (251 characters)
hired /subject "a\nb"
hired /subject 1001
hired /time "2026-02-20"
hired /time "2026-02-20T09:15:00"
hired /time "2026-02-30T09:15:00Z"
hired /time null
hired /sequence 1.5
hired /sequence "one"
hired /datacontenttype "text/xml"
hired /data (gone)
hired /data []
hired /data_base64 "e30="
hired /data/effective_at (gone)
hired /data/effective_at null
hired /data/effective_at "01.03.2026"
hired /data/effective_at "2026-02-30"
hired /data/phase "soon"
hired /data/phase null
hired /data/ssn "078-05-1120"
hired /data/employment_id ""
hired /data/attributes []
hired /data/attributes/age 17
hired /data/attributes/manager true
hired /data/groups/joined ["Sales"]
hired /data/groups/current ["Sales", "Sales"]
hired /data/groups/current [""]
hired /data/groups/others []
group_changed /data/groups (gone)
group_changed /data/groups {}
group_changed /data/groups { "joined": [] }
group_changed /data/groups/current ["Sales"]
updated /data/phase "cancelled"
updated /data/employment_id "C-1"
terminated /data/effective_at (gone)
terminated /data/reason "bored"
access_revoked /data/phase "scheduled"
access_restored /data/reason "other"
erased /data/reason "other"
snapshot /data/start_date null
snapshot /data/status "on leave"
snapshot /data/groups {}
snapshot /data/groups/joined ["Sales"]
redrive /data/provider "moodle"
redrive /data/operator ""
redrive /data/reason (gone)
redrive /data/fact_version (gone)
redrive /data/fact_version "0.1"
reconcile /data/fact_version "0.1"
imported /data/import {}
imported /data/import/adopt ["moodle"]
imported /data/import/keep true"#;

#[test]
fn parser_and_schema_refuse_the_same_mutations() {
    for line in REFUSED.trim().lines() {
        let event = mutated(line);
        let read = Event::from_value(&event, Strictness::Strict);
        assert!(read.is_err(), "parser took {line}");
        assert!(!validator_of(&event).is_valid(&event), "schema took {line}");
    }
}

const TAKEN: &str = r#"
hired /time "2026-02-20t09:15:00.5+01:00"
hired /time (gone)
hired /sequence "42"
hired /traceparent "00-0af7-b7ad-01"
hired /datacontenttype "application/json; charset=utf-8"
hired /data/attributes/email null
hired /data/groups { "joined": ["Sales"], "left": ["Support"] }
group_changed /data/groups { "current": [] }
terminated /data (gone)
erased /data (gone)
erased /data_base64 "e30="
reconcile /data/fact_version "9c1f0e5ab27d4c31"
imported /data/import/adopt []
"#;

#[test]
fn parser_and_schema_take_the_same_variants() {
    for line in TAKEN.trim().lines() {
        let event = mutated(line);
        let read = Event::from_value(&event, Strictness::Strict);
        assert!(read.is_ok(), "parser refused {line}: {read:?}");
        assert!(
            validator_of(&event).is_valid(&event),
            "schema refused {line}"
        );
    }
}
