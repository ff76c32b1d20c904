//! Events taken apart: each thing that was said, of what, for which date, when and how newly.

use std::collections::{BTreeMap, BTreeSet};

use hris_relay::event::{
    AccessChange, Attributes, Event, Fact, Groups, Moment, ObservedEnd, Phase, Snapshot, Status,
    TerminationDay, VersionBy, When,
};
use hris_relay::id::{EmploymentId, GroupId};
use hris_relay::person::{Rules, SourceRules};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// What something is said of; the empty word: the nameless employment, or any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    Start(String),
    End(String),
    Rescinded(String),
    NoEnd(String),
    Seen(String),
    Groups(String),
    Group(String, String),
    Attribute(String),
    Access,
    Erased,
}

impl Of {
    /// The employment it says something of, other than its memberships.
    pub(crate) fn employment(&self) -> Option<&str> {
        match self {
            Self::Start(name)
            | Self::End(name)
            | Self::Rescinded(name)
            | Self::NoEnd(name)
            | Self::Seen(name) => Some(name),
            _ => None,
        }
    }

    /// The employment whose memberships it is about.
    pub(crate) fn memberships(&self) -> Option<&str> {
        match self {
            Self::Groups(name) | Self::Group(name, _) => Some(name),
            _ => None,
        }
    }
}

/// Nothing in it: out of the group, known to be empty, access restored.
pub(crate) type Value = BTreeSet<String>;

/// Of what, for which date, and what; none: what was said for the date is withdrawn.
type Statement = (Of, Option<When>, Option<Value>);

/// One thing said.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// The source's place in the precedence.
    pub(crate) source: usize,
    /// Whether that source employs.
    pub(crate) employs: bool,
    pub(crate) of: Of,
    pub(crate) date: Option<When>,
    pub(crate) value: Option<Value>,
    /// Greater is newer, within one source.
    pub(crate) version: (u32, i64),
    /// When it was said.
    pub(crate) at: Timestamp,
    /// From when it holds, or when it ends.
    pub(crate) from: Timestamp,
    pub(crate) id: String,
}

impl Word {
    /// Newer is greater; of one version the value that gives less access, then the greater id.
    pub(crate) fn rank(&self) -> ((u32, i64), i64, &str) {
        let many = self.value.as_ref().map_or(0, |value| value.len() as i64);
        let restraint = match (&self.of, &self.value) {
            (Of::Start(_), None) => 1,
            (_, None) | (Of::Attribute(_), _) => 0,
            (Of::Groups(_), _) => -many,
            (Of::Group(..), _) => 1 - 2 * many,
            (Of::Access, _) => 2 * many - 1,
            _ => -1,
        };
        (self.version, restraint, &self.id)
    }
}

/// What is held of something: of each date the newest word; words for no date share one.
pub(crate) fn registers<'a>(words: &[&'a Word], of: &Of) -> Vec<&'a Word> {
    let mut kept = BTreeMap::new();
    for word in words.iter().filter(|word| word.of == *of) {
        let held = kept.entry(&word.date).or_insert(word);
        *held = std::cmp::max_by_key(held, word, |word| word.rank());
    }
    kept.into_values().copied().collect()
}

/// What holds at t of what was said since `floor`: the latest effective, then the version.
pub(crate) fn latest<'a>(
    words: &[&'a Word],
    of: &Of,
    floor: Timestamp,
    t: Timestamp,
) -> Option<&'a Word> {
    let held = registers(words, of).into_iter();
    let held = held.filter(|word| word.value.is_some() && floor <= word.from && word.from <= t);
    held.max_by_key(|word| (word.from, word.rank()))
}

/// Everything that was said by sources that are configured.
pub(crate) fn words(events: &[Event], rules: &Rules) -> Vec<Word> {
    let mut words = Vec::new();
    for event in events {
        let mut sources = rules.by_precedence().enumerate();
        let Some((place, (_, source))) = sources.find(|(_, (name, _))| **name == event.source)
        else {
            continue;
        };
        let (version, at) = stamp(event, source);
        for (of, date, value) in statements(&event.fact) {
            let is_end = matches!(of, Of::End(_));
            let from = date
                .as_ref()
                .map_or(at, |date| instant(rules, source, date, is_end));
            words.push(Word {
                source: place,
                employs: source.employs,
                of,
                date,
                value,
                version,
                at,
                from,
                id: event.id.as_str().to_owned(),
            });
        }
    }
    words
}

/// An occurred-at later than the receipt counts as the receipt.
fn stamp(event: &Event, source: &SourceRules) -> ((u32, i64), Timestamp) {
    let received = event
        .received_time
        .expect("the receiver stamps every event");
    let occurred = event.time.unwrap_or(received).min(received);
    let (at, order) = match source.version_by {
        VersionBy::OccurredAt => (occurred, occurred.as_millisecond()),
        // Without a sequence: older than any, and among its like by when it was said.
        VersionBy::Sequence => {
            let unsequenced = i64::MIN + occurred.as_millisecond();
            (occurred, event.sequence.unwrap_or(unsequenced))
        }
        VersionBy::ReceivedAt => (received, received.as_millisecond()),
    };
    ((source.epoch, order), at)
}

