//! One employment as instants and versions: whether it runs at t, and where its gaps are.

use std::cmp::{Ordering, Reverse};
use std::time::Duration;

use jiff::Timestamp;

use super::register::{Stamp, Version};
use crate::mutation::{Mutation, is_on};

/// When something was said, on the source's own scale and on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) version: Version,
    pub(crate) at: Timestamp,
}

impl From<&Stamp> for Said {
    fn from(stamp: &Stamp) -> Self {
        Self {
            version: stamp.version,
            at: stamp.said_at,
        }
    }
}

/// A standing start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) at: Timestamp,
    /// Of the newest word for it.
    pub(crate) version: Version,
    /// The first word for it that is known; sources restate starts night after night.
    pub(crate) first_said: Said,
    /// Whether it may have been said before an erasure, and was restated since.
    pub(crate) may_be_older: bool,
}

impl Start {
    /// Whether this start was said in knowledge of something else that was said: whoever
    /// restates it later than its date knew it by then.
    fn knew(&self, other: Said) -> bool {
        other.version < self.first_said.version && other.at < self.at
    }
}

/// An instant at which an employment ended, or was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    pub(crate) said: Said,
}

/// The newest of the ends and "no end"; of one version the one that gives less access.
fn in_force(ends: &[End], no_end: Option<Version>) -> Option<End> {
    ends.iter()
        .copied()
        .max_by_key(|end| (end.said.version, Reverse(end.at)))
        .filter(|newest| no_end.is_none_or(|none| none <= newest.said.version))
}

/// Whether an employment runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Running {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It has ended, but was seen active since, not yet by the revival grace.
    Disputed,
}

/// What was said against an end.
#[derive(Debug, Clone)]
pub(crate) struct NoEnds {
    /// Terminations that were taken back.
    pub(crate) rescinded: Vec<Said>,
    /// The newest observation that there is no end.
    pub(crate) observed: Option<Said>,
}

impl NoEnds {
    fn all(&self) -> impl Iterator<Item = Said> {
        self.rescinded.iter().copied().chain(self.observed)
    }

    /// Those that may be about an end before `start`: whoever observes no end once it has
    /// begun means the stretch that it began.
    fn before(&self, start: Timestamp) -> impl Iterator<Item = Said> {
        let observed = self.observed.filter(|none| none.at < start);
        self.rescinded.iter().copied().chain(observed)
    }

    fn newest(&self) -> Option<Version> {
        self.all().map(|none| none.version).max()
    }
}

/// One employment as instants and versions.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    /// Standing starts, earliest first.
    pub(crate) starts: Vec<Start>,
    /// Starts that were taken back: for when they were, and when they were taken back.
    withdrawn: Vec<(Timestamp, Timestamp)>,
    /// The end in force.
    pub(crate) end: Option<End>,
    ends: Vec<End>,
    no_ends: NoEnds,
    seen: Option<End>,
    /// No start stands, and none that was taken away explains why it was seen active.
    counts_as_seen: bool,
    grace: Duration,
}

impl Course {
    pub(crate) fn new(starts: Vec<Start>, ends: Vec<End>, no_ends: NoEnds) -> Self {
        Self {
            starts,
            withdrawn: Vec::new(),
            end: in_force(&ends, no_ends.newest()),
            ends,
            no_ends,
            seen: None,
            counts_as_seen: false,
            grace: Duration::ZERO,
        }
    }

    pub(crate) fn with_withdrawn(self, withdrawn: Vec<(Timestamp, Timestamp)>) -> Self {
        Self { withdrawn, ..self }
    }

    pub(crate) fn with_seen(self, seen: Option<End>, is_explained: bool, grace: Duration) -> Self {
        Self {
            counts_as_seen: seen.is_some() && !is_explained && self.starts.is_empty(),
            seen,
            grace,
            ..self
        }
    }

    /// Whether it had begun by an instant; seen without any start it counts as begun before.
    pub(crate) fn begun_by(&self, instant: Timestamp) -> bool {
        self.counts_as_seen || self.starts.iter().any(|start| start.at <= instant)
    }

