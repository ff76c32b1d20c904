//! The effective configuration, for people: every value and where it comes from.

use serde::Serialize;
use serde_json::Value as Json;

use super::origin::Origins;
use super::place::Place;

/// Every value in the order it is declared, a line each: `key = value  # origin`.
///
/// Secrets show as `[redacted]`, which is a property of their type.
pub fn effective(settings: &impl Serialize, origins: &Origins) -> String {
    let mut lines = Vec::new();
    match serde_json::to_value(settings) {
        Ok(value) => add_below(&mut lines, &Place::default(), &value, origins),
        Err(error) => lines.push(format!("# cannot be shown: {error}\n")),
    }
    lines.concat()
}

fn add_below(lines: &mut Vec<String>, place: &Place, value: &Json, origins: &Origins) {
    if let Some(inner) = value.as_object().filter(|inner| !inner.is_empty()) {
        for (key, value) in inner {
            add_below(lines, &place.key(key), value, origins);
        }
        return;
    }
    if let Some(items) = value.as_array()
        && items.iter().any(Json::is_object)
    {
        for (index, value) in items.iter().enumerate() {
            add_below(lines, &place.index(index), value, origins);
        }
        return;
    }
    let key = place.to_string();
    lines.push(if value.is_null() {
        format!("# {key} is not set\n")
    } else {
        format!("{key} = {value}  # {}\n", origins.of(&key))
    });
}
