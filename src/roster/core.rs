//! The roster's deciding half: records in, people out.

use std::collections::HashMap;
use std::convert::Infallible;

use bytes::Bytes;
use jiff::Timestamp;

use super::letter::{Cause, dead_letter};
use crate::event::{Event, Strictness};
use crate::log::{Arrived, Record, Topic, header};
use crate::metrics::RosterMetrics;
use crate::person::{self, Folded, Person, Rules, SourceRules};
use crate::shard::{Core, Effect, Input, Restored, Stop, refuse_newer};

/// Why an event was not folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Undecodable {
    /// The record holds no event that can be read.
    #[error("the record holds no event that can be read")]
    Event,
    /// Its key is not the person it is about, so its partition may be the wrong one.
    #[error("the record's key is not the person its event is about")]
    Misfiled,
    /// The person's own record cannot be read, so nothing can be folded into it.
    #[error("the person's record cannot be read")]
    Person,
}

impl Undecodable {
    const fn code(self) -> &'static str {
        match self {
            Self::Event => "event_undecodable",
            Self::Misfiled => "event_misfiled",
            Self::Person => "person_undecodable",
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
    metrics: RosterMetrics,
}

impl Roster {
    /// An empty roster.
    pub fn new(rules: Rules, metrics: RosterMetrics) -> Self {
        Self {
            rules,
            people: HashMap::new(),
            metrics,
        }
    }

    fn take(&mut self, record: &Arrived) -> Vec<Effect<Infallible>> {
        match self.fold(record) {
            Ok(Some(person)) => vec![Effect::Write(person)],
            Ok(None) => Vec::new(),
            Err(undecodable) => {
                self.count("dead_lettered");
                let position = record.position;
                tracing::error!(
                    record.topic = %position.topic,
                    record.partition = position.partition,
                    record.offset = position.offset,
                    failure.code = undecodable.code(),
                    "Event cannot be folded; it is in {}",
                    Topic::EventsDeadLetters
                );
                let cause = Cause {
                    code: undecodable.code(),
                    reason: undecodable.to_string(),
                };
                let letter = dead_letter(Topic::EventsDeadLetters, record, &cause);
                vec![Effect::Write(letter)]
            }
        }
    }

    /// Folds one event; none: the person's record stays as it was.
    fn fold(&mut self, record: &Arrived) -> Result<Option<Record>, Undecodable> {
        let payload = record.payload.as_deref().unwrap_or_default();
        let event = Event::parse(payload, Strictness::Lenient).map_err(|_| Undecodable::Event)?;
        let key = record
            .key
            .clone()
            .filter(|key| key.as_ref() == event.subject.as_str().as_bytes())
            .ok_or(Undecodable::Misfiled)?;
        let mut person = match self.people.get(&key) {
            Some(bytes) => read(bytes).ok_or(Undecodable::Person)?,
            None => Person::default(),
        };
        let default = SourceRules::default();
        let rules = self.rules.sources.get(&event.source).unwrap_or(&default);
        let folded = person::fold(&mut person, &event, rules, record.appended_at);
        self.count_fact(&event, folded);
        if !folded.is_news {
            return Ok(None);
        }
        let bytes = serde_json::to_vec(&person).map_err(|_| Undecodable::Person)?;
        let bytes = Bytes::from(bytes);
        self.people.insert(key, bytes.clone());
        let event_id = event.id.as_str().to_owned();
        let written = Record::new(Topic::People, event.subject.as_str(), bytes);
        Ok(Some(written.with_header(header::EVENT_ID, event_id)))
    }

    fn count_fact(&self, event: &Event, folded: Folded) {
        self.count(if folded.changed {
            "folded"
        } else {
            "superseded"
        });
        if folded.clock_ahead {
            let source = event.source.as_str();
            self.metrics.clock_ahead.with_label_values(&[source]).inc();
            tracing::warn!(
                event.source = source,
                event.id = event.id.as_str(),
                "Fact is dated after it was received; it counts from its receipt"
            );
        }
    }

    fn count(&self, outcome: &str) {
        self.metrics.facts.with_label_values(&[outcome]).inc();
    }
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

    fn handle(&mut self, input: Input<Infallible>, _now: Timestamp) -> Vec<Effect<Infallible>> {
        match input {
            Input::Record(record) => self.take(&record),
            Input::Answered(_, never) => match never {},
            Input::Restored | Input::Tick | Input::Draining => Vec::new(),
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    fn people(&self) -> usize {
        self.people.len()
    }
}
