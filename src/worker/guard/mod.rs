//! The brake on removals (I10): how many people may go in an hour before somebody decides.
//!
//! In come the durable records of a partition's people, one by one as they change; out comes
//! whether one more may go. Pure. It counts what the records say, so it knows after a restart
//! what it knew before. A removal counts from its announcement until an hour after it was
//! confirmed: in whatever hour calls take effect, no more do than the budget.

mod forecast;
mod mark;
mod settings;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use forecast::Forecast;
pub use mark::{Guarded, Pass};
pub(super) use mark::{Held, Restraint};
pub use settings::GuardSettings;

use super::state::PersonState;
use crate::id::EmployeeId;
use crate::plan::Account;
use crate::provider::Operation;

/// So many of a day's removals may be of people whom the provider does not know.
const MOST_STRANGERS: usize = 5;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// People who are removed: locked out and unregistered.
    Removals,
    /// People who are unregistered from something and stay active.
    Leaves,
}

impl Budget {
    pub(super) const ALL: [Self; 2] = [Self::Removals, Self::Leaves];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Removals => "removals",
            Self::Leaves => "leaves",
        }
    }

    /// The budget a step falls under; of a removal every step does, whichever comes first.
    fn of(step: &Operation, is_removal: bool) -> Option<Self> {
        match step {
            Operation::Lock { .. } => Some(Self::Removals),
            Operation::Leave { .. } if is_removal => Some(Self::Removals),
            Operation::Leave { .. } => Some(Self::Leaves),
            Operation::Activate { .. } | Operation::Join { .. } => None,
        }
    }
}

/// What an operator decided of the facts as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Whatever is held may go, and does not count.
    Release,
    /// The person stays as they are.
    Reject,
}

/// What of a person's record the guard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// There is a record.
    is_known: bool,
    is_active: bool,
    counts_until: [Option<Timestamp>; 2],
    held: Option<Budget>,
    /// Until when it is one of a day's removals, and whether of a stranger.
    removed: Option<(Timestamp, bool)>,
}

impl Tally {
    fn of(state: &PersonState) -> Self {
        let Guarded {
            is_out,
            removal,
            leave,
            held,
        } = &state.guard;
        let is_active = match &state.applied.account {
            Account::Active(_) => true,
            Account::Unsure => !is_out,
            Account::Unknown | Account::Locked => false,
        };
        Self {
            is_known: true,
            is_active,
            counts_until: [removal, leave].map(|pass| pass.and_then(Pass::counts_until)),
            held: held.as_ref().map(|held| held.budget),
            removed: removal.map(|pass| (pass.remembered_until(), pass.is_stranger)),
        }
    }
}

/// Counts what one budget let go, and what it holds.
#[derive(Debug, Default)]
struct Count {
    /// People with the instant until which they count.
    gone: BTreeSet<(Timestamp, EmployeeId)>,
    held: usize,
}

/// The guard of one partition.
#[derive(Debug)]
pub(super) struct Guard {
    settings: GuardSettings,
    /// How many partitions share the provider's budget.
    partitions: usize,
    known: usize,
    active: usize,
    counts: [Count; 2],
    /// A day's removals: until when, who, and whether the provider did not know them.
    day: BTreeSet<(Timestamp, EmployeeId, bool)>,
    strangers: usize,
}

impl Guard {
    pub(super) fn new(settings: GuardSettings, partitions: u32) -> Self {
        Self {
            settings,
            partitions: usize::try_from(partitions.max(1)).unwrap_or(usize::MAX),
            known: 0,
            active: 0,
            counts: <[Count; 2]>::default(),
            day: BTreeSet::new(),
            strangers: 0,
        }
    }

    const fn count_mut(&mut self, budget: Budget) -> &mut Count {
        let [removals, leaves] = &mut self.counts;
        match budget {
            Budget::Removals => removals,
            Budget::Leaves => leaves,
        }
    }

    const fn count(&self, budget: Budget) -> &Count {
        let [removals, leaves] = &self.counts;
        match budget {
            Budget::Removals => removals,
            Budget::Leaves => leaves,
        }
    }

