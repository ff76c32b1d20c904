//! What a lane does next: the first step that neither is dead nor has to wait.

use jiff::Timestamp;

use super::kind::Kind;
use super::lanes::Lane;
use super::outlook::Outlook;
use super::queue::Key;
use super::state::{OperationName, PersonState};
use super::targets::Targets;
use crate::id::EmployeeId;
use crate::provider::Operation;

/// What a lane does next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next<'a> {
    Now(&'a Operation),
    Later(Timestamp),
    /// A target to open.
    Closed,
    Nothing,
}

impl Next<'_> {
    /// When it is worth another look.
    pub(super) const fn later(&self) -> Option<Timestamp> {
        match self {
            Self::Later(at) => Some(*at),
            Self::Now(_) | Self::Closed | Self::Nothing => None,
        }
    }
}

/// What a person's steps may have to wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits<'a> {
    pub(super) id: &'a EmployeeId,
    pub(super) outlook: &'a Outlook,
    pub(super) state: &'a PersonState,
    pub(super) targets: &'a Targets,
    pub(super) now: Timestamp,
}

impl Waits<'_> {
    /// The first step that is neither dead nor waiting; else when the first one stops waiting.
    pub(super) fn choose<'s>(&self, steps: &'s [Operation]) -> Next<'s> {
        let mut earliest: Option<Timestamp> = None;
        let mut otherwise = Next::Nothing;
        for step in steps {
            let name = OperationName::from(step);
            if self.state.dead.contains_key(&name) {
                continue;
            }
            if self.targets.holds(self.id, step, self.now) {
                otherwise = Next::Closed;
                continue;
            }
            match self.until(step, &name) {
                None => return Next::Now(step),
                Some(at) => earliest = Some(earliest.map_or(at, |other| other.min(at))),
            }
        }
        earliest.map_or(otherwise, Next::Later)
    }

    /// Until when a step waits.
    fn until(&self, step: &Operation, name: &OperationName) -> Option<Timestamp> {
        let tried = self.state.trying.get(name).map(|trying| trying.next_at);
        let calm = match step {
            Operation::Leave { .. } => self.outlook.calm_until,
            Operation::Lock { .. } | Operation::Activate { .. } | Operation::Join { .. } => None,
        };
        tried.max(calm).filter(|at| *at > self.now)
    }
}

impl Lane {
    /// What is queued for the next step, and where.
    pub(super) fn wanted(&mut self, next: Next<'_>, fell_due: bool) -> Option<(Key, Operation)> {
        match next {
            Next::Now(operation) => {
                let kind = Kind::of(operation, fell_due);
                Some(((kind, self.cohort), operation.clone()))
            }
            Next::Later(_) => None,
            Next::Closed => {
                // The half of a batch it belonged to says nothing once the target is open.
                self.cohort = None;
                None
            }
            Next::Nothing => {
                self.cohort = None;
                self.outlook = None;
                None
            }
        }
    }
}
