//! `schemas` prints and writes the contracts.

use serde_json::Value;

use crate::support::binary::{Installation, files, run};

#[test]
fn schemas_are_valid_json_printed_or_written() {
    let printed = run(&["schemas"]);
    assert_eq!(printed.code, Some(0));
    let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&printed.stdout)
        .into_iter()
        .collect();
    let documents = documents.unwrap();
    let installation = Installation::new("");
    let folder = installation.path("schemas");
    let written = run(&["schemas", "--out", folder.to_str().unwrap()]);
    assert_eq!(written.code, Some(0));
    let names = files(&folder);
    assert_eq!(names.len(), written.stdout.lines().count());
    assert_eq!(names.len(), documents.len() + 2, "the topics and HTTP, too");
    for name in names {
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let is_event = name.ends_with(".schema.json");
        assert_eq!(documents.contains(&document), is_event, "{name}");
    }
    let both = run(&["schemas", "openapi", "--out", folder.to_str().unwrap()]);
    assert_eq!(both.code, Some(2), "one or all");
}

#[test]
fn the_contracts_are_printed_whole_and_for_the_installation() {
    let installation = Installation::new("[kafka]\nprefix = \"staging.\"\n");
    for (document, form) in [("asyncapi", "3.1.0"), ("openapi", "3.1.1")] {
        let printed = installation.run(&["schemas", document]);
        assert_eq!(printed.code, Some(0), "{}", printed.stderr);
        let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
        assert_eq!(printed[document], form);
        assert!(
            !printed.to_string().contains("\"./"),
            "it needs other files"
        );
        let address = &printed["channels"]["inbox"]["address"];
        assert!(address.is_null() || address == "staging.hris.inbox");
    }
}
