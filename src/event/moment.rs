//! Dates as HR means them: a calendar day or an instant, with the zone it is meant in.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A calendar day, or a point in time.
///
/// A day stays a day: it becomes an instant only when it is asked for, in a zone, so that
/// `2026-03-31` never slips to the 30th (hazard H8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Moment {
    /// A day without a time.
    Day(Date),
    /// An instant.
    Instant(Timestamp),
}

/// The text is neither a day nor an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date (2026-03-31) or an instant with its offset (2026-03-31T17:00:00Z)")]
pub struct InvalidMoment;

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(raw: &str) -> Result<Self, InvalidMoment> {
        // jiff's `Date` also reads the date part of a longer text, which would lose the time.
        if raw.len() == "2026-03-31".len() {
            return raw.parse().map(Self::Day).map_err(|_| InvalidMoment);
        }
        raw.parse().map(Self::Instant).map_err(|_| InvalidMoment)
    }
}

impl TryFrom<String> for Moment {
    type Error = InvalidMoment;

    fn try_from(raw: String) -> Result<Self, InvalidMoment> {
        raw.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
        }
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A calendar day (2026-03-31), or an instant with its offset (2026-03-31T17:00:00Z).",
            "type": "string",
            "anyOf": [{ "format": "date" }, { "format": "date-time" }],
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?))?$"
        })
    }
}

/// An IANA time zone that is known here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Zone(Box<str>);

/// The text names no known time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an IANA time zone (Europe/Berlin)")]
pub struct InvalidZone;

impl Zone {
    /// Coordinated Universal Time.
    pub fn utc() -> Self {
        Self("UTC".into())
    }

    /// Its rules. A zone that has left the time zone database since it was read counts
    /// as UTC, so that a record never becomes unreadable.
    pub fn rules(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }

    /// Its IANA name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(raw: &str) -> Result<Self, InvalidZone> {
        match TimeZone::get(raw) {
            Ok(_) => Ok(Self(raw.into())),
            Err(_) => Err(InvalidZone),
        }
    }
}

impl TryFrom<String> for Zone {
    type Error = InvalidZone;

    fn try_from(raw: String) -> Result<Self, InvalidZone> {
        raw.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.into()
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Zone".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An IANA time zone: Europe/Berlin.",
            "type": "string",
            "minLength": 1
        })
    }
}

/// A moment with the zone it is meant in; no zone: the source's, else the relay's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct When {
    /// The day or instant.
    #[serde(rename = "m")]
    pub moment: Moment,
    /// The zone a day is meant in.
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}

impl When {
    /// An instant, which needs no zone.
    pub const fn instant(instant: Timestamp) -> Self {
        Self {
            moment: Moment::Instant(instant),
            zone: None,
        }
    }

    /// A day in the zone of whoever said it.
    pub const fn day(day: Date) -> Self {
        Self {
            moment: Moment::Day(day),
            zone: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_stays_a_day_and_an_instant_an_instant() {
        assert!(matches!("2026-03-31".parse(), Ok(Moment::Day(_))));
        assert!(matches!(
            "2026-03-31T00:00:00Z".parse(),
            Ok(Moment::Instant(_))
        ));
        for refused in ["", "2026-3-31", "2026-03-31T00:00:00", "31.03.2026", "soon"] {
            assert_eq!(refused.parse::<Moment>(), Err(InvalidMoment), "{refused}");
        }
    }

    #[test]
    fn only_known_zones_are_zones() {
        assert!("Pacific/Honolulu".parse::<Zone>().is_ok());
        assert_eq!("Mars/Olympus".parse::<Zone>(), Err(InvalidZone));
    }
}
