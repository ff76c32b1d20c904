//! Puts the layers of the configuration on top of each other: file, then environment.

use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::origin::{Environment, Origin, Origins};
use super::place::{Place, Step};
use super::refused::Refusal;
use super::shape::Shape;
use crate::secret::REDACTED;
use crate::settings::Complaint;

/// What every variable of ours starts with.
pub(super) const PREFIX: &str = "HRIS_RELAY_";

/// What stands between the keys of a variable's name.
pub(super) const SEPARATOR: &str = "__";

/// What was configured, before it is understood.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The values, the upper layers over the lower ones.
    pub(super) table: Table,
    /// Where each of them comes from.
    pub(super) origins: Origins,
    /// What could not be put on a layer.
    pub(super) refusals: Vec<Refusal>,
}

impl Layers {
    /// Adds the file's text.
    pub(super) fn add_file(&mut self, path: &Path, text: &str) {
        let spans = match DeTable::parse(text) {
            Ok(spans) => spans,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let (line, column) = line_and_column(text, at);
                self.refusals.push(Refusal::Syntax {
                    path: path.to_owned(),
                    line,
                    column,
                    reason: error.message().to_owned(),
                });
                return;
            }
        };
        match text.parse::<Table>() {
            Ok(table) => self.table = table,
            Err(error) => self.refuse(
                Complaint::new("config", path.display(), error.message()),
                Origin::CommandLine,
            ),
        }
        let mut record = |place: &Place, start: usize| {
            let (line, _) = line_and_column(text, start);
            let path = path.to_owned();
            self.origins
                .record(place.to_string(), Origin::File { path, line });
        };
        each_leaf(&Place::default(), spans.get_ref(), &mut record);
    }

    /// Adds what the environment sets; the shape says which key a name means.
    pub(super) fn add_variables(&mut self, environment: &dyn Environment, shape: &Shape<'_>) {
        let mut variables = environment.variables();
        variables.sort();
        for (name, value) in variables {
            let Some(keys) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let origin = Origin::Variable(name.clone());
            let place = place_of(keys, shape, &self.table);
            let Ok(raw) = value.into_string() else {
                let complaint = Complaint::new(place.to_string(), REDACTED, "must be UTF-8 text");
                self.refuse(complaint, origin);
                continue;
            };
            let wanted = shape.at(&place, &self.table);
            let value = read(raw, wanted.as_ref());
            if put(&mut self.table, &place.0, value) {
                self.origins.record(place.to_string(), origin);
            } else {
                let reason = "stands below a value that is not a table";
                self.refuse(
                    Complaint::new(place.to_string(), "(not shown)", reason),
                    origin,
                );
            }
        }
    }

    fn refuse(&mut self, complaint: Complaint, origin: Origin) {
        self.refusals.push(Refusal::Key { complaint, origin });
    }
}

/// The variable that sets a place; none for a place inside a list.
pub(super) fn variable_of(place: &Place) -> Option<String> {
    let keys: Option<Vec<String>> = place
        .0
        .iter()
        .map(|step| match step {
            Step::Key(key) => Some(in_a_variable(key)),
            Step::Index(_) => None,
        })
        .collect();
    Some(format!("{PREFIX}{}", keys?.join(SEPARATOR)))
}

/// A key as it is written in a variable's name, where only letters, digits and `_` can be.
pub(super) fn in_a_variable(key: &str) -> String {
    key.chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}

/// The place a variable means: each part is a known key or one the file has, whatever its
/// case and dashes; any other is taken in lower case.
fn place_of(keys: &str, shape: &Shape<'_>, table: &Table) -> Place {
    let mut place = Place::default();
    for part in keys.split(SEPARATOR) {
        let here = if place.0.is_empty() {
            Some(table)
        } else {
            place.find(table).and_then(Value::as_table)
        };
        let known = shape
            .at(&place, table)
            .map(|shape| shape.keys(here))
            .unwrap_or_default();
        let written = here.into_iter().flat_map(Table::keys).map(String::as_str);
        let meant = known
            .into_iter()
            .chain(written)
            .find(|key| in_a_variable(key) == part.to_ascii_uppercase());
        place = match meant {
            Some(key) => place.key(key),
            None => place.key(&part.to_ascii_lowercase()),
        };
    }
    place
}

/// A variable's text as the value its place wants: TOML where that is of a wanted kind,
/// else the text itself.
fn read(raw: String, wanted: Option<&Shape<'_>>) -> Value {
    let parsed = format!("value = {raw}")
        .parse::<Table>()
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"))
        .filter(|value| !value.is_str());
    match (parsed, wanted) {
        (Some(value), Some(shape)) if shape.kinds().iter().any(|kind| kind.takes(&value)) => value,
        _ => Value::String(raw),
    }
}

/// Puts a value at its place and says whether there was one.
fn put(table: &mut Table, steps: &[Step], value: Value) -> bool {
    match steps {
        [Step::Key(key)] => {
            table.insert(key.clone(), value);
            true
        }
        [Step::Key(key), rest @ ..] => {
            let inner = table
                .entry(key.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            match inner.as_table_mut() {
                Some(inner) => put(inner, rest, value),
                None => false,
            }
        }
        [] | [Step::Index(_), ..] => false,
    }
}

fn each_leaf(at: &Place, table: &DeTable<'_>, record: &mut impl FnMut(&Place, usize)) {
    for (key, value) in table {
        each_leaf_of(
            &at.key(key.get_ref()),
            key.span().start,
            value.get_ref(),
            record,
        );
    }
}

/// Records the leaves of a value; a list is recorded as a whole and then by its tables, so
/// that what is said about an element finds the element's line.
fn each_leaf_of(
    at: &Place,
    start: usize,
    value: &DeValue<'_>,
    record: &mut impl FnMut(&Place, usize),
) {
    if let Some(table) = value.as_table()
        && !table.is_empty()
    {
        each_leaf(at, table, record);
        return;
    }
    record(at, start);
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(table) = item.get_ref().as_table() {
            record(&at.index(index), item.span().start);
            each_leaf(&at.index(index), table, record);
        }
    }
}

/// Line and column, both from 1, of a byte in a text.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before
        .get(line_start..)
        .map_or(0, |line| line.chars().count())
        + 1;
    (before.matches('\n').count() + 1, column)
}
