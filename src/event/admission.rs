//! Which of a source's canonical events are taken, and how they become the relay's own.

use super::fact::{Attributes, Fact};
use super::{Event, Found, ParseError, VersionBy};
use crate::id::{EmployeeId, SourceId};

/// What one source may say, whichever door it comes in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The configured source.
    pub source: SourceId,
    /// What every event of it must carry, since its facts are ordered by it.
    pub version: VersionBy,
    /// The canonical name of each attribute that is let in, with the source's name of it.
    pub attributes: Vec<(String, String)>,
    /// Put before its employee ids.
    pub subject_prefix: String,
}

impl Admission {
    /// Makes an event of this source the relay's: it must be a fact of this source and carry
    /// what its facts are ordered by. The employee id gets the source's prefix, and attributes
    /// that are not let in are dropped.
    ///
    /// # Errors
    /// A [`ParseError`] that names the field.
    pub fn admit(&self, event: Event) -> Result<Event, ParseError> {
        let wrong = |field: &str, expected, found| ParseError::Field {
            field: field.to_owned(),
            expected,
            found,
        };
        if event.source != self.source {
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
        match self.version {
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
        let subject = format!("{}{}", self.subject_prefix, event.subject.as_str());
        let expected = "at most 250 characters with the source's subject_prefix";
        Ok(Event {
            subject: EmployeeId::try_from(subject)
                .map_err(|_| wrong("subject", expected, Found::Text))?,
            fact: self.with_attributes(event.fact),
            ..event
        })
    }

    fn with_attributes(&self, fact: Fact) -> Fact {
        match fact {
            Fact::Hired(mut hire) => {
                hire.attributes = self.let_in(&hire.attributes);
                Fact::Hired(hire)
            }
            Fact::Updated(mut update) => {
                update.attributes = self.let_in(&update.attributes);
                Fact::Updated(update)
            }
            Fact::Snapshot(mut snapshot) => {
                snapshot.attributes = self.let_in(&snapshot.attributes);
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

    /// The attributes that are let in, under their canonical names; two of them may be the
    /// same at the source.
    fn let_in(&self, theirs: &Attributes) -> Attributes {
        self.attributes
            .iter()
            .filter_map(|(canonical, name)| Some((canonical.clone(), theirs.get(name)?.clone())))
            .collect()
    }
}
