//! Every sentence of the fold, as histories that read like HR's own notes.
//!
//! A [`History`] collects facts and asks where the person stands. Each question folds the
//! facts as told, backwards and twice, so every named test also proves that order and
//! repetition do not matter.

mod access;
mod algebra;
mod any;
mod asks;
mod commands;
mod employment;
mod erasure;
mod groups;
mod hearing;
mod running;
mod sources;
mod time;
mod traps;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Person, Presence, Rules, SourceRules, Standing, fold, standing};
use crate::event::{
    AccessChange, Event, Fact, GroupChange, Groups, Hire, Moment, ObservedEnd, Phase, Snapshot,
    Status, Termination, Update, VersionBy, When, Zone,
};
use crate::id::{EmployeeId, EmploymentId, EventId, GroupId, SourceId};

/// Facts of one person; `hr` and `portal` employ, `sso` only revokes and enriches.
fn history() -> History {
    let rules = Rules {
        precedence: vec![source("hr"), source("portal")],
        sources: ["hr", "portal", "sso"]
            .map(|name| {
                let employs = name != "sso";
                let rules = SourceRules {
                    employs,
                    ..SourceRules::default()
                };
                (source(name), rules)
            })
            .into(),
        ..Rules::default()
    };
    History {
        rules,
        events: Vec::new(),
        now: instant("2026-01-01"),
        source: source("hr"),
        employment: None,
        zone: None,
        received: None,
        sequence: None,
        id: None,
    }
}

#[derive(Clone)]
struct History {
    rules: Rules,
    events: Vec<Event>,
    now: Timestamp,
    source: SourceId,
    employment: Option<EmploymentId>,
    zone: Option<Zone>,
    received: Option<Timestamp>,
    sequence: Option<i64>,
    id: Option<EventId>,
}

/// Who speaks, when, and of what.
impl History {
    /// The following facts happen then; a day means its noon in UTC.
    fn at(mut self, time: &str) -> Self {
        self.now = instant(time);
        self
    }

    /// The following facts come from that source.
    fn from(mut self, name: &str) -> Self {
        self.source = source(name);
        self
    }

    /// The following facts are of that employment.
    fn of(mut self, employment: &str) -> Self {
        self.employment = Some(EmploymentId::try_from(employment).unwrap());
        self
    }

    /// The following facts name no employment.
    fn of_none(mut self) -> Self {
        self.employment = None;
        self
    }

    /// The following facts mean their dates there.
    fn in_zone(mut self, name: &str) -> Self {
        self.zone = Some(zone(name));
        self
    }

    /// The next fact is received then, rather than when it happens.
    fn received(mut self, time: &str) -> Self {
        self.received = Some(instant(time));
        self
    }

    /// The next fact carries that sequence.
    fn sequence(mut self, sequence: i64) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// The next fact carries that event id.
    fn with_id(mut self, id: &str) -> Self {
        self.id = Some(EventId::try_from(id).unwrap());
        self
    }

    fn configure(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self
    }

    fn configure_hr(self, change: impl FnOnce(&mut SourceRules)) -> Self {
        self.configure(|rules| change(rules.sources.get_mut("hr").unwrap()))
    }

    fn versions_by(self, by: VersionBy) -> Self {
        self.configure_hr(|hr| hr.version_by = by)
    }
}

/// What is said.
impl History {
    fn says(mut self, fact: Fact) -> Self {
        let number = self.events.len();
        let id = self.id.take();
        self.events.push(Event {
            id: id.unwrap_or_else(|| EventId::try_from(format!("event-{number:02}")).unwrap()),
            source: self.source.clone(),
            subject: EmployeeId::try_from("e-17").unwrap(),
            time: Some(self.now),
            received_time: Some(self.received.take().unwrap_or(self.now)),
            sequence: self.sequence.take(),
            fact,
        });
        self
    }

    fn when(&self, date: &str) -> When {
        When {
            moment: date.parse().unwrap(),
            zone: self.zone.clone(),
        }
    }

    fn hire(&self, start: &str, phase: Phase) -> Hire {
        Hire {
            employment: self.employment.clone(),
            start: self.when(start),
            phase,
            attributes: std::collections::BTreeMap::new(),
            groups: Groups::default(),
        }
    }

    fn hired(self, start: &str) -> Self {
        let hire = self.hire(start, Phase::Effective);
        self.says(Fact::Hired(hire))
    }

    fn hired_into(self, start: &str, group: &str) -> Self {
        let groups = joined(group);
        let hire = self.hire(start, Phase::Effective);
        self.says(Fact::Hired(Hire { groups, ..hire }))
    }

    fn hire_cancelled(self, start: &str) -> Self {
        let hire = self.hire(start, Phase::Cancelled);
        self.says(Fact::Hired(hire))
    }

    fn termination(self, end: Option<&str>, phase: Phase) -> Self {
        let fact = Fact::Terminated(Termination {
            employment: self.employment.clone(),
            end: end.map(|end| self.when(end)),
            phase,
            reason: None,
        });
        self.says(fact)
    }

