//! Turns configured values into settings, going on after each one that cannot be read, so
//! that all of them are reported at once.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Segment, Track};
use toml::{Table, Value};

use super::layers::variable_of;
use super::origin::Origins;
use super::place::{Place, Step, leaves};
use super::refused::{Refusal, shown};
use super::shape::Shape;
use crate::settings::Complaint;

/// What was read, and what could not be.
#[derive(Debug)]
pub(super) struct Reading<T> {
    /// The settings, without the values that were refused; none when that is not possible.
    pub(super) settings: Option<T>,
    /// Where values were refused.
    pub(super) refused: Vec<Place>,
    /// Why.
    pub(super) refusals: Vec<Refusal>,
}

/// A value that cannot be read, as serde tells it.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable {
    place: Place,
    message: String,
}

/// Reads settings from a table.
pub(super) fn read<T: DeserializeOwned>(
    mut table: Table,
    shape: &Shape<'_>,
    origins: &Origins,
) -> Reading<T> {
    let mut reading = Reading {
        settings: None,
        refused: Vec::new(),
        refusals: Vec::new(),
    };
    loop {
        let mut ignored = Vec::new();
        let failed = match deserialize::<T>(&table, &mut ignored) {
            Ok(settings) => {
                for place in ignored {
                    let complaint = Complaint::new(place.to_string(), "(not shown)", "unknown key");
                    reading.refuse(place, complaint, origins);
                }
                reading.settings = Some(settings);
                return reading;
            }
            Err(failed) => failed,
        };
        let (place, complaint) = explain::<T>(&failed, &table, shape);
        let gone = if place.find(&table).is_some() {
            place.clone()
        } else {
            place.parent()
        };
        reading.refuse(place, complaint, origins);
        if !gone.remove(&mut table) {
            return reading;
        }
    }
}

impl<T> Reading<T> {
    fn refuse(&mut self, place: Place, complaint: Complaint, origins: &Origins) {
        let origin = origins.of(&complaint.key);
        self.refusals.push(Refusal::Key { complaint, origin });
        self.refused.push(place);
    }
}

fn deserialize<T: DeserializeOwned>(
    table: &Table,
    ignored: &mut Vec<Place>,
) -> Result<T, Unreadable> {
    let mut note = |path: serde_ignored::Path<'_>| ignored.push(ignored_place(&path));
    let mut track = Track::new();
    let value = Value::Table(table.clone());
    let inner = serde_ignored::Deserializer::new(value, &mut note);
    T::deserialize(serde_path_to_error::Deserializer::new(inner, &mut track)).map_err(|error| {
        Unreadable {
            place: failed_place(&track.path()),
            message: error.message().to_owned(),
        }
    })
}

fn failed_place(path: &serde_path_to_error::Path) -> Place {
    let steps = path.iter().map_while(|segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    Place(steps.collect())
}

fn ignored_place(path: &serde_ignored::Path<'_>) -> Place {
    use serde_ignored::Path;
    match path {
        Path::Root => Place::default(),
        Path::Seq { parent, index } => ignored_place(parent).index(*index),
        Path::Map { parent, key } => ignored_place(parent).key(key),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => ignored_place(parent),
    }
}

/// Names the value at fault and says what it should be, without repeating what is secret.
fn explain<T: DeserializeOwned>(
    failed: &Unreadable,
    table: &Table,
    shape: &Shape<'_>,
) -> (Place, Complaint) {
    if let Some(field) = between_backticks(&failed.message, "missing field ") {
        let place = failed.place.key(field);
        let reason = match variable_of(&place) {
            Some(variable) => format!("required: set it, or {variable}"),
            None => "required".to_owned(),
        };
        return (place.clone(), Complaint::missing(place.to_string(), reason));
    }
    let place = culprit::<T>(failed, table);
    let is_secret = place.names_a_secret()
        || shape
            .at(&place, table)
            .is_none_or(|shape| shape.holds_secret());
    let value = place
        .find(table)
        .map_or_else(|| "(not set)".to_owned(), |value| shown(value, is_secret));
    let reason = match failed.message.rfind(", expected ") {
        Some(at) => failed.message.get(at + 2..).unwrap_or_default().to_owned(),
        None if is_secret => "cannot be read".to_owned(),
        None => failed.message.clone(),
    };
    let complaint = Complaint::new(place.to_string(), value, reason);
    (place, complaint)
}

/// The value at fault. Serde loses the way inside a tagged table (`kind = ...`) and names the
/// table alone; then it is the value without which the failure is gone.
fn culprit<T: DeserializeOwned>(failed: &Unreadable, table: &Table) -> Place {
    let Some(value) = failed.place.find(table) else {
        return failed.place.clone();
    };
    let mut suspects = Vec::new();
    leaves(&failed.place, value, &mut suspects);
    suspects
        .into_iter()
        .find(|suspect| {
            let mut without = table.clone();
            suspect.remove(&mut without)
                && deserialize::<T>(&without, &mut Vec::new())
                    .err()
                    .is_none_or(|other| other != *failed && !is_bereft(&other, &failed.place))
        })
        .unwrap_or_else(|| failed.place.clone())
}

/// Whether a failure says no more than that the value just taken away is missing.
fn is_bereft(failed: &Unreadable, place: &Place) -> bool {
    failed.place == *place && failed.message.starts_with("missing field ")
}

fn between_backticks<'m>(message: &'m str, before: &str) -> Option<&'m str> {
    message
        .strip_prefix(before)?
        .strip_prefix('`')?
        .strip_suffix('`')
}
