//! People who are removed and whom the provider turns out not to know.
//!
//! One of them is nothing: they never had an account. Many of them mean that our ids are not
//! the provider's, so that whoever should be locked out is not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::core::Worker;
use super::lanes::Place;
use crate::id::EmployeeId;
use crate::plan::Account;
use crate::provider::{Answer, Call, Done, Operation};

/// Whom of a call the provider did not know.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// As many as the provider counted.
    pub(super) counted: BTreeSet<EmployeeId>,
    /// Those of them of whom it is certain.
    pub(super) certain: BTreeSet<EmployeeId>,
}

impl Worker {
    /// Whom of a call under way the provider did not know, as far as its answer tells.
    pub(super) fn strangers(&self, call: &Call, answer: &Answer) -> Strangers {
        match answer {
            Answer::Each(each) => {
                let is_unknown = |done: &Result<_, _>| matches!(done, Ok(Done::NotFound));
                let people = call.people.iter().zip(each);
                let unknown = people.filter(|(_, done)| is_unknown(done));
                let unknown: BTreeSet<_> = unknown.map(|((id, _), _)| id.clone()).collect();
                Strangers {
                    counted: unknown.clone(),
                    certain: unknown,
                }
            }
            Answer::Counted(counted) => {
                self.locked_strangers(call, usize::try_from(counted.created).unwrap_or(usize::MAX))
            }
            Answer::Applied | Answer::Failed(_) => Strangers::default(),
        }
    }

    /// Whom a call that locks has created: a platform may know nobody locked whom it did not
    /// know before.
    fn locked_strangers(&self, call: &Call, created: usize) -> Strangers {
        let is_lock = |(_, step): &&(_, Operation)| matches!(step, Operation::Lock { .. });
        let locked = call.people.iter().filter(is_lock).map(|(id, _)| id);
        // Whoever was never called about is the likeliest.
        let (unheard, known): (Vec<_>, Vec<_>) =
            locked.partition(|id| self.was_never_called_about(id));
        let certain = if created >= unheard.len().saturating_add(known.len()) {
            created
        } else if created == unheard.len() {
            unheard.len()
        } else {
            0
        };
        let likeliest = || unheard.iter().chain(&known).map(|id| (*id).clone());
        Strangers {
            counted: likeliest().take(created).collect(),
            certain: likeliest().take(certain).collect(),
        }
    }

    fn was_never_called_about(&self, id: &EmployeeId) -> bool {
        let lane = self.lanes.get(id);
        lane.is_some_and(|lane| match &lane.place {
            Place::InFlight { sent, .. } => sent.before.account == Account::Unknown,
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
        let met = strangers.counted.len();
        if met == 0 && !self.brake.is_doubt_told {
            return;
        }
        let provider = self.rules.provider.as_str();
        let metric = self.metrics.guard.strangers.with_label_values(&[provider]);
        metric.inc_by(u64::try_from(met).unwrap_or(u64::MAX));
        let is_known = met == 0 && locks(call) && !matches!(answer, Answer::Failed(_));
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
