//! Cirrus' stand-in: limits, lists and refusals as documented, the rest by switches.
//!
//! In come requests with a token, out come the documented answers in their three shapes. It
//! must refuse whatever the pages forbid, so that a client that satisfies it satisfies Cirrus.

mod account;
mod answers;
mod gate;
mod rules;
mod settings;
mod stand;

pub use account::{Account, StoredGroup, StoredSchedule, StoredUser, Tally};
pub use settings::{
    ErrorShape, OnExisting, PutPath, Readd, ScheduleSettings, SimulatorSettings, UserSettings,
};
pub use stand::CirrusStand;

/// A simulated Cirrus tenant.
pub type Simulator = super::shared::Simulator<CirrusStand>;
/// A simulated Cirrus tenant that serves.
pub type Running = super::shared::Running<CirrusStand>;
