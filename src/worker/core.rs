//! The worker's deciding half: people and answers in, calls and records out.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::answers::UnderWay;
use super::batches::Batches;
use super::books::{Book, Books};
use super::flood::Flood;
use super::gate::Gate;
use super::generation::Succession;
use super::holding::Brake;
use super::lanes::{Lanes, Place};
use super::next::{Next, Waits};
use super::outgoing::Outgoing;
use super::outlook::look;
use super::pending::Pending;
use super::rules::WorkerRules;
use super::signs::Signs;
use super::state::PersonState;
use super::targets::Targets;
use crate::id::EmployeeId;
use crate::log::{Arrived, Topic, header};
use crate::metrics::WorkerMetrics;
use crate::mutation::{Mutation, is_on};
use crate::person;
use crate::provider::{Answer, Call};
use crate::shard::{CallId, Core, Effect, Input, Restored, Stop, refuse_newer};
use crate::traces::TraceContext;

/// The worker of one partition.
#[derive(Debug)]
pub struct Worker {
    pub(super) rules: Arc<WorkerRules>,
    pub(super) metrics: WorkerMetrics,
    pub(super) lanes: Lanes,
    pub(super) batches: Batches,
    pub(super) gate: Gate,
    pub(super) targets: Targets,
    pub(super) books: Books,
    pub(super) brake: Brake,
    pub(super) pending: Pending,
    pub(super) succession: Succession,
    signs: Signs,
    pub(super) flood: Flood,
    pub(super) calls: HashMap<CallId, UnderWay>,
    /// The core's own die: seeded, so that a history can be repeated.
    pub(super) die: fastrand::Rng,
    pub(super) last_cohort: u64,
    last_call: u64,
    /// People whose record has changed otherwise than by a call.
    pub(super) changed: BTreeSet<EmployeeId>,
    /// People with a durable record.
    pub(super) states: usize,
    /// What is found at the start was told before the restart: the metrics still show it.
    pub(super) is_restoring: bool,
    is_draining: bool,
    /// The form in which records are written.
    pub(super) state_format: u32,
}

impl Worker {
    /// A worker that knows nobody yet.
    pub fn new(rules: Arc<WorkerRules>, metrics: WorkerMetrics, partition: u32, seed: u64) -> Self {
        Self {
            lanes: Lanes::default(),
            batches: Batches::new(rules.settings.linger, rules.limits),
            gate: Gate::new(rules.limits),
            targets: Targets::default(),
            books: Books::new(&metrics, rules.provider, partition),
            brake: Brake::new(&rules, &metrics, partition),
            pending: Pending::new(&metrics, rules.provider, partition),
            succession: Succession::default(),
            signs: Signs::new(&metrics, rules.provider, partition),
            flood: Flood::new(rules.settings.flood.clone()),
            calls: HashMap::new(),
            die: fastrand::Rng::with_seed(seed),
            last_cohort: 0,
            last_call: 0,
            changed: BTreeSet::new(),
            states: 0,
            is_restoring: false,
            is_draining: false,
            state_format: super::state::FORMAT,
            rules,
            metrics,
        }
    }

    /// The same, which writes records in this form.
    #[must_use]
    pub const fn writing(mut self, state_format: u32) -> Self {
        self.state_format = state_format;
        self
    }

