//! The tenant as a simulator serves it: who may come in, what is asked, what is answered.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::account::{Account, Place, Tally};
use super::answers::{Refusal, content, deleted};
use super::gate::admit;
use super::settings::{PutPath, ScheduleSettings, SimulatorSettings, UserSettings};
use super::{Running, Simulator};
use crate::clock::Clock;
use crate::settings::Complaint;
use crate::simulator::shared::{Answer, Request, SimulatorError, Stand, Subject};

/// Cirrus' rules and what one tenant holds.
#[derive(Debug)]
pub struct CirrusStand {
    rules: SimulatorSettings,
    account: Account,
}

/// The body of "Add candidates to existing schedule extended".
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AddCandidates {
    schedule: SchedulePart,
    candidates: Vec<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SchedulePart {
    schedule_ext_id: String,
    group_ext_id: String,
    group_name: String,
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
        let stand = CirrusStand::new(settings).map_err(SimulatorError::Settings)?;
        Running::start(stand, addr, clock)
    }

    /// Everything the tenant holds at this moment.
    pub fn account(&self) -> Account {
        self.state()
    }

    /// Creates a schedule, or changes one and keeps its candidates.
    pub fn put_schedule(&self, schedule: &ScheduleSettings) {
        self.stand().account.put_schedule(schedule);
    }

    /// Creates a user, or changes one and keeps their groups.
    pub fn put_user(&self, user: &UserSettings) {
        self.stand().account.put_user(user);
    }

    /// Replaces the switches; users and schedules stay as they are.
    pub fn switch(&self, change: impl FnOnce(&mut SimulatorSettings)) {
        change(&mut self.stand().rules);
    }
}

impl CirrusStand {
    fn new(rules: SimulatorSettings) -> Result<Self, Vec<Complaint>> {
        let complaints = rules.complaints("simulator");
        if !complaints.is_empty() {
            return Err(complaints);
        }
        Ok(Self {
            account: Account::of(&rules),
            rules,
        })
    }

    /// What a request names, below the path every request begins with.
    fn route<'a>(&self, request: &Request<'a>) -> Vec<&'a str> {
        let path = request.path.strip_prefix(self.rules.base_path.as_str());
        let path = path.and_then(|path| path.strip_prefix('/'));
        path.map_or_else(Vec::new, |path| path.split('/').collect())
    }

    fn perform(&mut self, request: &Request<'_>, people: usize) -> Result<Answer, Refusal> {
        let put_path = self.rules.put_path;
        match (request.method, self.route(request).as_slice()) {
            ("POST", ["schedule", "add-candidates"]) => {
                self.check_scheduler()?;
                self.add(request.body, people)
            }
            ("PUT", ["external", "schedule", id, "candidates"])
                if put_path == PutPath::External =>
            {
                self.check_scheduler()?;
                self.add_known(id, request.body, people)
            }
            ("PUT", ["schedule", id, "candidates"]) if put_path == PutPath::Documented => {
                self.check_scheduler()?;
                self.add_known(id, request.body, people)
            }
            ("DELETE", ["external", "schedule", id, "candidates"]) => {
                self.check_scheduler()?;
                self.remove(id, request.body, people)
            }
            ("GET", ["external", "schedule", id]) => {
                self.check_scheduler()?;
                Ok(content(&self.account.schedule(&self.rules, id)?))
            }
            ("PATCH", ["user", id]) => {
                let members = parsed(request.body)?;
                self.account.update(id, &members)?;
                Ok(content(&Value::Null))
            }
            ("GET", ["user", id]) => Ok(content(&self.account.user(id)?)),
            ("DELETE", ["user", id]) => {
                self.account.delete(id)?;
                Ok(deleted())
            }
            _ => Err(Refusal::new(404, "Url not found")),
        }
    }

    fn check_scheduler(&self) -> Result<(), Refusal> {
        if self.rules.scheduler_unset {
            let text = "Scheduler hasn\u{2019}t been set in External API settings";
            return Err(Refusal::bad(text));
        }
        Ok(())
    }

    fn add(&mut self, body: &[u8], people: usize) -> Result<Answer, Refusal> {
        let query: AddCandidates = parsed(body)?;
        let place = Place {
            schedule: &query.schedule.schedule_ext_id,
            group: &query.schedule.group_ext_id,
            group_name: &query.schedule.group_name,
        };
        let added = self
            .account
            .add(&self.rules, &place, &query.candidates, people)?;
        Ok(Answer::json(200, &added))
    }

    fn add_known(&mut self, schedule: &str, body: &[u8], people: usize) -> Result<Answer, Refusal> {
        let ids: Vec<String> = parsed(body)?;
        let lists = self.account.put(&self.rules, schedule, &ids, people)?;
        Ok(content(&lists))
    }

    fn remove(&mut self, schedule: &str, body: &[u8], people: usize) -> Result<Answer, Refusal> {
        let ids: Vec<String> = parsed(body)?;
        let lists = self.account.remove(&self.rules, schedule, &ids, people)?;
        Ok(content(&lists))
    }
}

