//! StartExam's stand-in: signature, limits and counters as documented, the rest by switches.
//!
//! In come signed requests, out come the documented answers. It must refuse whatever the
//! method pages forbid, so that a client that satisfies it satisfies StartExam.

mod account;
mod gate;
mod program;
mod session;
mod settings;
mod stand;

pub use account::{Account, StoredEmployee, StoredProgram};
pub use session::StoredParticipant;
pub use settings::{
    OnExisting, OnHidden, OnUnknown, OnUnknownProgram, ParticipantOrder, ProgramSettings,
    SimulatorSettings,
};
pub use stand::{StartExamStand, Tally};

/// A simulated StartExam account.
pub type Simulator = super::shared::Simulator<StartExamStand>;
/// A simulated StartExam account that serves.
pub type Running = super::shared::Running<StartExamStand>;
