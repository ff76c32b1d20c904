//! Registers: each keeps the value with the greatest version.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::when::Calendar;
use crate::event::When;
use crate::id::{EventId, GroupId};
use crate::mutation::{Mutation, is_on};

/// What makes a fact newer than another of the same source: the configured epoch, then the
/// sequence or the milliseconds at which it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The source's configured epoch.
    pub epoch: u32,
    /// Its sequence, or milliseconds since 1970 in UTC.
    pub order: i64,
}

/// Who said a value, and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "StampFields", from = "StampFields")]
pub struct Stamp {
    /// What makes it newer than another fact of the same source.
    pub version: Version,
    /// When it was said: occurred-at, but never later than it was received.
    pub said_at: Timestamp,
    /// Which event said it.
    pub event: EventId,
}

impl Stamp {
    /// A floor that covers what either covers.
    pub(crate) fn raised_by(self, other: Self) -> Self {
        Self {
            version: self.version.max(other.version),
            said_at: self.said_at.max(other.said_at),
            event: self.event.max(other.event),
        }
    }
}

/// A stamp in the record: epoch, order, milliseconds, event id. Short, since every register
/// carries one.
type StampFields = (u32, i64, i64, EventId);

impl From<Stamp> for StampFields {
    fn from(stamp: Stamp) -> Self {
        let Version { epoch, order } = stamp.version;
        (epoch, order, stamp.said_at.as_millisecond(), stamp.event)
    }
}

impl From<StampFields> for Stamp {
    fn from((epoch, order, said, event): StampFields) -> Self {
        Self {
            version: Version { epoch, order },
            said_at: Timestamp::from_millisecond(said).unwrap_or(Timestamp::MIN),
            event,
        }
    }
}

/// A value that can be in a register.
pub(crate) trait Value: Ord + Clone {
    /// How much access it denies: of two values with the same version the greater wins.
    /// Nothing said is 0, what gives access is less.
    fn restraint(&self) -> i64;
}

/// The newest value that was said, with its stamp.
///
/// Invariant: `merge` is associative, commutative and idempotent, because it is the maximum
/// of a total order; the order in which facts arrive, and how often, cannot change where
/// they lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Register<T> {
    /// Who said it.
    #[serde(rename = "s")]
    pub(crate) stamp: Stamp,
    /// What.
    #[serde(rename = "v")]
    pub(crate) value: T,
}

impl<T: Value> Register<T> {
    /// By version, then the value that gives less access, then the greater event id.
    pub(crate) fn newness(&self, other: &Self) -> Ordering {
        if is_on(Mutation::DropTieBreak) {
            return self.stamp.version.cmp(&other.stamp.version);
        }
        let key = |register: &Self| (register.stamp.version, register.value.restraint());
        key(self)
            .cmp(&key(other))
            .then_with(|| self.stamp.event.cmp(&other.stamp.event))
            .then_with(|| self.value.cmp(&other.value))
            .then_with(|| self.stamp.said_at.cmp(&other.stamp.said_at))
    }
}

/// Keeps the newer of what a slot holds and what is said; tells whether that changed it.
pub(crate) fn say<T: Value>(slot: &mut Option<Register<T>>, said: Register<T>) -> bool {
    let is_newer = slot.as_ref().is_none_or(|held| said.newness(held).is_gt());
    if is_newer {
        *slot = Some(said);
    }
    is_newer
}

/// The same for a slot of a map.
pub(crate) fn say_at<K: Ord, T: Value>(
    slots: &mut BTreeMap<K, Register<T>>,
    key: K,
    said: Register<T>,
) -> bool {
    let is_newer = slots
        .get(&key)
        .is_none_or(|held| said.newness(held).is_gt());
    if is_newer {
        slots.insert(key, said);
    }
    is_newer
}

/// How values are said that hold over time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<'a> {
    pub(crate) stamp: &'a Stamp,
    /// From when; none: at once.
    pub(crate) effective: Option<&'a When>,
    /// Or what was said for that date is withdrawn.
    pub(crate) stands: bool,
}

impl Word<'_> {
    /// What was said for no date cannot be withdrawn: the next word replaces it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.effective.is_none() && !self.stands
    }
}

