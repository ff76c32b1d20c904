//! The account as a simulator serves it: who may come in, what is asked, what is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::account::{Account, Refusal};
use super::gate::{Head, admit};
use super::settings::{ProgramSettings, SimulatorSettings};
use super::{Running, Simulator};
use crate::clock::Clock;
use crate::provider::startexam::signature::Signer;
use crate::provider::startexam::wire::{
    Message, PROGRAM_EMPLOYEES, ProgramChanged, ProgramEmployees, REGISTER_EMPLOYEES,
    RegisterEmployees, SYNC_EMPLOYEES, SyncEmployees, Synced,
};
use crate::settings::Complaint;
use crate::simulator::shared::{Answer, Request, SimulatorError, Stand, Subject};

/// StartExam's rules and what one account holds.
#[derive(Debug)]
pub struct StartExamStand {
    rules: SimulatorSettings,
    signer: Signer,
    account: Account,
    tally: Tally,
}

/// Sums over all answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Of "Sync Employees".
    pub synced: Synced,
    /// Of "Register Program Employees"; the total is the last one.
    pub programs: ProgramChanged,
    /// Ids that "Register Employees" answered.
    pub participants: usize,
}

impl Simulator {
    /// Serves on `addr` (port 0: any free one) beside whatever else the runtime does.
    ///
    /// # Errors
    /// When the settings have complaints, or the address cannot be listened on.
    pub fn start(
        settings: SimulatorSettings,
        addr: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<Running, SimulatorError> {
        let stand = StartExamStand::new(settings).map_err(SimulatorError::Settings)?;
        Running::start(stand, addr, clock)
    }

    /// Everything the account holds at this moment.
    pub fn account(&self) -> Account {
        self.state()
    }

    /// Creates a program, or changes one and keeps its members.
    pub fn put_program(&self, program: &ProgramSettings) {
        self.stand().account.put_program(program);
    }
}

impl StartExamStand {
    fn new(rules: SimulatorSettings) -> Result<Self, Vec<Complaint>> {
        let complaints = rules.complaints("simulator");
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let signer = rules.signer("simulator").map_err(|one| vec![one])?;
        Ok(Self {
            account: Account::with_programs(&rules.programs),
            tally: Tally::default(),
            rules,
            signer,
        })
    }

    fn perform(
        &mut self,
        request: &Request<'_>,
        people: usize,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        match (request.method, request.path.to_lowercase().as_str()) {
            ("POST", SYNC_EMPLOYEES) => {
                let mut query: SyncEmployees = parsed(request.body)?;
                query.employees.truncate(people);
                let synced = self.account.sync(&self.rules, &query)?;
                self.tally.count_synced(synced);
                Ok(Answer::json(200, &synced))
            }
            ("POST", PROGRAM_EMPLOYEES) => {
                let mut query: ProgramEmployees = parsed(request.body)?;
                let rest = people.saturating_sub(query.register_employees.len());
                query.register_employees.truncate(people);
                query.unregister_employees.truncate(rest);
                let changed = self.account.change_program(&self.rules, &query)?;
                self.tally.count_program(changed);
                Ok(Answer::json(200, &changed))
            }
            ("POST", REGISTER_EMPLOYEES) => {
                let mut query: RegisterEmployees = parsed(request.body)?;
                query.employees.truncate(people);
                let registered = self.account.register_for_tests(&self.rules, &query, now)?;
                self.tally.participants += registered.participant_ids.len();
                Ok(Answer::json(200, &registered))
            }
            _ => Err(Refusal::not_found(
                "No HTTP resource was found that matches the request",
            )),
        }
    }
}

impl Stand for StartExamStand {
    type State = Account;
    type Tally = Tally;

    fn body_limit(&self) -> usize {
        self.rules.body_limit
    }

    fn clock_ahead(&self) -> SignedDuration {
        self.rules.clock_ahead
    }

