//! What HR wants of a person at this provider, read from their record at an instant.

use jiff::Timestamp;

use super::rules::WorkerRules;
use crate::person::{self, Person};
use crate::plan::{Desired, Digest};

/// What HR wants of a person, until something changes.
#[derive(Debug, Clone)]
pub(super) struct Outlook {
    pub(super) desired: Desired,
    pub(super) digest: Digest,
    /// When it must be looked at again.
    pub(super) next_change: Option<Timestamp>,
    /// Since when somebody gone should be locked out: the fact's receipt, or its date if
    /// that came later.
    pub(super) removal_since: Option<Timestamp>,
}

/// Reads a person's record: what HR wants now; none if it cannot be read.
pub(super) fn look(record: &[u8], rules: &WorkerRules, now: Timestamp) -> Option<Outlook> {
    let person: Person = serde_json::from_slice(record).ok()?;
    let standing = person::standing(&person, &rules.people, now);
    let desired = rules.planner.desired(&standing);
    Some(Outlook {
        digest: desired.digest(),
        next_change: standing.next_change,
        removal_since: person.received.max(standing.ended_at),
        desired,
    })
}
