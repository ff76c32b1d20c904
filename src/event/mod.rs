//! What happened in HR: CloudEvents 1.0 facts about one person. Pure.
//!
//! In come bytes from a webhook, a producer or the log; out comes an [`Event`] that cannot
//! be wrong, or a [`ParseError`] that names the field and what was expected there and never
//! repeats a value. It must never guess: what a sender left out stays left out.

mod admission;
mod carrier;
mod decode;
mod encode;
mod examples;
mod fact;
mod fields;
mod json;
mod moment;
mod parse_error;
mod schema;
mod source;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;

use crate::id::{EmployeeId, EventId, SourceId};

pub use admission::Admission;
pub use carrier::{Carried, Carrier, Unreadable};
pub use decode::TYPES;
pub use examples::{Example, examples};
pub use fact::{
    AccessChange, Attribute, Attributes, Command, CommandKind, Fact, GroupChange, Groups, Hire,
    Import, ObservedEnd, Phase, Reason, Snapshot, Status, Termination, Update,
};
pub use fields::{Strictness, rfc3339};
pub use json::read_json;
pub use moment::{InvalidMoment, InvalidZone, Moment, When, Zone};
pub use parse_error::{Found, ParseError};
pub use schema::documents;
pub use source::{TerminationDay, VersionBy};

/// One HR fact, or one operator command, about one person.
///
/// The envelope is CloudEvents 1.0 (`specversion`, `id`, `source`, `type`, `subject`,
/// `time`) with the extensions `sequence` and `receivedtime`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique per source.
    pub id: EventId,
    /// The configured source that said it.
    pub source: SourceId,
    /// Whom it is about.
    pub subject: EmployeeId,
    /// When it happened, as the source says.
    pub time: Option<Timestamp>,
    /// When the relay took it; stamped once, by the relay.
    pub received_time: Option<Timestamp>,
    /// The source's own order of the facts of this person, where it has one.
    pub sequence: Option<i64>,
    /// What happened.
    pub fact: Fact,
}