impl Stand for CirrusStand {
    type State = Account;
    type Tally = Tally;

    fn body_limit(&self) -> usize {
        self.rules.body_limit
    }

    fn subject(&self, request: &Request<'_>) -> Subject {
        let body: Value = serde_json::from_slice(request.body).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let listed = body.as_array().into_iter().flatten().filter_map(text);
        let candidates = body.get("Candidates").and_then(Value::as_array);
        let candidates = candidates.into_iter().flatten();
        let added = candidates.filter_map(|one| text(one.get("CandidateExtId")?));
        let mut people: Vec<String> = listed.chain(added).collect();
        let schedule = body.get("Schedule");
        let member = |name: &str| text(schedule?.get(name)?);
        let mut targets: Vec<String> = ["ScheduleExtId", "GroupExtId"]
            .iter()
            .filter_map(|name| member(name))
            .collect();
        match self.route(request).as_slice() {
            ["user", id] => people.push((*id).to_owned()),
            ["external", "schedule", id, ..] | ["schedule", id, "candidates"] => {
                targets.push((*id).to_owned());
            }
            _ => {}
        }
        Subject {
            path: request.path.to_owned(),
            people,
            targets,
        }
    }

    fn answer(&mut self, request: &Request<'_>, people: usize, _now: Timestamp) -> Answer {
        let admitted = admit(&self.rules, request);
        let outcome = admitted.and_then(|()| self.perform(request, people));
        outcome.unwrap_or_else(|refused| refused.answer(self.rules.error_shape))
    }

    fn refusal(&self, status: u16, message: Option<&str>) -> Answer {
        match message {
            Some(message) => Refusal::new(status, message).answer(self.rules.error_shape),
            None => Answer::empty(status),
        }
    }

    fn state(&self) -> Account {
        self.account.clone()
    }

    fn tally(&self) -> Tally {
        self.account.tally()
    }

    fn put(&mut self, kind: &str, body: &[u8]) -> Option<Result<(), String>> {
        fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
            serde_json::from_slice(body).map_err(|error| error.to_string())
        }
        match kind {
            "schedules" => Some(read(body).map(|schedule| self.account.put_schedule(&schedule))),
            "users" => Some(read(body).map(|user| self.account.put_user(&user))),
            _ => None,
        }
    }

    fn reset(&mut self) {
        self.account = Account::of(&self.rules);
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("The request cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subject(method: &str, path: &str, body: &Value) -> Subject {
        let stand = CirrusStand::new(SimulatorSettings::default()).unwrap();
        stand.subject(&Request {
            method,
            path,
            query: "",
            headers: &[],
            body: body.to_string().as_bytes(),
        })
    }

    #[test]
    fn a_subject_is_read_from_path_and_body() {
        let add = json!({
            "Schedule": { "ScheduleExtId": "s", "GroupExtId": "g" },
            "Candidates": [{ "CandidateExtId": "a" }, { "CandidateExtId": "b" }, {}],
        });
        let path = "/api/v1/integrations/schedule/add-candidates";
        let added = subject("POST", path, &add);
        assert_eq!(added.people, ["a", "b"]);
        assert_eq!(added.targets, ["s", "g"]);
        let path = "/api/v1/integrations/external/schedule/s/candidates";
        let removed = subject("DELETE", path, &json!(["a", "b"]));
        assert_eq!(
            (removed.people.len(), removed.targets),
            (2, vec!["s".to_owned()])
        );
        let user = subject("PATCH", "/api/v1/integrations/user/a", &json!({}));
        assert_eq!((user.people, user.targets), (vec!["a".to_owned()], vec![]));
        let garbage = subject("POST", "/elsewhere", &json!("<html>"));
        assert_eq!((garbage.people, garbage.targets), (vec![], vec![]));
    }
}
