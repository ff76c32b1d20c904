//! Events as others carry them: structured, batched and binary, over HTTP or Kafka.
//!
//! Source: CloudEvents 1.0 with its HTTP and Kafka protocol bindings, which differ only in
//! how attributes are spelt beside the body.

use serde_json::{Map, Value};

use super::{Event, Found, ParseError, Strictness, read_json};

/// Bytes, with what was said about them beside.
#[derive(Debug, Clone)]
pub struct Carrier<'a> {
    /// The media type of the body; none was said.
    pub content_type: Option<&'a str>,
    /// The attributes of an event in binary mode: names without what is put before them.
    pub attributes: Vec<(String, String)>,
    /// The body.
    pub body: &'a [u8],
    /// Whether plain JSON without attributes may be an event in structured mode.
    pub is_trusting: bool,
}

/// Why bytes carry no events at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// None of the three modes.
    #[error("the media type is none of CloudEvents in JSON and UTF-8")]
    WrongMediaType,
    /// An attribute beside the body is there twice, is no text, or contradicts the body.
    #[error("an attribute beside the body is there twice, is no text or contradicts the body")]
    BadAttribute,
    /// The body is not what its media type says.
    #[error(transparent)]
    Body(#[from] ParseError),
}

impl Unreadable {
    /// The stable word for this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongMediaType => "wrong_media_type",
            Self::BadAttribute => "bad_cloudevents_header",
            Self::Body(error) => error.code(),
        }
    }
}

/// One event that was carried, or why it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its place in a batch.
    pub index: Option<usize>,
    /// The event, read as strictly as at every edge.
    pub event: Result<Event, ParseError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Structured,
    Batch,
    Binary,
}

impl Carrier<'_> {
    /// Every event that is carried.
    ///
    /// # Errors
    /// When it cannot be told which events these are.
    pub fn events(&self) -> Result<Vec<Carried>, Unreadable> {
        match self.mode()? {
            Mode::Structured => Ok(vec![carried(None, &read_json(self.body)?)]),
            Mode::Binary => Ok(vec![carried(None, &self.binary()?)]),
            Mode::Batch => match read_json(self.body)? {
                Value::Array(items) => Ok(items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| carried(Some(index), item))
                    .collect()),
                other @ (Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_)) => Err(no_batch(&other).into()),
            },
        }
    }

    fn mode(&self) -> Result<Mode, Unreadable> {
        let content_type = self.content_type.unwrap_or_default().to_ascii_lowercase();
        let mut parts = content_type.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let utf8 = parts
            .filter_map(|part| part.strip_prefix("charset="))
            .all(|charset| charset.trim_matches('"') == "utf-8");
        let is_binary = self
            .attributes
            .iter()
            .any(|(name, _)| name == "specversion");
        match essence {
            _ if !utf8 => Err(Unreadable::WrongMediaType),
            "application/cloudevents-batch+json" => Ok(Mode::Batch),
            "application/cloudevents+json" => Ok(Mode::Structured),
            "application/json" | "" if is_binary => Ok(Mode::Binary),
            "application/json" | "" if self.is_trusting => Ok(Mode::Structured),
            _ => Err(Unreadable::WrongMediaType),
        }
    }

    /// Attributes beside, the data in the body.
    fn binary(&self) -> Result<Value, Unreadable> {
        let mut event = Map::new();
        for (name, value) in &self.attributes {
            let twice = event.insert(name.clone(), Value::String(value.clone()));
            // The body is the data and its media type is said beside; these would contradict.
            let is_carried = matches!(name.as_str(), "data" | "data_base64" | "datacontenttype");
            if twice.is_some() || is_carried {
                return Err(Unreadable::BadAttribute);
            }
        }
        if !self.body.is_empty() {
            event.insert("data".to_owned(), read_json(self.body)?);
        }
        Ok(Value::Object(event))
    }
}

fn carried(index: Option<usize>, value: &Value) -> Carried {
    let event = Event::from_value(value, Strictness::Strict);
    Carried { index, event }
}

fn no_batch(found: &Value) -> ParseError {
    ParseError::Field {
        field: "(the batch)".to_owned(),
        expected: "an array of CloudEvents 1.0 events",
        found: Found::of(Some(found)),
    }
}
