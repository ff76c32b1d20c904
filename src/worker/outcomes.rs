//! What the end of a call means for each person in it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::core::Worker;
use super::lanes::Sent;
use super::letters::{Batch, Letter};
use super::outgoing::Outgoing;
use super::retry::{Attempt, Verdict, Wait, judge};
use super::state::{Dead, OperationName, Trying};
use crate::id::EmployeeId;
use crate::mutation::{Mutation, is_on};
use crate::plan::Aspect;
use crate::provider::{Blame, Counted, Done, Existence, Failure, Operation};
use crate::shard::{CallId, Effect};

/// One person's part of a call that is over.
#[derive(Debug)]
pub(super) struct Settled<'a> {
    pub(super) call: CallId,
    pub(super) started: Timestamp,
    pub(super) id: &'a EmployeeId,
    pub(super) operation: &'a Operation,
    /// How many people shared the call.
    pub(super) people: usize,
    /// What the platform counted for all of them.
    pub(super) counted: Option<Counted>,
    /// Whether it is certain that the provider did not know the person.
    pub(super) is_stranger: bool,
    /// Whether that makes our ids doubtful.
    pub(super) is_doubtful: bool,
    /// Which half of the call the person goes to if it is cut in two.
    pub(super) half: u64,
    pub(super) now: Timestamp,
}

const APPLIED: &str = "applied";
const NOT_FOUND: &str = "removed_not_found";
/// The word for somebody of whom the platform has no account.
const MISSING: &str = "account_missing";
const RECOGNISED: &str = "account_recognised";
/// The words for an operation that is over and was not given up or refused.
pub(super) const OUTCOMES: [&str; 4] = [APPLIED, NOT_FOUND, MISSING, RECOGNISED];

impl Settled<'_> {
    const fn is_removal(&self) -> bool {
        match self.operation {
            Operation::Lock { .. } | Operation::Leave { .. } => true,
            Operation::Activate { .. } | Operation::Join { .. } => false,
        }
    }

    /// Whether an earlier call may have made the account.
    const fn may_have_made_it(&self) -> bool {
        match self.operation {
            Operation::Activate { account, .. } => matches!(account, Existence::Perhaps),
            Operation::Lock { .. } | Operation::Join { .. } | Operation::Leave { .. } => false,
        }
    }

    fn name(&self) -> OperationName {
        OperationName::from(self.operation)
    }

    /// The word for an operation that is in force.
    const fn outcome(&self) -> &'static str {
        if self.is_stranger { NOT_FOUND } else { APPLIED }
    }
}

impl Worker {
    pub(super) fn settle_person(
        &mut self,
        settled: &Settled<'_>,
        outcome: Result<&Done, &Failure>,
        effects: &mut Vec<Effect<Outgoing>>,
    ) {
        let Some(lane) = self.lanes.get_mut(settled.id) else {
            return;
        };
        let Some(sent) = lane.return_from(settled.call) else {
            return;
        };
        match outcome {
            Ok(Done::NotFound) if !settled.is_removal() => self.missed(settled, &sent, effects),
            Ok(done) => self.applied(settled, done, &sent, effects),
            Err(Failure::AccountExists { .. }) if settled.may_have_made_it() => {
                self.recognised(settled, &sent);
            }
            Err(failure) => self.failed(settled, failure, &sent, effects),
        }
        self.write_state(settled.id, settled.now, effects);
    }

    /// The platform has no account of somebody who is to be active: the plan makes one next.
    fn missed(&mut self, settled: &Settled<'_>, sent: &Sent, effects: &mut Vec<Effect<Outgoing>>) {
        let Some(lane) = self.lanes.get_mut(settled.id) else {
            return;
        };
        lane.state.miss(settled.operation);
        // The half of a refused batch they belong to stays: who is to blame is still looked for.
        let tried = lane.state.trying.remove(&settled.name());
        let attempt = tried.map_or(1, |tried| tried.attempts.saturating_add(1));
        let letter = self.letter(settled, sent, attempt);
        effects.push(Effect::Write(letter.done(MISSING, None)));
        self.count(MISSING);
    }

