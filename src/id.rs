//! Names of things: who a fact is about, who said it, which platform must follow.

use std::borrow::Borrow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::registry::platforms;

/// Why a text cannot be the name it was given as.
///
/// It never repeats the text: an employee id names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {longest} characters without control characters")]
pub struct InvalidName {
    /// The greatest number of characters such a name may have.
    pub longest: usize,
}

fn checked(raw: &str, longest: usize) -> Result<(), InvalidName> {
    let fits = (1..=longest).contains(&raw.chars().count());
    let printable = !raw.chars().any(char::is_control);
    if fits && printable {
        Ok(())
    } else {
        Err(InvalidName { longest })
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $longest:literal, $shown:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(!try_from)]
        pub struct $name(
            #[schemars(length(min = 1, max = $longest), extend("pattern" = r"^[^\x00-\x1f\x7f-\x9f]*$"))]
            Box<str>,
        );

        impl $name {
            /// The greatest number of characters.
            pub const LONGEST: usize = $longest;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(raw: &str) -> Result<Self, InvalidName> {
                checked(raw, $longest).map(|()| Self(raw.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(raw: String) -> Result<Self, InvalidName> {
                checked(&raw, $longest).map(|()| Self(raw.into()))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let shown: fn(&str, &mut fmt::Formatter<'_>) -> fmt::Result = $shown;
                shown(&self.0, f)
            }
        }
    };
}

fn hidden(_: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(..)")
}

fn plain(raw: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(raw)
}

name! {
    /// The employee an event is about, as the company names them; the record key.
    ///
    /// Invariant: 1 to 250 characters, none of them a control character (`StartExam`
    /// takes 250: Sync Employees page). It names a person, so its `Debug` hides it.
    EmployeeId, 250, hidden
}

name! {
    /// One employment of a person, where the HR system tells them apart.
    EmploymentId, 250, hidden
}

name! {
    /// A group as HR names it: a department, a location, a role.
    GroupId, 250, plain
}

name! {
    /// The configured name of a sender: `[sources.<name>]`. Also the `source` of its events.
    SourceId, 64, plain
}

name! {
    /// The identity of one event, unique per source.
    EventId, 250, plain
}

/// Which facts a person's record holds: 16 hexadecimal digits, a digest of every register.
///
/// Equal sets of facts have equal versions, whatever the order they came in. An operator's
/// command names the one it judges, so that a newer fact outdates the command.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FactVersion(u64);

impl FactVersion {
    /// The version that a digest's first bytes spell.
    pub const fn new(digest: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(digest))
    }
}

impl fmt::Display for FactVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for FactVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<FactVersion> for String {
    fn from(version: FactVersion) -> Self {
        version.to_string()
    }
}

/// The text is no fact version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no fact version: expected 16 hexadecimal digits in lower case")]
pub struct InvalidFactVersion;

impl std::str::FromStr for FactVersion {
    type Err = InvalidFactVersion;

    fn from_str(raw: &str) -> Result<Self, InvalidFactVersion> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if raw.len() != 16 || !raw.bytes().all(is_digit) {
            return Err(InvalidFactVersion);
        }
        let number = u64::from_str_radix(raw, 16);
        number.map(Self).map_err(|_| InvalidFactVersion)
    }
}

impl TryFrom<String> for FactVersion {
    type Error = InvalidFactVersion;

    fn try_from(raw: String) -> Result<Self, InvalidFactVersion> {
        raw.parse()
    }
}

/// An exam platform that hris-relay keeps in step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provider(&'static str);

macro_rules! providers {
    ($($name:ident { constant: $constant:ident, $($rest:tt)* })*) => {
        impl Provider {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                pub const $constant: Self = Self(stringify!($name));
            )*

            /// Every platform of the registry, in the order they are listed to people.
            pub const ALL: &'static [Self] = &[$(Self::$constant),*];
        }
    };
}
platforms!(providers);

impl Provider {
    /// A platform outside the registry: configuration, records and the command line do not
    /// know it.
    pub const fn unregistered(word: &'static str) -> Self {
        Self(word)
    }

    /// The word used in topics, metrics, configuration and on the command line.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Provider {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = std::borrow::Cow::<str>::deserialize(deserializer)?;
        raw.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Provider {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Provider".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words: Vec<_> = Self::ALL.iter().map(|provider| provider.0).collect();
        schemars::json_schema!({
            "description": "An exam platform that hris-relay keeps in step.",
            "type": "string",
            "enum": words
        })
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(raw: &str) -> Result<Self, UnknownProvider> {
        Self::ALL
            .iter()
            .copied()
            .find(|provider| provider.as_str() == raw)
            .ok_or(UnknownProvider)
    }
}

/// The word names no platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a provider: expected one of {}", words())]
pub struct UnknownProvider;

fn words() -> String {
    let words = Provider::ALL.iter().map(|provider| format!("`{provider}`"));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_employee_id_holds_1_to_250_printable_characters() {
        assert!(EmployeeId::try_from("e-17").is_ok());
        assert!(EmployeeId::try_from("é".repeat(250)).is_ok());
        for refused in [String::new(), "é".repeat(251), "a\nb".to_owned()] {
            assert_eq!(
                EmployeeId::try_from(refused),
                Err(InvalidName { longest: 250 })
            );
        }
    }

    #[test]
    fn an_employee_id_never_shows_in_debug_output() {
        let id = EmployeeId::try_from("jane@example.com").unwrap();
        assert_eq!(format!("{id:?}"), "(..)");
    }

    #[test]
    fn a_fact_version_is_16_hexadecimal_digits_and_survives_its_text() {
        let version = FactVersion::new([0, 0x1f, 0, 0, 0, 0, 0, 0xa1]);
        assert_eq!(version.to_string(), "001f0000000000a1");
        assert_eq!(version.to_string().parse(), Ok(version));
        for refused in [
            "",
            "1f",
            "001F0000000000A1",
            "+01f0000000000a1",
            "001f0000000000a1 ",
        ] {
            assert_eq!(refused.parse::<FactVersion>(), Err(InvalidFactVersion));
        }
    }

    #[test]
    fn every_provider_is_known_by_its_word() {
        for provider in Provider::ALL {
            assert_eq!(provider.as_str().parse(), Ok(*provider));
        }
        assert_eq!("Moodle".parse::<Provider>(), Err(UnknownProvider));
    }
}
