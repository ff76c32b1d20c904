//! A simulated account behind its locks: requests in, answers out, everything recorded.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::faults::{Action, Fault, Script};
use super::journal::{Connection, Counters, Entry, Journal, Overlap};
use super::stand::{Answer, Request, Stand};
use crate::clock::Clock;

/// A simulated account.
pub struct Simulator<S> {
    stand: Mutex<S>,
    clock: Arc<dyn Clock>,
    journal: Mutex<Journal>,
    script: Mutex<Script>,
}

/// Without what it holds: what is sent to a simulator may be real.
impl<S> fmt::Debug for Simulator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").finish_non_exhaustive()
    }
}

impl<S: Stand> Simulator<S> {
    pub(super) fn new(stand: S, clock: Arc<dyn Clock>) -> Self {
        Self {
            stand: Mutex::new(stand),
            clock,
            journal: Mutex::default(),
            script: Mutex::default(),
        }
    }

    /// Everything the account holds at this moment.
    pub fn state(&self) -> S::State {
        self.stand().state()
    }

    /// All requests, or those about one person, oldest first.
    pub fn journal(&self, person: Option<&str>) -> Vec<Entry> {
        locked(&self.journal).entries(person)
    }

    /// Calls for one person that overlapped: none, if invariant I3 holds.
    pub fn overlaps(&self) -> Vec<Overlap> {
        locked(&self.journal).overlaps().to_vec()
    }

    /// The numbers of every simulator so far.
    pub fn counters(&self) -> Counters {
        locked(&self.journal).counters().clone()
    }

    /// The platform's own numbers so far.
    pub fn tally(&self) -> S::Tally {
        self.stand().tally()
    }

    /// Replaces the script of faults; an empty one ends all faults.
    pub fn script(&self, faults: Vec<Fault>) {
        *locked(&self.script) = Script::new(faults);
    }

    /// Forgets everybody, requests and faults; what the settings name is there again.
    pub fn reset(&self) {
        self.stand().reset();
        *locked(&self.journal) = Journal::default();
        self.script(Vec::new());
    }

    /// The account's rules, for what only this platform has.
    pub(in crate::simulator) fn stand(&self) -> MutexGuard<'_, S> {
        locked(&self.stand)
    }

    /// The time by the account's own clock.
    pub(super) fn now(&self) -> Timestamp {
        let ahead = self.stand().clock_ahead();
        let now = self.clock.now();
        now.checked_add(ahead).unwrap_or(now)
    }

    /// Writes a request into the journal until the guard is dropped, and says what is to go
    /// wrong with it.
    pub(super) fn begin(
        self: &Arc<Self>,
        request: &Request<'_>,
        connection: Option<Connection>,
    ) -> (Handling<S>, Option<Action>) {
        let subject = self.stand().subject(request);
        let fault = locked(&self.script).act(request.method, &subject);
        let mut journal = locked(&self.journal);
        let id = journal.begin(request.method, subject, connection, self.clock.now());
        if let Some(fault) = &fault {
            journal.fault(id, fault.word());
        }
        if let Some(traceparent) = request.header("traceparent") {
            journal.traced(id, traceparent);
        }
        let handling = Handling {
            simulator: Arc::clone(self),
            id,
            status: None,
        };
        (handling, fault)
    }

    /// Does what a request asks, for the first `people` of its people.
    pub(super) fn answer(&self, request: &Request<'_>, people: usize) -> Answer {
        let now = self.now();
        self.stand().answer(request, people, now)
    }
}

/// A request while it is being handled; dropped, it is written into the journal as ended.
pub(super) struct Handling<S: Stand> {
    simulator: Arc<Simulator<S>>,
    id: u64,
    status: Option<u16>,
}

impl<S: Stand> Handling<S> {
    /// The status the request is answered with; without one it counts as dropped.
    pub(super) fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }
}

impl<S: Stand> Drop for Handling<S> {
    fn drop(&mut self) {
        let now = self.simulator.clock.now();
        locked(&self.simulator.journal).end(self.id, self.status, now);
    }
}

/// A handler that panicked leaves whole values behind: each change is one call.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