    /// An earlier call that made the account got no answer: it is ours, and the plan changes it
    /// next.
    fn recognised(&mut self, settled: &Settled<'_>, sent: &Sent) {
        if let Some(lane) = self.lanes.get_mut(settled.id) {
            lane.state
                .applied
                .take_back(settled.operation, &sent.before);
            lane.state.applied.is_present = true;
            lane.cohort = None;
        }
        self.count(RECOGNISED);
    }

    fn applied(
        &mut self,
        settled: &Settled<'_>,
        done: &Done,
        sent: &Sent,
        effects: &mut Vec<Effect<Outgoing>>,
    ) {
        let Settled {
            id, operation, now, ..
        } = *settled;
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        let was_out = lane.state.guard.is_out;
        if *done == Done::NotFound {
            lane.state.miss(operation);
        } else {
            lane.state.confirm(operation);
        }
        lane.state.guard.confirm(operation, now);
        if settled.is_doubtful {
            lane.state.guard.meet_stranger();
        }
        let tried = lane.state.trying.remove(&settled.name());
        lane.cohort = None;
        let attempt = tried.map_or(1, |tried| tried.attempts.saturating_add(1));
        let attempts = &self.metrics.pending.attempts;
        attempts
            .with_label_values(&[self.rules.provider.as_str()])
            .observe(f64::from(attempt));
        let letter = self.letter(settled, sent, attempt);
        let batch = settled.counted.map(|counted| Batch {
            call: settled.call.0,
            people: settled.people,
            counted,
        });
        let outcome = settled.outcome();
        effects.push(Effect::Write(letter.done(outcome, batch)));
        if let Done::Linked(links) = done {
            effects.push(Effect::Write(letter.links(links)));
        }
        let is_lock = operation.is_lock();
        if let Some(since) = sent.removal_since.filter(|_| is_lock && !was_out) {
            let took = Duration::try_from(now.duration_since(since)).unwrap_or_default();
            let seconds = &self.metrics.pending.removal_seconds;
            seconds
                .with_label_values(&[self.rules.provider.as_str()])
                .observe(took.as_secs_f64());
        }
        self.count(outcome);
        self.flood.count(false, now);
        if !is_lock {
            self.end_flood(settled.started);
        }
        self.learn_of_target(id, operation, true, now);
    }

    fn failed(
        &mut self,
        settled: &Settled<'_>,
        failure: &Failure,
        sent: &Sent,
        effects: &mut Vec<Effect<Outgoing>>,
    ) {
        self.note_failure(settled, failure, sent);
        let verdict = self.verdict(settled, failure);
        match verdict {
            Verdict::Retry(wait) => self.try_again(settled, failure, wait),
            Verdict::Split => self.set_cohort(settled.id, Some(settled.half)),
            Verdict::Dead | Verdict::Expired => {
                let code = verdict.code(failure);
                self.bury(settled, sent, (code, failure), effects);
            }
            Verdict::CloseTarget => {
                self.close_target(settled.id, settled.operation, failure, settled.now);
            }
            Verdict::CloseProvider => self.close_provider(failure, settled.now),
            Verdict::StandStill => {}
        }
        self.count(failure.code());
    }

    /// Notes what a failed call may have done all the same.
    fn note_failure(&mut self, settled: &Settled<'_>, failure: &Failure, sent: &Sent) {
        let after = self.rules.reassert_after();
        let Some(lane) = self.lanes.get_mut(settled.id) else {
            return;
        };
        // A batch that was refused may have been applied in part.
        let is_certain =
            settled.people == 1 || failure.is_unsent() || failure.blame() != Blame::Event;
        if failure.is_ambiguous() && !is_on(Mutation::UnsureIsTakenBack) {
            for aspect in Aspect::all_of(settled.operation) {
                lane.state.reassert_later(aspect, settled.now, after);
            }
        } else if is_certain {
            let applied = &mut lane.state.applied;
            applied.take_back(settled.operation, &sent.before);
        }
    }

