//! One item of a batch, or one notice: members and posted fields.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::event::Moment;

/// One item. Field labels are compared without case, spaces and punctuation, since some
/// webhooks post `First Name` and others `firstName`.
#[derive(Debug)]
pub(super) struct Item<'a> {
    members: Option<&'a Map<String, Value>>,
    time: Option<&'a Value>,
    fields: Vec<(String, &'a Value)>,
}

/// What an item says in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// The field is not there.
    Nothing,
    /// It is there and empty.
    Empty,
    /// Its value.
    Text(String),
}

impl<'a> Item<'a> {
    /// An item of `employees`.
    pub(super) fn of_batch(value: &'a Value) -> Self {
        let fields = value.get("fields").and_then(Value::as_object);
        Self {
            members: value.as_object(),
            time: value.get("timestamp"),
            fields: fields
                .into_iter()
                .flatten()
                .map(|(label, value)| (plain(label), value))
                .collect(),
        }
    }

    /// The `data` of an event-based notice.
    pub(super) fn of_notice(value: &'a Value) -> Self {
        Self {
            members: value.get("data").and_then(Value::as_object),
            time: value.get("timestamp"),
            fields: Vec::new(),
        }
    }

    pub(super) fn time(&self) -> Option<Timestamp> {
        self.time?.as_str()?.parse().ok()
    }

    pub(super) fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// A member that is text or a number.
    pub(super) fn text(&self, member: &str) -> Option<String> {
        Said::of(self.members?.get(member)?).text()
    }

    pub(super) fn field(&self, label: &str) -> Said {
        let label = plain(label);
        let found = self.fields.iter().find(|(other, _)| *other == label);
        found.map_or(Said::Nothing, |(_, value)| {
            // Older webhooks wrap it.
            Said::of(value.get("value").unwrap_or(value))
        })
    }
}

impl Said {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) if text.trim().is_empty() => Self::Empty,
            Value::String(text) => Self::Text(text.trim().to_owned()),
            Value::Number(number) => Self::Text(number.to_string()),
            Value::Bool(flag) => Self::Text(flag.to_string()),
            Value::Null => Self::Empty,
            Value::Array(_) | Value::Object(_) => Self::Nothing,
        }
    }

    /// The value, if there is one.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Empty => None,
        }
    }

    /// The day it names: none if it is not there, none within if it is empty.
    #[expect(
        clippy::option_option,
        reason = "not said, none and a date are three things"
    )]
    pub(super) fn day(self) -> Result<Option<Option<Moment>>, ()> {
        match self {
            Self::Nothing => Ok(None),
            Self::Empty => Ok(Some(None)),
            Self::Text(text) if text == "0000-00-00" => Ok(Some(None)),
            Self::Text(text) => match text.parse() {
                Ok(Moment::Day(day)) => Ok(Some(Some(Moment::Day(day)))),
                // An instant at midnight in some zone would slip to the day before.
                Ok(Moment::Instant(_)) | Err(_) => Err(()),
            },
        }
    }
}

/// A label without case, spaces and punctuation; `#` tells `Employee #` from `Employee`.
fn plain(label: &str) -> String {
    label
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '#')
        .flat_map(char::to_lowercase)
        .collect()
}
