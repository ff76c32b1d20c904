//! Stage 1: facts folded into one record per person; and its intake of other producers' facts.
//!
//! In come the events of `hris.events`, out go the people of `hris.people`, and the events
//! nobody can read to `hris.events.dlq`. It must never drop a fact: each is folded,
//! superseded or a dead letter (I2).

mod conflicts;
mod core;
mod host;
mod intake;
mod letter;
mod notices;
mod settings;
#[cfg(test)]
mod tests;

pub use core::Roster;
pub use host::RosterHost;
pub use intake::{Admissions, Intake, IntakeHost};
pub use settings::RosterSettings;
