//! Removals that are still ahead, and how many of them the guard will hold.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::Guard;
use crate::id::EmployeeId;

/// How far ahead operators are told.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// However many dates change, the forecast is made this often at most.
const EVERY: SignedDuration = SignedDuration::from_mins(1);

/// The removals of a partition that are due by date and not released.
#[derive(Debug, Default)]
pub(in crate::worker) struct Forecast {
    due: BTreeSet<(Timestamp, EmployeeId)>,
    reviewed_at: Option<Timestamp>,
    review_at: Option<Timestamp>,
}

impl Forecast {
    /// Notes when somebody is due to be removed, instead of what was noted before.
    pub(in crate::worker) fn expect(
        &mut self,
        id: &EmployeeId,
        before: &mut Option<Timestamp>,
        due: Option<Timestamp>,
    ) {
        if *before == due {
            return;
        }
        if let Some(before) = std::mem::replace(before, due) {
            self.due.remove(&(before, id.clone()));
        }
        if let Some(due) = due {
            self.due.insert((due, id.clone()));
        }
        let soonest = self.reviewed_at.map(|at| later(at, EVERY));
        let soonest = soonest.unwrap_or(Timestamp::MIN);
        self.review_at = Some(self.review_at.map_or(soonest, |at| at.min(soonest)));
    }

    /// When it should be reviewed.
    pub(in crate::worker) const fn review_at(&self) -> Option<Timestamp> {
        self.review_at
    }

    /// How many of the removals due within a day the guard will hold; none: not time yet.
    pub(in crate::worker) fn review(&mut self, guard: &Guard, now: Timestamp) -> Option<usize> {
        if self.review_at.is_none_or(|at| at > now) {
            return None;
        }
        let horizon = later(now, AHEAD);
        self.reviewed_at = Some(now);
        let beyond = self.due.iter().find(|(due, _)| *due > horizon);
        self.review_at = beyond.and_then(|(due, _)| due.checked_sub(AHEAD).ok());
        let ahead = self.due.iter().map(|(due, _)| *due);
        Some(guard.beyond(ahead.take_while(|due| *due <= horizon)))
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
