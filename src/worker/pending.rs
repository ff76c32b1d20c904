//! Who waits for a call, and since when.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::books::Book;
use super::core::Worker;
use super::lanes::Lane;
use crate::id::{EmployeeId, Provider};
use crate::metrics::{IntGauge, WorkerMetrics};

/// The people of one partition who wait for a call.
#[derive(Debug)]
pub(super) struct Pending {
    since: BTreeSet<(Timestamp, EmployeeId)>,
    people: IntGauge,
    oldest: IntGauge,
}

impl Pending {
    pub(super) fn new(metrics: &WorkerMetrics, provider: Provider, partition: u32) -> Self {
        let partition = partition.to_string();
        let labels = [provider.as_str(), partition.as_str()];
        let pending = Self {
            since: BTreeSet::new(),
            people: metrics.pending.people.with_label_values(&labels),
            oldest: metrics.pending.oldest.with_label_values(&labels),
        };
        pending.people.set(0);
        pending.oldest.set(0);
        pending
    }

    /// Notes since when somebody waits, or that they do not, instead of what was noted before.
    fn note(&mut self, id: &EmployeeId, before: &mut Option<Timestamp>, since: Option<Timestamp>) {
        if *before == since {
            return;
        }
        if let Some(before) = std::mem::replace(before, since) {
            self.since.remove(&(before, id.clone()));
        }
        if let Some(since) = since {
            self.since.insert((since, id.clone()));
        }
    }

    pub(super) fn show(&self, now: Timestamp) {
        let people = i64::try_from(self.since.len());
        self.people.set(people.unwrap_or(i64::MAX));
        let oldest = self.since.first();
        let waited = oldest.map_or(0, |(since, _)| now.duration_since(*since).as_secs());
        self.oldest.set(waited.max(0));
    }
}

impl Drop for Pending {
    /// A partition that is let go is its next owner's to show.
    fn drop(&mut self) {
        self.people.set(0);
        self.oldest.set(0);
    }
}

impl Lane {
    /// Since when somebody who waits for a call does: of a removal the record says it, of
    /// anything else its first failure; else nobody knows of an earlier time than `now`.
    fn waits_since(&self, now: Timestamp) -> Timestamp {
        let outlook = self.outlook.as_ref();
        let removal = outlook.filter(|outlook| outlook.is_removal());
        let removal = removal.and_then(|outlook| outlook.removal_since);
        let failed = self.state.trying.values().map(|it| it.first_at).min();
        removal.or(failed).map_or(now, |since| since.min(now))
    }
}

impl Worker {
    /// Moves a person to a book, and tells what that asks of people.
    pub(super) fn enter(&mut self, id: &EmployeeId, book: Book, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        if !self.is_restoring {
            book.tell(lane.book, self.rules.provider, &lane.event);
        }
        self.books.move_person(&mut lane.book, book);
        let since = book
            .waits_for_a_call()
            .then(|| lane.pending_since.unwrap_or_else(|| lane.waits_since(now)));
        self.pending.note(id, &mut lane.pending_since, since);
    }
}
