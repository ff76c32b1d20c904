//! What every stage's settings share: durations and sizes with their unit, and complaints.

use std::fmt::Display;

/// One thing wrong with the configuration: which key, what it says, why that cannot be.
///
/// The value is never a secret: whoever complains about one says `[redacted]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: {reason}")]
pub struct Complaint {
    /// The dotted key.
    pub key: String,
    /// The value as it was read.
    pub value: String,
    /// Why it is refused, and what to write instead.
    pub reason: String,
}

impl Complaint {
    /// A complaint.
    pub fn new(key: impl Into<String>, value: impl Display, reason: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.to_string(),
            reason: reason.into(),
        }
    }

    /// A required key that nobody set.
    pub fn missing(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(key, "(not set)", reason)
    }
}

/// Durations written with their unit: `250ms`, `5s`, `15m`, `8d`.
pub mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes `5s`.
    ///
    /// # Errors
    /// As the serializer.
    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*value))
    }

    /// Reads `5s`.
    ///
    /// # Errors
    /// When the text is no duration with a unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let raw = String::deserialize(deserializer)?;
        humantime::parse_duration(&raw).map_err(|_| {
            D::Error::custom("expected a duration with its unit, like \"250ms\", \"5s\" or \"8d\"")
        })
    }
}

/// A duration that may be left out.
pub mod optional_duration {
    use std::time::Duration;

    use serde::{Deserializer, Serializer};

    use super::duration;

    /// Writes `5s`, or nothing.
    ///
    /// # Errors
    /// As the serializer.
    #[expect(clippy::ref_option, reason = "serde asks for a reference")]
    pub fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => duration::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads `5s`.
    ///
    /// # Errors
    /// When the text is no duration with a unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        duration::deserialize(deserializer).map(Some)
    }
}

/// Sizes written with their unit: `512 KiB`, `1 MiB`.
pub mod size {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    const UNITS: [(&str, u64); 4] = [
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("B", 1),
    ];

    /// Writes `1 MiB`.
    ///
    /// # Errors
    /// As the serializer.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    pub fn serialize<S: Serializer>(value: &usize, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = u64::try_from(*value).unwrap_or(u64::MAX);
        let (unit, factor) = UNITS
            .into_iter()
            .find(|(_, factor)| bytes != 0 && bytes % factor == 0)
            .unwrap_or(("B", 1));
        serializer.collect_str(&format_args!("{} {unit}", bytes / factor))
    }

    /// Reads `1 MiB`.
    ///
    /// # Errors
    /// When the text is no size with a unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        let raw = String::deserialize(deserializer)?;
        parse(&raw).ok_or_else(|| {
            D::Error::custom("expected a size with its unit, like \"512 KiB\" or \"1 MiB\"")
        })
    }

    fn parse(raw: &str) -> Option<usize> {
        let (factor, number) = UNITS.into_iter().find_map(|(unit, factor)| {
            raw.trim().strip_suffix(unit).map(|number| (factor, number))
        })?;
        let number: u64 = number.trim().parse().ok()?;
        usize::try_from(number.checked_mul(factor)?).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::parse;

        #[test]
        fn a_size_needs_its_unit() {
            assert_eq!(parse("1 MiB"), Some(1 << 20));
            assert_eq!(parse("512KiB"), Some(512 << 10));
            for refused in ["1048576", "1 MB", "-1 B", "99999999999 GiB"] {
                assert_eq!(parse(refused), None, "{refused}");
            }
        }
    }
}
