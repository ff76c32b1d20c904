//! The intake: other producers' records become the relay's own events.
//!
//! In come the records of `hris.inbox`, with any key and from any partition; out go events on
//! `hris.events`, written under the employee id by the relay's own partitioner, and what is
//! no event on `hris.inbox.dlq`. It must never let two partitions own one person.

mod core;
mod host;
#[cfg(test)]
mod tests;

pub use core::{Admissions, Intake};
pub use host::IntakeHost;
