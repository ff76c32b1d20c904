//! People who are removed and whom the provider turns out not to know.
//!
//! One of them is nothing: they never had an account. Many of them mean that our ids are not
//! the provider's, so that whoever should be locked out is not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::core::Worker;
use super::lanes::Place;
use crate::id::EmployeeId;
use crate::provider::{Answer, Call, Done, Existence, Operation};

/// Whom of a call the provider did not know.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// As many as the provider counted.
    pub(super) counted: BTreeSet<EmployeeId>,
    /// Those of them of whom it is certain.
    pub(super) certain: BTreeSet<EmployeeId>,
    /// Those of them who should have been known, which makes our ids doubtful.
    pub(super) doubtful: BTreeSet<EmployeeId>,
}

impl Worker {
    /// Whom of a call under way the provider did not know, as far as its answer tells.
    pub(super) fn strangers(&self, call: &Call, answer: &Answer) -> Strangers {
        match answer {
            Answer::Each(each) => {
                let is_removal = |step: &Operation| {
                    matches!(step, Operation::Lock { .. } | Operation::Leave { .. })
                };
                let people = call.people.iter().zip(each);
                let unknown = people.filter(|((_, step), done)| {
                    is_removal(step) && matches!(done, Ok(Done::NotFound))
                });
                let unknown: BTreeSet<_> = unknown.map(|((id, _), _)| id.clone()).collect();
                Strangers {
                    counted: unknown.clone(),
                    doubtful: unknown
                        .iter()
                        .filter(|id| self.should_be_known(id))
                        .cloned()
                        .collect(),
                    certain: unknown,
                }
            }
            Answer::Counted(counted) => {
                self.locked_strangers(call, usize::try_from(counted.created).unwrap_or(usize::MAX))
            }
            Answer::Applied | Answer::Failed(_) => Strangers::default(),
        }
    }

    /// Whom a call that locks has created. Whoever left before the relay could make their
    /// account had none: only of those whom the relay had made, or who were said to be there, is
    /// it strange.
    fn locked_strangers(&self, call: &Call, created: usize) -> Strangers {
        let is_lock = |(_, step): &&(_, Operation)| matches!(step, Operation::Lock { .. });
        let locked = call.people.iter().filter(is_lock).map(|(id, _)| id);
        let (known, others): (Vec<_>, Vec<_>) = locked.partition(|id| self.should_be_known(id));
        let is_everybody = created >= known.len().saturating_add(others.len());
        let is_certain = is_everybody || created == others.len();
        let certain = if is_certain { created } else { 0 };
        let likeliest = || others.iter().chain(&known).map(|id| (*id).clone());
        let beyond = created.saturating_sub(others.len());
        Strangers {
            counted: likeliest().take(created).collect(),
            certain: likeliest().take(certain).collect(),
            doubtful: known.iter().take(beyond).map(|id| (*id).clone()).collect(),
        }
    }

    fn should_be_known(&self, id: &EmployeeId) -> bool {
        let lane = self.lanes.get(id);
        lane.is_some_and(|lane| match &lane.place {
            Place::InFlight { sent, .. } => match sent.before.existence() {
                Existence::Present => true,
                Existence::Perhaps => lane.state.is_adopted,
                Existence::Absent => false,
            },
            Place::Idle | Place::Queued { .. } => false,
        })
    }

    /// Stops calls if too many of a day's removals were of strangers, until one is not.
    pub(super) fn doubt_ids(
        &mut self,
        call: &Call,
        answer: &Answer,
        strangers: &Strangers,
        now: Timestamp,
    ) {
        let provider = self.rules.provider.as_str();
        if !strangers.counted.is_empty() {
            let met = u64::try_from(strangers.counted.len()).unwrap_or(u64::MAX);
            let metric = &self.metrics.guard.strangers;
            metric.with_label_values(&[provider]).inc_by(met);
        }
        if strangers.doubtful.is_empty() && !self.brake.is_doubt_told {
            return;
        }
        let is_known =
            strangers.counted.is_empty() && locks(call) && !matches!(answer, Answer::Failed(_));
        if is_known || !self.brake.guard.meets_too_many_strangers(now) {
            self.brake.is_doubt_told = false;
            return;
        }
        let probe_every = self.rules.settings.probe_every;
        self.gate.quarantine("ids_unknown", now, probe_every);
        if !std::mem::replace(&mut self.brake.is_doubt_told, true) {
            tracing::error!(
                provider,
                people = self.brake.guard.strangers(now),
                failure.code = "ids_unknown",
                "Many people to be removed are unknown to the provider: employee ids are not the ids it knows. Calls stop, and are tried now and then"
            );
        }
    }
}

fn locks(call: &Call) -> bool {
    let is_lock = |(_, step): &(_, _)| matches!(step, Operation::Lock { .. });
    call.people.iter().any(is_lock)
}
