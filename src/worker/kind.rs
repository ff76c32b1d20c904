//! What shares a call, and what goes before what.

use crate::provider::{Operation, Target};

/// What shares a call. A lock shares one only with locks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Locks of people whose removal was told when it was due already.
    Revoke,
    /// Locks of people whose end was told ahead, and fell due.
    Lock,
    /// Activations and profile changes.
    Activate,
    /// Registrations at one target, and activations that name it.
    Target(Target),
}

/// What goes first over all people: the first rank does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Immediate revocations.
    Revoke,
    /// Locks of ends that fell due: thousands of them at midnight.
    Lock,
    /// Whatever somebody waits for.
    Rest,
    /// Unregistrations alone: nobody waits for those.
    Tidying,
}

impl Kind {
    /// What an operation shares a call with; of locks, those that were due when they were told
    /// are kept apart from those that fell due.
    pub(super) fn of(operation: &Operation, fell_due: bool) -> Self {
        match operation {
            Operation::Lock { .. } if fell_due => Self::Lock,
            Operation::Lock { .. } => Self::Revoke,
            Operation::Activate { target: None, .. } => Self::Activate,
            Operation::Activate {
                target: Some(target),
                ..
            }
            | Operation::Join { target, .. }
            | Operation::Leave { target } => Self::Target(target.clone()),
        }
    }

    pub(super) const fn is_lock(&self) -> bool {
        match self {
            Self::Revoke | Self::Lock => true,
            Self::Activate | Self::Target(_) => false,
        }
    }

    /// The rank of a call of this kind in which somebody joins, or nobody does.
    pub(super) const fn rank(&self, joins: bool) -> Rank {
        match self {
            Self::Revoke => Rank::Revoke,
            Self::Lock => Rank::Lock,
            Self::Target(_) if !joins => Rank::Tidying,
            Self::Activate | Self::Target(_) => Rank::Rest,
        }
    }
}
