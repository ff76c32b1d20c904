//! Where a person stands at an instant: active or not, in which groups, with which profile.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};

use super::access::revocations;
use super::course::{Course, Running};
use super::record::{Employed, Person, SourceFacts};
use super::register::Entry;
use super::rules::Rules;
use super::when::{Calendar, first_reading};
use crate::id::{GroupId, SourceId};
use crate::mutation::{Mutation, is_on};

/// What HR's facts say of a person's employment at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Unheard,
    /// A first day that is still ahead.
    Ahead,
    /// Works here and has access.
    Active,
    /// Has left, or has lost access.
    Gone,
}

/// Where a person stands at an instant.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    /// Employment and access together.
    pub presence: Presence,
    /// The groups that count, for somebody active.
    pub groups: BTreeSet<GroupId>,
    /// The profile, by canonical attribute name.
    pub attributes: BTreeMap<String, String>,
    /// Some employment has ended, was seen active since, and is not revived yet: a conflict.
    pub disputed: bool,
    /// Since when somebody gone is: the latest end, revocation or withdrawal of a start.
    pub ended_at: Option<Timestamp>,
    /// The next reading of the clock at which the answer may differ.
    pub next_change: Option<Timestamp>,
}

impl Standing {
    /// Whether the person must be able to work at the platforms.
    pub fn is_active(&self) -> bool {
        self.presence == Presence::Active
    }
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let groups = self.groups.len();
        write!(f, "Standing({:?}, {groups} groups)", self.presence)
    }
}

/// Reads a person's record at `t`.
pub fn standing(person: &Person, rules: &Rules, t: Timestamp) -> Standing {
    let view = View::new(person, rules);
    let employments = view.employments();
    let revoked: Vec<_> = view
        .facts()
        .flat_map(|(source, calendar, facts)| revocations(source, &facts.access, calendar, t))
        .collect();
    let mut presence = person.presence_without_facts();
    let mut disputed = false;
    let mut ended_at = person.erased.values().map(|floor| floor.said_at).max();
    for employment in &employments {
        let course = &employment.course;
        let running = course.running(t);
        let runs = running == Running::Yes;
        let locked_since = revoked
            .iter()
            .filter(|revoked| revoked.counts_against(employment.source, course, t))
            .map(|revoked| revoked.from)
            .max();
        disputed |= running == Running::Disputed;
        presence = presence.or(course.presence(runs, locked_since.is_some(), t));
        ended_at = ended_at
            .max(course.ended_by(t).map(|end| end.at))
            .max(course.withdrawn_by(t))
            .max(locked_since.filter(|_| runs));
    }
    let groups = if presence == Presence::Active {
        view.groups(&employments, t)
    } else {
        BTreeSet::new()
    };
    Standing {
        presence,
        groups,
        attributes: view.attributes(t),
        disputed,
        ended_at: ended_at.filter(|end| presence == Presence::Gone && *end <= t),
        next_change: view.next_change(t),
    }
}

impl Presence {
    /// Of two employments the one that says more: active before gone before ahead.
    fn or(self, other: Self) -> Self {
        let weight = |presence| match presence {
            Self::Unheard => 0,
            Self::Ahead => 1,
            Self::Gone => 2,
            Self::Active => 3,
        };
        if weight(other) > weight(self) {
            other
        } else {
            self
        }
    }
}

impl Person {
    /// Somebody whose data was erased must be out everywhere, though nothing tells it any more.
    fn presence_without_facts(&self) -> Presence {
        if self.erased.is_empty() {
            Presence::Unheard
        } else {
            Presence::Gone
        }
    }
}

impl Course {
    fn presence(&self, runs: bool, locked: bool, t: Timestamp) -> Presence {
        let has_ended = self.ended_by(t).is_some();
        let was_withdrawn = self.withdrawn_by(t).is_some();
        if runs && !locked {
            Presence::Active
        } else if runs || has_ended || was_withdrawn {
            Presence::Gone
        } else if self.starts.iter().any(|start| start.at > t) {
            Presence::Ahead
        } else {
            Presence::Unheard
        }
    }
}

/// One employment that employs.
struct Employment<'a> {
    source: &'a SourceId,
    employed: &'a Employed,
    course: Course,
}

/// A record read with the rules.
struct View<'a> {
    person: &'a Person,
    rules: &'a Rules,
}

impl<'a> View<'a> {
    const fn new(person: &'a Person, rules: &'a Rules) -> Self {
        Self { person, rules }
    }

    /// The facts of the sources that are configured, first in precedence first.
    fn facts(&self) -> impl Iterator<Item = (&'a SourceId, Calendar<'a>, &'a SourceFacts)> {
        let (person, rules) = (self.person, self.rules);
        rules.by_precedence().filter_map(move |(source, read)| {
            let facts = person.sources.get(source)?;
            Some((source, Calendar::new(rules, read), facts))
        })
    }

