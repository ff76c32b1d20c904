//! What the end of a call says of the provider and of batches, before it is settled for each
//! person in it.

use jiff::Timestamp;

use super::core::Worker;
use super::kind::Kind;
use super::outcomes::Settled;
use super::outgoing::Outgoing;
use crate::id::EmployeeId;
use crate::mutation::{Mutation, is_on};
use crate::provider::{Answer, Blame, Call, Done, Failure, Operation};
use crate::shard::{CallId, Effect};

/// A call that is not over.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) kind: Kind,
    pub(super) call: Call,
    pub(super) started: Timestamp,
}

impl Worker {
    /// Settles everybody in a call, and plans them again.
    pub(super) fn settle(
        &mut self,
        call_id: CallId,
        answer: &Answer,
        now: Timestamp,
        effects: &mut Vec<Effect<Outgoing>>,
    ) {
        let Some(over) = self.calls.remove(&call_id) else {
            return;
        };
        self.gate.end();
        self.learn(&over, answer, now);
        let people = over.call.people.len();
        let first_half = self.last_cohort.saturating_add(1);
        self.last_cohort = self.last_cohort.saturating_add(2);
        let counted = match answer {
            Answer::Counted(counted) => Some(*counted),
            Answer::Applied | Answer::Each(_) | Answer::Failed(_) => None,
        };
        let strangers = self.strangers(&over.call, answer);
        for (index, (id, operation)) in over.call.people.iter().enumerate() {
            let settled = Settled {
                call: call_id,
                started: over.started,
                id,
                operation,
                people,
                counted,
                is_stranger: strangers.certain.contains(id),
                is_doubtful: strangers.doubtful.contains(id),
                half: first_half.saturating_add(u64::from(index >= people.div_ceil(2))),
                now,
            };
            let outcome = match answer {
                Answer::Applied | Answer::Counted(_) => Ok(&Done::Applied),
                Answer::Each(each) => {
                    let index = if is_on(Mutation::BatchOutcomeForAll) {
                        0
                    } else {
                        index
                    };
                    // Of whom the platform said nothing, it is open whether it acted.
                    let outcome = each.get(index).map(Result::as_ref);
                    outcome.unwrap_or(Err(&Failure::Unanswered))
                }
                Answer::Failed(failure) => Err(failure),
            };
            self.settle_person(&settled, outcome, effects);
        }
        self.doubt_ids(&over.call, answer, &strangers, now);
        for (id, _) in &over.call.people {
            self.plan(id, now);
        }
    }

    /// Tells the gate and the batches how a call went as a whole.
    fn learn(&mut self, over: &UnderWay, answer: &Answer, now: Timestamp) {
        let provider = self.rules.provider.as_str();
        let people = over.call.people.len();
        let outcome = match answer {
            Answer::Applied | Answer::Counted(_) | Answer::Each(_) => "applied",
            Answer::Failed(failure) => failure.code(),
        };
        self.metrics
            .calls
            .with_label_values(&[provider, outcome])
            .inc();
        let Answer::Failed(failure) = answer else {
            self.batches.worked(&over.kind, largest_side(&over.call));
            if is_unsent(answer) {
                return;
            }
            match spoken(answer) {
                Some(failure) => self.gate.fails(now, failure.retry_after()),
                None => self.provider_works(over.started),
            }
            return;
        };
        tracing::info!(provider, people, failure.code = outcome, "Call failed");
        // A call that was answered slowly, or with a fault, may have been too large.
        if people > 1 && failure.is_ambiguous() {
            self.batches
                .failed_whole(&over.kind, largest_side(&over.call));
        } else {
            self.batches.over(&over.kind);
        }
        match failure.blame() {
            Blame::Provider if self.is_about_the_provider(failure, people) => {
                self.gate.fails(now, failure.retry_after());
            }
            Blame::Event | Blame::Target => self.provider_works(over.started),
            Blame::Provider | Blame::Us => {}
        }
    }

    /// Somebody who fails alone says nothing of the provider, unless they were sent to try it,
    /// or it speaks of itself.
    fn is_about_the_provider(&self, failure: &Failure, people: usize) -> bool {
        people > 1 || failure.speaks_of_platform() || self.gate.is_trying()
    }

    fn provider_works(&mut self, started: Timestamp) {
        if self.gate.works(started) && !self.brake.is_doubt_told {
            let provider = self.rules.provider.as_str();
            tracing::info!(provider, "The provider takes calls again");
        }
    }
}

/// Whether the client found everybody to be unfit to be sent, so that the platform was not
/// asked.
fn is_unsent(answer: &Answer) -> bool {
    let Answer::Each(each) = answer else {
        return false;
    };
    each.iter()
        .all(|one| one.as_ref().is_err_and(Failure::is_unsent))
}

/// What the platform says of itself in an answer that tells people apart: it took several
/// requests, and some were not taken.
fn spoken(answer: &Answer) -> Option<&Failure> {
    let Answer::Each(each) = answer else {
        return None;
    };
    let mut failures = each.iter().filter_map(|one| one.as_ref().err());
    failures.find(|failure| failure.speaks_of_platform())
}

/// What a provider's maximum is about: of a target's call, whoever joins or whoever leaves.
fn largest_side(call: &Call) -> usize {
    let leaves =
        |(_, operation): &&(EmployeeId, Operation)| matches!(operation, Operation::Leave { .. });
    let leaves = call.people.iter().filter(leaves).count();
    leaves.max(call.people.len().saturating_sub(leaves))
}
