//! Asserting again what is planned at a provider, and watching until it is done.
//!
//! In come people, out go `relay.reconcile` commands, one a person; the worker obeys them when
//! they arrive. What became of them is read from the worker's own records.

use std::collections::BTreeMap;

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
        let mut watch = Watch::new(self.provider);
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
