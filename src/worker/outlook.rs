//! What HR wants of a person at this provider, read from their record at an instant.

use jiff::Timestamp;

use super::rules::WorkerRules;
use super::state::PersonState;
use crate::person::{self, Person};
use crate::plan::{Desired, Digest};
use crate::provider::{Operation, Profile};

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
    /// Their end was told ahead, and has come.
    pub(super) fell_due: bool,
    /// HR has forgotten what they were called.
    pub(super) is_erased: bool,
    /// Until when somebody who stays active is unregistered from nothing.
    pub(super) calm_until: Option<Timestamp>,
}

impl Outlook {
    /// The operations that are possible now, most urgent first.
    pub(super) fn steps(&self, rules: &WorkerRules, state: &PersonState) -> Vec<Operation> {
        let mut steps = rules.planner.steps(&self.desired, &state.applied);
        if let (true, Some(kept)) = (self.is_erased, &state.profile) {
            for step in &mut steps {
                if let Operation::Lock { profile } = step {
                    fill(profile, kept);
                }
            }
        }
        steps
    }
}

/// Adds the fields that a profile lacks.
fn fill(profile: &mut Profile, kept: &Profile) {
    for (field, value) in &kept.0 {
        if !profile.0.iter().any(|(known, _)| known == field) {
            profile.0.push((field.clone(), value.clone()));
        }
    }
    profile.0.sort();
}

/// Reads a person's record: what HR wants now; none if it cannot be read.
pub(super) fn look(record: &[u8], rules: &WorkerRules, now: Timestamp) -> Option<Outlook> {
    let person: Person = serde_json::from_slice(record).ok()?;
    let standing = person::standing(&person, &rules.people, now);
    let desired = rules.planner.desired(&standing);
    // A receiver whose clock is ahead prolongs no wait.
    let heard = person.received.map(|received| received.min(now));
    let calm_until = heard.and_then(|heard| heard.checked_add(rules.settings.calm).ok());
    Some(Outlook {
        digest: desired.digest(),
        next_change: standing.next_change,
        calm_until: calm_until.filter(|_| standing.is_active()),
        fell_due: standing.ended_at.is_some() && standing.ended_at > person.received,
        is_erased: person.is_erased_by_anybody(),
        removal_since: person.received.max(standing.ended_at),
        desired,
    })
}