    /// Takes over an end that was said of another employment of the source, or of none: it
    /// counts if it is newer, unless this employment is over without it.
    pub(crate) fn end_with(&mut self, end: End) {
        let own = self
            .end
            .map(|own| own.said.version)
            .max(self.no_ends.newest());
        let is_newer = own.is_none_or(|own| own < end.said.version);
        let is_sooner = self.end.is_none_or(|own| end.at < own.at);
        let is_over = [end.said.at, end.at]
            .into_iter()
            .all(|t| self.running(t) == Running::No);
        if is_over && !is_sooner {
            return;
        }
        self.ends.push(end);
        if is_newer {
            self.end = Some(end);
        }
    }

    /// The end that has passed by t: the one in force, or an earlier one if the start after
    /// it is still ahead. A rehire that is to end one day must not bridge the gap before it.
    pub(crate) fn ended_by(&self, t: Timestamp) -> Option<End> {
        self.end.filter(|end| end.at <= t).or_else(|| {
            let next = self.starts.partition_point(|start| start.at <= t);
            let begun = self.starts.get(..next)?.last()?;
            self.end_before(self.starts.get(next)?)
                .filter(|end| begun.at < end.at && end.at <= t)
        })
    }

    /// Since when a start that would have come by t is not one any more.
    pub(crate) fn withdrawn_by(&self, t: Timestamp) -> Option<Timestamp> {
        self.withdrawn
            .iter()
            .filter(|(start, _)| *start <= t)
            .map(|(start, taken_back)| *start.max(taken_back))
            .max()
    }

    /// Whether it runs at t (design section 4, "Running at t").
    pub(crate) fn running(&self, t: Timestamp) -> Running {
        let start = self.starts.iter().rev().find(|start| start.at <= t);
        let Some(end) = self.ended_by(t) else {
            let runs = start.is_some() || self.counts_as_seen;
            return if runs { Running::Yes } else { Running::No };
        };
        let runs = start.is_some_and(|start| match end.at.cmp(&start.at) {
            Ordering::Greater => false,
            Ordering::Equal => start.version > end.said.version,
            Ordering::Less => {
                let no_show = end.said.version > start.version && !self.begun_by(end.at);
                !no_show || is_on(Mutation::NoShowRuns)
            }
        });
        if runs {
            Running::Yes
        } else {
            self.revived(end, t)
        }
    }

    /// Whether an "active" observed by t outweighs an end that has passed.
    fn revived(&self, end: End, t: Timestamp) -> Running {
        let is_since = |seen: &End| end.at < seen.at && seen.at <= t;
        let Some(seen) = self
            .seen
            .filter(|seen| seen.said.version > end.said.version && is_since(seen))
        else {
            return Running::No;
        };
        let is_late = seen.at.duration_since(end.at).unsigned_abs() >= self.grace;
        if is_late || is_on(Mutation::NoRevivalGrace) {
            Running::Yes
        } else {
            Running::Disputed
        }
    }

    /// Every end that was said of it, in force or not.
    pub(crate) fn all_ends(&self) -> impl Iterator<Item = Timestamp> {
        self.ends.iter().map(|end| end.at)
    }

    /// The end of the stretch before a start: the newest one said since, else the one that
    /// was in force when the start was said.
    fn end_before(&self, start: &Start) -> Option<End> {
        let (before, since): (Vec<End>, Vec<End>) =
            self.ends.iter().partition(|end| start.knew(end.said));
        let none_before = self
            .no_ends
            .before(start.at)
            .filter(|none| start.knew(*none))
            .map(|none| none.version)
            .max();
        let said_since = since
            .into_iter()
            .filter(|end| end.at <= start.at)
            .max_by_key(|end| (end.said.version, Reverse(end.at)));
        let was_in_force = in_force(&before, none_before).filter(|end| end.at <= start.at);
        [said_since, was_in_force]
            .into_iter()
            .flatten()
            .find(|end| !self.was_taken_back(end.said.version, start.at))
    }

    /// Whether "no end" was said of an end, rather than of one said after it.
    fn was_taken_back(&self, end: Version, start: Timestamp) -> bool {
        let next = self
            .ends
            .iter()
            .map(|other| other.said.version)
            .filter(|other| *other > end)
            .min();
        self.no_ends
            .before(start)
            .any(|none| none.version > end && next.is_none_or(|next| none.version <= next))
    }
}
