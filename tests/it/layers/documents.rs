//! What the documents say about the code is so.

use super::source::{Source, below, file};

/// The names of the tests in a source text.
fn tests(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, after)) = line.split_once("fn ")
            && is_test
        {
            let end = after.find(['(', '<']).unwrap_or(after.len());
            found.push(after[..end].to_owned());
            is_test = false;
        }
    }
    found
}

/// The names in backticks behind each `test:` of a document, to the end of its line or cell.
fn cited(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        for behind in line.split("test:").skip(1) {
            let cell = behind.split('|').next().unwrap_or_default();
            let quoted = cell.split('`').skip(1).step_by(2);
            found.extend(quoted.map(|name| name.rsplit("::").next().unwrap_or(name).to_owned()));
        }
    }
    found
}

/// A document that must be there.
pub(super) fn document(path: &str) -> Source {
    file(path).unwrap_or_else(|| panic!("{path} is not there"))
}

#[test]
fn every_test_the_architecture_cites_exists() {
    let story = document("docs/architecture.md");
    let mut sources = below("src");
    sources.extend(below("tests"));
    let known: Vec<String> = sources
        .iter()
        .flat_map(|source| tests(&source.text))
        .collect();
    let cited = cited(&story.text);
    assert!(!cited.is_empty(), "{} cites no test", story.path);
    let missing: Vec<&String> = cited.iter().filter(|name| !known.contains(name)).collect();
    assert!(
        missing.is_empty(),
        "{} cites tests that are not there: {missing:#?}",
        story.path
    );
}

#[test]
fn every_sentence_of_the_fold_names_its_test_and_every_test_of_the_fold_its_sentence() {
    let story = document("docs/architecture.md");
    let table = story.text.split("## Section by section").nth(1);
    let table = table.and_then(|behind| behind.split("\n## ").next());
    let table = table.expect("a section that takes the fold sentence by sentence");
    let headings = ["| sentence", "|---", "| **"];
    let is_sentence =
        |line: &&str| line.starts_with('|') && !headings.iter().any(|head| line.starts_with(head));
    let bare: Vec<&str> = table
        .lines()
        .filter(is_sentence)
        .filter(|line| cited(line).is_empty())
        .collect();
    assert!(bare.is_empty(), "no test is named for {bare:#?}");
    let of_the_fold = below("src/person/tests");
    let cited = cited(table);
    let homeless: Vec<String> = of_the_fold
        .iter()
        .flat_map(|source| tests(&source.text))
        .filter(|name| !cited.contains(name))
        .collect();
    assert!(cited.len() > 100 && homeless.is_empty(), "{homeless:#?}");
}

#[test]
fn cited_and_existing_tests_are_found() {
    let text =
        "| I1 | test: `wires::accepted_is_durable`, `other_one` | `not_this` |\nSee test: `third`.";
    assert_eq!(cited(text), ["accepted_is_durable", "other_one", "third"]);
    let text = "#[test]\nfn one() {}\n#[tokio::test(start_paused = true)]\n#[expect(x)]\nasync fn two() {}\nfn three() {}";
    assert_eq!(tests(text), ["one", "two"]);
}
