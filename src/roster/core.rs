//! The roster's deciding half: records in, people out.

use std::collections::HashMap;
use std::convert::Infallible;

use bytes::Bytes;
use jiff::Timestamp;

use super::conflicts::Conflicts;
use super::letter::{Cause, dead_letter};
use super::notices::Notices;
use crate::event::{Event, Fact, Strictness};
use crate::log::record::LARGEST;
use crate::log::{Arrived, Record, Topic, header};
use crate::metrics::RosterMetrics;
use crate::person::{self, Person, Rules, SourceRules, standing};
use crate::shard::{Core, Effect, Input, Restored, Stop, refuse_newer};

/// Why an event was not folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotFolded {
    /// The record holds no event that can be read.
    #[error("the record holds no event that can be read")]
    Event,
    /// Its key is not the person it is about, so its partition may be the wrong one.
    #[error("the record's key is not the person its event is about")]
    Misfiled,
    /// Nobody says how the facts of its source are ordered and what its dates mean.
    #[error("the event's source is not configured")]
    Unconfigured,
    /// The person's own record cannot be read, so nothing can be folded into it.
    #[error("the person's record cannot be read")]
    Person,
    /// With it the person's record would be larger than the log takes.
    #[error("with it the person's record would be larger than the log takes")]
    PersonTooLarge,
}

impl NotFolded {
    const fn code(self) -> &'static str {
        match self {
            Self::Event => "event_undecodable",
            Self::Misfiled => "event_misfiled",
            Self::Unconfigured => "event_unconfigured",
            Self::Person => "person_undecodable",
            Self::PersonTooLarge => "person_too_large",
        }
    }
}

/// The roster of one partition.
///
/// People are kept as the bytes of their record: small, and exactly what was committed.
#[derive(Debug)]
pub struct Roster {
    rules: Rules,
    people: HashMap<Bytes, Bytes>,
    conflicts: Conflicts,
    metrics: RosterMetrics,
    /// The form in which records are written.
    state_format: u32,
}

impl Roster {
    /// An empty roster.
    pub fn new(rules: Rules, metrics: RosterMetrics) -> Self {
        Self {
            rules,
            people: HashMap::new(),
            conflicts: Conflicts::default(),
            metrics,
            state_format: person::FORMAT,
        }
    }

    /// The same, which shows what it finds under its partition's number.
    #[must_use]
    pub fn of_partition(mut self, partition: u32) -> Self {
        let gauge = &self.metrics.conflicts;
        self.conflicts
            .show(gauge.with_label_values(&[&partition.to_string()]));
        self
    }

    /// The same, which writes records in this form.
    #[must_use]
    pub const fn writing(mut self, state_format: u32) -> Self {
        self.state_format = state_format;
        self
    }

    fn take(&mut self, record: &Arrived, now: Timestamp) -> Vec<Effect<Infallible>> {
        match self.fold(record, now) {
            Ok(Some(person)) => vec![Effect::Write(person)],
            Ok(None) => Vec::new(),
            Err(why) => {
                self.notices().dead_lettered(record, why.code());
                let cause = Cause {
                    code: why.code(),
                    reason: why.to_string(),
                };
                let letter = dead_letter(Topic::EventsDeadLetters, record, &cause);
                vec![Effect::Write(letter)]
            }
        }
    }

