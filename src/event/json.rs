//! Reading JSON whose objects have each member once.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

use super::ParseError;

/// Reads JSON and refuses an object with a member twice: components that resolve it in
/// different ways would see different facts in the same signed bytes.
///
/// # Errors
/// When the bytes are not JSON, or an object has a member twice.
pub fn read_json(bytes: &[u8]) -> Result<Value, ParseError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = Unique
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            // Only the visitor below reports data errors.
            Category::Data => ParseError::DuplicateMember { line, column },
            Category::Syntax | Category::Eof | Category::Io => ParseError::NotJson { line, column },
        }
    })
}

/// Reads JSON as the log holds it, which the relay wrote itself.
pub(super) fn read_plain(bytes: &[u8]) -> Result<Value, ParseError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Value::deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| ParseError::NotJson {
            line: error.line(),
            column: error.column(),
        })
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Number::from_f64(v).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = seq.next_element_seed(Self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Self)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_reads_as_it_is_written() {
        let read = read_json(br#" {"a":[1,-2,1.5,true,null,"x"],"b":{"c":{}}} "#);
        assert_eq!(
            read,
            Ok(json!({"a": [1, -2, 1.5, true, null, "x"], "b": {"c": {}}}))
        );
    }

    #[test]
    fn a_member_twice_is_refused_wherever_it_is() {
        for twice in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"\u0061":2}}]"#] {
            let read = read_json(twice.as_bytes());
            assert!(matches!(read, Err(ParseError::DuplicateMember { .. })));
        }
    }

    #[test]
    fn what_is_not_json_says_where() {
        for (bytes, line, column) in [("", 1, 0), ("{\n\"a\":}", 2, 5), ("{} x", 1, 4)] {
            let read = read_json(bytes.as_bytes());
            assert_eq!(read, Err(ParseError::NotJson { line, column }), "{bytes}");
        }
        let deep = "[".repeat(100_000);
        assert!(read_json(deep.as_bytes()).is_err());
    }
}
