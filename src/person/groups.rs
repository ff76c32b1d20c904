//! Memberships: joined, left, or all of them, dated, of one employment or of any.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::register::{Dated, Entry, Stamp, Word};
use super::when::Calendar;
use crate::event::{Groups, When};
use crate::id::GroupId;

/// The membership registers of one employment, or of none in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memberships {
    /// Full sets.
    #[serde(rename = "f")]
    all: Dated<BTreeSet<GroupId>>,
    /// One group joined or left.
    #[serde(rename = "g", skip_serializing_if = "BTreeMap::is_empty")]
    single: BTreeMap<GroupId, Dated<bool>>,
}

impl Memberships {
    /// Says memberships, or withdraws what was said for the date; tells whether that changed
    /// a register.
    pub(crate) fn say(&mut self, word: Word<'_>, groups: &Groups) -> bool {
        let mut changed = false;
        if let Some(current) = &groups.current {
            changed |= self.all.say(word, current.clone());
        }
        let joined = groups.joined.iter().map(|group| (group, true));
        let left = groups.left.iter().map(|group| (group, false));
        for (group, is_member) in joined.chain(left) {
            let membership = self.single.entry(group.clone()).or_default();
            changed |= membership.say(word, is_member);
        }
        changed
    }

    /// Whether anything was said that holds at t.
    pub(crate) fn is_known(&self, calendar: Calendar<'_>, t: Timestamp) -> bool {
        let begins = |date: &When| calendar.begin(date);
        self.all.entries(begins).any(|entry| entry.from <= t)
            || self
                .single
                .values()
                .any(|dated| dated.entries(begins).any(|entry| entry.from <= t))
    }

    /// The groups at t, of what was said to hold at `floor` or later: the latest effective
    /// wins, then the version.
    pub(crate) fn at(
        &self,
        calendar: Calendar<'_>,
        floor: Timestamp,
        t: Timestamp,
    ) -> BTreeSet<GroupId> {
        let begins = |date: &When| calendar.begin(date);
        let counts = |from: Timestamp| floor <= from && from <= t;
        let newest_set = self
            .all
            .entries(begins)
            .filter(|entry| counts(entry.from))
            .max_by(Entry::precedence);
        let named = newest_set.iter().flat_map(|entry| entry.value.iter());
        let candidates: BTreeSet<&GroupId> = named.chain(self.single.keys()).collect();
        candidates
            .into_iter()
            .filter(|group| {
                let single = self.single.get(*group).and_then(|dated| {
                    dated
                        .entries(begins)
                        .filter(|entry| counts(entry.from))
                        .max_by(Entry::precedence)
                });
                is_member(newest_set.as_ref(), single.as_ref(), group)
            })
            .cloned()
            .collect()
    }

    /// Every instant at which an answer may change.
    pub(crate) fn dates<'a>(
        &'a self,
        calendar: Calendar<'a>,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        let all = self.all.instants(calendar);
        let single = self.single.values();
        all.chain(single.flat_map(move |dated| dated.instants(calendar)))
    }

    /// Who said what it holds.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        let single = self.single.values().flat_map(Dated::stamps);
        self.all.stamps().chain(single)
    }

    /// Drops what a floor covers; says whether nothing is left.
    pub(crate) fn forget(&mut self, covered: &impl Fn(&Stamp) -> bool) -> bool {
        let no_sets = self.all.forget(covered);
        self.single.retain(|_, dated| !dated.forget(covered));
        no_sets && self.single.is_empty()
    }
}

/// What the newer of a full set and a single statement says of one group.
fn is_member(
    set: Option<&Entry<'_, BTreeSet<GroupId>>>,
    single: Option<&Entry<'_, bool>>,
    group: &GroupId,
) -> bool {
    let by_set = set.map(|entry| Entry {
        from: entry.from,
        stamp: entry.stamp,
        value: if entry.value.contains(group) {
            &true
        } else {
            &false
        },
    });
    let newest = match (by_set, single) {
        (Some(set), Some(single)) if single.precedence(&set).is_gt() => Some(*single.value),
        (Some(set), _) => Some(*set.value),
        (None, single) => single.map(|entry| *entry.value),
    };
    newest.unwrap_or(false)
}
