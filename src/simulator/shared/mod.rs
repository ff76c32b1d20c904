//! What every simulator has: scripted faults, a journal that finds overlaps, the server.
//!
//! In comes a [`Stand`], the rules of one platform's account; out comes a [`Simulator`] that
//! serves it. It must know no platform: what a request is about and what it does is the
//! stand's to say.

mod faults;
mod journal;
mod running;
mod shell;
mod simulator;
mod stand;

pub use faults::{Action, Fault, Match};
pub use journal::{Counters, Entry, Overlap};
pub use running::{Running, SimulatorError};
pub use simulator::Simulator;
pub use stand::{Answer, Request, Stand, Subject};
