//! To the exam platforms: wire types, clients, error classes. Knows no event.
//!
//! In comes a [`Call`] for one batch of people, out comes an [`Answer`] that says for each
//! of them, or for the whole call, what the platform did. It must never retry by itself:
//! what follows a failure is the worker's to decide.

pub mod failure;
pub mod http;
pub mod startexam;

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::id::EmployeeId;
pub use failure::{Blame, Failure};

/// What a platform is told about a person: field name and value, as the platform names them.
///
/// Personal data: its `Debug` says only how many fields there are.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile(pub Vec<(String, String)>);

impl Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Profile({} fields)", self.0.len())
    }
}

/// Something at a platform that people are registered to, as configuration names it: a
/// StartExam program (`program:<guid>` or `program-external:<id>`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(pub String);

/// One step for one person at one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "op")]
pub enum Operation {
    /// Lock the person out; the profile is the last one known, which some platforms ask for.
    Lock {
        /// Last known profile.
        profile: Profile,
    },
    /// Make the account exist, be active and carry this profile.
    Activate {
        /// The full profile.
        profile: Profile,
    },
    /// Register to a target.
    Join {
        /// Which.
        target: Target,
    },
    /// Unregister from a target.
    Leave {
        /// Which.
        target: Target,
    },
}

/// One request's worth of operations, at most one a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The people and what each needs. All of them fit one request of the platform: all
    /// `Lock`, all `Activate`, or all `Join` and `Leave` of one target.
    pub people: Vec<(EmployeeId, Operation)>,
}

/// What a platform made of a call.
#[derive(Debug)]
pub enum Answer {
    /// Everybody's operation is in force.
    Applied,
    /// The same, and the platform counted what that took.
    Counted(Counted),
    /// The platform told people apart; same order as the call's people.
    Each(Vec<Result<Done, Failure>>),
    /// The call failed as a whole.
    Failed(Failure),
}

/// What became of one person's operation that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It is in force.
    Applied,
    /// There was nothing to do: the platform does not know the person.
    NotFound,
}

/// What a platform counted while it put a call in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counted {
    /// People it did not know before.
    pub created: u64,
    /// People of whom something was otherwise before, those it did not know included.
    pub changed: u64,
}

/// One exam platform.
#[async_trait]
pub trait Platform: Debug + Send + Sync {
    /// Makes one request and waits for its answer, at most the configured call timeout.
    async fn perform(&self, call: &Call) -> Answer;
}
