//! What follows from the end of a call, for each person in it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::core::Worker;
use super::kind::Kind;
use super::letters::{Batch, Letter};
use super::retry::{Attempt, Verdict, judge};
use super::state::{Dead, OperationName, Trying};
use crate::id::EmployeeId;
use crate::plan::{Applied, Aspect};
use crate::provider::{Answer, Blame, Call, Counted, Failure, Operation};
use crate::shard::{CallId, Effect};

/// One person's part of a call that is over.
struct Settled<'a> {
    call: CallId,
    id: &'a EmployeeId,
    operation: &'a Operation,
    /// How many people shared the call.
    people: usize,
    /// What the platform counted for all of them.
    counted: Option<Counted>,
    /// Whether the provider did not know the person, and whether that is certain.
    stranger: Option<bool>,
    /// Which half of the call the person goes to if it is cut in two.
    half: u64,
    now: Timestamp,
}

impl Settled<'_> {
    /// The word for an operation that is in force.
    const fn outcome(&self) -> &'static str {
        match self.stranger {
            Some(true) => "removed_not_found",
            Some(false) | None => "applied",
        }
    }
}

impl Worker {
    /// Settles everybody in a call, and plans them again.
    pub(super) fn settle(
        &mut self,
        call_id: CallId,
        answer: &Answer,
        now: Timestamp,
        effects: &mut Vec<Effect<Call>>,
    ) {
        let Some((kind, call)) = self.calls.remove(&call_id) else {
            return;
        };
        self.gate.end();
        self.learn(&kind, &call, answer, now);
        let people = call.people.len();
        let first_half = self.last_cohort.saturating_add(1);
        self.last_cohort = self.last_cohort.saturating_add(2);
        let counted = match answer {
            Answer::Counted(counted) => Some(*counted),
            Answer::Applied | Answer::Each(_) | Answer::Failed(_) => None,
        };
        let strangers = self.strangers(&call, answer);
        for (index, (id, operation)) in call.people.iter().enumerate() {
            let is_certain = strangers.certain.contains(id);
            let settled = Settled {
                call: call_id,
                id,
                operation,
                people,
                counted,
                stranger: strangers.counted.contains(id).then_some(is_certain),
                half: first_half.saturating_add(u64::from(index >= people.div_ceil(2))),
                now,
            };
            let failure = match answer {
                Answer::Applied | Answer::Counted(_) => None,
                Answer::Each(each) => each.get(index).map_or(
                    // The platform said nothing of this person: whether it acted is open.
                    Some(Failure::Unanswered),
                    |result| result.as_ref().err().cloned(),
                ),
                Answer::Failed(failure) => Some(failure.clone()),
            };
            self.settle_person(&settled, failure.as_ref(), effects);
        }
        self.doubt_ids(&call, answer, &strangers, now);
        for (id, _) in &call.people {
            self.plan(id, now);
        }
    }

    /// Tells the gate and the batches how a call went as a whole.
    fn learn(&mut self, kind: &Kind, call: &Call, answer: &Answer, now: Timestamp) {
        let provider = self.rules.provider.as_str();
        let people = call.people.len();
        let size = largest_side(call);
        let outcome = match answer {
            Answer::Applied | Answer::Counted(_) | Answer::Each(_) => "applied",
            Answer::Failed(failure) => failure.code(),
        };
        self.metrics
            .calls
            .with_label_values(&[provider, outcome])
            .inc();
        match answer {
            Answer::Applied | Answer::Counted(_) | Answer::Each(_) => {
                self.gate.works();
                self.batches.worked(kind, size);
            }
            Answer::Failed(failure) => {
                tracing::info!(provider, people, failure.code = outcome, "Call failed");
                match failure.blame() {
                    Blame::Provider if people > 1 || failure.retry_after().is_some() => {
                        self.gate.fails(now, failure.retry_after());
                        self.batches.failed_whole(kind, size);
                    }
                    // Somebody who fails alone says nothing of the provider, unless nothing
                    // could be reached at all.
                    Blame::Provider => {
                        if *failure == Failure::Unreachable {
                            self.gate.fails(now, None);
                        }
                        self.batches.over(kind);
                    }
                    Blame::Event | Blame::Target => {
                        self.gate.works();
                        self.batches.over(kind);
                    }
                    Blame::Us => self.batches.over(kind),
                }
            }
        }
    }

    fn settle_person(
        &mut self,
        settled: &Settled<'_>,
        failure: Option<&Failure>,
        effects: &mut Vec<Effect<Call>>,
    ) {
        let Some(lane) = self.lanes.get_mut(settled.id) else {
            return;
        };
        let Some(before) = lane.return_from(settled.call) else {
            return;
        };
        match failure {
            None => {
                self.applied(settled, effects);
                self.learn_of_target(settled.id, settled.operation, true, settled.now);
            }
            Some(failure) => self.failed(settled, failure, &before, effects),
        }
        self.write_state(settled.id, settled.now, effects);
    }

