//! Imports go one way.

use super::rust::{Mention, mentions};
use super::source::{Source, below};
use super::table::{FENCED, STAGES};

/// The stage a file below `src/` belongs to: its folder, or its own name.
fn stage_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap();
    let first = inside.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The module a file below `src/` is: `src/a/mod.rs` and `src/a.rs` are `a`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path
        .strip_prefix("src/")
        .unwrap()
        .strip_suffix(".rs")
        .unwrap();
    let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    module
}

/// The stage of ours that a path leads to, if it leads to one; `*` is the crate's root.
fn imported(path: &str, mention: &Mention) -> Option<String> {
    let mut words = mention.path.iter().map(String::as_str).peekable();
    match words.peek().copied()? {
        "crate" | "hris_relay" => words.nth(1).map(str::to_owned),
        "super" => {
            let mut module = module_of(path);
            module.extend(mention.within.iter().cloned());
            while words.next_if_eq(&"super").is_some() {
                module.pop();
            }
            module.extend(words.map(str::to_owned));
            module.into_iter().next()
        }
        _ => None,
    }
}

/// Every import that the table does not allow, by file and stage.
fn forbidden(source: &Source) -> Vec<String> {
    let path = source.path.as_str();
    let stage = stage_of(path);
    let Some((_, allowed)) = STAGES.iter().find(|(name, _)| *name == stage) else {
        return vec![format!(
            "{path}: `{stage}` is in no row of the table of stages"
        )];
    };
    let mut complaints: Vec<String> = mentions(&source.text)
        .iter()
        .filter_map(|mention| imported(path, mention))
        .filter(|import| import != stage && !allowed.contains(&import.as_str()))
        .map(|import| format!("{path}: `{stage}` may not import `{import}`"))
        .collect();
    complaints.dedup();
    complaints
}

/// Every use of a fenced crate outside its fence.
fn escaped(source: &Source) -> Vec<String> {
    let inside = source.path.strip_prefix("src/").unwrap();
    let mut complaints = Vec::new();
    for mention in mentions(&source.text) {
        let path = mention.path.join("::");
        for (fenced, allowed) in FENCED {
            let names_it = path == *fenced || path.starts_with(&format!("{fenced}::"));
            let is_inside = allowed.iter().any(|fence| inside.starts_with(fence));
            if names_it && !is_inside {
                complaints.push(format!(
                    "{}: `{fenced}` may be named only in {}",
                    source.path,
                    allowed.join(", ")
                ));
            }
        }
    }
    complaints.dedup();
    complaints
}

#[test]
fn the_table_of_stages_is_in_order_and_so_without_a_cycle() {
    for (row, (stage, allowed)) in STAGES.iter().enumerate() {
        for import in *allowed {
            let listed = STAGES[..row].iter().any(|(name, _)| name == import);
            assert!(
                listed,
                "`{import}` must be listed before `{stage}`, which imports it"
            );
        }
    }
}

#[test]
fn stages_import_only_what_the_table_allows() {
    let complaints: Vec<String> = below("src").iter().flat_map(forbidden).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn fenced_crates_stay_inside_their_fence() {
    let complaints: Vec<String> = below("src").iter().flat_map(escaped).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_bad_import_is_reported_by_file_and_stage() {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    for (path, text, expected) in [
        (
            "src/worker/batch.rs",
            "use crate::{id::EmployeeId, receiver::Route};",
            "src/worker/batch.rs: `worker` may not import `receiver`",
        ),
        (
            "src/event/mod.rs",
            "fn f() -> super::person::Person { todo() }",
            "src/event/mod.rs: `event` may not import `person`",
        ),
        (
            "src/log/kafka/mod.rs",
            "mod tests { use super::super::super::worker::Core; }",
            "src/log/kafka/mod.rs: `log` may not import `worker`",
        ),
        (
            "src/clock.rs",
            "use crate::*;",
            "src/clock.rs: `clock` may not import `*`",
        ),
        (
            "src/console/mod.rs",
            "",
            "src/console/mod.rs: `console` is in no row of the table of stages",
        ),
    ] {
        assert_eq!(forbidden(&source(path, text)), [expected]);
    }
    let allowed = source(
        "src/log/kafka/mod.rs",
        "mod tests { use super::super::super::id::Provider; use super::*; }",
    );
    assert!(forbidden(&allowed).is_empty());
    let escape = source(
        "src/worker/mod.rs",
        "use std::{env, fs}; use rdkafka as kafka; // reqwest::get",
    );
    assert_eq!(
        escaped(&escape),
        [
            "src/worker/mod.rs: `std::env` may be named only in config/",
            "src/worker/mod.rs: `rdkafka` may be named only in log/kafka/, log/kafka.rs",
        ]
    );
}