    /// Folds one event; none: the person's record stays as it was.
    fn fold(&mut self, arrived: &Arrived, now: Timestamp) -> Result<Option<Record>, NotFolded> {
        let payload = arrived.payload.as_deref().unwrap_or_default();
        let event = Event::parse(payload, Strictness::Lenient).map_err(|_| NotFolded::Event)?;
        let key = arrived
            .key
            .clone()
            .filter(|key| key.as_ref() == event.subject.as_str().as_bytes())
            .ok_or(NotFolded::Misfiled)?;
        let read_by = self.rules_of(&event)?;
        let mut person = match self.people.get(&key) {
            Some(bytes) => read(bytes).ok_or(NotFolded::Person)?,
            None => Person::default(),
        };
        let is_known = person.knows(&event);
        let folded = person::fold(&mut person, &event, read_by, arrived.appended_at);
        let standing = standing(&person, &self.rules, now);
        let overruling = if standing.is_active() {
            let removes = person::removes(&event, &self.rules, now);
            // Heard again, a removal that took effect in its time is no news.
            let is_overruled = removes && (folded.changed || !is_known);
            is_overruled && person.overrule(&event, arrived.appended_at)
        } else {
            person.overruled.take().is_some()
        };
        let record = if folded.is_news || overruling {
            person.v = self.state_format;
            Some(written(&event, &person)?)
        } else {
            None
        };
        self.notices().folded(&event, folded);
        if overruling && standing.is_active() {
            self.notices().overruled(&event);
        }
        if self.conflicts.note(&key, &standing) {
            Notices::in_conflict(&event);
        }
        if let Some(bytes) = record.as_ref().and_then(|record| record.payload.clone()) {
            self.people.insert(key, bytes);
        }
        Ok(record)
    }

    /// How the event's source is read; commands are the operators', who are no source.
    fn rules_of(&self, event: &Event) -> Result<&SourceRules, NotFolded> {
        const OPERATORS: &SourceRules = &SourceRules::DEFAULT;
        match (&event.fact, self.rules.sources.get(&event.source)) {
            (_, Some(rules)) => Ok(rules),
            (Fact::Command(_), None) => Ok(OPERATORS),
            (_, None) => Err(NotFolded::Unconfigured),
        }
    }

    const fn notices(&self) -> Notices<'_> {
        Notices::new(&self.metrics)
    }

    /// Looks again at somebody, or for the first time after a restore.
    fn look_at(&mut self, key: &Bytes, now: Timestamp) {
        let person = self.people.get(key).and_then(|bytes| read(bytes));
        if let Some(person) = person {
            let standing = standing(&person, &self.rules, now);
            self.conflicts.note(key, &standing);
        }
    }
}

/// A person's record after an event.
fn written(event: &Event, person: &Person) -> Result<Record, NotFolded> {
    let bytes = serde_json::to_vec(person).map_err(|_| NotFolded::Person)?;
    let event_id = event.id.as_str().to_owned();
    let written = Record::new(Topic::People, event.subject.as_str(), bytes)
        .with_header(header::EVENT_ID, event_id);
    if written.size() > LARGEST {
        return Err(NotFolded::PersonTooLarge);
    }
    Ok(written)
}

/// Reads a person's record; none if it cannot be read, or was written by a newer program
/// whose fields this one might take for something else.
fn read(bytes: &[u8]) -> Option<Person> {
    let person: Person = serde_json::from_slice(bytes).ok()?;
    (person.v <= person::FORMAT).then_some(person)
}

impl Core for Roster {
    type Call = Infallible;
    type Answer = Infallible;

    fn restored_from(&self) -> Vec<Restored> {
        vec![Restored {
            topic: Topic::People,
            to_committed: false,
        }]
    }

    fn restore(&mut self, record: Arrived) -> Result<(), Stop> {
        match (record.key, record.payload) {
            (Some(key), Some(payload)) => {
                refuse_newer(&payload, person::FORMAT)?;
                self.people.insert(key, payload);
            }
            (Some(key), None) => {
                self.people.remove(&key);
            }
            (None, _) => {}
        }
        Ok(())
    }

    fn held(&self) -> usize {
        self.people.len()
    }

    fn handle(&mut self, input: Input<Infallible>, now: Timestamp) -> Vec<Effect<Infallible>> {
        match input {
            Input::Record(record) => self.take(&record, now),
            Input::Answered(_, never) => match never {},
            Input::Restored => {
                let everybody: Vec<Bytes> = self.people.keys().cloned().collect();
                for key in everybody {
                    self.look_at(&key, now);
                }
                Vec::new()
            }
            Input::Tick => {
                for key in self.conflicts.due(now) {
                    self.look_at(&key, now);
                }
                Vec::new()
            }
            Input::Draining => Vec::new(),
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.conflicts.wake_at()
    }

    fn people(&self) -> usize {
        self.people.len()
    }
}
