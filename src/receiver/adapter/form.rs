//! Form bodies with bracketed names: `data[changedFields][0]=firstName`.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Deeper than any sender nests.
const DEEPEST: usize = 6;

/// Reads a form as the JSON it stands for; none if it is no form, a name is there twice, or
/// text is not UTF-8.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    let mut root = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        insert(&mut root, &path(&decoded(name)?)?, decoded(value)?)?;
    }
    (!root.is_empty()).then(|| arrays(Value::Object(root)))
}

fn decoded(raw: &str) -> Option<String> {
    let spaced = raw.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// `data[changedFields][0]` as its steps.
fn path(name: &str) -> Option<Vec<String>> {
    let steps: Vec<String> = match name.split_once('[') {
        None => vec![name.to_owned()],
        Some((first, rest)) => {
            let inner = rest.strip_suffix(']')?.split("][");
            std::iter::once(first)
                .chain(inner)
                .map(str::to_owned)
                .collect()
        }
    };
    let fits = steps.len() <= DEEPEST && steps.iter().all(|step| !step.is_empty());
    fits.then_some(steps)
}

fn insert(object: &mut Map<String, Value>, steps: &[String], value: String) -> Option<()> {
    let (first, rest) = steps.split_first()?;
    if rest.is_empty() {
        return match object.insert(first.clone(), Value::String(value)) {
            None => Some(()),
            Some(_twice) => None,
        };
    }
    object
        .entry(first.clone())
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()
        .and_then(|inner| insert(inner, rest, value))
}

/// Objects whose names count from 0 are arrays.
fn arrays(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let counted = members
                .keys()
                .enumerate()
                .all(|(index, name)| *name == index.to_string());
            let mut inner = members
                .into_iter()
                .map(|(name, value)| (name, arrays(value)));
            if counted {
                Value::Array(inner.map(|(_, value)| value).collect())
            } else {
                Value::Object(inner.by_ref().collect())
            }
        }
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_become_objects_and_arrays() {
        let body = b"type=employee.updated&data%5BemployeeId%5D=67+890&data[changedFields][0]=a&data[changedFields][1]=b";
        assert_eq!(
            read(body),
            Some(json!({
                "type": "employee.updated",
                "data": { "employeeId": "67 890", "changedFields": ["a", "b"] }
            }))
        );
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for body in [
            "",
            "{}",
            "a=1&a=2",
            "a=1&a[b]=2",
            "a[=1",
            "a[]=1",
            "a=%ff",
            "a[b][c][d][e][f][g]=1",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }
}
