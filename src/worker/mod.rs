//! Stage 2: one provider follows the people.
//!
//! In come people from `hris.people` and the ends of calls; out go calls, and what is
//! applied, tried and dead for each person on `hris.<provider>.state`. The core decides
//! without a clock, a socket or an await. It must never let calls for one person overlap,
//! nor send a call that its durable record does not announce.

mod adoption;
mod answers;
mod batches;
mod books;
mod closing;
mod core;
mod flood;
mod gate;
mod generation;
mod guard;
mod holding;
mod host;
mod kind;
mod lanes;
mod letters;
mod limits;
mod next;
mod outcomes;
mod outgoing;
mod outlook;
mod pending;
mod queue;
mod reassert;
mod refresh;
mod retry;
mod rules;
mod settings;
mod signs;
mod state;
mod strangers;
mod targets;

#[cfg(test)]
mod tests;

pub use core::Worker;
pub use flood::FloodSettings;
pub use generation::Generation;
pub use guard::{Budget, GuardSettings, Guarded, Pass};
pub use host::WorkerHost;
pub use letters::{LetterBody, LinksBody};
pub use limits::{BURST, Limits};
pub use outgoing::Outgoing;
pub use rules::WorkerRules;
pub use settings::{RemovalsOfUnknown, WorkerSettings};
pub use state::{FORMAT, PersonState};
