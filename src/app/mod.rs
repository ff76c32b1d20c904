//! The composition root: settings become a log, stages, platforms and a running process.
//!
//! In come settings and roles, out comes a [`Relay`] that runs until it is asked to stop.
//! It decides nothing by itself: every rule is in the stage it belongs to.

pub mod demo;
mod parts;
mod relay;

pub use parts::{asyncapi, open_log, open_log_read_only, openapi, people_rules, worker};
pub use relay::{Addresses, Relay, Role};
