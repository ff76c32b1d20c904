//! One employment: the registers of its starts, its end and what was seen of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::course::{Course, End, NoEnds, Said, Start};
use super::register::{Register, Stamp, Version, pairs, say, say_at};
use super::when::Calendar;
use crate::event::{Moment, When};
use crate::mutation::{Mutation, is_on};

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
    /// Every word that named a start date while it was still ahead, since it replaces other
    /// starts that were still ahead then. Bounded: once the date has come, none is added.
    #[serde(
        rename = "h",
        with = "pairs",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    announced: BTreeMap<When, BTreeSet<Stamp>>,
    /// The first word for each start date: sources restate starts night after night, and none
    /// is said later for that. Nothing of somebody erased: which word was the first cannot be
    /// told once what was said before the floor is forgotten.
    #[serde(
        rename = "f",
        with = "pairs",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    first_said: BTreeMap<When, Stamp>,
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
    /// Every termination taken back: the newest tells whether there is an end, the others
    /// where there was no gap.
    #[serde(rename = "r", skip_serializing_if = "BTreeSet::is_empty")]
    rescinded: BTreeSet<Stamp>,
    /// The newest observation that there is no end.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    no_end: Option<Stamp>,
    /// The newest observed "active", which never moves a start.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    seen: Option<Register<Timestamp>>,
}

/// Each `say` answers whether a register changed.
impl Employment {
    pub(crate) fn start(&mut self, date: &When, stamp: Stamp, stands: bool) -> bool {
        let announced = stands && may_be_ahead(date, stamp.said_at) && {
            let words = self.announced.entry(date.clone()).or_default();
            words.insert(stamp.clone())
        };
        if is_on(Mutation::OneStartRegister) {
            self.starts.retain(|_, start| start.stamp >= stamp);
        }
        let value = stands;
        say_at(&mut self.starts, date.clone(), Register { stamp, value }) | announced
    }

    /// Keeps the word for a start date if it is the first.
    pub(crate) fn first(&mut self, date: &When, stamp: &Stamp) -> bool {
        let held = self.first_said.get(date);
        let is_first = held.is_none_or(|held| stamp < held);
        if is_first {
            self.first_said.insert(date.clone(), stamp.clone());
        }
        is_first
    }

    pub(crate) fn end(&mut self, date: Option<&When>, stamp: Stamp) -> bool {
        let Some(date) = date else {
            let value = stamp.said_at;
            return say(&mut self.ended_when_said, Register { stamp, value });
        };
        match self.ends.get_mut(date) {
            Some(held) if *held >= stamp => false,
            Some(held) => {
                *held = stamp;
                true
            }
            None => self.ends.insert(date.clone(), stamp).is_none(),
        }
    }

    pub(crate) fn rescind_end(&mut self, stamp: Stamp) -> bool {
        self.rescinded.insert(stamp)
    }

    pub(crate) fn see_no_end(&mut self, stamp: Stamp) -> bool {
        let is_newer = self.no_end.as_ref().is_none_or(|held| *held < stamp);
        if is_newer {
            self.no_end = Some(stamp);
        }
        is_newer
    }

    pub(crate) fn see(&mut self, stamp: Stamp) -> bool {
        let value = stamp.said_at;
        say(&mut self.seen, Register { stamp, value })
    }

