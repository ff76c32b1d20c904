//! A reader of one JSON object that names the field in every refusal.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::fact::{Attributes, Groups, Import};
use super::moment::{Moment, When, Zone};
use super::{Found, ParseError};
use crate::id::{GroupId, Provider};

/// How much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// At the edge: a member of `data` that the type does not have is refused, a member
    /// twice is refused, and `receivedtime` is not believed.
    Strict,
    /// From the log: members a newer version may have added are passed over.
    Lenient,
}

/// What belongs in a field that is a moment.
const MOMENT: &str = "a date (2026-03-31) or an instant with its offset (2026-03-31T17:00:00Z)";
pub(super) const PROVIDER: &str = "the name of a provider: `startexam`";
const ZONE: &str = "an IANA time zone (Europe/Berlin)";

/// One object of an event: the envelope, `data`, or an object in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    path: &'static str,
    members: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(path: &'static str, members: &'a Map<String, Value>) -> Self {
        Self { path, members }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The refusal of one field.
    pub(super) fn wrong(&self, name: &str, expected: &'static str) -> ParseError {
        ParseError::Field {
            field: self.field(name),
            expected,
            found: Found::of(self.get(name)),
        }
    }

    fn field(&self, name: &str) -> String {
        // A member's name is the sender's: it is repeated only if it looks like a name.
        let shown = if name.len() <= 64
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        {
            name
        } else {
            "(unprintable)"
        };
        if self.path.is_empty() {
            shown.to_owned()
        } else {
            format!("{}.{shown}", self.path)
        }
    }

    /// Refuses members other than these.
    pub(super) fn only(&self, known: &[&str], strictness: Strictness) -> Result<(), ParseError> {
        let unknown = || {
            self.members
                .keys()
                .find(|name| !known.contains(&name.as_str()))
        };
        match strictness {
            Strictness::Lenient => Ok(()),
            Strictness::Strict => unknown().map_or(Ok(()), |name| {
                Err(ParseError::UnknownMember {
                    field: self.field(name),
                })
            }),
        }
    }

    /// A text, if the member is there.
    pub(super) fn text(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<&'a str>, ParseError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, expected)),
        }
    }

    /// Something that is read from a text, if the member is there.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        expected: &'static str,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, ParseError> {
        self.text(name, expected)?
            .map(|text| parse(text).ok_or_else(|| self.wrong(name, expected)))
            .transpose()
    }

    /// The same where the member must be there.
    pub(super) fn required<T>(
        &self,
        name: &str,
        expected: &'static str,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, ParseError> {
        self.parsed(name, expected, parse)?
            .ok_or_else(|| self.wrong(name, expected))
    }

    pub(super) fn moment(&self, name: &str) -> Result<Option<Moment>, ParseError> {
        self.parsed(name, MOMENT, |raw| Moment::from_str(raw).ok())
    }

    pub(super) fn missing_moment(&self, name: &str) -> ParseError {
        self.wrong(name, MOMENT)
    }

    pub(super) fn zone(&self) -> Result<Option<Zone>, ParseError> {
        self.parsed("time_zone", ZONE, |raw| Zone::from_str(raw).ok())
    }

    /// `effective_at` with `time_zone`.
    pub(super) fn when(&self) -> Result<Option<When>, ParseError> {
        let zone = self.zone()?;
        let moment = self.moment("effective_at")?;
        Ok(moment.map(|moment| When { moment, zone }))
    }

    fn object(
        &self,
        name: &str,
        path: &'static str,
        expected: &'static str,
    ) -> Result<Option<Fields<'a>>, ParseError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Fields::new(path, members))),
            Some(_) => Err(self.wrong(name, expected)),
        }
    }

    pub(super) fn attributes(&self) -> Result<Attributes, ParseError> {
        let expected = "an object of texts";
        let Some(object) = self.object("attributes", "data.attributes", expected)? else {
            return Ok(Attributes::new());
        };
        let value = |(name, value): (&String, &Value)| match value {
            Value::String(text) => Ok((name.clone(), Some(text.clone()))),
            Value::Null => Ok((name.clone(), None)),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(object.wrong(name, "a text, or null where the attribute is empty"))
            }
        };
        object.members.iter().map(value).collect()
    }

    /// `groups`: what was joined and left, or all of them.
    pub(super) fn groups(&self, strictness: Strictness) -> Result<Groups, ParseError> {
        let expected = "an object with `joined` and `left`, or with `current`";
        let Some(object) = self.object("groups", "data.groups", expected)? else {
            return Ok(Groups::default());
        };
        object.only(&["joined", "left", "current"], strictness)?;
        let groups = Groups {
            joined: object.group_set("joined", strictness)?.unwrap_or_default(),
            left: object.group_set("left", strictness)?.unwrap_or_default(),
            current: object.group_set("current", strictness)?,
        };
        if groups.current.is_some() && (object.has("joined") || object.has("left")) {
            return Err(object.wrong("current", "either `current`, or `joined` and `left`"));
        }
        if !groups.joined.is_disjoint(&groups.left) {
            return Err(object.wrong("left", "groups that are not in `joined` as well"));
        }
        Ok(groups)
    }

    /// `groups` of an observed state: all of them or nothing said.
    pub(super) fn current_groups(&self, strictness: Strictness) -> Result<Groups, ParseError> {
        let expected = "an object with `current`";
        let Some(object) = self.object("groups", "data.groups", expected)? else {
            return Ok(Groups::default());
        };
        object.only(&["current"], strictness)?;
        object
            .group_set("current", strictness)?
            .map(Groups::all)
            .ok_or_else(|| object.wrong("current", "the array of all groups"))
    }

    /// `import`: how an imported line is to be taken.
    pub(super) fn import(&self, strictness: Strictness) -> Result<Option<Import>, ParseError> {
        let expected = "an object with `adopt`";
        let Some(object) = self.object("import", "data.import", expected)? else {
            return Ok(None);
        };
        object.only(&["adopt"], strictness)?;
        let expected = "an array of providers (`startexam`), each once";
        let Some(Value::Array(items)) = object.get("adopt") else {
            return Err(object.wrong("adopt", expected));
        };
        let adopt: Option<BTreeSet<Provider>> = items
            .iter()
            .map(|item| item.as_str()?.parse().ok())
            .collect();
        adopt
            .filter(|adopt| adopt.len() == items.len())
            .map(|adopt| Some(Import { adopt }))
            .ok_or_else(|| object.wrong("adopt", expected))
    }

    fn group_set(
        &self,
        name: &str,
        strictness: Strictness,
    ) -> Result<Option<BTreeSet<GroupId>>, ParseError> {
        let expected =
            "an array of groups, each once and 1 to 250 characters without control characters";
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.wrong(name, expected)),
        };
        let set: Option<BTreeSet<GroupId>> = items
            .iter()
            .map(|item| item.as_str().and_then(|raw| GroupId::try_from(raw).ok()))
            .collect();
        match set {
            Some(set) if set.len() == items.len() || strictness == Strictness::Lenient => {
                Ok(Some(set))
            }
            Some(_) | None => Err(self.wrong(name, expected)),
        }
    }
}

