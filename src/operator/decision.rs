//! An operator's decision about one person becomes a command event.
//!
//! A command names the fact version it judges: with any newer fact it has no effect. So it is
//! refused here already when the person's facts are others by now.

use jiff::Timestamp;
use uuid::Uuid;

use super::appending::{append, record};
use super::topics::find;
use crate::event::{Command, CommandKind, Event, Fact};
use crate::id::{EmployeeId, EventId, FactVersion, Provider, SourceId};
use crate::log::{AppendError, ConsumeError, Log, Topic};
use crate::person::{self, Person};

/// What operators' events name as their source.
const SOURCE: &str = "operator";

/// What is decided, by whom and why.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What is asked of the worker.
    pub kind: CommandKind,
    /// At which provider.
    pub provider: Provider,
    /// The facts that were looked at; none: whatever they are.
    pub fact_version: Option<FactVersion>,
    /// Who decides.
    pub operator: String,
    /// Why.
    pub reason: String,
}

/// Why a decision is not written.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// Nobody has this id.
    #[error("no such person: the roster knows nobody with this id")]
    Nobody,
    /// Their record cannot be read.
    #[error("the person's record cannot be read: see person_undecodable in docs/operations.md")]
    Unreadable,
    /// Something new was said of the person.
    #[error("the facts were judged at {judged} and are at {present} by now: look again")]
    Outdated {
        /// The version that was looked at.
        judged: FactVersion,
        /// The present one.
        present: FactVersion,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ConsumeError),
    /// The log did not take it.
    #[error("it may not have been written: decide again")]
    Append(#[from] AppendError),
}

impl Decision {
    /// The event that says it, of a new id.
    pub fn event(&self, person: EmployeeId, now: Timestamp) -> Event {
        self.event_with(event_id(&Uuid::now_v7().simple().to_string()), person, now)
    }

    /// The event that says it.
    pub(super) fn event_with(&self, id: EventId, person: EmployeeId, now: Timestamp) -> Event {
        #[expect(clippy::expect_used, reason = "eight letters are a name")]
        let source = SourceId::try_from(SOURCE).expect("a source's name");
        Event {
            id,
            source,
            subject: person,
            time: Some(now),
            received_time: Some(now),
            sequence: None,
            fact: Fact::Command(Command {
                kind: self.kind,
                provider: self.provider,
                fact_version: self.fact_version,
                operator: self.operator.clone(),
                reason: self.reason.clone(),
            }),
        }
    }
}

/// An id for an operator's event, made of letters, digits and dashes.
pub(super) fn event_id(unique: &str) -> EventId {
    #[expect(clippy::expect_used, reason = "short, and no control characters")]
    EventId::try_from(format!("op-{unique}")).expect("an event id")
}

/// The version of what is known of a person now.
///
/// # Errors
/// When nobody has this id, or the log or their record cannot be read.
pub async fn present(log: &dyn Log, person: &EmployeeId) -> Result<FactVersion, DecisionError> {
    let record = find(log, Topic::People, person.as_str()).await?;
    let record = record.ok_or(DecisionError::Nobody)?;
    let person: Option<Person> = serde_json::from_slice(&record).ok();
    person
        .filter(|person| person.v <= person::FORMAT)
        .map(|person| person.fact_version())
        .ok_or(DecisionError::Unreadable)
}

/// Writes a decision about a person whose facts are still those that were judged.
///
/// # Errors
/// When the facts are others, or the log cannot be read or written.
pub async fn decide(
    log: &dyn Log,
    decision: &Decision,
    person: EmployeeId,
    now: Timestamp,
) -> Result<Event, DecisionError> {
    let present = present(log, &person).await?;
    if let Some(judged) = decision.fact_version.filter(|judged| *judged != present) {
        return Err(DecisionError::Outdated { judged, present });
    }
    let event = decision.event(person, now);
    append(log, vec![record(&event)]).await?;
    Ok(event)
}
