//! Finds, before anything is read, every key nobody knows and every value of a wrong kind.

use toml::{Table, Value};

use super::layers::variable_of;
use super::origin::{Origin, Origins};
use super::place::Place;
use super::refused::{Refusal, shown};
use super::shape::{Kind, Known, Shape};
use crate::nearest::nearest;
use crate::settings::Complaint;

/// Stands for a value that may be a misspelt secret.
const NOT_SHOWN: &str = "(not shown)";

/// What is wrong at one place.
#[derive(Debug)]
pub(super) struct Finding {
    /// Where.
    pub(super) place: Place,
    /// What to say about it.
    pub(super) refusals: Vec<Refusal>,
}

/// Compares a whole configuration with its shape.
#[derive(Debug)]
pub(super) struct Review<'r> {
    pub(super) shape: &'r Shape<'r>,
    pub(super) origins: &'r Origins,
    pub(super) findings: Vec<Finding>,
}

impl<'r> Review<'r> {
    /// Everything wrong with the table as far as its shape tells.
    pub(super) fn of(shape: &'r Shape<'r>, table: &'r Table, origins: &'r Origins) -> Vec<Finding> {
        let mut review = Self {
            shape,
            origins,
            findings: Vec::new(),
        };
        review.table_at(&Place::default(), shape, table);
        review.findings
    }

    fn value_at(&mut self, place: &Place, shape: &Shape<'_>, value: &Value) {
        let kinds = shape.kinds();
        if !kinds.is_empty() && !kinds.iter().any(|kind| kind.takes(value)) {
            let expected: Vec<&str> = kinds.into_iter().map(Kind::expectation).collect();
            let reason = format!("expected {}", expected.join(" or "));
            self.mistyped(place, shape, value, reason);
            return;
        }
        match value {
            Value::String(text) => {
                let choices = shape.choices();
                if !choices.is_empty() && !choices.contains(&text.as_str()) {
                    self.mistyped(place, shape, value, one_of(&choices, text));
                }
            }
            Value::Table(inner) => self.table_at(place, shape, inner),
            Value::Array(items) => {
                if let Some(shape) = shape.items() {
                    for (index, item) in items.iter().enumerate() {
                        self.value_at(&place.index(index), &shape, item);
                    }
                }
            }
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
        }
    }

    fn table_at(&mut self, place: &Place, shape: &Shape<'_>, table: &Table) {
        if self.choose_branch(place, shape, table).is_none() {
            return;
        }
        for (key, value) in table {
            let here = place.key(key);
            match shape.property(key, Some(table)) {
                Known::As(inner) => self.value_at(&here, &inner, value),
                Known::Anything => {}
                Known::Not => self.unknown(&here, shape, table, key),
            }
        }
    }

    /// Checks the key that tells the branches of a union apart (`kind`); none if it is missing
    /// or names no branch, so that the other keys cannot be judged.
    fn choose_branch(&mut self, place: &Place, shape: &Shape<'_>, table: &Table) -> Option<()> {
        let tag = shape.branches().iter().flat_map(Shape::constants).next();
        let Some((tag, _)) = tag else {
            return Some(());
        };
        let value = table.get(tag)?;
        let choices: Vec<&str> = shape
            .branches()
            .iter()
            .flat_map(Shape::constants)
            .filter(|(key, _)| *key == tag)
            .map(|(_, choice)| choice)
            .collect();
        let text = value.as_str().unwrap_or_default();
        if choices.contains(&text) {
            return Some(());
        }
        if let Known::As(inner) = shape.property(tag, None) {
            self.mistyped(&place.key(tag), &inner, value, one_of(&choices, text));
        }
        None
    }

    fn mistyped(&mut self, place: &Place, shape: &Shape<'_>, value: &Value, reason: String) {
        let key = place.to_string();
        let origin = self.origins.of(&key);
        let is_secret = shape.holds_secret() || place.names_a_secret();
        let complaint = Complaint::new(key, shown(value, is_secret), reason);
        self.findings.push(Finding {
            place: place.clone(),
            refusals: vec![Refusal::Key { complaint, origin }],
        });
    }

    /// One line for a key of the file, and one for each variable that sets it or a key below.
    fn unknown(&mut self, place: &Place, shape: &Shape<'_>, table: &Table, key: &str) {
        let dotted = place.to_string();
        let meant = nearest(key, shape.keys(Some(table)));
        let mut complaints: Vec<(String, Origin, String)> = Vec::new();
        for (below, origin) in self.origins.below(&dotted) {
            let Origin::Variable(name) = origin else {
                continue;
            };
            let reason = self.about_variable(name, place, meant);
            complaints.push((below.to_owned(), origin.clone(), reason));
        }
        let from_file = self
            .origins
            .below(&dotted)
            .map(|(_, origin)| origin)
            .find(|origin| matches!(origin, Origin::File { .. }));
        if let Some(origin) = from_file {
            let reason = match meant {
                Some(meant) => format!("unknown key; did you mean `{meant}`?"),
                None => "unknown key".to_owned(),
            };
            complaints.push((dotted.clone(), origin.clone(), reason));
        }
        let refusals = complaints
            .into_iter()
            .map(|(key, origin, reason)| Refusal::Key {
                complaint: Complaint::new(key, NOT_SHOWN, reason),
                origin,
            })
            .collect();
        self.findings.push(Finding {
            place: place.clone(),
            refusals,
        });
    }

    fn about_variable(&self, name: &str, place: &Place, meant: Option<&str>) -> String {
        if is_a_service_link(name) {
            return "unknown key; Kubernetes sets such variables for a Service: \
                    set enableServiceLinks: false on the pod"
                .to_owned();
        }
        let names: Vec<String> = self
            .shape
            .fixed_places()
            .iter()
            .filter_map(variable_of)
            .collect();
        if let Some(meant) = nearest(name, names.iter().map(String::as_str)) {
            return format!("unknown key; did you mean {meant}?");
        }
        match meant {
            Some(meant) => format!("unknown key; did you mean `{}`?", place.parent().key(meant)),
            None => "unknown key".to_owned(),
        }
    }
}

/// Whether Kubernetes may have set a variable, for a Service whose name starts with ours.
fn is_a_service_link(name: &str) -> bool {
    !name.contains("__")
        && (name.contains("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT")
            || name.contains("_PORT_")
            || name.ends_with("_PORT"))
}

fn one_of(choices: &[&str], text: &str) -> String {
    let quoted: Vec<String> = choices
        .iter()
        .map(|choice| format!("\"{choice}\""))
        .collect();
    let hint = nearest(text, choices.iter().copied())
        .map(|meant| format!("; did you mean \"{meant}\"?"))
        .unwrap_or_default();
    format!("expected {}{hint}", quoted.join(" or "))
}
