//! The three shapes of Cirrus' answers, read into one. Pure.
//!
//! | shape | success | refusal |
//! |---|---|---|
//! | most calls | `{"Content": .., "Success": true, "Errors": null}` | `Success: false`, `Errors` a text, texts or objects |
//! | per item | `Content` has `Errors: [{"UserName": .., "Error": ..}]` beside `Success: true` | as above |
//! | scheduling | `{"Result": .., "Schedule": .., "Candidates": [..]}` | `{"Message": ..}` |

use bytes::Bytes;
use serde_json::{Map, Value};

/// Longest part of a message that is kept.
const LONGEST_SAID: usize = 1000;

/// Members that hold what was wrong with a whole request.
const TROUBLE: [&str; 5] = ["Message", "Errors", "Error", "ErrorMessage", "title"];
/// Members of an error object that hold its text.
const TEXT: [&str; 5] = ["Message", "Error", "ErrorMessage", "Description", "Text"];
/// Members of an error object that hold its number.
const NUMBER: [&str; 4] = ["Code", "ErrorCode", "Number", "Id"];
/// Members of an error object that name whom it is about.
const WHOM: [&str; 5] = [
    "CandidateExtId",
    "ExternalId",
    "UserExternalId",
    "UserId",
    "UserName",
];

/// One thing Cirrus found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Trouble {
    /// Its number, where it has one.
    pub(super) code: Option<u32>,
    /// Its words, with plain apostrophes.
    pub(super) text: String,
    /// Whom it is about, where it says so.
    pub(super) whom: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Envelope {
    members: Map<String, Value>,
}

impl Envelope {
    /// Reads an answer; none: it is no JSON object.
    pub(super) fn read(body: Option<&Bytes>) -> Option<Self> {
        let members = serde_json::from_slice(body?).ok()?;
        Some(Self { members })
    }

    /// What `Success` says, where it is there.
    pub(super) fn is_success(&self) -> Option<bool> {
        member(&self.members, "Success")?.as_bool()
    }

    /// `Content`, where it is an object.
    pub(super) fn content(&self) -> Option<&Map<String, Value>> {
        member(&self.members, "Content")?.as_object()
    }

    /// What is wrong with the request as a whole.
    pub(super) fn troubles(&self) -> Vec<Trouble> {
        let found = TROUBLE
            .iter()
            .filter_map(|name| member(&self.members, name));
        found.flat_map(troubles).collect()
    }

    /// What is wrong with single people, beside a success.
    pub(super) fn item_troubles(&self) -> Vec<Trouble> {
        let errors = self.content().and_then(|content| member(content, "Errors"));
        errors.map(troubles).unwrap_or_default()
    }

    /// The objects of a list in the answer itself.
    pub(super) fn objects(&self, name: &str) -> Option<Vec<&Map<String, Value>>> {
        objects(&self.members, name)
    }

    /// The objects of a list in `Content`.
    pub(super) fn content_objects(&self, name: &str) -> Option<Vec<&Map<String, Value>>> {
        objects(self.content()?, name)
    }

    /// The texts of a list in `Content`. One text may hold several with commas between, as in
    /// the sample of "Add candidates to schedule".
    pub(super) fn content_texts(&self, name: &str) -> Vec<String> {
        let list = self.content().and_then(|content| member(content, name));
        let texts = list.and_then(Value::as_array).into_iter().flatten();
        texts
            .filter_map(Value::as_str)
            .flat_map(|text| text.split(','))
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }
}

/// The text of a member of an object, whatever its case.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    member(object, name)?.as_str()
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut members = object.iter();
    let found = members.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

fn objects<'a>(object: &'a Map<String, Value>, name: &str) -> Option<Vec<&'a Map<String, Value>>> {
    let list = member(object, name)?.as_array()?;
    Some(list.iter().filter_map(Value::as_object).collect())
}

/// Errors in whatever form: nothing, a text, a number, an object, or a list of those.
fn troubles(value: &Value) -> Vec<Trouble> {
    match value {
        Value::Null | Value::Bool(_) => Vec::new(),
        Value::String(raw) if raw.trim().is_empty() => Vec::new(),
        Value::String(raw) => vec![Trouble {
            code: leading_number(raw),
            text: plain(raw),
            whom: None,
        }],
        Value::Number(number) => vec![Trouble {
            code: number.as_u64().and_then(|code| u32::try_from(code).ok()),
            text: number.to_string(),
            whom: None,
        }],
        Value::Array(list) => list.iter().flat_map(troubles).collect(),
        Value::Object(object) => vec![of_object(object)],
    }
}

fn of_object(object: &Map<String, Value>) -> Trouble {
    let first = |names: &[&str]| names.iter().find_map(|name| member(object, name));
    let code = first(&NUMBER).and_then(|value| match value {
        Value::Number(number) => number.as_u64().and_then(|code| u32::try_from(code).ok()),
        Value::String(raw) => leading_number(raw),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    });
    let words = first(&TEXT).and_then(Value::as_str).map(plain);
    Trouble {
        code,
        text: words.unwrap_or_else(|| plain(&Value::Object(object.clone()).to_string())),
        whom: first(&WHOM).and_then(Value::as_str).map(str::to_owned),
    }
}

