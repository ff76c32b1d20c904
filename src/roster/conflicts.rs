//! People of whom HR says two things at once: ended, and seen active a little later.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;

use crate::metrics::IntGauge;
use crate::person::Standing;

/// The people in conflict now, each with the instant at which that may end by itself.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    people: BTreeMap<Bytes, Option<Timestamp>>,
    due: BTreeSet<(Timestamp, Bytes)>,
    shown: Option<Shown>,
}

/// A gauge that is taken back when the partition goes.
#[derive(Debug)]
struct Shown(IntGauge);

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.set(0);
    }
}

impl Conflicts {
    /// Shows their number there from now on.
    pub(super) fn show(&mut self, gauge: IntGauge) {
        self.shown = Some(Shown(gauge));
        self.count();
    }

    /// Takes note of how somebody stands; tells whether a conflict has begun.
    pub(super) fn note(&mut self, key: &Bytes, standing: &Standing) -> bool {
        let held = self.people.remove(key);
        if let Some(Some(due)) = held {
            self.due.remove(&(due, key.clone()));
        }
        if standing.disputed {
            self.people.insert(key.clone(), standing.next_change);
            if let Some(due) = standing.next_change {
                self.due.insert((due, key.clone()));
            }
        }
        if held.is_some() != standing.disputed {
            self.count();
        }
        held.is_none() && standing.disputed
    }

    fn count(&self) {
        if let Some(Shown(gauge)) = &self.shown {
            gauge.set(i64::try_from(self.people.len()).unwrap_or(i64::MAX));
        }
    }

    /// When to look again.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Whoever is to be looked at again by now.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Bytes> {
        let due = self.due.iter().take_while(|(due, _)| *due <= now);
        due.map(|(_, key)| key.clone()).collect()
    }
}
