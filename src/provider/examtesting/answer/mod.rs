//! Reading an answer. Pure, and never fails.
//!
//! The page names the fields of an answer but shows its form in pictures only, so every form
//! it may have is read: lines of `name:value` or `name=value`, JSON, XML, and each of them
//! within a page.

use serde_json::Value;

use super::markup;

/// Longest part of a platform's message that is kept.
const LONGEST_SAID: usize = 1000;

/// The longest answer that is read; one is far below 1 KiB, and a page around it below this.
const LONGEST_BODY: usize = 64 << 10;

/// JSON within JSON within a page: deeper than any wrapping that is known.
const DEEPEST: u8 = 3;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It is done.
    Success,
    /// It is not done.
    Error {
        /// The page's code.
        code: Option<u16>,
        /// In words; may hold personal data.
        said: String,
    },
    /// Neither, or both.
    Nothing,
}

/// A field; the name is in lower case, letters and digits only, and empty if there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    value: String,
}

/// What an answer's body says.
///
/// Success only if the status says so, and nothing says that there was an error.
pub(super) fn read(body: &[u8]) -> Said {
    if LONGEST_BODY < body.len() {
        return Said::Nothing;
    }
    let text = String::from_utf8_lossy(body);
    let fields = fields(&text, DEEPEST);
    let words = words(&fields);
    let statuses = statuses(&fields);
    let says_error = statuses.iter().any(|status| has_error(status));
    let code = code_after_error(&words);
    let is_success = !statuses.is_empty() && statuses.iter().all(|status| is_success(status));
    match (is_success, says_error || code.is_some()) {
        (true, false) => Said::Success,
        (false, true) => Said::Error {
            code: code.or_else(|| lonely_code(&words)),
            said: words.chars().take(LONGEST_SAID).collect(),
        },
        (true, true) | (false, false) => Said::Nothing,
    }
}

fn fields(text: &str, depth: u8) -> Vec<Field> {
    let text = trimmed(text);
    if let Some(found) = depth.checked_sub(1).and_then(|less| from_json(text, less)) {
        return found;
    }
    if text.starts_with('<') {
        let leaves = markup::leaves(text).into_iter();
        let leaves: Vec<_> = leaves.map(|(name, value)| field(&name, &value)).collect();
        if leaves.iter().any(|field| field.name == "status") {
            return leaves;
        }
        let shown = markup::text(text);
        let shown = trimmed(&shown);
        let found = depth.checked_sub(1).and_then(|less| from_json(shown, less));
        return found.unwrap_or_else(|| lines(shown));
    }
    lines(text)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

/// The fields of JSON, if it is an object, a list or a text.
fn from_json(text: &str, depth: u8) -> Option<Vec<Field>> {
    let json: Value = serde_json::from_str(text).ok()?;
    match &json {
        Value::Object(_) | Value::Array(_) => {
            let mut found = Vec::new();
            gather("", &json, &mut found);
            if let [only] = found.as_slice()
                && ["", "d"].contains(&only.name.as_str())
            {
                // `{"d": "..."}`: ASP.NET wraps answers so.
                return Some(fields(&only.value, depth));
            }
            Some(found)
        }
        Value::String(inner) => Some(fields(inner, depth)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn gather(name: &str, json: &Value, found: &mut Vec<Field>) {
    match json {
        Value::Object(members) => {
            for (name, member) in members {
                gather(name, member, found);
            }
        }
        Value::Array(list) => {
            for one in list {
                gather(name, one, found);
            }
        }
        Value::String(text) => found.push(field(name, text)),
        Value::Number(number) => found.push(field(name, &number.to_string())),
        Value::Bool(_) | Value::Null => {}
    }
}

/// The fields of a text: `Status:ERROR,Reason=...|error: ...`.
fn lines(text: &str) -> Vec<Field> {
    text.split([',', ';', '|', '&', '\n', '\r'])
        .map(|part| match part.split_once([':', '=']) {
            Some((name, value)) => field(name, value),
            None => field("", part),
        })
        .filter(|field| !field.name.is_empty() || !field.value.is_empty())
        .collect()
}

fn field(name: &str, value: &str) -> Field {
    let quotes = |character: char| {
        character.is_whitespace() || matches!(character, '"' | '\'' | '{' | '}' | '[' | ']')
    };
    let name = name.chars().filter(|character| character.is_alphanumeric());
    Field {
        name: name.flat_map(char::to_lowercase).collect(),
        value: value.trim_matches(quotes).to_owned(),
    }
}

/// The values of the status; where no field has that name, the answer's first words.
fn statuses(fields: &[Field]) -> Vec<&str> {
    let named: Vec<_> = fields
        .iter()
        .filter(|field| field.name == "status")
        .map(|field| field.value.as_str())
        .collect();
    match fields.first() {
        Some(first) if named.is_empty() && first.name.is_empty() => vec![&first.value],
        Some(_) | None => named,
    }
}

fn is_success(status: &str) -> bool {
    words_of(status)
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("success"))
}

fn has_error(status: &str) -> bool {
    words_of(status).any(|word| word.eq_ignore_ascii_case("error"))
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Everything but the platform's own id, which may look like a code.
fn words(fields: &[Field]) -> String {
    let lines: Vec<_> = fields
        .iter()
        .filter(|field| field.name != "studentid")
        .map(|field| format!("{} {}", field.name, field.value))
        .collect();
    lines.join("\n").trim().to_owned()
}

/// The code of `ERROR 1005`, `error: 1005`, `Error-1005`.
fn code_after_error(words: &str) -> Option<u16> {
    let words = words.to_lowercase();
    let mut after = words.split("error").skip(1);
    after.find_map(|rest| {
        let rest = rest.trim_start();
        let rest = rest.strip_prefix([':', '#', '-']).unwrap_or(rest);
        code_at_start(rest.trim_start())
    })
}

fn code_at_start(text: &str) -> Option<u16> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let code: u16 = digits.parse().ok()?;
    (1000..=1999).contains(&code).then_some(code)
}

/// A code of the page that stands anywhere else.
fn lonely_code(words: &str) -> Option<u16> {
    words_of(words)
        .filter_map(|word| word.parse().ok())
        .find(|code| (1001..=1008).contains(code))
}

#[cfg(test)]
mod tests;
