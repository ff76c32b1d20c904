//! Which assignments a worker goes by, so that an old worker and a new one, side by side during
//! a rollout, do not move people back and forth (ADR 0013).

use serde::{Deserialize, Serialize};

use super::guard::Restraint;
use super::rules::WorkerRules;
use crate::mutation::{Mutation, is_on};
use crate::plan::{Assignment, Digest};
use crate::provider::Operation;

/// Which assignments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The higher is the newer.
    number: u64,
    /// What they say.
    assignments: Digest,
}

impl Generation {
    /// The generation of these assignments.
    pub fn new(number: u64, assignments: &[Assignment]) -> Self {
        Self {
            number,
            assignments: Digest::of(&assignments),
        }
    }
}

/// The assignments of this worker, and those under which the partition was planned last.
#[derive(Debug, Default)]
pub(super) struct Succession {
    /// Newer ones than this worker's.
    newer: Option<Generation>,
}

impl Succession {
    /// Takes back what the owner before noted.
    pub(super) fn restore(&mut self, note: &str, rules: &WorkerRules) {
        let Ok(noted) = serde_json::from_str::<Generation>(note) else {
            return;
        };
        let own = &rules.assignments;
        if noted.number > own.number {
            tell_outdated(rules, &noted);
            self.newer = Some(noted);
        } else if noted != *own {
            tell_changed(rules, &noted);
        }
    }

    /// Whether newer assignments than this worker's are in force.
    pub(super) const fn is_outdated(&self) -> bool {
        self.newer.is_some()
    }

    /// What the next owner must know.
    pub(super) fn note(&self, own: &Generation) -> Option<String> {
        serde_json::to_string(self.newer.as_ref().unwrap_or(own)).ok()
    }

    /// Takes out of a plan's steps what depends on assignments, if newer ones are in force.
    pub(super) fn restrain(&self, steps: &mut Vec<Operation>) -> Option<Restraint> {
        if !self.is_outdated() || is_on(Mutation::LowerGenerationCalls) {
            return None;
        }
        let before = steps.len();
        steps.retain(|step| matches!(step, Operation::Lock { .. }));
        (steps.len() < before).then_some(Restraint::Outdated)
    }
}

fn tell_outdated(rules: &WorkerRules, noted: &Generation) {
    tracing::error!(
        provider = rules.provider.as_str(),
        assignments.generation = rules.assignments.number,
        assignments.newer = noted.number,
        failure.code = "assignments_outdated",
        "Newer assignments are in force; until this worker has them too it only locks"
    );
}

fn tell_changed(rules: &WorkerRules, noted: &Generation) {
    tracing::info!(
        provider = rules.provider.as_str(),
        assignments.generation = rules.assignments.number,
        assignments.before = noted.number,
        "The assignments have changed; everybody is planned by the new ones"
    );
}
