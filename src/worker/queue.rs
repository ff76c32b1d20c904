//! One queue of operations that may share a call.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::kind::Kind;
use crate::id::EmployeeId;
use crate::provider::Operation;

/// A queue's name: what shares a call, apart from the halves of a refused batch.
pub(super) type Key = (Kind, Option<u64>);

/// An entry of a queue.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) id: EmployeeId,
    /// Tells it from the same person's other entries.
    pub(super) ticket: u64,
}

/// Where an entry stands, so that it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    key: Key,
    pub(super) ticket: u64,
    is_leave: bool,
}

impl Stand {
    pub(super) const fn new(key: Key, ticket: u64, is_leave: bool) -> Self {
        Self {
            key,
            ticket,
            is_leave,
        }
    }

    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    /// Whether an operation would stand at the same place.
    pub(super) fn is_for(&self, key: &Key, operation: &Operation) -> bool {
        self.key == *key && self.is_leave == is_leave(operation)
    }
}

pub(super) const fn is_leave(operation: &Operation) -> bool {
    matches!(operation, Operation::Leave { .. })
}

/// Operations that share a call.
#[derive(Debug)]
pub(super) struct Queue {
    /// Whoever is locked, activated or joins, oldest first.
    joins: BTreeMap<u64, EmployeeId>,
    /// Whoever leaves.
    leaves: BTreeMap<u64, EmployeeId>,
    since: Timestamp,
}

impl Queue {
    pub(super) const fn new(since: Timestamp) -> Self {
        Self {
            joins: BTreeMap::new(),
            leaves: BTreeMap::new(),
            since,
        }
    }

    fn side(&mut self, is_leave: bool) -> &mut BTreeMap<u64, EmployeeId> {
        if is_leave {
            &mut self.leaves
        } else {
            &mut self.joins
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.joins.is_empty() && self.leaves.is_empty()
    }

    pub(super) fn oldest(&self) -> Option<u64> {
        let oldest = |side: &BTreeMap<u64, EmployeeId>| side.first_key_value().map(|(t, _)| *t);
        oldest(&self.joins)
            .into_iter()
            .chain(oldest(&self.leaves))
            .min()
    }

    pub(super) fn take(&mut self, is_leave: bool, most: usize) -> impl Iterator<Item = Waiting> {
        let side = self.side(is_leave);
        (0..most).map_while(|_| {
            let (ticket, id) = side.pop_first()?;
            Some(Waiting { id, ticket })
        })
    }

    pub(super) fn add(&mut self, is_leave: bool, ticket: u64, id: EmployeeId) {
        self.side(is_leave).insert(ticket, id);
    }

    pub(super) fn remove(&mut self, stand: &Stand) {
        self.side(stand.is_leave).remove(&stand.ticket);
    }

    pub(super) fn people(&self) -> impl Iterator<Item = EmployeeId> {
        self.joins.values().chain(self.leaves.values()).cloned()
    }

    pub(super) fn has_joins(&self) -> bool {
        !self.joins.is_empty()
    }

    /// Since when there is anything in it.
    pub(super) const fn since(&self) -> Timestamp {
        self.since
    }

    /// What a provider's maximum is about: whoever joins, or whoever leaves.
    pub(super) fn largest_side(&self) -> usize {
        self.joins.len().max(self.leaves.len())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.joins.len() + self.leaves.len()
    }
}
