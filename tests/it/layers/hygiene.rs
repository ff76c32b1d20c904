//! What a reader may expect of every file.

use super::rust::{Token, tokens};
use super::source::{Source, below, tracked};

/// The longest a file may be, in lines.
const LONGEST: usize = 400;

/// Words that name nothing; in no name of a file, module or type.
const EMPTY_WORDS: &[&str] = &[
    "util",
    "utils",
    "helper",
    "helpers",
    "manager",
    "handler",
    "processor",
    "service",
    "common",
    "misc",
];

/// Notes to oneself, written so that this file does not contain them.
const NOTES: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
];

/// Folders of one machine, written so that this file does not contain them.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

fn rust() -> Vec<Source> {
    let mut sources = below("src");
    sources.extend(below("tests"));
    sources
}

fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            spaced.push(' ');
        }
        spaced.extend(c.to_lowercase());
    }
    spaced
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_empty_name(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| EMPTY_WORDS.contains(&word.as_str()))
}

/// The names a file gives: its own path and the modules and types it declares.
fn names(source: &Source) -> Vec<String> {
    let tokens = tokens(&source.text);
    let declared = tokens.windows(2).filter_map(|pair| match pair {
        [Token::Word(keyword), Token::Word(name)]
            if ["mod", "struct", "enum", "trait", "type", "union"].contains(&keyword.as_str()) =>
        {
            Some(name.clone())
        }
        _ => None,
    });
    let path = source
        .path
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned);
    path.chain(declared).collect()
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent: Vec<String> = rust()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert!(
        silent.is_empty(),
        "no `//! ` on the first line of {silent:#?}"
    );
}

#[test]
fn no_file_is_longer_than_it_may_be() {
    let long: Vec<String> = rust()
        .into_iter()
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "longer than {LONGEST} lines: {long:#?}");
}

#[test]
fn no_name_is_an_empty_word() {
    let found: Vec<String> = rust()
        .iter()
        .flat_map(|source| {
            names(source)
                .into_iter()
                .filter(|name| is_empty_name(name))
                .map(|name| format!("{}: `{name}`", source.path))
        })
        .collect();
    assert!(found.is_empty(), "names that say nothing: {found:#?}");
}

#[test]
fn no_file_holds_a_note_to_oneself() {
    let found = holding(&rust(), NOTES);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let found = holding(&tracked(), MACHINE_PATHS);
    assert!(found.is_empty(), "{found:#?}");
}

fn holding(sources: &[Source], unwanted: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            for word in unwanted.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{}:{}: `{word}`", source.path, number + 1));
            }
        }
    }
    found
}

#[test]
fn no_log_line_has_a_field_that_its_writer_leaves_out() {
    // tracing-subscriber takes fields that begin with `log.` for the metadata of another crate.
    let is_left_out = |line: &str| {
        let field = line
            .rsplit(['(', ' '])
            .find(|word| word.starts_with("log."));
        field.is_some_and(|field| line.contains(&format!("{field} = ")))
    };
    assert!(is_left_out("tracing::warn!(log.topic = %topic, \"x\");"));
    assert!(!is_left_out(
        "tracing::warn!(record.topic = %topic, log.level());"
    ));
    let found: Vec<String> = below("src")
        .iter()
        .flat_map(|source| {
            let lines = source.text.lines().zip(1..);
            lines
                .filter(|(line, _)| is_left_out(line))
                .map(|(_, number)| format!("{}:{number}", source.path))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn an_empty_word_is_found_in_any_case() {
    for name in ["RequestHandler", "util", "string_utils", "ServiceMap"] {
        assert!(is_empty_name(name), "{name}");
    }
    for name in ["Utility", "Handle", "Processed", "commonly"] {
        assert!(!is_empty_name(name), "{name}");
    }
}