    fn applied(&mut self, settled: &Settled<'_>, effects: &mut Vec<Effect<Call>>) {
        let Settled {
            id, operation, now, ..
        } = *settled;
        let provider = self.rules.provider;
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        lane.state.confirm(operation);
        lane.state.guard.confirm(operation, now);
        if settled.stranger.is_some() {
            lane.state.guard.meet_stranger();
        }
        let tried = lane.state.trying.remove(&OperationName::from(operation));
        lane.cohort = None;
        let attempt = tried.map_or(1, |tried| tried.attempts.saturating_add(1));
        let attempts = &self.metrics.pending.attempts;
        let attempts = attempts.with_label_values(&[provider.as_str()]);
        attempts.observe(f64::from(attempt));
        let letter = Letter {
            provider,
            id,
            event: &lane.event,
            operation,
            attempt,
            at: now,
        };
        let batch = settled.counted.map(|counted| Batch {
            call: settled.call.0,
            people: settled.people,
            counted,
        });
        let outcome = settled.outcome();
        effects.push(Effect::Write(letter.done(outcome, batch)));
        let since = lane
            .outlook
            .as_ref()
            .and_then(|outlook| outlook.removal_since);
        let is_news = Aspect::from(operation) == Aspect::Account
            && !std::mem::take(&mut lane.is_locked_again);
        if let (Operation::Lock { .. }, Some(since), true) = (operation, since, is_news) {
            let took = Duration::try_from(now.duration_since(since)).unwrap_or_default();
            let seconds = &self.metrics.removal_seconds;
            seconds
                .with_label_values(&[provider.as_str()])
                .observe(took.as_secs_f64());
        }
        self.count(outcome);
    }

    fn failed(
        &mut self,
        settled: &Settled<'_>,
        failure: &Failure,
        before: &Applied,
        effects: &mut Vec<Effect<Call>>,
    ) {
        let Settled {
            id,
            operation,
            people,
            now,
            ..
        } = *settled;
        let name = OperationName::from(operation);
        let draw = self.die.u32(0..=1000);
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        // A batch that was refused may have been applied in part.
        let is_certain = people == 1 || failure.blame() != Blame::Event;
        if is_certain && !failure.is_ambiguous() {
            lane.state.applied.take_back(operation, before);
        }
        if failure.is_ambiguous() {
            let after = self.rules.reassert_after();
            lane.state
                .reassert_later(Aspect::from(operation), now, after);
        }
        let tried = lane.state.trying.get(&name);
        let number = tried.map_or(1, |tried| tried.attempts.saturating_add(1));
        let first_at = tried.map_or(now, |tried| tried.first_at);
        let waited = tried.map_or(SignedDuration::ZERO, |tried| tried.waited);
        let attempt = Attempt {
            operation,
            people,
            number,
            age: Duration::try_from(waited).unwrap_or_default(),
            draw,
        };
        let mut verdict = judge(&attempt, failure, &self.rules.settings);
        if failure.blame() == Blame::Event && people == 1 {
            self.learn_of_target(id, operation, false, now);
            if verdict == Verdict::Dead && self.blames_target(id, operation, failure) {
                verdict = Verdict::CloseTarget;
            }
        }
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        let later = |wait: Duration| now.checked_add(wait).unwrap_or(Timestamp::MAX);
        match verdict {
            Verdict::Retry(wait) => {
                // Somebody refused goes alone from now on, so that nobody else waits.
                let is_refused = failure.blame() == Blame::Event;
                lane.cohort = is_refused.then_some(settled.half);
                let own = SignedDuration::try_from(wait.own).unwrap_or(SignedDuration::MAX);
                let trying = Trying {
                    attempts: number,
                    first_at,
                    next_at: later(wait.length()),
                    waited: waited.saturating_add(own),
                    is_refused,
                    code: failure.code().to_owned(),
                };
                lane.state.trying.insert(name, trying);
            }
            Verdict::Split => lane.cohort = Some(settled.half),
            Verdict::Dead | Verdict::Expired => {
                self.bury(settled, verdict.code(failure), failure, effects);
            }
            Verdict::CloseTarget => self.close_target(id, operation, failure, now),
            Verdict::CloseProvider => self.close_provider(failure, now),
        }
        self.count(failure.code());
    }

    /// Stops trying, and says so in a dead letter.
    fn bury(
        &mut self,
        settled: &Settled<'_>,
        code: &str,
        failure: &Failure,
        effects: &mut Vec<Effect<Call>>,
    ) {
        let Settled {
            id, operation, now, ..
        } = *settled;
        let provider = self.rules.provider;
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        let name = OperationName::from(operation);
        let tried = lane.state.trying.remove(&name);
        let letter = Letter {
            provider,
            id,
            event: &lane.event,
            operation,
            attempt: tried
                .as_ref()
                .map_or(1, |tried| tried.attempts.saturating_add(1)),
            at: now,
        };
        let first_seen = tried.map_or(now, |tried| tried.first_at);
        effects.push(Effect::Write(letter.dead(code, failure, first_seen)));
        if let Some(outlook) = &lane.outlook {
            let dead = Dead {
                plan: outlook.digest.clone(),
                code: code.to_owned(),
                at: now,
            };
            lane.state.dead.insert(name, dead);
        }
        let labels = [provider.as_str(), code];
        self.metrics.dead_letters.with_label_values(&labels).inc();
        tracing::error!(
            provider = provider.as_str(),
            event.id = &*lane.event,
            failure.code = code,
            "Operation given up; it is in the dead-letter topic"
        );
    }

    fn close_provider(&mut self, failure: &Failure, now: Timestamp) {
        let is_new = self.gate.opens_at().is_none_or(|at| at <= now);
        self.gate.quarantine(now, self.rules.settings.probe_every);
        if is_new {
            tracing::error!(
                provider = self.rules.provider.as_str(),
                failure.code = failure.code(),
                "Calls to this provider stop until one is accepted again: {failure}"
            );
        }
    }

    fn count(&self, outcome: &str) {
        let labels = [self.rules.provider.as_str(), outcome];
        self.metrics.operations.with_label_values(&labels).inc();
    }
}

/// What a provider's maximum is about: of a target's call, whoever joins or whoever leaves.
fn largest_side(call: &Call) -> usize {
    let leaves =
        |(_, operation): &&(EmployeeId, Operation)| matches!(operation, Operation::Leave { .. });
    let leaves = call.people.iter().filter(leaves).count();
    leaves.max(call.people.len().saturating_sub(leaves))
}
