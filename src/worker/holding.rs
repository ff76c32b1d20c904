//! What the guard lets go, what it holds, and what operators are told of it.

use jiff::Timestamp;

use super::core::Worker;
use super::guard::{Budget, Forecast, Guard, Held, Judgement, Restraint};
use super::lanes::{Lane, Place};
use super::outgoing::Outgoing;
use super::outlook::{Outlook, fact_version};
use super::queue::Waiting;
use super::rules::WorkerRules;
use super::state::state_record;
use crate::id::{EmployeeId, Provider};
use crate::metrics::{IntGauge, WorkerMetrics};
use crate::provider::Operation;
use crate::shard::{CallId, Effect};

/// The guard of one partition, what is ahead of it, and its numbers.
#[derive(Debug)]
pub(super) struct Brake {
    pub(super) guard: Guard,
    pub(super) forecast: Forecast,
    /// Whether operators know that something is held.
    is_told: [bool; 2],
    is_beyond_told: bool,
    /// Whether operators know that the provider knows too few of our ids.
    pub(super) is_doubt_told: bool,
    left: [IntGauge; 2],
    budget: IntGauge,
    beyond: IntGauge,
}

impl Brake {
    pub(super) fn new(rules: &WorkerRules, metrics: &WorkerMetrics, partition: u32) -> Self {
        let provider = rules.provider.as_str();
        let partition = partition.to_string();
        let of_partition = [provider, partition.as_str()];
        Self {
            guard: Guard::new(rules.settings.guard.clone(), rules.partitions),
            forecast: Forecast::default(),
            is_told: [false; 2],
            is_beyond_told: false,
            is_doubt_told: false,
            left: Budget::ALL.map(|budget| {
                let labels = [provider, partition.as_str(), budget.as_str()];
                metrics.guard.left.with_label_values(&labels)
            }),
            budget: metrics.guard.budget.with_label_values(&of_partition),
            beyond: metrics.guard.beyond.with_label_values(&of_partition),
        }
    }

    /// What was held before a restart was told before it.
    pub(super) fn restored(&mut self) {
        self.is_told = Budget::ALL.map(|budget| self.guard.held(budget) > 0);
    }

    fn tell_held(&mut self, provider: Provider, budget: Budget) {
        let people = self.guard.held(budget);
        let [removals, leaves] = &mut self.is_told;
        let is_told = match budget {
            Budget::Removals => removals,
            Budget::Leaves => leaves,
        };
        let was_told = std::mem::replace(is_told, people > 0);
        if people > 0 && !was_told {
            tracing::error!(
                provider = provider.as_str(),
                people,
                guard.people = self.guard.budget(),
                guard.budget = budget.as_str(),
                failure.code = "removals_held",
                "More removals than the hour's budget; the others are held until somebody releases or rejects them"
            );
        }
    }

    fn tell_ahead(&mut self, provider: Provider, now: Timestamp) {
        let Some(people) = self.forecast.review(&self.guard, now) else {
            return;
        };
        self.beyond.set(number(people));
        let was_told = std::mem::replace(&mut self.is_beyond_told, people > 0);
        if people > 0 && !was_told {
            tracing::warn!(
                provider = provider.as_str(),
                people,
                guard.people = self.guard.budget(),
                failure.code = "removals_ahead",
                "More removals are due within a day than the guard lets go; release them ahead, or they will be held"
            );
        }
    }

    fn show(&mut self, now: Timestamp) {
        for (budget, gauge) in Budget::ALL.into_iter().zip(&self.left) {
            gauge.set(number(self.guard.left(budget, now)));
        }
        self.budget.set(number(self.guard.budget()));
    }
}

fn number(people: usize) -> i64 {
    i64::try_from(people).unwrap_or(i64::MAX)
}

impl Drop for Brake {
    /// A partition that is let go is its next owner's to show.
    fn drop(&mut self) {
        for gauge in self.left.iter().chain([&self.budget, &self.beyond]) {
            gauge.set(0);
        }
    }
}

