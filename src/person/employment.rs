//! One employment: starts, end, what was seen, and whether it runs at t.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::register::{Register, Stamp, Version, pairs, say, say_at};
use super::when::Calendar;
use crate::event::When;

/// The registers of one employment of one source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Employment {
    /// One register a start date: standing or withdrawn.
    #[serde(
        rename = "s",
        with = "pairs",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    starts: BTreeMap<When, Register<bool>>,
    /// Every hire that named a date, since a hire for a date still ahead replaces other
    /// starts that were still ahead then.
    #[serde(
        rename = "h",
        with = "pairs",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    hires: BTreeMap<When, BTreeSet<Stamp>>,
    /// The newest stamp of each dated termination. The newest of all ends is *the* end; the
    /// others tell where a gap was.
    #[serde(
        rename = "e",
        with = "pairs",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    ends: BTreeMap<When, Stamp>,
    /// The newest end without a date: at the instant it was said or observed.
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    ended_when_said: Option<Register<Timestamp>>,
    /// The newest "there is no end".
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    no_end: Option<Stamp>,
    /// The newest observed "active", which never moves a start.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    seen: Option<Register<Timestamp>>,
}

impl Employment {
    pub(crate) fn start(&mut self, date: &When, stamp: Stamp, stands: bool) {
        if stands {
            self.hires
                .entry(date.clone())
                .or_default()
                .insert(stamp.clone());
        }
        let value = stands;
        say_at(&mut self.starts, date.clone(), Register { stamp, value });
    }

    /// An observed start date: it stands, but announces nothing.
    pub(crate) fn observe_start(&mut self, date: &When, stamp: Stamp) {
        let value = true;
        say_at(&mut self.starts, date.clone(), Register { stamp, value });
    }

    pub(crate) fn end(&mut self, date: Option<&When>, stamp: Stamp) {
        if let Some(date) = date {
            let newest = self
                .ends
                .entry(date.clone())
                .or_insert_with(|| stamp.clone());
            if *newest < stamp {
                *newest = stamp;
            }
        } else {
            let value = stamp.said_at;
            say(&mut self.ended_when_said, Register { stamp, value });
        }
    }

    pub(crate) fn no_end(&mut self, stamp: Stamp) {
        if self.no_end.as_ref().is_none_or(|held| *held < stamp) {
            self.no_end = Some(stamp);
        }
    }

    pub(crate) fn see(&mut self, stamp: Stamp) {
        let value = stamp.said_at;
        say(&mut self.seen, Register { stamp, value });
    }

    /// Drops what a floor covers; says whether nothing is left.
    pub(crate) fn forget(&mut self, covered: &impl Fn(&Stamp) -> bool) -> bool {
        self.starts.retain(|_, register| !covered(&register.stamp));
        self.hires.retain(|_, stamps| {
            stamps.retain(|stamp| !covered(stamp));
            !stamps.is_empty()
        });
        self.ends.retain(|_, stamp| !covered(stamp));
        self.ended_when_said.take_if(|end| covered(&end.stamp));
        self.no_end.take_if(|stamp| covered(stamp));
        self.seen.take_if(|seen| covered(&seen.stamp));
        *self == Self::default()
    }

    /// Every date that may change an answer.
    pub(crate) fn dates(&self, calendar: Calendar<'_>) -> impl Iterator<Item = Timestamp> {
        let starts = self.starts.keys().map(move |date| calendar.begin(date));
        let ends = self.ends.keys().map(move |date| calendar.end(date));
        starts.chain(ends)
    }

    /// Reads the registers with the source's calendar.
    pub(crate) fn course(&self, calendar: Calendar<'_>, grace: Duration) -> Course {
        let mut starts: Vec<Start> = self
            .starts
            .iter()
            .filter(|(date, register)| {
                register.value && !self.is_replaced(date, register, calendar)
            })
            .map(|(date, register)| Start {
                at: calendar.begin(date),
                version: register.stamp.version,
                said_at: register.stamp.said_at,
            })
            .collect();
        starts.sort_unstable_by_key(|start| (start.at, start.version));
        let withdrawn = self
            .starts
            .iter()
            .filter(|(_, register)| !register.value)
            .map(|(date, _)| calendar.begin(date))
            .min();
        let dated = self.ends.iter().map(|(date, stamp)| End {
            at: calendar.end(date),
            version: stamp.version,
        });
        let undated = self.ended_when_said.iter().map(|register| End {
            at: register.value,
            version: register.stamp.version,
        });
        let ends: Vec<End> = dated.chain(undated).collect();
        let no_end = self.no_end.as_ref().map(|stamp| stamp.version);
        Course {
            end: in_force(&ends, no_end),
            has_start_registers: !self.starts.is_empty(),
            starts,
            withdrawn,
            ends,
            no_end,
            seen: self.seen.as_ref().map(|register| End {
                at: register.value,
                version: register.stamp.version,
            }),
            grace,
        }
    }

    /// Whether a newer hire for a date then still ahead took this start's place, which was
    /// still ahead then too.
    fn is_replaced(&self, date: &When, start: &Register<bool>, calendar: Calendar<'_>) -> bool {
        let begins = calendar.begin(date);
        self.hires.iter().any(|(other, stamps)| {
            let other_begins = calendar.begin(other);
            other != date
                && stamps.iter().any(|stamp| {
                    stamp.version > start.stamp.version
                        && other_begins > stamp.said_at
                        && begins > stamp.said_at
                })
        })
    }
}

