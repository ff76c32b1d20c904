//! To the exam platforms: wire types, clients, error classes. Knows no event.
//!
//! In comes a [`Call`] for one batch of people, out comes an [`Answer`] that says for each
//! of them, or for the whole call, what the platform did. It must never retry by itself:
//! what follows a failure is the worker's to decide.

mod answer;
pub mod cirrus;
pub mod examtesting;
pub mod failure;
pub mod http;
mod operation;
pub mod pattern;
mod settings;
pub mod startexam;

use std::fmt::Debug;

use async_trait::async_trait;

use crate::id::EmployeeId;
pub use answer::{Answer, Counted, Done, Link};
pub use failure::{Blame, Failure};
pub use operation::{Existence, Operation, Profile, Target};
pub use settings::{Capacity, PlatformSettings, StartError};

/// One request's worth of operations, at most one a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The people and what each needs. All of them fit one request of the platform: all
    /// `Lock`, all `Activate` (of one target, if they name any), or all `Join` and `Leave` of
    /// one target.
    pub people: Vec<(EmployeeId, Operation)>,
}

/// One exam platform.
#[async_trait]
pub trait Platform: Debug + Send + Sync {
    /// Makes the request of a call, or the few it takes, and waits for what comes of it, at
    /// most the configured call timeout.
    async fn perform(&self, call: &Call) -> Answer;
}