    /// Counts a person's record instead of what was counted of them before.
    pub(super) fn observe(&mut self, id: &EmployeeId, before: &mut Tally, state: &PersonState) {
        let after = Tally::of(state);
        let before = std::mem::replace(before, after);
        recount(&mut self.known, before.is_known, after.is_known);
        recount(&mut self.active, before.is_active, after.is_active);
        self.recount_day(id, before, after);
        let until = before.counts_until.into_iter().zip(after.counts_until);
        for ((budget, count), (old, new)) in
            Budget::ALL.into_iter().zip(&mut self.counts).zip(until)
        {
            let is = |tally: Tally| tally.held == Some(budget);
            recount(&mut count.held, is(before), is(after));
            if old == new {
                continue;
            }
            if let Some(old) = old {
                count.gone.remove(&(old, id.clone()));
            }
            if let Some(new) = new {
                count.gone.insert((new, id.clone()));
            }
        }
    }

    fn recount_day(&mut self, id: &EmployeeId, before: Tally, after: Tally) {
        if before.removed == after.removed {
            return;
        }
        if let Some((until, stranger)) = before.removed
            && self.day.remove(&(until, id.clone(), stranger))
        {
            recount(&mut self.strangers, stranger, false);
        }
        if let Some((until, stranger)) = after.removed {
            self.day.insert((until, id.clone(), stranger));
            recount(&mut self.strangers, false, stranger);
        }
    }

    /// How many of a day's removals were of people whom the provider did not know.
    pub(super) fn strangers(&mut self, now: Timestamp) -> usize {
        while self.day.first().is_some_and(|(until, ..)| *until <= now) {
            if let Some((_, _, stranger)) = self.day.pop_first() {
                recount(&mut self.strangers, stranger, false);
            }
        }
        self.strangers
    }

    /// Whether they are so many that our ids cannot be the provider's.
    pub(super) fn meets_too_many_strangers(&mut self, now: Timestamp) -> bool {
        let strangers = self.strangers(now);
        strangers > MOST_STRANGERS && strangers.saturating_mul(5) > self.day.len()
    }

    /// Whether it holds anybody at all. People once known stay so: a removal disarms nothing.
    pub(super) const fn is_armed(&self) -> bool {
        self.settings.enabled
            && self.known.saturating_mul(self.partitions) > self.settings.armed_above
    }

    /// How many people may go in an hour: this partition's part, rounded up, of the provider's
    /// budget, rounded up. The headcount of the provider is judged by this partition's.
    pub(super) fn budget(&self) -> usize {
        let headcount = self.active.saturating_mul(self.partitions);
        let budget = part(self.settings.share, headcount).max(self.settings.least);
        budget.div_ceil(self.partitions)
    }

    /// How many more may go now.
    pub(super) fn left(&mut self, budget: Budget, now: Timestamp) -> usize {
        let gone = &mut self.count_mut(budget).gone;
        while gone.first().is_some_and(|(until, _)| *until <= now) {
            gone.pop_first();
        }
        let gone = gone.len();
        self.budget().saturating_sub(gone)
    }

    /// Whether one more may go now.
    pub(super) fn admits(&mut self, budget: Budget, now: Timestamp) -> bool {
        !self.is_armed() || self.left(budget, now) > 0
    }

    /// How many people are held.
    pub(super) const fn held(&self, budget: Budget) -> usize {
        self.count(budget).held
    }

    /// How many of the removals due in the next day will be held.
    fn beyond(&self, due: impl Iterator<Item = Timestamp>) -> usize {
        if !self.is_armed() {
            return 0;
        }
        let budget = self.budget();
        let gone = &self.count(Budget::Removals).gone;
        let mut counting: BTreeSet<(Timestamp, usize)> = gone
            .iter()
            .enumerate()
            .map(|(index, (until, _))| (*until, index))
            .collect();
        let mut beyond = 0_usize;
        for (index, at) in (counting.len()..).zip(due) {
            while counting.first().is_some_and(|(until, _)| *until <= at) {
                counting.pop_first();
            }
            if counting.len() < budget {
                let until = at.checked_add(mark::WINDOW).unwrap_or(Timestamp::MAX);
                counting.insert((until, index));
            } else {
                beyond = beyond.saturating_add(1);
            }
        }
        beyond
    }
}

const fn recount(count: &mut usize, was: bool, is: bool) {
    match (was, is) {
        (false, true) => *count = count.saturating_add(1),
        (true, false) => *count = count.saturating_sub(1),
        (true, true) | (false, false) => {}
    }
}

/// A share of a number of people, rounded up.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of fewer than 2^32 people is a small number"
)]
fn part(share: f64, of: usize) -> usize {
    let of = f64::from(u32::try_from(of).unwrap_or(u32::MAX));
    // 7 % of 100 is 7, though the nearest binary fractions multiply to a little more.
    (share * of - 1e-6).ceil() as usize
}

#[cfg(test)]
mod tests;