    /// Who said what it holds.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        let starts = self.starts.values().map(|register| &register.stamp);
        let seen = self.seen.iter().map(|register| &register.stamp);
        let when_said = self.ended_when_said.iter().map(|register| &register.stamp);
        starts
            .chain(self.announced.values().flatten())
            .chain(self.first_said.values())
            .chain(self.ends.values())
            .chain(when_said)
            .chain(&self.rescinded)
            .chain(&self.no_end)
            .chain(seen)
    }

    /// Drops what a floor covers; says whether nothing is left.
    pub(crate) fn forget(&mut self, covered: &impl Fn(&Stamp) -> bool) -> bool {
        self.starts.retain(|_, register| !covered(&register.stamp));
        self.announced.retain(|_, words| {
            words.retain(|stamp| !covered(stamp));
            !words.is_empty()
        });
        self.first_said.clear();
        self.ends.retain(|_, stamp| !covered(stamp));
        self.ended_when_said.take_if(|end| covered(&end.stamp));
        self.rescinded.retain(|stamp| !covered(stamp));
        self.no_end.take_if(|stamp| covered(stamp));
        self.seen.take_if(|seen| covered(&seen.stamp));
        *self == Self::default()
    }

    /// Every instant at which an answer may change.
    pub(crate) fn dates(&self, calendar: Calendar<'_>) -> impl Iterator<Item = Timestamp> {
        let starts = self.starts.keys().map(move |date| calendar.begin(date));
        let ends = self.ends.keys().map(move |date| calendar.end(date));
        let when_said = self.ended_when_said.iter().map(|end| end.value);
        let when_withdrawn = self.withdrawn().map(|(_, stamp)| stamp.said_at);
        starts.chain(ends).chain(when_said).chain(when_withdrawn)
    }

    /// Reads the registers with the source's calendar.
    pub(crate) fn course(&self, calendar: Calendar<'_>, grace: Duration) -> Course {
        let seen = self.seen.as_ref().map(|register| End {
            at: register.value,
            said: Said::from(&register.stamp),
        });
        let mut starts = Vec::new();
        let mut explains_seen = false;
        for (date, register) in &self.starts {
            match self.taken_away_by(date, register, calendar) {
                None => starts.push(self.standing_start(date, register, calendar)),
                Some(taken) => {
                    explains_seen |= seen.is_some_and(|seen| {
                        seen.said.version < taken && self.was_said_by(date, seen, calendar)
                    });
                }
            }
        }
        starts.sort_unstable_by_key(|start| (start.at, start.version));
        let withdrawn = self
            .withdrawn()
            .map(|(date, stamp)| (calendar.begin(date), stamp.said_at));
        let no_ends = NoEnds {
            rescinded: self.rescinded.iter().map(Said::from).collect(),
            observed: self.no_end.as_ref().map(Said::from),
        };
        Course::new(starts, self.ends(calendar), no_ends)
            .with_withdrawn(withdrawn.collect())
            .with_seen(seen, explains_seen, grace)
    }

    fn withdrawn(&self) -> impl Iterator<Item = (&When, &Stamp)> {
        self.starts
            .iter()
            .filter(|(_, register)| !register.value)
            .map(|(date, register)| (date, &register.stamp))
    }

    fn ends(&self, calendar: Calendar<'_>) -> Vec<End> {
        let dated = self.ends.iter().map(|(date, stamp)| End {
            at: calendar.end(date),
            said: Said::from(stamp),
        });
        let when_said = self.ended_when_said.iter().map(|register| End {
            at: register.value,
            said: Said::from(&register.stamp),
        });
        dated.chain(when_said).collect()
    }

    fn standing_start(&self, date: &When, start: &Register<bool>, calendar: Calendar<'_>) -> Start {
        let at = calendar.begin(date);
        let first = self.first_said.get(date);
        let announced = self.announced.get(date).and_then(BTreeSet::first);
        Start {
            at,
            version: start.stamp.version,
            first_said: Said::from(first.or(announced).unwrap_or(&start.stamp)),
            may_be_older: first.is_none() && announced.is_none_or(|word| word.said_at >= at),
        }
    }

    /// The version that withdrew a start, or that of a newer word for a date then still
    /// ahead, which takes the place of this one if it was still ahead then too.
    fn taken_away_by(
        &self,
        date: &When,
        start: &Register<bool>,
        calendar: Calendar<'_>,
    ) -> Option<Version> {
        if !start.value {
            return Some(start.stamp.version);
        }
        if is_on(Mutation::MovedStartStays) {
            return None;
        }
        let begins = calendar.begin(date);
        let own = (start.stamp.version, begins);
        self.announced
            .iter()
            .flat_map(|(other, words)| {
                let other_begins = calendar.begin(other);
                words.iter().map(move |word| (other_begins, word))
            })
            .filter(|(other_begins, word)| word.said_at < begins.min(*other_begins))
            // Of one version the later start gives less access.
            .filter(|(other_begins, word)| (word.version, *other_begins) > own)
            .map(|(_, word)| word.version)
            .max()
    }

    /// Whether a start that does not stand any more had been said when somebody was seen.
    fn was_said_by(&self, date: &When, seen: End, calendar: Calendar<'_>) -> bool {
        match self.announced.get(date).and_then(BTreeSet::first) {
            Some(first) => first.version <= seen.said.version,
            // Never announced, so it was said when its date had come, and not before.
            None => calendar.begin(date) <= seen.at,
        }
    }
}

/// Whether a start date can be later, in whatever zone it is meant, than it was said.
fn may_be_ahead(date: &When, said_at: Timestamp) -> bool {
    match date.moment {
        Moment::Instant(instant) => said_at < instant,
        // The last zone to reach a day reaches it at noon in UTC.
        Moment::Day(day) => said_at.to_zoned(TimeZone::UTC).date() <= day,
    }
}