    fn terminated(self, end: &str) -> Self {
        self.termination(Some(end), Phase::Scheduled)
    }

    /// Terminated at once.
    fn leaves(self) -> Self {
        self.termination(None, Phase::Effective)
    }

    fn termination_cancelled(self) -> Self {
        self.termination(None, Phase::Cancelled)
    }

    fn observed(self, state: Snapshot) -> Self {
        let snapshot = Snapshot {
            employment: self.employment.clone(),
            zone: self.zone.clone(),
            ..state
        };
        self.says(Fact::Snapshot(snapshot))
    }

    fn access(&self, effective: Option<&str>, phase: Phase) -> AccessChange {
        AccessChange {
            effective: effective.map(|date| self.when(date)),
            phase,
        }
    }

    fn revoked(self) -> Self {
        let change = self.access(None, Phase::Effective);
        self.says(Fact::AccessRevoked(change))
    }

    fn revoked_from(self, date: &str) -> Self {
        let change = self.access(Some(date), Phase::Scheduled);
        self.says(Fact::AccessRevoked(change))
    }

    fn revocation_cancelled(self, date: &str) -> Self {
        let change = self.access(Some(date), Phase::Cancelled);
        self.says(Fact::AccessRevoked(change))
    }

    fn restored(self) -> Self {
        let change = self.access(None, Phase::Effective);
        self.says(Fact::AccessRestored(change))
    }

    fn restored_from(self, date: &str) -> Self {
        let change = self.access(Some(date), Phase::Effective);
        self.says(Fact::AccessRestored(change))
    }

    fn groups(self, effective: Option<&str>, phase: Phase, groups: Groups) -> Self {
        let fact = Fact::GroupChanged(GroupChange {
            employment: self.employment.clone(),
            effective: effective.map(|date| self.when(date)),
            phase,
            groups,
        });
        self.says(fact)
    }

    fn joins(self, group: &str) -> Self {
        self.groups(None, Phase::Effective, joined(group))
    }

    fn joins_from(self, date: &str, group: &str) -> Self {
        self.groups(Some(date), Phase::Scheduled, joined(group))
    }

    fn joining_cancelled(self, date: &str, group: &str) -> Self {
        self.groups(Some(date), Phase::Cancelled, joined(group))
    }

    fn quits(self, group: &str) -> Self {
        let left = [self::group(group)].into();
        let groups = Groups {
            left,
            ..Groups::default()
        };
        self.groups(None, Phase::Effective, groups)
    }

    fn only_in<const N: usize>(self, groups: [&str; N]) -> Self {
        let all = Groups::all(groups.map(group));
        self.groups(None, Phase::Effective, all)
    }

    fn only_in_from<const N: usize>(self, date: &str, groups: [&str; N]) -> Self {
        let all = Groups::all(groups.map(group));
        self.groups(Some(date), Phase::Scheduled, all)
    }

    fn update(self, effective: Option<&str>, phase: Phase, name: &str, value: &str) -> Self {
        let value = Some(value.to_owned()).filter(|value| !value.is_empty());
        let fact = Fact::Updated(Update {
            effective: effective.map(|date| self.when(date)),
            phase,
            attributes: [(name.to_owned(), value)].into(),
        });
        self.says(fact)
    }

    /// An attribute has that value; the empty word: known to be empty.
    fn updated(self, name: &str, value: &str) -> Self {
        self.update(None, Phase::Effective, name, value)
    }

    fn erased(self) -> Self {
        self.says(Fact::Erased)
    }
}

fn active() -> Snapshot {
    Snapshot {
        status: Some(Status::Active),
        ..Snapshot::default()
    }
}

fn inactive() -> Snapshot {
    Snapshot {
        status: Some(Status::Inactive),
        ..Snapshot::default()
    }
}

trait Dates: Sized {
    fn since(self, start: &str) -> Self;
    fn until(self, end: &str) -> Self;
    fn open_ended(self) -> Self;
}

impl Dates for Snapshot {
    fn since(self, start: &str) -> Self {
        let start = start.parse().ok();
        Self { start, ..self }
    }

    fn until(self, end: &str) -> Self {
        let end = ObservedEnd::On(end.parse().unwrap());
        Self { end, ..self }
    }

    fn open_ended(self) -> Self {
        let end = ObservedEnd::Empty;
        Self { end, ..self }
    }
}

/// An instant; a day means its noon in UTC.
fn instant(text: &str) -> Timestamp {
    match text.parse::<Moment>().unwrap() {
        Moment::Instant(instant) => instant,
        Moment::Day(day) => noon(day),
    }
}

fn noon(day: Date) -> Timestamp {
    day.at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp()
}

fn source(name: &str) -> SourceId {
    SourceId::try_from(name).unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn group(name: &str) -> GroupId {
    GroupId::try_from(name).unwrap()
}

fn joined(name: &str) -> Groups {
    Groups {
        joined: [group(name)].into(),
        ..Groups::default()
    }
}
