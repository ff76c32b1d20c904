//! The simulated account behind its locks: requests in, answers out, everything recorded.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::account::{Account, Refusal};
use super::faults::{Action, Fault, Script, Subject};
use super::gate::{Head, admit};
use super::journal::{Connection, Counters, Entry, Journal, Overlap};
use super::settings::{ProgramSettings, SimulatorSettings};
use crate::clock::Clock;
use crate::provider::startexam::signature::Signer;
use crate::provider::startexam::wire::{Message, PROGRAM_EMPLOYEES, SYNC_EMPLOYEES};
use crate::settings::Complaint;

/// A simulated StartExam account.
pub struct Simulator {
    rules: SimulatorSettings,
    signer: Signer,
    clock: Arc<dyn Clock>,
    account: Mutex<Account>,
    journal: Mutex<Journal>,
    script: Mutex<Script>,
}

/// Without the employees: what is sent to a simulator may be real.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("account", &self.rules.account_id)
            .finish_non_exhaustive()
    }
}

/// A status and a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Simulator {
    pub(super) fn new(
        rules: SimulatorSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Vec<Complaint>> {
        let complaints = rules.complaints("simulator");
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let signer = rules.signer("simulator").map_err(|one| vec![one])?;
        Ok(Self {
            account: Mutex::new(Account::with_programs(&rules.programs)),
            journal: Mutex::default(),
            script: Mutex::default(),
            rules,
            signer,
            clock,
        })
    }

    /// Everything the account holds at this moment.
    pub fn account(&self) -> Account {
        locked(&self.account).clone()
    }

    /// All requests, or those about one person, oldest first.
    pub fn journal(&self, person: Option<&str>) -> Vec<Entry> {
        locked(&self.journal).entries(person)
    }

    /// Calls for one person that overlapped: none, if invariant I3 holds.
    pub fn overlaps(&self) -> Vec<Overlap> {
        locked(&self.journal).overlaps().to_vec()
    }

    /// The numbers so far.
    pub fn counters(&self) -> Counters {
        locked(&self.journal).counters().clone()
    }

    /// Replaces the script of faults; an empty one ends all faults.
    pub fn script(&self, faults: Vec<Fault>) {
        *locked(&self.script) = Script::new(faults);
    }

    /// Creates a program, or changes one and keeps its members.
    pub fn put_program(&self, program: &ProgramSettings) {
        locked(&self.account).put_program(program);
    }

    /// Forgets employees, memberships, requests and faults; programs are those of the
    /// settings again.
    pub fn reset(&self) {
        *locked(&self.account) = Account::with_programs(&self.rules.programs);
        *locked(&self.journal) = Journal::default();
        self.script(Vec::new());
    }

    pub(super) fn body_limit(&self) -> usize {
        self.rules.body_limit
    }

    pub(super) fn now(&self) -> SystemTime {
        SystemTime::from(self.clock.now()).max(SystemTime::UNIX_EPOCH)
    }

    /// Writes a request into the journal until the guard is dropped, and says what is to go
    /// wrong with it.
    pub(super) fn begin(
        self: &Arc<Self>,
        method: &str,
        subject: &Subject,
        connection: Option<Connection>,
    ) -> (Handling, Option<Action>) {
        let fault = locked(&self.script).act(subject);
        let mut journal = locked(&self.journal);
        let id = journal.begin(method, subject, connection, self.clock.now());
        if let Some(fault) = &fault {
            journal.fault(id, fault.word());
        }
        let handling = Handling {
            simulator: Arc::clone(self),
            id,
            status: None,
        };
        (handling, fault)
    }

    /// Does what a request asks.
    pub(super) fn answer(&self, head: Head<'_>, body: &[u8]) -> Answer {
        let outcome = admit(&self.rules, &self.signer, self.now(), head)
            .and_then(|()| self.perform(head.method, head.path, body));
        match outcome {
            Ok(body) => Answer { status: 200, body },
            Err(refusal) => Answer::new(refusal.status, &refusal.message),
        }
    }

    fn perform(&self, method: &str, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        match (method, path.to_lowercase().as_str()) {
            ("POST", SYNC_EMPLOYEES) => {
                let query = parsed(body)?;
                let synced = locked(&self.account).sync(&self.rules, &query)?;
                locked(&self.journal).count_synced(synced);
                Ok(json(&synced))
            }
            ("POST", PROGRAM_EMPLOYEES) => {
                let query = parsed(body)?;
                let changed = locked(&self.account).change_program(&self.rules, &query)?;
                locked(&self.journal).count_program(changed);
                Ok(json(&changed))
            }
            _ => Err(Refusal::not_found(
                "No HTTP resource was found that matches the request",
            )),
        }
    }
}

impl Answer {
    /// A status with its `message`.
    pub(super) fn new(status: u16, message: &str) -> Self {
        let message = message.to_owned();
        let body = json(&Message { message });
        Self { status, body }
    }
}

/// A request while it is being handled; dropped, it is written into the journal as ended.
#[derive(Debug)]
pub(super) struct Handling {
    simulator: Arc<Simulator>,
    id: u64,
    status: Option<u16>,
}

impl Handling {
    /// The status the request is answered with; without one it counts as dropped.
    pub(super) fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        let now = self.simulator.clock.now();
        locked(&self.simulator.journal).end(self.id, self.status, now);
    }
}

/// A handler that panicked leaves whole values behind: each change is one call.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("The query cannot be read: {error}")))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
