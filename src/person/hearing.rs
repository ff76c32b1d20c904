//! Whom a person is known from: imported rosters, or something that was said since.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::Person;
use super::register::{Stamp, pairs};
use crate::event::{Fact, Import, Snapshot};
use crate::id::Provider;

/// When a person was last imported, and when anything else was last said of them.
///
/// Maxima only, so that order and repetition do not matter. An erasure is a fact like others
/// here: it does not lower them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Hearing {
    /// The newest import for each set of providers at which imports adopt.
    #[serde(
        rename = "i",
        with = "pairs",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    imports: BTreeMap<BTreeSet<Provider>, Timestamp>,
    /// The newest other fact.
    #[serde(
        rename = "f",
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    fact: Option<Timestamp>,
}

impl Hearing {
    /// Notes that a fact was said; tells whether that is news.
    pub(crate) fn hear(&mut self, fact: &Fact, stamp: &Stamp) -> bool {
        let before = self.clone();
        match fact {
            Fact::Command(_) => return false,
            Fact::Snapshot(Snapshot {
                import: Some(Import { adopt }),
                ..
            }) => {
                let newest = self.imports.entry(adopt.clone()).or_insert(stamp.said_at);
                *newest = stamp.said_at.max(*newest);
            }
            Fact::Snapshot(_)
            | Fact::Hired(_)
            | Fact::Updated(_)
            | Fact::GroupChanged(_)
            | Fact::Terminated(_)
            | Fact::AccessRevoked(_)
            | Fact::AccessRestored(_)
            | Fact::Erased => self.fact = self.fact.max(Some(stamp.said_at)),
        }
        // An import older than another fact answers no question any more.
        self.imports
            .retain(|_, said_at| self.fact <= Some(*said_at));
        *self != before
    }
}

impl Person {
    /// Whether the newest that was said of them is an import which adopts at a provider: there
    /// they count as already as planned, if the worker has no record of them.
    pub fn is_adopted_at(&self, provider: Provider) -> bool {
        let (adopting, others): (Vec<_>, Vec<_>) = self
            .heard
            .imports
            .iter()
            .partition(|(adopt, _)| adopt.contains(&provider));
        let newest = |imports: Vec<(_, &Timestamp)>| imports.into_iter().map(|(_, at)| *at).max();
        let adopted = newest(adopting);
        adopted.is_some() && adopted >= newest(others).max(self.heard.fact)
    }

    /// Where the imports adopt that no other fact is newer than, each with its export's instant.
    pub fn imports(&self) -> impl Iterator<Item = (&BTreeSet<Provider>, Timestamp)> {
        self.heard.imports.iter().map(|(adopt, at)| (adopt, *at))
    }

    /// Whether nothing but imports ever spoke of them.
    pub fn is_only_imported(&self) -> bool {
        !self.heard.imports.is_empty() && self.heard.fact.is_none()
    }
}
