//! What the documents say about the code is so.

use std::io::Write;

use super::source::{Source, below, file};

/// The words that failures are known by: every text a function called `code` answers with.
fn codes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("fn code(") {
        rest = &rest[start..];
        let body = &rest[..end_of_body(rest)];
        for arm in body.split("=>").skip(1) {
            if let Some(word) = arm.trim_start().strip_prefix('"') {
                found.extend(word.split('"').next().map(str::to_owned));
            }
        }
        rest = &rest["fn code(".len()..];
    }
    found
}

/// The byte behind the brace that closes the first one opened.
fn end_of_body(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

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

/// A document, or a loud word that what it promises was not compared.
fn document(path: &str) -> Option<Source> {
    let found = file(path);
    if found.is_none() {
        // Past the capture of a test's output, since a skip that is not seen is a lie.
        let mut seen = std::io::stderr();
        writeln!(
            seen,
            "SKIPPED: {path} is not there, so nothing was compared with it"
        )
        .unwrap();
    }
    found
}

#[test]
fn every_failure_code_has_its_paragraph_in_the_operations_guide() {
    let Some(guide) = document("docs/operations.md") else {
        return;
    };
    let mut missing: Vec<String> = below("src")
        .iter()
        .flat_map(|source| codes(&source.text))
        .filter(|code| !guide.text.contains(&format!("`{code}`")))
        .collect();
    missing.sort();
    missing.dedup();
    assert!(
        missing.is_empty(),
        "{} does not explain {missing:#?}",
        guide.path
    );
}

#[test]
fn every_test_the_architecture_cites_exists() {
    let Some(story) = document("docs/architecture.md") else {
        return;
    };
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
fn codes_are_found_in_every_function_of_that_name() {
    let text = r#"
        fn other(&self) -> &str { match self { A => "not_this" } }
        pub const fn code(&self) -> &'static str {
            match self { Self::A { .. } => "first", Self::B(_) | Self::C =>
                "second" }
        }
        fn later(&self) -> &str { match self { A => "nor_this" } }
        fn code(self) -> &'static str { match self { D => "third" } }
    "#;
    assert_eq!(codes(text), ["first", "second", "third"]);
}

#[test]
fn cited_and_existing_tests_are_found() {
    let text =
        "| I1 | test: `wires::accepted_is_durable`, `other_one` | `not_this` |\nSee test: `third`.";
    assert_eq!(cited(text), ["accepted_is_durable", "other_one", "third"]);
    let text = "#[test]\nfn one() {}\n#[tokio::test(start_paused = true)]\n#[expect(x)]\nasync fn two() {}\nfn three() {}";
    assert_eq!(tests(text), ["one", "two"]);
}