/// The number a text begins with, if that is a word of its own: `202`, `202: User not found`.
fn leading_number(raw: &str) -> Option<u32> {
    let raw = raw.trim_start_matches(['[', '(', ' ', '#']);
    let digits = raw.find(|c: char| !c.is_ascii_digit()).unwrap_or(raw.len());
    let (number, rest) = raw.split_at_checked(digits)?;
    let is_word = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '.');
    number.parse().ok().filter(|_| is_word)
}

/// With plain apostrophes, since the pages mix them, and no longer than is kept.
pub(super) fn plain(raw: &str) -> String {
    let straight = |c: char| match c {
        '\u{2018}' | '\u{2019}' | '\u{00b4}' | '\u{02bc}' | '`' => '\'',
        other => other,
    };
    raw.trim()
        .chars()
        .map(straight)
        .take(LONGEST_SAID)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn envelope(body: &Value) -> Envelope {
        Envelope::read(Some(&Bytes::from(body.to_string()))).unwrap()
    }

    fn found(body: &Value) -> Vec<(Option<u32>, String)> {
        let troubles = envelope(body).troubles();
        troubles
            .into_iter()
            .map(|trouble| (trouble.code, trouble.text))
            .collect()
    }

    #[test]
    fn errors_are_read_in_every_form() {
        let said = "User not found";
        for (errors, code, text) in [
            (json!("User not found"), None, said),
            (json!("202"), Some(202), "202"),
            (
                json!("202: User not found"),
                Some(202),
                "202: User not found",
            ),
            (
                json!("[202] User not found"),
                Some(202),
                "[202] User not found",
            ),
            (json!(202), Some(202), "202"),
            (json!([202]), Some(202), "202"),
            (json!(["User not found"]), None, said),
            (json!([{ "Code": 202, "Message": said }]), Some(202), said),
            (json!([{ "code": "202", "error": said }]), Some(202), said),
            (
                json!({ "ErrorCode": 202, "Description": said }),
                Some(202),
                said,
            ),
            (json!("2024-01-01 is over"), None, "2024-01-01 is over"),
            (json!("202nd user"), None, "202nd user"),
        ] {
            let body = json!({ "Success": false, "Errors": errors });
            assert_eq!(found(&body), [(code, text.to_owned())], "{body}");
        }
    }

    #[test]
    fn an_answer_without_errors_has_none() {
        for body in [
            json!({ "Success": true, "Errors": null }),
            json!({ "Success": true, "Errors": "" }),
            json!({ "Success": true, "Errors": [] }),
            json!({ "Candidates": [] }),
        ] {
            assert_eq!(found(&body), [], "{body}");
        }
    }

    #[test]
    fn a_message_is_read_from_a_scheduling_call() {
        let body = json!({ "Message": "Candidate [EXT1|EXT2] already exists" });
        let text = "Candidate [EXT1|EXT2] already exists".to_owned();
        assert_eq!(found(&body), [(None, text)]);
        assert_eq!(envelope(&body).is_success(), None);
    }

    #[test]
    fn apostrophes_of_every_kind_are_read_as_one() {
        for apostrophe in ["'", "\u{2019}", "\u{2018}", "\u{00b4}", "`"] {
            let body = json!({ "Errors": format!("Can{apostrophe}t update") });
            assert_eq!(found(&body), [(None, "Can't update".to_owned())]);
        }
    }

    #[test]
    fn errors_of_single_people_hide_in_a_success() {
        let body = json!({
            "Content": {
                "SuccessfullyRemoved": ["a"],
                "Errors": [{ "UserName": "b", "Error": "No" }],
            },
            "Success": true, "Errors": null,
        });
        let envelope = envelope(&body);
        assert_eq!(envelope.is_success(), Some(true));
        assert_eq!(envelope.troubles(), []);
        let trouble = Trouble {
            code: None,
            text: "No".to_owned(),
            whom: Some("b".to_owned()),
        };
        assert_eq!(envelope.item_troubles(), [trouble]);
    }

    #[test]
    fn lists_of_ids_are_read_with_commas_within_or_between() {
        let body = json!({ "Content": { "Added": ["a,b", "c", 7] } });
        assert_eq!(envelope(&body).content_texts("added"), ["a", "b", "c"]);
        assert_eq!(envelope(&body).content_texts("Gone"), [""; 0]);
    }

    #[test]
    fn what_is_no_object_is_no_answer() {
        for body in ["", "null", "[]", "\"no\"", "<html>"] {
            assert_eq!(Envelope::read(Some(&Bytes::from(body))), None, "{body}");
        }
        assert_eq!(Envelope::read(None), None);
    }

    #[test]
    fn words_are_kept_up_to_a_limit() {
        let body = json!({ "Errors": "é".repeat(5000) });
        assert_eq!(found(&body)[0].1.chars().count(), 1000);
    }
}
