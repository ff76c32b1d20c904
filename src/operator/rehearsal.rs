//! What a worker would do first, without doing it.
//!
//! In come the log as it is and the rules of a configuration; out come the calls. Nothing is
//! planned here: it is the worker's own deciding half, restored as a worker restores it and
//! told that every call was accepted at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::topics::{Offsets, each_record_of};
use crate::id::Provider;
use crate::log::{Arrived, ConsumeError, Group, Log, Topic};
use crate::metrics::Metrics;
use crate::provider::{Answer, Call, Operation, Target};
use crate::shard::{CallId, Core, Effect, Input, Stop, note_of_core};
use crate::worker::{PersonState, Worker, WorkerRules};

/// So long after it has calmed down nothing follows from the start any more.
const MOMENT: Duration = Duration::from_secs(30);
/// No limit: a rehearsal does not wait for a platform's rate.
const UNHURRIED: f64 = 1e6;
/// Calls at once.
const AT_ONCE: usize = 64;

/// Why nothing could be rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ConsumeError),
    /// A worker would stop.
    #[error("a worker would stop: {0}")]
    Stop(#[from] Stop),
    /// The books cannot be kept.
    #[error("metrics cannot be made")]
    Metrics(#[source] anyhow::Error),
}

/// One kind of step, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// `lock`, `activate`, `leave` or `join`: the most urgent first.
    pub verb: Verb,
    /// The target, for a join or leave.
    pub target: Option<String>,
}

/// What is done for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Locked out.
    Lock,
    /// Made active, with their profile.
    Activate,
    /// Registered.
    Join,
    /// Unregistered.
    Leave,
}

impl Verb {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Activate => "activate",
            Self::Join => "join",
            Self::Leave => "leave",
        }
    }
}

impl From<&Operation> for Step {
    fn from(operation: &Operation) -> Self {
        let verb = match operation {
            Operation::Lock { .. } => Verb::Lock,
            Operation::Activate { .. } => Verb::Activate,
            Operation::Join { .. } => Verb::Join,
            Operation::Leave { .. } => Verb::Leave,
        };
        let target = operation.registration();
        Self {
            verb,
            target: target.map(|Target(name)| name.clone()),
        }
    }
}

/// What a worker would do first.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal {
    /// People it knows.
    pub people: usize,
    /// Calls it would make, if none failed.
    pub calls: u64,
    /// The people of each step, in the order in which they come.
    pub steps: BTreeMap<Step, Vec<String>>,
    /// Whom the guard holds then: they wait for an operator.
    pub held: BTreeSet<String>,
    /// How many people would then be in each book, as `hris_relay_waiting_people` counts them.
    pub books: BTreeMap<String, u64>,
}

/// Rehearses the start of a provider's workers on all partitions. No log: an empty one.
///
/// # Errors
/// When the log cannot be read, or a worker would stop.
pub async fn rehearse(
    log: Option<&dyn Log>,
    mut rules: WorkerRules,
    now: Timestamp,
) -> Result<Rehearsal, RehearsalError> {
    let mut rehearsal = Rehearsal::default();
    let Some(log) = log else {
        return Ok(rehearsal);
    };
    rules.limits.calls_per_second = UNHURRIED;
    rules.limits.in_flight = AT_ONCE;
    rules.partitions = log.partitions(Topic::People).await?;
    let provider = rules.provider;
    let rules = Arc::new(rules);
    for partition in 0..log.partitions(Topic::People).await? {
        let metrics = Metrics::new().map_err(|error| RehearsalError::Metrics(error.into()))?;
        let seed = u64::from(partition);
        let mut worker = Worker::new(Arc::clone(&rules), metrics.worker.clone(), partition, seed);
        rehearsal
            .restore(log, &mut worker, (provider, partition))
            .await?;
        rehearsal.people = rehearsal.people.saturating_add(worker.people());
        let patience = rules.settings.calm.saturating_add(MOMENT);
        rehearsal.play(&mut worker, now, patience)?;
        rehearsal.count(&metrics);
    }
    Ok(rehearsal)
}

impl Rehearsal {
    /// Restores a worker as its shard does, with everybody the roster has written by now.
    async fn restore(
        &mut self,
        log: &dyn Log,
        worker: &mut Worker,
        (provider, partition): (Provider, u32),
    ) -> Result<(), RehearsalError> {
        for restored in worker.restored_from() {
            let topic = restored.topic;
            let mut outcome = Ok(());
            let mut each = |record: Arrived| {
                if outcome.is_ok() {
                    self.watch(topic, record.key.as_deref(), record.payload.as_deref());
                    outcome = worker.restore(record);
                }
            };
            let mut begin = Offsets::default();
            each_record_of(log, topic, partition, &mut begin, &mut each).await?;
            outcome?;
        }
        let group = Group::Worker(provider);
        if let Some(noted) = log.noted(group, Topic::People, partition).await?
            && let Some(note) = note_of_core(&noted)?
        {
            worker.restore_note(&note);
        }
        Ok(())
    }

    /// Follows who is held.
    fn watch(&mut self, topic: Topic, key: Option<&[u8]>, payload: Option<&[u8]>) {
        let id = key.and_then(|key| std::str::from_utf8(key).ok());
        let (Topic::State(_), Some(id)) = (topic, id) else {
            return;
        };
        let state: Option<PersonState> =
            payload.and_then(|state| serde_json::from_slice(state).ok());
        if state.is_some_and(|state| state.guard.held.is_some()) {
            self.held.insert(id.to_owned());
        } else {
            self.held.remove(id);
        }
    }

    fn play(
        &mut self,
        worker: &mut Worker,
        mut now: Timestamp,
        patience: Duration,
    ) -> Result<(), Stop> {
        let end = now.checked_add(patience).unwrap_or(Timestamp::MAX);
        let mut calls = VecDeque::new();
        let mut input = Some(Input::Restored);
        while let Some(next) = input.take() {
            for effect in worker.handle(next, now) {
                match effect {
                    Effect::Call(id, outgoing) => {
                        self.note(&outgoing.call);
                        calls.push_back(id);
                    }
                    Effect::Write(record) => {
                        self.watch(
                            record.topic,
                            record.key.as_deref(),
                            record.payload.as_deref(),
                        );
                    }
                    Effect::Stop(stop) => return Err(stop),
                }
            }
            input = calls.pop_front().map(accepted).or_else(|| {
                let at = worker.wake_at().filter(|at| *at <= end)?;
                // Whatever it waits for, it has come a moment later.
                let moment = now.checked_add(Duration::from_millis(1)).ok()?;
                now = at.max(moment);
                Some(Input::Tick)
            });
        }
        Ok(())
    }

    fn note(&mut self, call: &Call) {
        self.calls = self.calls.saturating_add(1);
        for (id, operation) in &call.people {
            let people = self.steps.entry(Step::from(operation)).or_default();
            people.push(id.as_str().to_owned());
        }
    }

    fn count(&mut self, metrics: &Metrics) {
        let text = metrics.render().unwrap_or_default();
        for line in text.lines() {
            let Some(labels) = line.strip_prefix("hris_relay_waiting_people{") else {
                continue;
            };
            let state = labels.split("state=\"").nth(1);
            let state = state.and_then(|rest| rest.split('"').next());
            let people = line.rsplit(' ').next().and_then(|count| count.parse().ok());
            if let (Some(state), Some(people)) = (state, people) {
                let book = self.books.entry(state.to_owned()).or_default();
                *book = book.saturating_add(people);
            }
        }
    }
}

const fn accepted(call: CallId) -> Input<Answer> {
    Input::Answered(call, Answer::Applied)
}
