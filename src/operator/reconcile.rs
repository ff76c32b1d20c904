//! Asserting again what is planned at a provider, and watching until it is done.
//!
//! In come people, out go `relay.reconcile` commands, one a person; the worker obeys them when
//! they arrive. What became of them is read from the worker's own records.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use uuid::Uuid;

use super::appending::{append, record};
use super::decision::{Decision, event_id};
use super::topics::{Offsets, each_record, latest};
use crate::clock::Clock;
use crate::event::{CommandKind, Event};
use crate::id::{EmployeeId, Provider};
use crate::log::{AppendError, Arrived, ConsumeError, Log, Topic};
use crate::worker::PersonState;

/// Commands appended together.
const TOGETHER: usize = 500;

/// What is asserted again, by whom and why.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    /// At which provider.
    pub provider: Provider,
    /// About whom; nobody: everybody the roster knows.
    pub people: Vec<String>,
    /// Who asks for it.
    pub operator: String,
    /// Why.
    pub reason: String,
}

/// Why nothing, or not everything, is asserted again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Some people are nobody the roster knows.
    #[error("{0} of the people are unknown to the roster; nothing was written")]
    Unknown(usize),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ConsumeError),
    /// The log did not take the commands.
    #[error("{written} of {all} commands are written: run the same command again")]
    Append {
        /// How many were confirmed.
        written: usize,
        /// How many there are.
        all: usize,
        /// Why.
        #[source]
        source: AppendError,
    },
}

impl Reconciliation {
    /// The people it is about.
    ///
    /// # Errors
    /// When the log cannot be read, or somebody is unknown.
    pub async fn people(&self, log: &dyn Log) -> Result<Vec<EmployeeId>, ReconcileError> {
        let known = latest(log, Topic::People).await?;
        let named = |ids: &mut dyn Iterator<Item = &String>| -> Vec<EmployeeId> {
            ids.filter_map(|id| EmployeeId::try_from(id.as_str()).ok())
                .collect()
        };
        if self.people.is_empty() {
            return Ok(named(&mut known.keys()));
        }
        let unknown = self.people.iter().filter(|id| !known.contains_key(*id));
        match unknown.count() {
            0 => Ok(named(&mut self.people.iter())),
            unknown => Err(ReconcileError::Unknown(unknown)),
        }
    }

    /// Writes a command for each of these people; tells how many are written.
    ///
    /// # Errors
    /// When the log does not take them.
    pub async fn command(
        &self,
        log: &dyn Log,
        people: Vec<EmployeeId>,
        clock: &dyn Clock,
        tell: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Watch, ReconcileError> {
        let decision = Decision {
            kind: CommandKind::Reconcile,
            provider: self.provider,
            fact_version: None,
            operator: self.operator.clone(),
            reason: self.reason.clone(),
        };
        let run = Uuid::now_v7().simple().to_string();
        let (all, mut written) = (people.len(), 0);
        let mut watch = Watch::start(log, self.provider).await?;
        for people in people.chunks(TOGETHER) {
            let events: Vec<Event> = people
                .iter()
                .map(|person| {
                    let id = event_id(&format!("{run}-{}", watch.people.len()));
                    watch.expect(person, id.as_str());
                    decision.event_with(id, person.clone(), clock.now())
                })
                .collect();
            let failed = |source| ReconcileError::Append {
                written,
                all,
                source,
            };
            let records = events.iter().map(record).collect();
            append(log, records).await.map_err(failed)?;
            written += events.len();
            tell(written);
        }
        Ok(watch)
    }
}

/// Where somebody is whom an operator wants asserted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    /// The worker has not heard of it.
    Unheard,
    /// A call is still to come or under way.
    Pending,
    /// A call has failed and is tried again.
    Retried,
    /// The guard holds it until an operator decides.
    Held,
    /// Something was given up: it is in the dead-letter topic.
    Dead,
    /// Everything is asserted.
    Asserted,
}

impl Stand {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unheard => "unheard",
            Self::Pending => "pending",
            Self::Retried => "retried",
            Self::Held => "held",
            Self::Dead => "dead",
            Self::Asserted => "asserted",
        }
    }

    /// Whether nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Held | Self::Dead | Self::Asserted => true,
            Self::Unheard | Self::Pending | Self::Retried => false,
        }
    }

    fn of(state: &PersonState, command: &str) -> Self {
        let reconciled = state.reconciled.as_ref();
        let is_unsure = state.applied.unsure().next().is_some();
        if reconciled.is_none_or(|obeyed| obeyed.as_str() != command) {
            Self::Unheard
        } else if !is_unsure {
            Self::Asserted
        } else if state.guard.held.is_some() {
            Self::Held
        } else if !state.dead.is_empty() {
            Self::Dead
        } else if !state.trying.is_empty() {
            Self::Retried
        } else {
            Self::Pending
        }
    }
}

