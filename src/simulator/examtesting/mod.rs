//! ExamTesting's stand-in: parameters and errors as the page has them, the rest by switches.
//!
//! In come requests to `ManageCandidate.aspx`, out come answers in one of the forms they may
//! have, always with status 200. It must refuse whatever the page does not name, a parameter
//! in another case included, so that a client that satisfies it satisfies ExamTesting.
//!
//! It serves plain HTTP, as the page documents, so a client needs `allow_insecure_http`.

mod account;
mod gate;
mod settings;
mod shape;
mod stand;

pub use account::{Account, Student};
pub use settings::{GroupSemantics, ParamsFrom, ResponseShape, SimulatorSettings};
pub use stand::{ExamTestingStand, Tally};

/// A simulated ExamTesting account.
pub type Simulator = super::shared::Simulator<ExamTestingStand>;
/// A simulated ExamTesting account that serves.
pub type Running = super::shared::Running<ExamTestingStand>;