    fn subject(&self, request: &Request<'_>) -> Subject {
        let body: Value = serde_json::from_slice(request.body).unwrap_or_default();
        let list = |member: &str| body.get(member).and_then(Value::as_array);
        let synced = list("employees").into_iter().flatten();
        let people = synced
            .filter_map(|employee| employee.get("id"))
            .chain(list("registerEmployees").into_iter().flatten())
            .chain(list("unregisterEmployees").into_iter().flatten());
        let targets = ["programId", "programExternalId", "center"];
        let targets = targets.iter().filter_map(|member| body.get(member));
        let tests = ["moduleTests", "tests"].into_iter().filter_map(list);
        let targets = targets.chain(tests.flatten());
        Subject {
            path: request.path.to_owned(),
            people: texts(people),
            targets: texts(targets),
        }
    }

    fn answer(&mut self, request: &Request<'_>, people: usize, now: Timestamp) -> Answer {
        let clock = SystemTime::from(now);
        let outcome = admit(&self.rules, &self.signer, clock, Head::of(request))
            .and_then(|()| self.perform(request, people, now));
        outcome.unwrap_or_else(|refused| self.refusal(refused.status, Some(&refused.message)))
    }

    fn refusal(&self, status: u16, message: Option<&str>) -> Answer {
        match message {
            Some(message) => Answer::json(
                status,
                &Message {
                    message: message.to_owned(),
                },
            ),
            None => Answer::empty(status),
        }
    }

    fn state(&self) -> Account {
        self.account.clone()
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn put(&mut self, kind: &str, body: &[u8]) -> Option<Result<(), String>> {
        match kind {
            "programs" => Some(
                serde_json::from_slice(body)
                    .map(|program| self.account.put_program(&program))
                    .map_err(|error| error.to_string()),
            ),
            _ => None,
        }
    }

    fn reset(&mut self) {
        self.account = Account::with_programs(&self.rules.programs);
        self.tally = Tally::default();
    }
}

impl Tally {
    fn count_synced(&mut self, synced: Synced) {
        let sum = &mut self.synced;
        sum.created += synced.created;
        sum.data_updated += synced.data_updated;
        sum.became_active += synced.became_active;
        sum.became_hidden += synced.became_hidden;
        sum.not_changed += synced.not_changed;
    }

    fn count_program(&mut self, changed: ProgramChanged) {
        let sum = &mut self.programs;
        sum.employees_registered += changed.employees_registered;
        sum.attempts_registered += changed.attempts_registered;
        sum.employees_unregistered += changed.employees_unregistered;
        sum.attempts_unregistered += changed.attempts_unregistered;
        sum.total_employees_in_program = changed.total_employees_in_program;
    }
}

fn texts<'a, I: Iterator<Item = &'a Value>>(values: I) -> Vec<String> {
    values
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("The query cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subject(path: &str, body: &[u8]) -> Subject {
        let request = Request {
            method: "POST",
            path,
            query: "",
            headers: &[],
            body,
        };
        let stand = StartExamStand::new(SimulatorSettings::default()).unwrap();
        stand.subject(&request)
    }

    #[test]
    fn a_subject_is_read_from_any_body() {
        let sync = json!({ "employees": [{ "id": "a" }, { "id": "b" }] }).to_string();
        let sync = subject("/v1/employees", sync.as_bytes());
        assert_eq!((sync.people, sync.targets), (owned(&["a", "b"]), vec![]));
        let program = json!({ "programId": null, "programExternalId": "sales",
            "registerEmployees": ["a"], "unregisterEmployees": ["b"] });
        let program = subject("/v1/program/employees", program.to_string().as_bytes());
        assert_eq!(program.people, ["a", "b"]);
        assert_eq!(program.targets, ["sales"]);
        let session = json!({ "center": "c", "tests": ["t"], "employees": [{ "id": "a" }] });
        let session = subject("/v2/employees-participants", session.to_string().as_bytes());
        assert_eq!(session.people, ["a"]);
        assert_eq!(session.targets, ["c", "t"]);
        let html = subject("/v1/employees", b"<html>");
        assert_eq!((html.path.as_str(), html.people), ("/v1/employees", vec![]));
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }
}
