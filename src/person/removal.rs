//! Removals: facts which say that somebody is out, and those after which they still are in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::arrival;
use super::record::Person;
use super::rules::{Rules, SourceRules};
use super::when::Calendar;
use crate::event::{AccessChange, Event, Fact, ObservedEnd, Phase, Snapshot, Status, When};
use crate::id::{EventId, SourceId};

/// A removal that newer facts, or other sources, outweigh: the person is active all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overruled {
    /// The event that says it.
    pub event: EventId,
    /// Who says it.
    pub source: SourceId,
    /// The type of the event.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was said; never later than it was received.
    pub said_at: Timestamp,
}

/// Whether a fact says that the person is out at `t`: a termination or a revocation that has
/// taken effect, an observed end or "inactive", an erasure.
pub fn removes(event: &Event, rules: &Rules, t: Timestamp) -> bool {
    let default = SourceRules::default();
    let read = rules.sources.get(&event.source).unwrap_or(&default);
    let calendar = Calendar::new(rules, read);
    let ended = |when: &When| calendar.end(when) <= t;
    match &event.fact {
        Fact::Terminated(termination) => {
            termination.phase != Phase::Cancelled && termination.end.as_ref().is_none_or(ended)
        }
        Fact::AccessRevoked(AccessChange { effective, phase }) => {
            let begun = |when: &When| calendar.begin(when) <= t;
            *phase != Phase::Cancelled && effective.as_ref().is_none_or(begun)
        }
        Fact::Snapshot(Snapshot {
            end: ObservedEnd::On(moment),
            zone,
            ..
        }) => ended(&When {
            moment: *moment,
            zone: zone.clone(),
        }),
        Fact::Snapshot(snapshot) => snapshot.status == Some(Status::Inactive),
        Fact::Erased => true,
        Fact::Hired(_)
        | Fact::Updated(_)
        | Fact::GroupChanged(_)
        | Fact::AccessRestored(_)
        | Fact::Command(_) => false,
    }
}

impl Person {
    /// Keeps a removal after which the person is still active, if it is the newest of them;
    /// tells whether that is news.
    pub fn overrule(&mut self, event: &Event, arrived_at: Timestamp) -> bool {
        let (received, occurred) = arrival(event, arrived_at);
        let said_at = crate::clock::whole_milliseconds(occurred.min(received));
        let held = self.overruled.as_ref();
        let is_newer = held.is_none_or(|held| {
            (held.said_at, &held.event) < (said_at, &event.id) && held.event != event.id
        });
        if is_newer {
            self.overruled = Some(Overruled {
                event: event.id.clone(),
                source: event.source.clone(),
                kind: event.fact.event_type().to_owned(),
                said_at,
            });
        }
        is_newer
    }

    /// Whether a register says what this event said: then hearing it again is a duplicate.
    pub fn knows(&self, event: &Event) -> bool {
        let is_it = |stamp: &super::Stamp| stamp.event == event.id;
        let erased = self.erased.get(&event.source);
        let facts = self.sources.get(&event.source);
        erased.is_some_and(is_it) || facts.is_some_and(|facts| facts.stamps().any(is_it))
    }

    /// The record without what depends on the order in which facts came: two records of one
    /// set of facts are equal without it.
    #[must_use]
    pub fn without_notes(mut self) -> Self {
        self.received = None;
        self.overruled = None;
        self
    }
}
