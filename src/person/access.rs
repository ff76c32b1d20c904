//! Revocations and restores: access taken away while employments go on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::employment::Course;
use super::register::{Dated, Stamp, Value};
use super::when::Calendar;
use crate::id::SourceId;

/// What a source says of a person's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Access {
    /// Given back.
    Restored,
    /// Taken away.
    Revoked,
}

impl Value for Access {
    fn restraint(&self) -> i64 {
        match self {
            Self::Restored => 0,
            Self::Revoked => 1,
        }
    }
}

/// A revocation in force.
#[derive(Debug)]
pub(crate) struct Revocation<'a> {
    source: &'a SourceId,
    from: Timestamp,
    stamp: &'a Stamp,
}

/// The revocations of one source that nothing it said since has cleared by t.
pub(crate) fn revocations<'a>(
    source: &'a SourceId,
    access: &'a Dated<Access>,
    calendar: Calendar<'a>,
    t: Timestamp,
) -> Vec<Revocation<'a>> {
    let begun = || {
        access
            .entries(move |date| calendar.begin(date))
            .filter(|entry| entry.from <= t)
    };
    let restored = begun()
        .filter(|entry| *entry.value == Access::Restored)
        .map(|entry| entry.stamp.version)
        .max();
    begun()
        .filter(|entry| *entry.value == Access::Revoked)
        .filter(|entry| restored.is_none_or(|restored| restored <= entry.stamp.version))
        .map(|entry| Revocation {
            source,
            from: entry.from,
            stamp: entry.stamp,
        })
        .collect()
}

impl Revocation<'_> {
    /// Whether it counts against an employment at t: begun by then, and without a start
    /// that was said later and is dated after it.
    pub(crate) fn counts_against(&self, source: &SourceId, course: &Course, t: Timestamp) -> bool {
        let said_later = |start: &super::employment::Start| {
            if source == self.source {
                start.version > self.stamp.version
            } else {
                // Versions of two sources are never compared; the times they spoke are.
                start.said_at > self.stamp.said_at
            }
        };
        let cleared = course
            .starts
            .iter()
            .any(|start| start.at <= t && start.at > self.from && said_later(start));
        course.begun_by(self.from) && !cleared
    }
}
