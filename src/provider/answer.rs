//! What a platform made of a call.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;

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

/// What became of one person's operation that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is in force.
    Applied,
    /// It is in force, and the platform returned what lets the person in.
    Linked(Vec<Link>),
    /// The platform does not know the person: there is nothing to lock or to leave, and
    /// nobody to activate or to register.
    NotFound,
}

/// An address that lets its holder in: a credential.
///
/// Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Link(pub String);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(..)")
    }
}

/// What a platform counted while it put a call in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counted {
    /// People it did not know before.
    pub created: u64,
    /// People of whom something was otherwise before, those it did not know included.
    pub changed: u64,
}