/// A standing start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) at: Timestamp,
    pub(crate) version: Version,
    pub(crate) said_at: Timestamp,
}

/// An instant at which an employment ended, or was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    pub(crate) version: Version,
}

/// The newest of the ends and "no end"; of one version the one that gives less access.
fn in_force(ends: &[End], no_end: Option<Version>) -> Option<End> {
    let newest = ends
        .iter()
        .copied()
        .max_by_key(|end| (end.version, std::cmp::Reverse(end.at)))?;
    no_end
        .is_none_or(|none| none <= newest.version)
        .then_some(newest)
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

/// One employment as dates and versions.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) starts: Vec<Start>,
    /// The earliest start that was taken back.
    pub(crate) withdrawn: Option<Timestamp>,
    has_start_registers: bool,
    ends: Vec<End>,
    no_end: Option<Version>,
    pub(crate) end: Option<End>,
    seen: Option<End>,
    grace: Duration,
}

impl Course {
    /// Whether it had begun by an instant; without any start it counts as begun before.
    pub(crate) fn begun_by(&self, instant: Timestamp) -> bool {
        !self.has_start_registers || self.starts.iter().any(|start| start.at <= instant)
    }

    /// Takes over an end that was said of another employment of the source, or of none:
    /// it may end this one sooner, never later.
    pub(crate) fn end_with(&mut self, end: End) {
        self.ends.push(end);
        let newest_own = self.end.map(|own| own.version).max(self.no_end);
        let sooner = self.end.is_none_or(|own| end.at < own.at);
        if sooner && newest_own.is_none_or(|own| own < end.version) {
            self.end = Some(end);
        }
    }

    /// Whether it runs at t (design section 4, "Running at t").
    pub(crate) fn running(&self, t: Timestamp) -> Running {
        let start = self.starts.iter().rev().find(|start| start.at <= t);
        let started = start.is_some() || (!self.has_start_registers && self.seen.is_some());
        let Some(end) = self.end.filter(|end| end.at <= t) else {
            return if started { Running::Yes } else { Running::No };
        };
        let runs = start.is_some_and(|start| match end.at.cmp(&start.at) {
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => start.version > end.version,
            std::cmp::Ordering::Less => {
                let no_show = end.version > start.version && !self.begun_by(end.at);
                !no_show
            }
        });
        if runs {
            Running::Yes
        } else {
            self.revived(end)
        }
    }

    /// Whether an observed "active" outweighs an end that has passed.
    fn revived(&self, end: End) -> Running {
        let Some(seen) = self
            .seen
            .filter(|seen| seen.version > end.version && seen.at > end.at)
        else {
            return Running::No;
        };
        if seen.at.duration_since(end.at).unsigned_abs() >= self.grace {
            Running::Yes
        } else {
            Running::Disputed
        }
    }

    /// The stretches of time it covers, oldest first; none: still open.
    pub(crate) fn stretches(&self) -> Vec<(Timestamp, Option<Timestamp>)> {
        let mut stretches = Vec::new();
        let mut open = (!self.has_start_registers && self.seen.is_some()).then_some(Timestamp::MIN);
        for start in &self.starts {
            match (open, self.gap_before(start)) {
                (Some(from), Some(gap)) if from <= gap => {
                    stretches.push((from, Some(gap)));
                    open = Some(start.at);
                }
                (Some(_), _) => {}
                (None, _) => open = Some(start.at),
            }
        }
        if let Some(from) = open {
            match self.end {
                Some(end) if end.at >= from => {
                    stretches.push((from, Some(end.at)));
                    if let (Running::Yes, Some(seen)) = (self.revived(end), self.seen) {
                        stretches.push((seen.at, None));
                    }
                }
                Some(_) | None => stretches.push((from, None)),
            }
        }
        stretches
    }

    /// The end before a start: the one in force when the start was said, or one said since.
    fn gap_before(&self, start: &Start) -> Option<Timestamp> {
        let before: Vec<End> = self
            .ends
            .iter()
            .copied()
            .filter(|end| end.version < start.version)
            .collect();
        let none_before = self.no_end.filter(|none| *none < start.version);
        let said_before = in_force(&before, none_before).filter(|end| end.at <= start.at);
        let said_since = self
            .ends
            .iter()
            .filter(|end| end.version > start.version && end.at <= start.at)
            .max_by_key(|end| end.version)
            .filter(|end| !self.was_taken_back(end.version));
        let latest = said_before
            .map(|end| end.at)
            .max(said_since.map(|end| end.at));
        latest.filter(|end| !touches(*end, start.at))
    }

    /// Whether "no end" was said of an end, rather than of one said after it.
    fn was_taken_back(&self, end: Version) -> bool {
        self.no_end.is_some_and(|none| {
            none > end
                && !self
                    .ends
                    .iter()
                    .any(|other| end < other.version && other.version < none)
        })
    }
}

/// Whether a start follows an end without a gap: a last day ends one nanosecond before midnight.
pub(crate) fn touches(end: Timestamp, start: Timestamp) -> bool {
    start.duration_since(end).as_nanos() <= 1
}
