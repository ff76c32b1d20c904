//! The worker's deciding half: people and answers in, calls and records out.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::batches::{Batches, Kind};
use super::books::{Book, Books};
use super::gate::{Gate, Limits};
use super::lanes::{Lane, Lanes, Outlook, Place};
use super::settings::WorkerSettings;
use super::state::{OperationName, PersonState};
use crate::id::{EmployeeId, Provider};
use crate::log::{Arrived, Record, Topic, header};
use crate::metrics::WorkerMetrics;
use crate::person::{self, Person, Rules};
use crate::plan::{Applied, Planner};
use crate::provider::{Answer, Call, Operation};
use crate::shard::{CallId, Core, Effect, Input, Restored};

/// What every worker of one provider goes by.
#[derive(Debug)]
pub struct WorkerRules {
    /// Which provider.
    pub provider: Provider,
    /// How facts are read.
    pub people: Rules,
    /// How the provider is planned for.
    pub planner: Box<dyn Planner>,
    /// What the provider can take.
    pub limits: Limits,
    /// Batching and retries.
    pub settings: WorkerSettings,
}

/// The worker of one partition.
#[derive(Debug)]
pub struct Worker {
    pub(super) rules: Arc<WorkerRules>,
    pub(super) metrics: WorkerMetrics,
    pub(super) lanes: Lanes,
    pub(super) batches: Batches,
    pub(super) gate: Gate,
    pub(super) books: Books,
    pub(super) calls: HashMap<CallId, (Kind, Call)>,
    /// The core's own die: seeded, so that a history can be repeated.
    pub(super) die: fastrand::Rng,
    pub(super) last_cohort: u64,
    last_call: u64,
    is_draining: bool,
}

impl Worker {
    /// A worker that knows nobody yet.
    pub fn new(rules: Arc<WorkerRules>, metrics: WorkerMetrics, partition: u32, seed: u64) -> Self {
        Self {
            lanes: Lanes::default(),
            batches: Batches::new(rules.settings.linger, rules.limits),
            gate: Gate::new(rules.limits),
            books: Books::new(&metrics, rules.provider, partition),
            calls: HashMap::new(),
            die: fastrand::Rng::with_seed(seed),
            last_cohort: 0,
            last_call: 0,
            is_draining: false,
            rules,
            metrics,
        }
    }

    /// Takes a person's new record and plans for it.
    fn take(&mut self, record: Arrived, now: Timestamp) {
        let Some(id) = self.remember(record) else {
            return;
        };
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.outlook = None;
        }
        self.plan(&id, now);
        let lane = self.lanes.get(&id);
        if let Some(lane) = lane.filter(|lane| lane.book == Some(Book::Unmapped)) {
            tracing::warn!(
                provider = self.rules.provider.as_str(),
                event.id = &*lane.event,
                "No assignment covers the person's groups; they are registered to nothing"
            );
        }
    }

    fn remember(&mut self, record: Arrived) -> Option<EmployeeId> {
        let id = EmployeeId::try_from(record.key_text()?).ok()?;
        let lane = self.lanes.entry(&id);
        lane.event = record
            .headers
            .text(header::EVENT_ID)
            .unwrap_or_default()
            .into();
        lane.person = record.payload.unwrap_or_default();
        Some(id)
    }

    /// Plans a person again, and queues what can be done now.
    pub(super) fn plan(&mut self, id: &EmployeeId, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(id) else {
            return;
        };
        if lane.has_broken_state || matches!(lane.place, Place::InFlight { .. }) {
            return;
        }
        if lane.is_outlook_over(now) {
            lane.outlook = look(&lane.person, &self.rules, now);
        }
        let Some(outlook) = lane.outlook.as_ref() else {
            self.books.move_person(&mut lane.book, Book::Undecodable);
            tracing::error!(
                provider = self.rules.provider.as_str(),
                event.id = &*lane.event,
                failure.code = "person_undecodable",
                "A person's record cannot be read; nothing is done for them"
            );
            return;
        };
        lane.state
            .dead
            .retain(|_, dead| dead.plan == outlook.digest);
        let steps = self
            .rules
            .planner
            .steps(&outlook.desired, &lane.state.applied);
        let next = choose(&steps, &lane.state, &self.gate, now);
        let book = lane.book_of(outlook, &steps);
        let wake = match next {
            Next::Later(at) => Some(outlook.next_change.map_or(at, |change| change.min(at))),
            Next::Now(_) | Next::Nothing => outlook.next_change,
        };
        self.books.move_person(&mut lane.book, book);
        match next {
            Next::Now(operation) => {
                if !lane.waits_for(operation) {
                    let ticket = self.batches.add(id, operation, lane.cohort, now);
                    let operation = operation.clone();
                    lane.place = Place::Queued { ticket, operation };
                }
            }
            Next::Later(_) => lane.place = Place::Idle,
            Next::Nothing => {
                lane.place = Place::Idle;
                lane.cohort = None;
                lane.outlook = None;
            }
        }
        self.lanes.wake(id, wake);
    }

    /// Sends every batch that is ready, as far as the gate lets it.
    fn send(&mut self, now: Timestamp, effects: &mut Vec<Effect<Call>>) {
        while !self.is_draining && self.gate.opens_at().is_some_and(|at| at <= now) {
            let Some(((kind, _), waiting)) = self.batches.take(now) else {
                return;
            };
            self.last_call = self.last_call.saturating_add(1);
            let call_id = CallId(self.last_call);
            let mut people = Vec::with_capacity(waiting.len());
            for entry in waiting {
                let Some(lane) = self.lanes.get_mut(&entry.id) else {
                    continue;
                };
                let Some(operation) = lane.depart(entry.ticket, call_id) else {
                    continue;
                };
                effects.push(Effect::Write(state_record(
                    self.rules.provider,
                    &entry.id,
                    &lane.state,
                )));
                people.push((entry.id, operation));
            }
            if people.is_empty() {
                continue;
            }
            self.gate.start(now);
            self.batches.start(&kind);
            let call = Call { people };
            self.calls.insert(call_id, (kind, call.clone()));
            effects.push(Effect::Call(call_id, call));
        }
    }
}

