//! Revocations and restores: access taken away while employments go on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::course::{Course, Said, Start};
use super::register::{Dated, Entry, Value};
use super::when::Calendar;
use crate::id::SourceId;
use crate::mutation::{Mutation, is_on};

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
            Self::Restored => -1,
            Self::Revoked => 1,
        }
    }
}

/// A revocation in force.
#[derive(Debug)]
pub(crate) struct Revocation<'a> {
    source: &'a SourceId,
    pub(crate) from: Timestamp,
    said: Said,
}

/// The revocations of one source that no restore has cleared by t.
pub(crate) fn revocations<'a>(
    source: &'a SourceId,
    access: &'a Dated<Access>,
    calendar: Calendar<'a>,
    t: Timestamp,
) -> Vec<Revocation<'a>> {
    let begun = |said: Access| {
        access
            .entries(move |date| calendar.begin(date))
            .filter(move |entry| entry.from <= t && *entry.value == said)
    };
    begun(Access::Revoked)
        .filter(|revoked| !begun(Access::Restored).any(|restored| clears(&restored, revoked)))
        .map(|revoked| Revocation {
            source,
            from: revoked.from,
            said: Said::from(revoked.stamp),
        })
        .collect()
}

/// Whether a restore clears a revocation: it is newer, and was not over and done with when
/// the revocation, announced before, took effect.
fn clears(restored: &Entry<'_, Access>, revoked: &Entry<'_, Access>) -> bool {
    let reaches = restored.from.max(restored.stamp.said_at);
    restored.stamp.version > revoked.stamp.version && reaches >= revoked.from
}

impl Revocation<'_> {
    /// Whether it counts against an employment at t: begun by then, and without a start
    /// that was said later and is dated after it.
    pub(crate) fn counts_against(&self, source: &SourceId, course: &Course, t: Timestamp) -> bool {
        let said_later = |start: &Start| {
            if is_on(Mutation::AnyStartRestores) {
                true
            } else if source == self.source {
                start.first_said.version > self.said.version
            } else {
                // Versions of two sources are never compared; the times they spoke are.
                start.first_said.at > self.said.at
            }
        };
        // Where nobody can tell when a start was said first, one that had come when access was
        // revoked is taken for known by then: I5 outlives the erasure.
        let dated_after = |start: &Start| {
            start.at > self.from && (!start.may_be_older || start.at > self.said.at)
        };
        let cleared = course
            .starts
            .iter()
            .any(|start| start.at <= t && dated_after(start) && said_later(start));
        course.begun_by(self.from) && !cleared
    }
}