    /// Takes a person's new record and plans for it.
    fn take(&mut self, record: Arrived, now: Timestamp) -> Result<(), Stop> {
        let Some(id) = self.remember(record)? else {
            return Ok(());
        };
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.outlook = None;
        }
        self.plan(&id, now);
        Ok(())
    }

    fn remember(&mut self, record: Arrived) -> Result<Option<EmployeeId>, Stop> {
        let key = record.key_text().map(EmployeeId::try_from);
        let Some(Ok(id)) = key else {
            return Ok(None);
        };
        let payload = record.payload.as_deref().unwrap_or_default();
        refuse_newer(payload, person::FORMAT)?;
        let lane = self.lanes.entry(&id);
        lane.event = record
            .headers
            .text(header::EVENT_ID)
            .unwrap_or_default()
            .into();
        lane.trace = record
            .headers
            .text(header::TRACEPARENT)
            .and_then(TraceContext::parse)
            .map(Box::new);
        lane.person = record.payload.unwrap_or_default();
        Ok(Some(id))
    }

    /// Plans everybody, as they were found.
    fn begin(&mut self, now: Timestamp) {
        self.is_restoring = true;
        let after = self.rules.reassert_after();
        for id in self.lanes.people() {
            if let Some(lane) = self.lanes.get_mut(&id)
                && lane.state.reassert_what_is_open(now, after)
            {
                self.changed.insert(id.clone());
            }
            self.plan(&id, now);
        }
        self.is_restoring = false;
        self.brake.restored();
    }

    /// Plans a person again, and queues what can be done now.
    pub(super) fn plan(&mut self, id: &EmployeeId, now: Timestamp) {
        if !self.is_plannable(id, now) {
            return;
        }
        self.adopt(id, now);
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        if lane.refresh(&*self.rules.planner, self.succession.is_outdated(), now) {
            self.changed.insert(id.clone());
        }
        let (steps, restraint) = self.allowed_steps(id, now);
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        let Some(outlook) = lane.outlook.as_ref() else {
            return;
        };
        let waits = Waits {
            id,
            outlook,
            state: &lane.state,
            targets: &self.targets,
            now,
        };
        let next = waits.choose(&steps);
        let book = lane.book_of(outlook, &steps, restraint);
        let wake = [
            next.later(),
            outlook.next_change,
            lane.state.next_reassertion(),
        ];
        let wake = wake.into_iter().flatten().min();
        let fell_due = outlook.fell_due;
        let wanted = lane.wanted(next, fell_due);
        lane.queue(id, wanted, &mut self.batches, now);
        self.enter(id, book, now);
        self.targets.wait(id, &steps);
        if let Next::Now(operation) = next {
            if let Some(target) = operation.registration()
                && self.rules.planner.goes_alone(target)
            {
                self.batches.set_alone(target);
            }
            let until = now.checked_add(self.rules.settings.probe_every);
            let until = until.unwrap_or(Timestamp::MAX);
            self.targets.claim(id, operation, until);
        }
        self.lanes.wake(id, wake);
    }

    /// Whether a person can be planned now; if so, their lane has an outlook that holds.
    fn is_plannable(&mut self, id: &EmployeeId, now: Timestamp) -> bool {
        let Some(lane) = self.lanes.get_mut(id) else {
            return false;
        };
        // Their record is still to come: compaction keeps only the newest, which may stand
        // behind the committed offset.
        if lane.person.is_empty() {
            return false;
        }
        let is_in_flight =
            matches!(lane.place, Place::InFlight { .. }) && !is_on(Mutation::LaneTwiceInFlight);
        if lane.has_broken_state || is_in_flight {
            return false;
        }
        if lane.is_outlook_over(now) {
            lane.outlook = look(&lane.person, &self.rules, now);
        }
        if lane.outlook.is_none() {
            lane.queue(id, None, &mut self.batches, now);
            self.enter(id, Book::Undecodable, now);
            return false;
        }
        true
    }

    /// Sends every batch that is ready, as far as the gate lets it.
    fn send(&mut self, now: Timestamp, effects: &mut Vec<Effect<Outgoing>>) {
        if self.is_draining {
            return;
        }
        while let Some(admitted) = self.gate.admits(now) {
            let Some(((kind, _), waiting)) = self.batches.take(now, admitted) else {
                return;
            };
            self.last_call = self.last_call.saturating_add(1);
            let call_id = CallId(self.last_call);
            let mut people = Vec::with_capacity(waiting.len());
            for entry in waiting {
                let step = self.let_go(&entry, call_id, now, effects);
                people.extend(step.map(|step| (entry.id, step)));
            }
            if people.is_empty() {
                continue;
            }
            self.gate.start(&kind, now, self.try_again_at(now));
            self.batches.start(&kind);
            let call = Call { people };
            let outgoing = self.outgoing(call.clone());
            effects.push(Effect::Call(call_id, outgoing));
            let started = now;
            self.calls.insert(
                call_id,
                UnderWay {
                    kind,
                    call,
                    started,
                },
            );
        }
    }
}

