//! Why bytes are no event: which field, what was expected there, what was found.

use std::fmt;

use serde_json::Value;

use super::decode::TYPES;

/// Why bytes are no event. It names fields and never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The bytes are not JSON.
    #[error("expected JSON: the text breaks off or is malformed at line {line}, column {column}")]
    NotJson {
        /// From 1; 0 if it cannot be told.
        line: usize,
        /// From 1; 0 if it cannot be told.
        column: usize,
    },
    /// An object has a member twice, and readers disagree about which one counts.
    #[error("expected each member once: an object has one twice at line {line}, column {column}")]
    DuplicateMember {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A field is missing or is not what it must be.
    #[error("{field}: expected {expected}, found {found}")]
    Field {
        /// The dotted path: `data.effective_at`.
        field: String,
        /// What belongs there.
        expected: &'static str,
        /// The kind of JSON that is there.
        found: Found,
    },
    /// `data` has a member that this type does not have.
    #[error("{field}: is not a member that this event type has")]
    UnknownMember {
        /// The dotted path.
        field: String,
    },
    /// The `type` is none that the relay knows.
    #[error("type: expected one of {}", TYPES.join(", "))]
    UnknownType,
}

impl ParseError {
    /// The stable word for this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "not_json",
            Self::DuplicateMember { .. } => "duplicate_member",
            Self::Field {
                found: Found::Nothing,
                ..
            } => "missing_field",
            Self::Field { .. } => "wrong_field",
            Self::UnknownMember { .. } => "unknown_member",
            Self::UnknownType => "unknown_type",
        }
    }

    /// The dotted path of the field that is wrong, where it is one field.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::NotJson { .. } | Self::DuplicateMember { .. } => None,
            Self::Field { field, .. } | Self::UnknownMember { field } => Some(field),
            Self::UnknownType => Some("type"),
        }
    }

    /// What was expected in that field.
    pub fn expected(&self) -> Option<String> {
        match self {
            Self::NotJson { .. } | Self::DuplicateMember { .. } => None,
            Self::Field { expected, .. } => Some((*expected).to_owned()),
            Self::UnknownMember { .. } => Some("nothing".to_owned()),
            Self::UnknownType => Some(format!("one of {}", TYPES.join(", "))),
        }
    }
}

/// The kind of JSON that stood where something else was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// No such member.
    Nothing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A text, but not the right one.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Found {
    /// The kind of a value.
    pub const fn of(value: Option<&Value>) -> Self {
        match value {
            None => Self::Nothing,
            Some(Value::Null) => Self::Null,
            Some(Value::Bool(_)) => Self::Boolean,
            Some(Value::Number(_)) => Self::Number,
            Some(Value::String(_)) => Self::Text,
            Some(Value::Array(_)) => Self::Array,
            Some(Value::Object(_)) => Self::Object,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a different text",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}