    /// The employments of all sources that employ, with ends that name none, or another,
    /// taken over.
    fn employments(&self) -> Vec<Employment<'a>> {
        let mut all = Vec::new();
        for (source, calendar, facts) in self.facts() {
            if !self.rules.sources.get(source).is_some_and(|r| r.employs) {
                continue;
            }
            let mut of_source: Vec<Employment<'a>> = facts
                .employments
                .iter()
                .map(|(employed, registers)| Employment {
                    source,
                    employed,
                    course: registers.course(calendar, self.rules.revival_grace),
                })
                .collect();
            share_ends(&mut of_source);
            all.append(&mut of_source);
        }
        all
    }

    /// Groups come from the first source in precedence that knows any.
    fn groups(&self, employments: &[Employment<'a>], t: Timestamp) -> BTreeSet<GroupId> {
        let knowing = self.facts().find(|(_, calendar, facts)| {
            facts
                .memberships
                .values()
                .any(|memberships| memberships.is_known(*calendar, t))
        });
        let Some((source, calendar, facts)) = knowing else {
            return BTreeSet::new();
        };
        let of_any: Vec<&Course> = employments.iter().map(|e| &e.course).collect();
        let mut groups = BTreeSet::new();
        for (employed, memberships) in &facts.memberships {
            let own = employments
                .iter()
                .find(|e| e.source == source && e.employed == employed);
            let floor = match own {
                Some(own) if !employed.is_nameless() => {
                    if own.course.running(t) != Running::Yes {
                        continue;
                    }
                    floor(&[&own.course], t)
                }
                Some(_) | None => floor(&of_any, t),
            };
            groups.append(&mut memberships.at(calendar, floor, t));
        }
        groups
    }

    /// Each attribute comes from the first source in precedence that knows it.
    fn attributes(&self, t: Timestamp) -> BTreeMap<String, String> {
        let mut known: BTreeMap<&String, &String> = BTreeMap::new();
        for (_, calendar, facts) in self.facts() {
            for (name, dated) in &facts.attributes {
                let newest = dated
                    .entries(move |date| calendar.begin(date))
                    .filter(|entry| entry.from <= t)
                    .max_by(Entry::precedence);
                if let Some(entry) = newest {
                    known.entry(name).or_insert(entry.value);
                }
            }
        }
        known
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn next_change(&self, t: Timestamp) -> Option<Timestamp> {
        let erased = self.person.erased.values().map(|floor| floor.said_at);
        self.facts()
            .flat_map(|(_, calendar, facts)| facts.dates(calendar))
            .chain(erased)
            .map(first_reading)
            .filter(|instant| *instant > t && !is_on(Mutation::NoTimer))
            .min()
    }
}

impl SourceFacts {
    fn dates<'a>(&'a self, calendar: Calendar<'a>) -> impl Iterator<Item = Timestamp> + 'a {
        let employments = self
            .employments
            .values()
            .flat_map(move |e| e.dates(calendar));
        let memberships = self
            .memberships
            .values()
            .flat_map(move |m| m.dates(calendar));
        let attributes = self
            .attributes
            .values()
            .flat_map(move |dated| dated.instants(calendar));
        employments
            .chain(memberships)
            .chain(attributes)
            .chain(self.access.instants(calendar))
    }
}

/// An end that names no employment ends every employment of that source begun by then; any
/// end also ends its source's nameless employment.
fn share_ends(of_source: &mut [Employment<'_>]) {
    let nameless = of_source
        .iter()
        .find(|e| e.employed.is_nameless())
        .and_then(|e| e.course.end);
    let mut named: Vec<_> = of_source
        .iter()
        .filter(|e| !e.employed.is_nameless())
        .filter_map(|e| e.course.end)
        .collect();
    named.sort_unstable_by_key(|end| (end.said.version, end.at));
    for employment in of_source {
        if employment.employed.is_nameless() {
            for end in named
                .iter()
                .filter(|_| !is_on(Mutation::NamedEndSparesNameless))
            {
                employment.course.end_with(*end);
            }
        } else if let Some(end) = nameless.filter(|end| employment.course.begun_by(end.at))
            && !is_on(Mutation::NamelessEndEndsNamelessOnly)
        {
            employment.course.end_with(end);
        }
    }
}

/// When the last gap before t began in which none of these ran: memberships effective before
/// it do not count after it.
fn floor(courses: &[&Course], t: Timestamp) -> Timestamp {
    let runs = |t: Timestamp| {
        courses
            .iter()
            .any(|course| course.running(t) == Running::Yes)
    };
    // A last day ends one nanosecond before the midnight at which the next may begin.
    let begins_gap = |end: &Timestamp| !runs(next(*end)) && runs(previous(*end));
    courses
        .iter()
        .flat_map(|course| course.all_ends())
        .filter(|end| *end <= t && begins_gap(end))
        .filter(|_| !is_on(Mutation::MembershipsSurviveGap))
        .max()
        .unwrap_or(Timestamp::MIN)
}

fn next(t: Timestamp) -> Timestamp {
    t.checked_add(1.nanosecond()).unwrap_or(t)
}

fn previous(t: Timestamp) -> Timestamp {
    t.checked_sub(1.nanosecond()).unwrap_or(t)
}
