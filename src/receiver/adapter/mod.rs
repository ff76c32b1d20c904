//! From an authentic body to events: pure, one file a sender.
//!
//! What cannot be mapped is said with a reason and never guessed; only attributes that the
//! configuration lets in leave an adapter.

pub(crate) mod bamboohr;
mod form;
pub(crate) mod standard_webhooks;

use crate::event::{Attributes, Event, Fact, Found, ParseError, VersionBy};
use crate::id::{EmployeeId, EventId};
use crate::receiver::source::Source;

/// What an authentic body came to. Part of a batch may be events while the rest is not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mapped {
    pub(crate) events: Vec<Event>,
    /// Why the body goes to quarantine as well.
    pub(crate) unmappable: Option<Unmappable>,
}

/// Why a body, or part of it, is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmappable {
    /// A stable word.
    pub(crate) code: &'static str,
    /// The same for people, without a value of the body.
    pub(crate) reason: String,
    /// The id the sender gave the webhook.
    pub(crate) event_id: Option<EventId>,
}

impl Mapped {
    /// A body that is no event at all.
    pub(crate) fn unmappable(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            events: Vec::new(),
            unmappable: Some(Unmappable {
                code,
                reason: reason.into(),
                event_id: None,
            }),
        }
    }
}

/// Makes a canonical event of a sender ours: it must be of the source that was
/// authenticated, be a fact, and carry what its source's facts are ordered by. The employee
/// id gets the source's prefix, and attributes that are not let in are dropped.
pub(crate) fn admit(event: Event, source: &Source) -> Result<Event, ParseError> {
    let wrong = |field: &str, expected, found| ParseError::Field {
        field: field.to_owned(),
        expected,
        found,
    };
    if event.source != source.id {
        let expected = "the name of the source whose secret was used";
        return Err(wrong("source", expected, Found::Text));
    }
    if matches!(event.fact, Fact::Command(_)) {
        let expected = "a fact (`hr.employee.*.v1`): commands are the operators'";
        return Err(wrong("type", expected, Found::Text));
    }
    if matches!(&event.fact, Fact::Snapshot(snapshot) if snapshot.import.is_some()) {
        let expected = "no such member: only `hris-relay import` sets it";
        return Err(wrong("data.import", expected, Found::Object));
    }
    match source.version {
        VersionBy::OccurredAt if event.time.is_none() => {
            let expected = "an instant: the facts of this source are ordered by it";
            return Err(wrong("time", expected, Found::Nothing));
        }
        VersionBy::Sequence if event.sequence.is_none() => {
            let expected = "an integer: the facts of this source are ordered by it";
            return Err(wrong("sequence", expected, Found::Nothing));
        }
        VersionBy::OccurredAt | VersionBy::Sequence | VersionBy::ReceivedAt => {}
    }
    let subject = format!("{}{}", source.subject_prefix, event.subject.as_str());
    let expected = "at most 250 characters with the source's subject_prefix";
    Ok(Event {
        subject: EmployeeId::try_from(subject)
            .map_err(|_| wrong("subject", expected, Found::Text))?,
        fact: with_attributes(event.fact, |theirs| let_in(&theirs, source)),
        ..event
    })
}

/// The attributes that are let in, under their canonical names; two of them may be the same
/// at the source.
fn let_in(theirs: &Attributes, source: &Source) -> Attributes {
    source
        .attributes
        .iter()
        .filter_map(|(canonical, name)| Some((canonical.clone(), theirs.get(name)?.clone())))
        .collect()
}

fn with_attributes(fact: Fact, change: impl FnOnce(Attributes) -> Attributes) -> Fact {
    match fact {
        Fact::Hired(mut hire) => {
            hire.attributes = change(hire.attributes);
            Fact::Hired(hire)
        }
        Fact::Updated(mut update) => {
            update.attributes = change(update.attributes);
            Fact::Updated(update)
        }
        Fact::Snapshot(mut snapshot) => {
            snapshot.attributes = change(snapshot.attributes);
            Fact::Snapshot(snapshot)
        }
        other @ (Fact::GroupChanged(_)
        | Fact::Terminated(_)
        | Fact::AccessRevoked(_)
        | Fact::AccessRestored(_)
        | Fact::Erased
        | Fact::Command(_)) => other,
    }
}