impl Lane {
    fn is_outlook_over(&self, now: Timestamp) -> bool {
        self.outlook
            .as_ref()
            .is_none_or(|outlook| outlook.next_change.is_some_and(|at| at <= now))
    }

    fn waits_for(&self, wanted: &Operation) -> bool {
        matches!(&self.place, Place::Queued { operation, .. } if operation == wanted)
    }

    /// Announces the queued operation in the durable record and hands it out.
    fn depart(&mut self, entry: u64, call: CallId) -> Option<Operation> {
        match &self.place {
            Place::Queued { ticket, operation } if *ticket == entry => {
                let operation = operation.clone();
                let before = self.state.applied.clone();
                self.state.applied.announce(&operation);
                self.place = Place::InFlight { call, before };
                Some(operation)
            }
            Place::Queued { .. } | Place::Idle | Place::InFlight { .. } => None,
        }
    }

    /// Ends a call; hands out what was applied before it.
    pub(super) fn return_from(&mut self, over: CallId) -> Option<Applied> {
        match std::mem::take(&mut self.place) {
            Place::InFlight { call, before } if call == over => Some(before),
            other @ (Place::InFlight { .. } | Place::Queued { .. } | Place::Idle) => {
                self.place = other;
                None
            }
        }
    }

    fn book_of(&self, outlook: &Outlook, steps: &[Operation]) -> Book {
        let locks = |step: &Operation| matches!(step, Operation::Lock { .. });
        let is_dead = |step: &Operation| self.state.dead.contains_key(&OperationName::from(step));
        if steps.iter().any(locks) {
            Book::LeaverNotLocked
        } else if steps.iter().any(|step| !is_dead(step)) {
            Book::Pending
        } else if !steps.is_empty() {
            Book::Dead
        } else if outlook.desired.is_unmapped {
            Book::Unmapped
        } else if outlook.next_change.is_some() {
            Book::Scheduled
        } else {
            Book::Applied
        }
    }
}

/// What a lane does next.
#[derive(Debug, Clone, Copy)]
enum Next<'a> {
    Now(&'a Operation),
    Later(Timestamp),
    Nothing,
}

/// The first step that is neither dead nor waiting; else when the first one stops waiting.
fn choose<'a>(
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

/// Reads a person's record: what HR wants now; none if it cannot be read.
fn look(record: &[u8], rules: &WorkerRules, now: Timestamp) -> Option<Outlook> {
    // Somebody this provider has state of, but HR has forgotten, is as good as unheard of.
    let person = if record.is_empty() {
        Person::default()
    } else {
        serde_json::from_slice(record).ok()?
    };
    if person.v > person::FORMAT {
        return None;
    }
    let standing = person::standing(&person, &rules.people, now);
    let desired = rules.planner.desired(&standing);
    Some(Outlook {
        digest: desired.digest(),
        next_change: standing.next_change,
        removal_since: person.received.max(standing.ended_at),
        desired,
    })
}

/// A person's state as a record.
pub(super) fn state_record(provider: Provider, id: &EmployeeId, state: &PersonState) -> Record {
    // A struct of texts, numbers and maps with text keys always serialises.
    let payload = serde_json::to_vec(state).unwrap_or_default();
    Record::new(Topic::State(provider), id.as_str(), payload)
}

impl Core for Worker {
    type Call = Call;
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

    fn restore(&mut self, record: Arrived) {
        if record.position.topic == Topic::People {
            self.remember(record);
            return;
        }
        let key = record
            .key_text()
            .and_then(|key| EmployeeId::try_from(key).ok());
        let (Some(id), Some(payload)) = (key, &record.payload) else {
            return;
        };
        let lane = self.lanes.entry(&id);
        match serde_json::from_slice::<PersonState>(payload) {
            Ok(state) if state.v <= super::state::FORMAT => lane.state = state,
            Ok(_) | Err(_) => {
                lane.has_broken_state = true;
                self.books.move_person(&mut lane.book, Book::Undecodable);
                tracing::error!(
                    provider = self.rules.provider.as_str(),
                    log.topic = %record.position.topic,
                    log.partition = record.position.partition,
                    log.offset = record.position.offset,
                    failure.code = "state_undecodable",
                    "A person's state cannot be read; nothing is done for them"
                );
            }
        }
    }

    fn handle(&mut self, input: Input<Answer>, now: Timestamp) -> Vec<Effect<Call>> {
        let mut effects = Vec::new();
        match input {
            Input::Restored => {
                for id in self.lanes.people() {
                    self.plan(&id, now);
                }
            }
            Input::Record(record) => self.take(record, now),
            Input::Answered(call, answer) => self.settle(call, &answer, now, &mut effects),
            Input::Tick => {
                for id in self.lanes.due(now) {
                    self.plan(&id, now);
                }
            }
            Input::Draining => self.is_draining = true,
        }
        self.send(now, &mut effects);
        effects
    }

    fn wake_at(&self) -> Option<Timestamp> {
        let call = self
            .batches
            .ready_at()
            .zip(self.gate.opens_at())
            .filter(|_| !self.is_draining)
            .map(|(ready, opens)| ready.max(opens));
        let timer = self.lanes.next_wake();
        match (call, timer) {
            (Some(call), Some(timer)) => Some(call.min(timer)),
            (call, timer) => call.or(timer),
        }
    }

    fn people(&self) -> usize {
        self.lanes.len()
    }
}
