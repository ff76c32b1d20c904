//! The record of one person on `hris.people`: every source's registers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access::Access;
use super::command::Commands;
use super::employment::Employment;
use super::groups::Memberships;
use super::hearing::Hearing;
use super::register::{Dated, Stamp};
use super::removal::Overruled;
use crate::id::{EmploymentId, FactVersion, Provider, SourceId};
use crate::mutation::{Mutation, is_on};

/// The newest version of the record's form that this program knows (`v`).
pub const FORMAT: u32 = 1;

/// A person as HR sees them: a set of registers, each with the greatest version.
///
/// Personal data: its `Debug` says only how much there is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The version of this form.
    pub v: u32,
    /// What each source said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sources: BTreeMap<SourceId, SourceFacts>,
    /// The newest erasure each source asked for: a floor for every register.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) erased: BTreeMap<SourceId, Stamp>,
    /// The newest decisions of operators about this person at each provider.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) commands: BTreeMap<Provider, Commands>,
    /// When they were imported, and when anything else was said of them.
    #[serde(default)]
    pub(crate) heard: Hearing,
    /// When the relay received the latest event that changed this record, or any later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
    /// The newest removal after which they were still active; none once they are not. Like
    /// `received` it depends on the order of events, and no plan depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overruled: Option<Overruled>,
    /// Fields a newer program wrote: kept as they are.
    #[serde(flatten)]
    unknown: serde_json::Map<String, serde_json::Value>,
}

/// What one source said of a person.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SourceFacts {
    /// Employments by id; the nameless one under the empty word.
    #[serde(rename = "emp", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) employments: BTreeMap<Employed, Employment>,
    /// Memberships by the employment they belong to; of any under the empty word.
    #[serde(rename = "grp", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) memberships: BTreeMap<Employed, Memberships>,
    /// Profile attributes; the empty word is a value known to be empty.
    #[serde(rename = "att", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, Dated<String>>,
    /// Access revoked and restored.
    #[serde(rename = "acc")]
    pub(crate) access: Dated<Access>,
}

/// An employment's id, or the nameless one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Employed(String);

impl Employed {
    /// Employment ids are never empty, so the empty word is free for the nameless one.
    pub(crate) fn new(id: Option<&EmploymentId>) -> Self {
        Self(id.map(|id| id.as_str().to_owned()).unwrap_or_default())
    }

    pub(crate) const fn is_nameless(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Person {
    fn default() -> Self {
        Self {
            v: FORMAT,
            sources: BTreeMap::new(),
            erased: BTreeMap::new(),
            commands: BTreeMap::new(),
            heard: Hearing::default(),
            received: None,
            overruled: None,
            unknown: serde_json::Map::new(),
        }
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person(v{}, {} sources)", self.v, self.sources.len())
    }
}

impl Person {
    /// Whether some source had them erased, so that values may be missing.
    pub fn is_erased_by_anybody(&self) -> bool {
        !self.erased.is_empty()
    }

    /// Names the facts in the record: a digest of every register and of the floors below
    /// which all is erased. What operators decide does not change it.
    pub fn fact_version(&self) -> FactVersion {
        // Maps have text keys or are lists of pairs, so nothing here fails to serialise.
        let json = serde_json::to_vec(&(&self.sources, &self.erased)).unwrap_or_default();
        let digest: [u8; 32] = Sha256::digest(json).into();
        let (first, _) = digest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        FactVersion::new(*first)
    }

    /// Whether an erasure covers what one source said: whatever was said by then, and of the
    /// erasing source whatever is older by version.
    pub(crate) fn is_erased(&self, source: &SourceId, stamp: &Stamp) -> bool {
        covers(&self.erased, source, stamp) && !is_on(Mutation::TombstoneForgotten)
    }

    /// Raises the floor of the source that erases, and drops every register below it; tells
    /// whether the floor rose.
    pub(crate) fn erase(&mut self, source: &SourceId, stamp: Stamp) -> bool {
        let risen = match self.erased.get(source) {
            Some(held) => held.clone().raised_by(stamp),
            None => stamp,
        };
        if self.erased.get(source) == Some(&risen) {
            return false;
        }
        self.erased.insert(source.clone(), risen);
        for (source, facts) in &mut self.sources {
            facts.forget(&|stamp: &Stamp| covers(&self.erased, source, stamp));
        }
        self.sources.retain(|_, facts| !facts.is_empty());
        // What this program does not know may be of the person, too.
        self.unknown.clear();
        true
    }
}

fn covers(floors: &BTreeMap<SourceId, Stamp>, source: &SourceId, stamp: &Stamp) -> bool {
    floors.iter().any(|(erasing, floor)| {
        let is_older = erasing == source && stamp.version <= floor.version;
        is_older || stamp.said_at <= floor.said_at
    })
}

impl SourceFacts {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Who said what every register holds.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        let employments = self.employments.values().flat_map(Employment::stamps);
        let memberships = self.memberships.values().flat_map(Memberships::stamps);
        let attributes = self.attributes.values().flat_map(Dated::stamps);
        employments
            .chain(memberships)
            .chain(attributes)
            .chain(self.access.stamps())
    }

    fn forget(&mut self, covered: &impl Fn(&Stamp) -> bool) {
        self.employments
            .retain(|_, employment| !employment.forget(covered));
        self.memberships
            .retain(|_, memberships| !memberships.forget(covered));
        self.attributes
            .retain(|_, attribute| !attribute.forget(covered));
        self.access.forget(covered);
    }
}
