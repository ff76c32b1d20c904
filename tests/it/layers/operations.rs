//! The operators' guide knows every word that the process says to them.

use super::documents::document;
use super::source::{Source, below};
use hris_relay::provider::Failure;

const GUIDE: &str = "docs/operations.md";

/// The words that functions of a name answer with: `=> "word"`.
pub(crate) fn words_of(function: &str, text: &str) -> Vec<String> {
    let head = format!("fn {function}(");
    let mut found = Vec::new();
    for body in text.split(&head).skip(1) {
        for arm in body[..end_of_body(body)].split("=>").skip(1) {
            // An arm may be wrapped into a block of its own.
            let answer = arm.trim_start_matches([' ', '\n', '{']);
            found.extend(leading_literal(answer));
        }
    }
    found
}

/// The literals that stand behind a marker: `failure.code = "word"`.
fn words_behind(marker: &str, text: &str) -> Vec<String> {
    let rest = text.split(marker).skip(1);
    rest.filter_map(|rest| leading_literal(rest.trim_start()))
        .collect()
}

fn leading_literal(text: &str) -> Option<String> {
    let inside = text.strip_prefix('"')?;
    inside.split('"').next().map(str::to_owned)
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

/// Every stable word for a failure: what `code()` answers, and what is written where there
/// is no value to ask.
fn codes(text: &str) -> Vec<String> {
    let mut found = words_of("code", text);
    found.extend(words_behind("failure.code = ", text));
    found.extend(words_behind("header::FAILURE_CODE, ", text));
    found
}

/// The sentence of every log line that is an error or a warning, up to its first value.
fn alarms(text: &str) -> Vec<String> {
    let calls = ["tracing::error!(", "tracing::warn!("].map(|call| text.split(call).skip(1));
    let sentence = |arguments: &str| {
        let literals = arguments.split('"').skip(1).step_by(2);
        let is_sentence = |text: &&str| text.starts_with(char::is_uppercase);
        let sentence = literals.take(8).find(is_sentence)?;
        // A literal that goes on in the next line leaves out the break and the indentation.
        let lines = sentence.split("\\\n").map(str::trim_start);
        let whole = lines.collect::<String>();
        whole.split('{').next().map(|part| part.trim().to_owned())
    };
    calls.into_iter().flatten().filter_map(sentence).collect()
}

fn compared(found: impl IntoIterator<Item = String>, is_told: impl Fn(&str) -> bool) {
    let mut missing: Vec<String> = found.into_iter().filter(|word| !is_told(word)).collect();
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "{GUIDE} does not explain {missing:#?}");
}

fn sources() -> Vec<Source> {
    let is_ours = |source: &Source| {
        let is_simulated = source.path.starts_with("src/simulator/");
        !is_simulated && !source.path.contains("/tests") && !source.path.contains("/demo/")
    };
    below("src").into_iter().filter(is_ours).collect()
}

fn source(path: &str) -> String {
    let found = sources().into_iter().find(|source| source.path == path);
    found.unwrap_or_else(|| panic!("{path} is not there")).text
}

#[test]
fn every_failure_code_has_its_paragraph_in_the_operations_guide() {
    let guide = document(GUIDE).text;
    let found: Vec<String> = sources().iter().flat_map(|it| codes(&it.text)).collect();
    // One of each way in which a code comes to be.
    for known in [
        "needs_read",
        "event_misfiled",
        "state_undecodable",
        "expired",
    ] {
        assert!(found.iter().any(|code| code == known), "{known} not found");
    }
    compared(found, |code| guide.contains(&format!("`{code}`")));
}

#[test]
fn every_word_in_a_label_is_in_the_operations_guide() {
    let guide = document(GUIDE).text;
    let mut found = words_of("as_str", &source("src/receiver/outcome.rs"));
    found.extend(words_of("outcome", &source("src/roster/intake/core.rs")));
    found.extend(words_of("as_str", &source("src/worker/books.rs")));
    assert!(found.len() > 12, "{found:#?}");
    compared(found, |word| guide.contains(&format!("`{word}`")));
}

#[test]
fn every_alarm_in_the_log_is_in_the_operations_guide() {
    let guide = document(GUIDE).text;
    let found: Vec<String> = sources().iter().flat_map(|it| alarms(&it.text)).collect();
    assert!(found.len() > 20, "{found:#?}");
    let unbroken = guide.split_whitespace().collect::<Vec<_>>().join(" ");
    compared(found, |line| unbroken.contains(line));
}

#[test]
fn codes_are_found_however_they_are_written() {
    let text = r#"
        fn other(&self) -> &str { match self { A => "not_this" } }
        pub const fn code(&self) -> &'static str {
            match self { Self::A { .. } => "first", Self::B(_) | Self::C => {
                "second" } }
        }
        fn later(&self) -> &str { match self { A => "nor_this" } }
        fn code(self) -> &'static str { match self { D => "third" } }
        error!(failure.code = "fourth", "Said"); x.with(header::FAILURE_CODE, "fifth")
    "#;
    assert_eq!(codes(text), ["first", "second", "third", "fourth", "fifth"]);
}

#[test]
fn alarms_are_found() {
    let text = r#"tracing::error!(code = "x", %error, "Not \
        kept: {reason}"); tracing::info!("No")"#;
    assert_eq!(alarms(text), ["Not kept:"]);
}

#[test]
fn every_failure_code_of_a_platform_is_shown_from_the_start() {
    let mut known = Failure::CODES.to_vec();
    let mut answered = words_of("code", &source("src/provider/failure.rs"));
    known.sort_unstable();
    answered.sort();
    assert_eq!(known, answered);
}
