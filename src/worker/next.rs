//! What a lane does next: the first step that neither is dead nor has to wait.

use jiff::Timestamp;

use super::gate::Gate;
use super::state::{OperationName, PersonState};
use crate::provider::Operation;

/// What a lane does next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next<'a> {
    Now(&'a Operation),
    Later(Timestamp),
    Nothing,
}

impl Next<'_> {
    /// When it is worth another look.
    pub(super) const fn later(&self) -> Option<Timestamp> {
        match self {
            Self::Later(at) => Some(*at),
            Self::Now(_) | Self::Nothing => None,
        }
    }
}

/// The first step that is neither dead nor waiting; else when the first one stops waiting.
pub(super) fn choose<'a>(
    steps: &'a [Operation],
    state: &PersonState,
    gate: &Gate,
    now: Timestamp,
) -> Next<'a> {
    let mut earliest: Option<Timestamp> = None;
    for step in steps {
        let name = OperationName::from(step);
        if state.dead.contains_key(&name) {
            continue;
        }
        let tried = state.trying.get(&name).map(|trying| trying.next_at);
        let closed = match step {
            Operation::Join { target } | Operation::Leave { target } => {
                gate.target_closed_until(target)
            }
            Operation::Lock { .. } | Operation::Activate { .. } => None,
        };
        match tried.max(closed).filter(|at| *at > now) {
            None => return Next::Now(step),
            Some(at) => earliest = Some(earliest.map_or(at, |other| other.min(at))),
        }
    }
    earliest.map_or(Next::Nothing, Next::Later)
}