/// A value over time: what was said to hold at once, and what for a date.
///
/// Undated values share one register, so that a nightly snapshot does not grow the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dated<T> {
    /// The newest value said without a date: in effect since it was said.
    #[serde(
        rename = "u",
        default = "none",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) undated: Option<Register<T>>,
    /// The newest value said for each date; none withdraws what was said for it.
    #[serde(
        rename = "d",
        default = "BTreeMap::new",
        with = "pairs",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(crate) dated: BTreeMap<When, Register<Option<T>>>,
}

const fn none<T>() -> Option<T> {
    None
}

impl<T> Default for Dated<T> {
    fn default() -> Self {
        Self {
            undated: None,
            dated: BTreeMap::new(),
        }
    }
}

impl<T: Value> Dated<T> {
    /// Says a value, or withdraws what was said for the date; tells whether that changed a
    /// register.
    pub(crate) fn say(&mut self, word: Word<'_>, value: T) -> bool {
        let stamp = word.stamp.clone();
        let value = word.stands.then_some(value);
        match (word.effective, value) {
            (Some(date), value) => say_at(&mut self.dated, date.clone(), Register { stamp, value }),
            (None, Some(value)) => say(&mut self.undated, Register { stamp, value }),
            (None, None) => false,
        }
    }

    /// Every value with the instant from which it holds.
    pub(crate) fn entries<'a>(
        &'a self,
        instant: impl Fn(&When) -> Timestamp + 'a,
    ) -> impl Iterator<Item = Entry<'a, T>> {
        let undated = self.undated.iter().map(|register| Entry {
            from: register.stamp.said_at,
            stamp: &register.stamp,
            value: &register.value,
        });
        let dated = self.dated.iter().filter_map(move |(date, register)| {
            register.value.as_ref().map(|value| Entry {
                from: instant(date),
                stamp: &register.stamp,
                value,
            })
        });
        undated.chain(dated)
    }

    /// Every instant at which an answer may change.
    pub(crate) fn instants<'a>(
        &'a self,
        calendar: Calendar<'a>,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        self.entries(move |date| calendar.begin(date))
            .map(|entry| entry.from)
    }

    /// Who said what it holds.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        let undated = self.undated.iter().map(|register| &register.stamp);
        undated.chain(self.dated.values().map(|register| &register.stamp))
    }

    /// Drops what a floor covers; says whether nothing is left.
    pub(crate) fn forget(&mut self, covered: &impl Fn(&Stamp) -> bool) -> bool {
        self.undated.take_if(|register| covered(&register.stamp));
        self.dated.retain(|_, register| !covered(&register.stamp));
        self.undated.is_none() && self.dated.is_empty()
    }
}

/// One value of a [`Dated`], with the instant from which it holds.
#[derive(Debug)]
pub(crate) struct Entry<'a, T> {
    pub(crate) from: Timestamp,
    pub(crate) stamp: &'a Stamp,
    pub(crate) value: &'a T,
}

impl<T: Value> Entry<'_, T> {
    /// The latest effective wins, then the version, then less access, then the event id.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        self.from
            .cmp(&other.from)
            .then_with(|| self.stamp.version.cmp(&other.stamp.version))
            .then_with(|| self.value.restraint().cmp(&other.value.restraint()))
            .then_with(|| self.stamp.event.cmp(&other.stamp.event))
    }
}

impl<T: Value> Value for Option<T> {
    fn restraint(&self) -> i64 {
        self.as_ref().map_or(0, Value::restraint)
    }
}

/// A group membership, or a start that stands.
impl Value for bool {
    fn restraint(&self) -> i64 {
        if *self { -1 } else { 1 }
    }
}

/// An attribute's value: none of them gives access.
impl Value for String {
    fn restraint(&self) -> i64 {
        0
    }
}

/// A full set of groups: fewer give less access.
impl Value for BTreeSet<GroupId> {
    fn restraint(&self) -> i64 {
        i64::try_from(self.len()).map_or(i64::MIN, std::ops::Neg::neg)
    }
}

/// An instant of observation.
impl Value for Timestamp {
    fn restraint(&self) -> i64 {
        0
    }
}

/// Maps with structured keys, which JSON objects cannot have, as lists of pairs.
pub(crate) mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let pairs = Vec::<(K, V)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}