/// What was otherwise at the platform than the relay thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drift {
    /// People in calls that the platform counted something for, each once a call.
    pub counted: u64,
    /// Of these, those for whom something was otherwise.
    pub changed: u64,
    /// Of these, those it did not know.
    pub created: u64,
}

/// Follows a reconciliation in the records that workers write.
#[derive(Debug)]
pub struct Watch {
    provider: Provider,
    /// The command and the stand of everybody.
    people: BTreeMap<String, (String, Stand)>,
    states: Offsets,
    outcomes: Offsets,
    /// Calls that were counted: several people of one call tell of it.
    calls: BTreeSet<(u32, String, u64)>,
    drift: BTreeMap<String, Drift>,
}

impl Watch {
    /// Starts behind the outcomes there are.
    async fn start(log: &dyn Log, provider: Provider) -> Result<Self, ConsumeError> {
        let topic = Topic::Outcomes(provider);
        let outcomes = each_record(log, topic, Offsets::default(), &mut |_| {}).await?;
        Ok(Self {
            provider,
            people: BTreeMap::new(),
            states: Offsets::default(),
            outcomes,
            calls: BTreeSet::new(),
            drift: BTreeMap::new(),
        })
    }

    fn expect(&mut self, person: &EmployeeId, command: &str) {
        let stand = (command.to_owned(), Stand::Unheard);
        self.people.insert(person.as_str().to_owned(), stand);
    }

    /// Looks at what was written since the last look; tells whether anything has moved.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn look(&mut self, log: &dyn Log) -> Result<bool, ConsumeError> {
        let before = self.stands();
        let people = &mut self.people;
        let mut follow = |record: Arrived| {
            let Some((command, stand)) = record.key_text().and_then(|key| people.get_mut(key))
            else {
                return;
            };
            let payload = record.payload.as_deref().unwrap_or_default();
            if let Ok(state) = serde_json::from_slice::<PersonState>(payload) {
                *stand = Stand::of(&state, command);
            }
        };
        let states = Topic::State(self.provider);
        let from = std::mem::take(&mut self.states);
        self.states = each_record(log, states, from, &mut follow).await?;
        let (calls, drift) = (&mut self.calls, &mut self.drift);
        let mut count = |record: Arrived| count(calls, drift, &record);
        let outcomes = Topic::Outcomes(self.provider);
        let from = std::mem::take(&mut self.outcomes);
        self.outcomes = each_record(log, outcomes, from, &mut count).await?;
        Ok(self.stands() != before)
    }

    /// How many people are where.
    pub fn stands(&self) -> BTreeMap<Stand, usize> {
        let mut stands = BTreeMap::new();
        for (_, stand) in self.people.values() {
            *stands.entry(*stand).or_default() += 1;
        }
        stands
    }

    /// Whether nothing more happens by itself.
    pub fn is_over(&self) -> bool {
        self.people.values().all(|(_, stand)| stand.is_final())
    }

    /// What the platform has counted since, by operation and target. Whatever else the
    /// workers did in the meantime is in it.
    pub const fn drift(&self) -> &BTreeMap<String, Drift> {
        &self.drift
    }
}

/// What an outcome tells of its call.
#[derive(Deserialize)]
struct Outcome {
    operation: String,
    target: Option<String>,
    at: String,
    batch: Option<Batch>,
}

#[derive(Deserialize)]
struct Batch {
    call: u64,
    people: u64,
    created: u64,
    changed: u64,
}

fn count(
    calls: &mut BTreeSet<(u32, String, u64)>,
    drift: &mut BTreeMap<String, Drift>,
    record: &Arrived,
) {
    let payload = record.payload.as_deref().unwrap_or_default();
    let Ok(outcome) = serde_json::from_slice::<Outcome>(payload) else {
        return;
    };
    let Some(batch) = outcome.batch else { return };
    if !calls.insert((record.position.partition, outcome.at, batch.call)) {
        return;
    }
    let what = match (outcome.operation.as_str(), outcome.target) {
        ("activate" | "lock", _) => "accounts".to_owned(),
        (_, Some(target)) => target,
        (operation, None) => operation.to_owned(),
    };
    let drift = drift.entry(what).or_default();
    drift.counted = drift.counted.saturating_add(batch.people);
    drift.changed = drift.changed.saturating_add(batch.changed);
    drift.created = drift.created.saturating_add(batch.created);
}
