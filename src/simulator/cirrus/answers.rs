//! Answers, member for member and in the order the pages print them.

use serde::Serialize;
use serde_json::{Value, json};

use super::settings::ErrorShape;
use crate::simulator::shared::Answer;

/// A refusal as the tenant words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// Its number, where the pages give it one.
    pub(super) code: Option<u32>,
    pub(super) text: String,
    /// Whether it is one of the scheduling calls', whose shape is their own unless a switch
    /// says otherwise.
    pub(super) is_scheduling: bool,
}

impl Refusal {
    /// A status with words.
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            text: text.into(),
            is_scheduling: false,
        }
    }

    /// 400.
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::new(400, text)
    }

    /// 400 with a number.
    pub(super) fn coded(code: u32, text: &str) -> Self {
        Self {
            code: Some(code),
            ..Self::bad(text)
        }
    }

    /// As the scheduling calls refuse.
    pub(super) fn scheduling(text: impl Into<String>) -> Self {
        Self {
            is_scheduling: true,
            ..Self::bad(text)
        }
    }

    /// The whole answer, in one of the shapes.
    pub(super) fn answer(&self, shape: ErrorShape) -> Answer {
        let text = match self.code {
            Some(code) => format!("{code}: {}", self.text),
            None => self.text.clone(),
        };
        let errors = match shape {
            ErrorShape::Message => return message(self.status, &text),
            ErrorShape::String if self.is_scheduling => return message(self.status, &text),
            ErrorShape::String => json!(text),
            ErrorShape::Array => json!([text]),
            ErrorShape::Objects => match self.code {
                Some(code) => json!([{ "Code": code, "Message": self.text }]),
                None => json!([{ "Message": self.text }]),
            },
        };
        Answer::json(self.status, &json!({ "Success": false, "Errors": errors }))
    }
}

fn message(status: u16, text: &str) -> Answer {
    Answer::json(status, &json!({ "Message": text }))
}

/// The standard envelope of a success.
pub(super) fn content(content: &Value) -> Answer {
    Answer::json(
        200,
        &json!({ "Content": content, "Success": true, "Errors": null }),
    )
}

/// The envelope of a deletion, which has no content.
pub(super) fn deleted() -> Answer {
    Answer::json(200, &json!({ "Success": true, "Errors": null }))
}

/// What "Add candidates to existing schedule extended" answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Added {
    pub(super) result: String,
    pub(super) schedule: AddedTo,
    pub(super) candidates: Vec<AddedCandidate>,
}

/// The schedule of that answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AddedTo {
    pub(super) schedule_ext_id: String,
    pub(super) group_name: String,
    pub(super) group_ext_id: String,
}

/// A candidate of that answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AddedCandidate {
    pub(super) candidate_ext_id: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) password: Option<String>,
    pub(super) startup_link: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(refusal: &Refusal, shape: ErrorShape) -> Value {
        serde_json::from_slice(&refusal.answer(shape).body).unwrap()
    }

    #[test]
    fn a_refusal_is_written_in_every_shape() {
        let refusal = Refusal::coded(202, "User not found");
        for (shape, expected) in [
            (
                ErrorShape::String,
                json!({ "Success": false, "Errors": "202: User not found" }),
            ),
            (
                ErrorShape::Array,
                json!({ "Success": false, "Errors": ["202: User not found"] }),
            ),
            (
                ErrorShape::Objects,
                json!({ "Success": false, "Errors": [{ "Code": 202, "Message": "User not found" }] }),
            ),
            (
                ErrorShape::Message,
                json!({ "Message": "202: User not found" }),
            ),
        ] {
            assert_eq!(body(&refusal, shape), expected);
        }
    }

    #[test]
    fn scheduling_calls_refuse_in_their_own_shape() {
        let refusal = Refusal::scheduling("no");
        for shape in [ErrorShape::String, ErrorShape::Message] {
            assert_eq!(body(&refusal, shape), json!({ "Message": "no" }));
        }
    }
}
