//! The durable record of one person at one provider: `hris.<provider>.state`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::guard::Guarded;
use crate::id::{EmployeeId, EventId, Provider};
use crate::log::{Record, Topic};
use crate::plan::{Applied, Aspect, Desired, DesiredAccount, Digest};
use crate::provider::{Operation, Profile, Target};
use crate::shard::NEWEST;

/// The newest version of the record's form that this program knows (`v`).
pub const FORMAT: u32 = 1;

/// One number counts the forms of all that a stage keeps.
const _: () = assert!(FORMAT == NEWEST && FORMAT == crate::person::FORMAT);

/// What is applied for a person, what is being tried, and what is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonState {
    /// The version of this form.
    pub v: u32,
    /// What is applied.
    #[serde(default)]
    pub applied: Applied,
    /// Operations that have failed and will be tried again, by their name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trying: BTreeMap<OperationName, Trying>,
    /// Operations that will not be tried again unless the plan changes or somebody redrives.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dead: BTreeMap<OperationName, Dead>,
    /// What a call without an answer may still change, and when it is asserted once more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reassert: BTreeMap<Aspect, Timestamp>,
    /// The profile last sent, until the person is locked for good: HR may have forgotten it by
    /// then, and some platforms ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// An import said that the provider had them as planned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_adopted: bool,
    /// The reconciliation that was obeyed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciled: Option<EventId>,
    /// What the guard counts and holds.
    #[serde(default, skip_serializing_if = "Guarded::is_nothing")]
    pub guard: Guarded,
    /// Fields a newer program wrote: kept as they are.
    #[serde(flatten)]
    unknown: serde_json::Map<String, serde_json::Value>,
}

impl Default for PersonState {
    fn default() -> Self {
        Self {
            v: FORMAT,
            applied: Applied::default(),
            trying: BTreeMap::new(),
            dead: BTreeMap::new(),
            reassert: BTreeMap::new(),
            profile: None,
            is_adopted: false,
            reconciled: None,
            guard: Guarded::default(),
            unknown: serde_json::Map::new(),
        }
    }
}

/// An operation without its content: `lock`, `activate`, `join <target>`, `leave <target>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationName(pub String);

impl From<&Operation> for OperationName {
    fn from(operation: &Operation) -> Self {
        let verb = operation.verb();
        Self(match operation.registration() {
            None => verb.to_owned(),
            Some(Target(target)) => format!("{verb} {target}"),
        })
    }
}

/// An operation that has failed and will be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trying {
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed first.
    pub first_at: Timestamp,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// The sum of the waits it was given: its age, which stands still while a gate or its
    /// target is closed.
    pub waited: SignedDuration,
    /// The platform refuses it: somebody must act.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_refused: bool,
    /// The code of its last failure.
    pub code: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_false(is: &bool) -> bool {
    !*is
}

/// An operation that will not be tried again as long as the plan stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    /// The plan it was made under.
    pub plan: Digest,
    /// The code of the failure.
    pub code: String,
    /// Since when.
    pub at: Timestamp,
    /// The newest redrive that was known by then: a newer one lifts the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive: Option<EventId>,
}

impl PersonState {
    /// Forgets what was tried for a wish that HR has dropped: should it come back, it is new.
    pub(super) fn forget_unwanted(&mut self, desired: &Desired) {
        self.trying.retain(|name, _| name.is_wanted(desired));
    }
}

impl OperationName {
    fn is_wanted(&self, desired: &Desired) -> bool {
        let is_out = desired.account.is_locked_out();
        let (verb, target) = self.0.split_once(' ').unwrap_or((&self.0, ""));
        let is_target = desired.targets.contains(&Target(target.to_owned()));
        match verb {
            "lock" => is_out,
            "activate" => matches!(desired.account, DesiredAccount::Active(_)),
            "join" => is_target,
            _ => !is_target,
        }
    }
}

/// A person's state as a record.
pub(super) fn state_record(provider: Provider, id: &EmployeeId, state: &PersonState) -> Record {
    // A struct of texts, numbers and maps with text keys always serialises.
    let payload = serde_json::to_vec(state).unwrap_or_default();
    Record::new(Topic::State(provider), id.as_str(), payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_is_kept_as_long_as_it_is_wanted() {
        let desired = |account, targets: &[&str]| Desired {
            account,
            targets: targets.iter().map(|t| Target((*t).to_owned())).collect(),
            is_unmapped: false,
            heard: None,
        };
        let active = desired(DesiredAccount::Active(Profile::default()), &["program:p"]);
        let gone = desired(DesiredAccount::Locked(Profile::default()), &[]);
        for (name, if_active, if_gone) in [
            ("lock", false, true),
            ("activate", true, false),
            ("join program:p", true, false),
            ("join program:q", false, false),
            ("leave program:p", false, true),
            ("leave program:q", true, true),
        ] {
            let name = OperationName(name.to_owned());
            let wanted = (name.is_wanted(&active), name.is_wanted(&gone));
            assert_eq!(wanted, (if_active, if_gone), "{name:?}");
        }
    }
}