impl Core for Worker {
    type Call = Outgoing;
    type Answer = Answer;

    fn restored_from(&self) -> Vec<Restored> {
        let state = Topic::State(self.rules.provider);
        vec![
            Restored {
                topic: state,
                to_committed: false,
            },
            Restored {
                topic: Topic::People,
                to_committed: true,
            },
        ]
    }

    fn restore(&mut self, record: Arrived) -> Result<(), Stop> {
        if record.position.topic == Topic::People {
            self.remember(record)?;
            return Ok(());
        }
        let key = record
            .key_text()
            .and_then(|key| EmployeeId::try_from(key).ok());
        let (Some(id), Some(payload)) = (key, &record.payload) else {
            return Ok(());
        };
        refuse_newer(payload, super::state::FORMAT)?;
        let lane = self.lanes.entry(&id);
        self.states = self.states.saturating_add(usize::from(!lane.has_state));
        lane.has_state = true;
        if let Ok(mut state) = serde_json::from_slice::<PersonState>(payload) {
            if is_on(Mutation::GuardInMemoryOnly) {
                state.guard.removal = None;
            }
            self.brake.guard.observe(&id, &mut lane.tally, &state);
            lane.state = state;
            if is_on(Mutation::BackoffLostAtRestart) {
                lane.state.trying.clear();
            }
        } else {
            lane.has_broken_state = true;
            self.books.move_person(&mut lane.book, Book::Undecodable);
            tracing::error!(
                provider = self.rules.provider.as_str(),
                record.topic = %record.position.topic,
                record.partition = record.position.partition,
                record.offset = record.position.offset,
                failure.code = "state_undecodable",
                "A person's state cannot be read; nothing is done for them"
            );
        }
        Ok(())
    }

    fn held(&self) -> usize {
        self.states
    }

    fn note(&self) -> Option<String> {
        self.succession.note(&self.rules.assignments)
    }

    fn restore_note(&mut self, note: &str) {
        self.succession.restore(note, &self.rules);
    }

    fn handle(&mut self, input: Input<Answer>, now: Timestamp) -> Vec<Effect<Outgoing>> {
        let mut effects = Vec::new();
        match input {
            Input::Restored => self.begin(now),
            Input::Record(record) => {
                if let Err(stop) = self.take(record, now) {
                    effects.push(Effect::Stop(stop));
                    return effects;
                }
            }
            Input::Answered(call, answer) => self.settle(call, &answer, now, &mut effects),
            Input::Tick => {
                for id in self.lanes.due(now) {
                    self.plan(&id, now);
                }
                self.try_targets(now);
            }
            Input::Draining => self.is_draining = true,
        }
        self.send(now, &mut effects);
        self.write_changed(now, &mut effects);
        self.signs.show(self.gate.sign(now), self.targets.closed());
        self.tell_held(now);
        self.pending.show(now);
        effects
    }

    fn wake_at(&self) -> Option<Timestamp> {
        let calls = [true, false].map(|locks| {
            let ready = self.batches.ready_at(locks).filter(|_| !self.is_draining)?;
            Some(ready.max(self.gate.opens_at(locks)?))
        });
        let others = [
            self.lanes.next_wake(),
            self.targets.next_try(),
            self.brake.forecast.review_at(),
        ];
        calls.into_iter().chain(others).flatten().min()
    }

    fn people(&self) -> usize {
        self.lanes.len()
    }
}