impl Lane {
    /// Whether HR wants the person out.
    fn is_to_go(&self) -> bool {
        let outlook = self.outlook.as_ref();
        outlook.is_some_and(Outlook::is_removal)
    }

    fn is_released(&self) -> bool {
        let outlook = self.outlook.as_ref();
        outlook.is_some_and(|outlook| outlook.judgement == Some(Judgement::Release))
    }
}

impl Worker {
    /// The steps somebody may take, and why others are not taken.
    pub(super) fn allowed_steps(
        &mut self,
        id: &EmployeeId,
        now: Timestamp,
    ) -> (Vec<Operation>, Option<Restraint>) {
        let Some(lane) = self.lanes.get_mut(id) else {
            return (Vec::new(), None);
        };
        let Some(outlook) = lane.outlook.as_ref() else {
            return (Vec::new(), None);
        };
        let mut steps = outlook.steps(&self.rules, &lane.state);
        let guarded = lane.state.guard.clone();
        let restraint = lane.state.guard.restrain(&mut steps, outlook, now);
        if lane.state.guard != guarded {
            self.changed.insert(id.clone());
        }
        let due = outlook.removal_at.filter(|_| outlook.judgement.is_none());
        self.brake.forecast.expect(id, &mut lane.due, due);
        let outdated = self.succession.restrain(&mut steps);
        (steps, outdated.or(restraint))
    }

    /// Announces what somebody waits for, unless the guard holds it.
    pub(super) fn let_go(
        &mut self,
        waiting: &Waiting,
        call: CallId,
        now: Timestamp,
        effects: &mut Vec<Effect<Outgoing>>,
    ) -> Option<Operation> {
        let lane = self.lanes.get_mut(&waiting.id)?;
        let step = lane.waits_as(waiting.ticket)?;
        let (is_removal, is_released) = (lane.is_to_go(), lane.is_released());
        let asked = lane.state.guard.asks(step, is_removal, now);
        if let Some(budget) = asked.filter(|_| !is_released)
            && !self.brake.guard.admits(budget, now)
        {
            self.hold(&waiting.id, budget, now);
            return None;
        }
        let step = lane.depart(waiting.ticket, call, now)?;
        let guard = &mut lane.state.guard;
        guard.announce(&step, is_removal, is_released, now);
        self.write_state(&waiting.id, now, effects);
        Some(step)
    }

    fn hold(&mut self, id: &EmployeeId, budget: Budget, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        lane.place = Place::Idle;
        // Without its facts nobody could have queued it.
        let Some(facts) = fact_version(&lane.person) else {
            return;
        };
        lane.state.guard.held = Some(Held {
            budget,
            since: now,
            facts,
        });
        self.brake.guard.observe(id, &mut lane.tally, &lane.state);
        self.changed.insert(id.clone());
        self.plan(id, now);
    }

    /// Writes a person's record with the next commit, and counts it.
    pub(super) fn write_state(
        &mut self,
        id: &EmployeeId,
        now: Timestamp,
        effects: &mut Vec<Effect<Outgoing>>,
    ) {
        if let Some(lane) = self.lanes.get_mut(id) {
            lane.state.guard.forget(now);
            self.brake.guard.observe(id, &mut lane.tally, &lane.state);
            self.states = self.states.saturating_add(usize::from(!lane.has_state));
            lane.has_state = true;
            lane.state.v = self.state_format;
            let record = state_record(self.rules.provider, id, &lane.state);
            effects.push(Effect::Write(record));
        }
    }

    /// Writes the records that planning changed.
    pub(super) fn write_changed(&mut self, now: Timestamp, effects: &mut Vec<Effect<Outgoing>>) {
        for id in std::mem::take(&mut self.changed) {
            self.write_state(&id, now, effects);
        }
    }

    /// Tells operators what is held, and what will be.
    pub(super) fn tell_held(&mut self, now: Timestamp) {
        let provider = self.rules.provider;
        self.brake.show(now);
        for budget in Budget::ALL {
            self.brake.tell_held(provider, budget);
        }
        self.brake.tell_ahead(provider, now);
    }
}
