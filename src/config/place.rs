//! A place in the configuration: `sources.bamboohr.secrets[1]`.

use std::fmt;

use toml::{Table, Value};

/// One step down into the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

/// Where something stands; shown as its dotted key.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) Vec<Step>);

impl Place {
    /// The place one key further down.
    pub(super) fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// The place one element further down.
    pub(super) fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    /// The place one step up; the root stays itself.
    pub(super) fn parent(&self) -> Self {
        let mut steps = self.0.clone();
        let _last = steps.pop();
        Self(steps)
    }

    /// Whether the key's own name says that its value is secret, where a type cannot say so:
    /// settings that are passed on by names of somebody else's (`sasl.password`).
    pub(super) fn names_a_secret(&self) -> bool {
        const TELLING: [&str; 4] = ["password", "secret", "token", "credential"];
        match self.0.last() {
            Some(Step::Key(key)) => TELLING.iter().any(|word| key.contains(word)),
            Some(Step::Index(_)) | None => false,
        }
    }

    /// The value that stands here.
    pub(super) fn find<'t>(&self, table: &'t Table) -> Option<&'t Value> {
        let (first, rest) = self.0.split_first()?;
        let Step::Key(key) = first else { return None };
        rest.iter()
            .try_fold(table.get(key)?, |value, step| match (step, value) {
                (Step::Key(key), Value::Table(inner)) => inner.get(key),
                (Step::Index(index), Value::Array(items)) => items.get(*index),
                _ => None,
            })
    }

    /// Takes the value that stands here out of the table, or the whole list it is an element
    /// of, since the elements behind it must keep their numbers. Says whether it was there.
    pub(super) fn remove(&self, table: &mut Table) -> bool {
        if let Some((Step::Index(_), _)) = self.0.split_last() {
            return self.parent().remove(table);
        }
        match self.0.split_first() {
            Some((Step::Key(key), [])) => table.remove(key).is_some(),
            Some((Step::Key(key), rest)) => table
                .get_mut(key)
                .is_some_and(|value| remove_within(value, rest)),
            Some((Step::Index(_), _)) | None => false,
        }
    }
}

fn remove_within(value: &mut Value, steps: &[Step]) -> bool {
    match (steps, value) {
        ([Step::Key(key)], Value::Table(inner)) => inner.remove(key).is_some(),
        ([Step::Key(key), rest @ ..], Value::Table(inner)) => inner
            .get_mut(key)
            .is_some_and(|value| remove_within(value, rest)),
        ([Step::Index(index), rest @ ..], Value::Array(items)) => items
            .get_mut(*index)
            .is_some_and(|value| remove_within(value, rest)),
        _ => false,
    }
}

/// Every place at or below a value that holds no further place, in order.
pub(super) fn leaves(at: &Place, value: &Value, found: &mut Vec<Place>) {
    if let Some(inner) = value.as_table().filter(|inner| !inner.is_empty()) {
        for (key, value) in inner {
            leaves(&at.key(key), value, found);
        }
        return;
    }
    match value.as_array() {
        Some(items) if items.iter().any(Value::is_table) => {
            for (index, value) in items.iter().enumerate() {
                leaves(&at.index(index), value, found);
            }
        }
        Some(_) | None => found.push(at.clone()),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        "a = 1\n[[list]]\nx = 2\ny = { z = 3 }".parse().unwrap()
    }

    #[test]
    fn leaves_are_named_by_their_dotted_key() {
        let mut found = Vec::new();
        leaves(&Place::default(), &Value::Table(table()), &mut found);
        let names: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a", "list[0].x", "list[0].y.z"]);
        assert!(found.iter().all(|place| place.find(&table()).is_some()));
    }

    #[test]
    fn removing_an_element_removes_its_list_and_a_key_only_itself() {
        let list = Place::default().key("list").index(0);
        let mut whole = table();
        assert!(list.key("x").remove(&mut whole));
        assert_eq!(whole, "a = 1\nlist = [{ y = { z = 3 } }]".parse().unwrap());
        assert!(list.remove(&mut whole));
        assert_eq!(whole, "a = 1".parse().unwrap());
        assert!(!list.remove(&mut whole));
    }
}