    fn verdict(&mut self, settled: &Settled<'_>, failure: &Failure) -> Verdict {
        let draw = self.die.u32(0..=1000);
        let Some(lane) = self.lanes.get_mut(settled.id) else {
            return Verdict::StandStill;
        };
        let tried = lane.state.trying.get(&settled.name());
        let age = tried.map_or(SignedDuration::ZERO, |tried| tried.waited);
        let attempt = Attempt {
            operation: settled.operation,
            people: settled.people,
            number: tried.map_or(1, |tried| tried.attempts.saturating_add(1)),
            age: Duration::try_from(age).unwrap_or_default(),
            draw,
        };
        let verdict = judge(&attempt, failure, &self.rules.settings);
        let is_unsent = failure.is_unsent();
        if failure.blame() != Blame::Event || settled.people > 1 && !is_unsent {
            return verdict;
        }
        let (id, operation) = (settled.id, settled.operation);
        if !is_unsent {
            self.learn_of_target(id, operation, false, settled.now);
        }
        let is_dead = verdict == Verdict::Dead;
        if is_dead && !is_unsent && self.blames_target(id, operation, failure) {
            Verdict::CloseTarget
        } else if verdict == Verdict::Dead && self.gate.is_flooded() {
            Verdict::StandStill
        } else {
            verdict
        }
    }

    fn try_again(&mut self, settled: &Settled<'_>, failure: &Failure, wait: Wait) {
        let Some(lane) = self.lanes.get_mut(settled.id) else {
            return;
        };
        // Somebody refused goes alone from now on, so that nobody else waits.
        let is_refused = matches!(failure.blame(), Blame::Event | Blame::Target);
        lane.cohort = is_refused.then_some(settled.half);
        let own = SignedDuration::try_from(wait.own).unwrap_or(SignedDuration::MAX);
        let next_at = settled.now.checked_add(wait.length());
        let trying = lane.state.trying.entry(settled.name()).or_insert(Trying {
            attempts: 0,
            first_at: settled.now,
            next_at: settled.now,
            waited: SignedDuration::ZERO,
            is_refused,
            code: String::new(),
        });
        trying.attempts = trying.attempts.saturating_add(1);
        trying.next_at = next_at.unwrap_or(Timestamp::MAX);
        trying.waited = trying.waited.saturating_add(own);
        trying.is_refused = is_refused;
        failure.code().clone_into(&mut trying.code);
    }

    fn set_cohort(&mut self, id: &EmployeeId, cohort: Option<u64>) {
        if let Some(lane) = self.lanes.get_mut(id) {
            lane.cohort = cohort;
        }
    }

    /// Stops trying, and says so in a dead letter.
    fn bury(
        &mut self,
        settled: &Settled<'_>,
        sent: &Sent,
        (code, failure): (&str, &Failure),
        effects: &mut Vec<Effect<Outgoing>>,
    ) {
        let now = settled.now;
        let Some(lane) = self.lanes.get_mut(settled.id) else {
            return;
        };
        let name = settled.name();
        let tried = lane.state.trying.remove(&name);
        let dead = Dead {
            plan: sent.plan.clone(),
            code: code.to_owned(),
            at: now,
            redrive: sent.redrive.clone(),
        };
        lane.state.dead.insert(name, dead);
        let first_seen = tried.as_ref().map_or(now, |tried| tried.first_at);
        let attempt = tried.map_or(1, |tried| tried.attempts.saturating_add(1));
        let letter = self.letter(settled, sent, attempt);
        effects.push(Effect::Write(letter.dead(code, failure, first_seen)));
        let provider = self.rules.provider.as_str();
        let labels = [provider, code];
        self.metrics.dead_letters.with_label_values(&labels).inc();
        tracing::error!(
            provider,
            event.id = &*sent.event,
            failure.code = code,
            "Operation given up; it is in the dead-letter topic"
        );
        self.flood.count(true, now);
        self.check_flood(now);
    }

    fn letter<'a>(&self, settled: &Settled<'a>, sent: &'a Sent, attempt: u32) -> Letter<'a> {
        Letter {
            provider: self.rules.provider,
            id: settled.id,
            event: &sent.event,
            fact_version: sent.fact_version,
            operation: settled.operation,
            attempt,
            at: settled.now,
        }
    }

    fn count(&self, outcome: &str) {
        let labels = [self.rules.provider.as_str(), outcome];
        self.metrics.operations.with_label_values(&labels).inc();
    }
}