/// A day begins at its midnight, in the fact's zone, else the source's, else the relay's; a
/// last day ends just before the next one.
fn instant(rules: &Rules, source: &SourceRules, when: &When, is_end: bool) -> Timestamp {
    let zone = when
        .zone
        .as_ref()
        .or(source.zone.as_ref())
        .unwrap_or(&rules.zone);
    let day = match when.moment {
        Moment::Instant(instant) => return instant,
        Moment::Day(day) => day,
    };
    let is_worked = is_end && source.termination_day == TerminationDay::LastDay;
    let day = if is_worked {
        day.tomorrow().unwrap()
    } else {
        day
    };
    let zone = TimeZone::get(zone.as_str()).unwrap();
    let midnight = day.to_zoned(zone).unwrap().timestamp();
    if is_end {
        midnight - 1.nanosecond()
    } else {
        midnight
    }
}

fn statements(fact: &Fact) -> Vec<Statement> {
    match fact {
        Fact::Hired(hire) => {
            let of = name(hire.employment.as_ref());
            let date = Some(&hire.start);
            let mut said = values(
                date,
                hire.phase,
                vec![(Of::Start(of.clone()), Value::new())],
            );
            said.extend(groups(&of, date, hire.phase, &hire.groups));
            // A profile is good from the moment it is known, not from the first day.
            said.extend(profile(None, hire.phase, &hire.attributes));
            said
        }
        Fact::Updated(update) => {
            profile(update.effective.as_ref(), update.phase, &update.attributes)
        }
        Fact::GroupChanged(change) => {
            let of = name(change.employment.as_ref());
            groups(&of, change.effective.as_ref(), change.phase, &change.groups)
        }
        Fact::Terminated(termination) => {
            let of = name(termination.employment.as_ref());
            let said = match termination.phase {
                Phase::Cancelled => (Of::Rescinded(of), None, Some(Value::new())),
                Phase::Scheduled | Phase::Effective => {
                    (Of::End(of), termination.end.clone(), Some(Value::new()))
                }
            };
            vec![said]
        }
        Fact::AccessRevoked(change) => access(change, ["revoked".to_owned()].into()),
        Fact::AccessRestored(change) => access(change, Value::new()),
        Fact::Snapshot(snapshot) => observed(snapshot),
        Fact::Erased => vec![(Of::Erased, None, Some(Value::new()))],
        Fact::Command(_) => Vec::new(),
    }
}

/// An observed state: its own dates speak before its status word.
fn observed(snapshot: &Snapshot) -> Vec<Statement> {
    let of = name(snapshot.employment.as_ref());
    let mut said = groups(&of, None, Phase::Effective, &snapshot.groups);
    said.extend(profile(None, Phase::Effective, &snapshot.attributes));
    let mut says = |of, moment: Option<Moment>| {
        let zone = snapshot.zone.clone();
        let date = moment.map(|moment| When { moment, zone });
        said.push((of, date, Some(Value::new())));
    };
    if let Some(start) = snapshot.start {
        says(Of::Start(of.clone()), Some(start));
    }
    match (snapshot.end, snapshot.status) {
        (ObservedEnd::On(end), _) => says(Of::End(of.clone()), Some(end)),
        (_, Some(Status::Inactive)) => says(Of::End(of.clone()), None),
        (ObservedEnd::Empty, _) => says(Of::NoEnd(of.clone()), None),
        (ObservedEnd::Unmapped, _) => {}
    }
    if snapshot.status == Some(Status::Active) {
        says(Of::Seen(of), None);
    }
    said
}

fn name(employment: Option<&EmploymentId>) -> String {
    employment.map_or_else(String::new, |id| id.as_str().to_owned())
}

fn values(date: Option<&When>, phase: Phase, all: Vec<(Of, Value)>) -> Vec<Statement> {
    let stands = phase != Phase::Cancelled;
    // What was said for no date cannot be withdrawn: the next word replaces it.
    if date.is_none() && !stands {
        return Vec::new();
    }
    let said = all.into_iter();
    said.map(|(of, value)| (of, date.cloned(), stands.then_some(value)))
        .collect()
}

fn groups(of: &str, date: Option<&When>, phase: Phase, said: &Groups) -> Vec<Statement> {
    let name = |group: &GroupId| group.as_str().to_owned();
    let one = |group| Of::Group(of.to_owned(), name(group));
    let mut all = Vec::new();
    if let Some(current) = &said.current {
        let names = current.iter().map(name).collect();
        all.push((Of::Groups(of.to_owned()), names));
    }
    all.extend(
        said.joined
            .iter()
            .map(|group| (one(group), [name(group)].into())),
    );
    all.extend(said.left.iter().map(|group| (one(group), Value::new())));
    values(date, phase, all)
}

fn profile(date: Option<&When>, phase: Phase, said: &Attributes) -> Vec<Statement> {
    let value = |value: &Option<String>| value.iter().cloned().collect();
    let all = said
        .iter()
        .map(|(name, said)| (Of::Attribute(name.clone()), value(said)));
    values(date, phase, all.collect())
}

fn access(change: &AccessChange, said: Value) -> Vec<Statement> {
    values(
        change.effective.as_ref(),
        change.phase,
        vec![(Of::Access, said)],
    )
}
