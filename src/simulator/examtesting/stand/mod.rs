//! The account as a simulator serves it: what is asked, what is answered, in which form.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::gate::{Refusal, admit, sent};
use super::settings::{ParamsFrom, SimulatorSettings};
use super::shape::answer;
use super::{Running, Simulator};
use crate::clock::Clock;
use crate::provider::examtesting::wire::{Action, GROUP, PATH, decoded};
use crate::settings::Complaint;
use crate::simulator::shared::{
    Action as Fate, Answer, Fault, Match, Request, SimulatorError, Stand, Subject,
};

/// ExamTesting's rules and what one account holds.
#[derive(Debug)]
pub struct ExamTestingStand {
    rules: SimulatorSettings,
    account: Account,
    tally: Tally,
}

/// What was done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Students that were added.
    pub added: u64,
    /// Updates that were done, those that changed nothing included.
    pub updated: u64,
    /// Errors that were answered, validation errors included.
    pub errors: u64,
}

/// The body of `POST /_sim/groups`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    /// False: the group goes, and those in it stay in it by name.
    #[serde(default = "yes")]
    exists: bool,
}

const fn yes() -> bool {
    true
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
        let loses_replies = settings.lost_reply_after_commit;
        let stand = ExamTestingStand::new(settings).map_err(SimulatorError::Settings)?;
        let running = Running::start(stand, addr, clock)?;
        if loses_replies {
            running.simulator().script(vec![lost_replies()]);
        }
        Ok(running)
    }

    /// Everything the account holds at this moment.
    pub fn account(&self) -> Account {
        self.state()
    }

    /// Creates a group, or takes it away; students stay in it by name.
    pub fn put_group(&self, name: &str, exists: bool) {
        self.stand().put_group(name, exists);
    }
}

/// Every add is done, and none is answered.
fn lost_replies() -> Fault {
    Fault {
        matching: Match {
            path: Some(format!("{PATH}?action={}", Action::Add.word())),
            ..Match::default()
        },
        times: u64::MAX,
        action: Fate::DropAfterCommit,
    }
}

impl ExamTestingStand {
    fn new(rules: SimulatorSettings) -> Result<Self, Vec<Complaint>> {
        let complaints = rules.complaints("simulator");
        if !complaints.is_empty() {
            return Err(complaints);
        }
        Ok(Self {
            account: Account::with_groups(&rules.groups),
            tally: Tally::default(),
            rules,
        })
    }

    fn perform(&mut self, request: &Request<'_>, people: usize) -> Result<u64, Refusal> {
        let (action, parameters) = admit(&self.rules, request)?;
        if people == 0 {
            return Err(Refusal::Status(500));
        }
        match action {
            Action::Add => {
                let student_id = self.account.add(&self.rules, &parameters)?;
                self.tally.added += 1;
                Ok(student_id)
            }
            Action::Update => {
                let student_id = self.account.update(&self.rules, &parameters)?;
                self.tally.updated += 1;
                Ok(student_id)
            }
        }
    }

    fn error(&self, reason: &str, message: &str) -> Answer {
        let fields = [("Status", "ERROR"), ("Reason", reason), ("error", message)];
        answer(self.rules.response_shape, 200, &fields)
    }

    fn put_group(&mut self, name: &str, exists: bool) {
        if exists {
            self.account.groups.insert(name.to_owned());
        } else {
            self.account.groups.remove(name);
        }
    }
}

impl Stand for ExamTestingStand {
    type State = Account;
    type Tally = Tally;

    fn body_limit(&self) -> usize {
        self.rules.body_limit
    }

    /// The person is the student id, or the user name where none is sent. Credentials and
    /// passwords are no part of it.
    fn subject(&self, request: &Request<'_>) -> Subject {
        let parameters = sent(ParamsFrom::Both, request);
        let named = |wanted: &str| {
            let mut found = parameters.iter().filter(|(name, _)| name == wanted);
            found.next().map(|(_, value)| value.clone())
        };
        let mut actions = decoded(request.query).into_iter();
        let action = actions.rfind(|(name, _)| name == "action");
        Subject {
            path: action.map_or_else(
                || request.path.to_owned(),
                |(_, action)| format!("{}?action={action}", request.path),
            ),
            people: named("stusID")
                .or_else(|| named("username"))
                .into_iter()
                .collect(),
            targets: named(GROUP).into_iter().collect(),
        }
    }

    fn answer(&mut self, request: &Request<'_>, people: usize, _: Timestamp) -> Answer {
        let outcome = self.perform(request, people);
        self.tally.errors += u64::from(outcome.is_err());
        match outcome {
            Ok(student_id) => {
                let student_id = student_id.to_string();
                let fields = [("Status", "SUCCESS"), ("StudentId", student_id.as_str())];
                answer(self.rules.response_shape, 200, &fields)
            }
            Err(Refusal::Status(status)) => Answer::empty(status),
            Err(Refusal::Code(code)) => {
                self.error(&format!("ERROR {code}"), Refusal::message(code))
            }
            Err(Refusal::Validation(message)) => self.error("Validation error", &message),
        }
    }

    fn refusal(&self, status: u16, message: Option<&str>) -> Answer {
        match message {
            Some(message) => {
                let fields = [("Status", "ERROR"), ("Reason", message)];
                answer(self.rules.response_shape, status, &fields)
            }
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
            "groups" => Some(
                serde_json::from_slice(body)
                    .map(|group: Group| self.put_group(&group.name, group.exists))
                    .map_err(|error| error.to_string()),
            ),
            _ => None,
        }
    }

    fn reset(&mut self) {
        self.account = Account::with_groups(&self.rules.groups);
        self.tally = Tally::default();
    }
}

#[cfg(test)]
mod tests;