/// Reads an instant as RFC 3339 writes it.
pub fn rfc3339(raw: &str) -> Option<Timestamp> {
    let byte = |at: usize| raw.as_bytes().get(at).copied();
    let date_and_time = matches!(byte(10), Some(b'T' | b't'))
        && byte(4) == Some(b'-')
        && byte(7) == Some(b'-')
        && byte(13) == Some(b':')
        && byte(16) == Some(b':');
    let from_end = |back: usize| raw.len().checked_sub(back).and_then(byte);
    let offset = matches!(from_end(1), Some(b'Z' | b'z'))
        || (matches!(from_end(6), Some(b'+' | b'-')) && from_end(3) == Some(b':'));
    if date_and_time && offset && !raw.contains(',') {
        raw.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_needs_its_offset() {
        for read in [
            "2026-03-31T17:00:00Z",
            "2026-03-31t17:00:00.123z",
            "2026-03-31T17:00:00+02:00",
        ] {
            assert!(rfc3339(read).is_some(), "{read}");
        }
        for refused in [
            "",
            "2026-03-31",
            "2026-03-31T17:00:00",
            "2026-03-31T17:00Z",
            "2026-03-31 17:00:00Z",
            "2026-03-31T17:00:00+0200",
            "2026-03-31T17:00:00Z[Europe/Berlin]",
            "2026-02-30T17:00:00Z",
            "1774976400",
        ] {
            assert_eq!(rfc3339(refused), None, "{refused}");
        }
    }
}
