//! The simulated tenant: users, schedules and groups, and what each request does to them.
//! Pure: requests in, answers out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::answers::Refusal;
use super::rules::{USER, check};
use super::settings::{ScheduleSettings, SimulatorSettings, UserSettings};

mod adding;

pub(in crate::simulator::cirrus) use adding::Place;

/// A user of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StoredUser {
    /// Their data, by Cirrus' names.
    pub fields: BTreeMap<String, Value>,
    /// Whether they cannot log in with a password.
    pub login_disabled: bool,
    /// Whether they are in the Trash Can, where no call finds them.
    pub in_trash: bool,
    /// The groups they were placed in.
    pub groups: BTreeSet<String>,
}

/// A schedule of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StoredSchedule {
    /// Whether nobody can be removed any more.
    pub is_activated: bool,
    /// Who is on it, with the path that logs them in.
    pub candidates: BTreeMap<String, String>,
}

/// A group of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredGroup {
    /// Its title.
    pub name: String,
}

/// Everything the tenant holds: what `GET /_sim/state` answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Account {
    /// By external id.
    pub users: BTreeMap<String, StoredUser>,
    /// By external id.
    pub schedules: BTreeMap<String, StoredSchedule>,
    /// By external id.
    pub groups: BTreeMap<String, StoredGroup>,
    #[serde(skip)]
    sessions: u64,
    #[serde(skip)]
    tally: Tally,
}

/// Sums over all answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Users that adding a candidate made.
    pub users_made: u64,
    /// Candidates that were not on the schedule before.
    pub candidates_added: u64,
    /// Candidates that were on it, and were added again.
    pub candidates_added_again: u64,
    /// Candidates that were removed.
    pub candidates_removed: u64,
    /// Updates of a user that locked them out.
    pub users_locked: u64,
    /// All other updates of a user.
    pub users_updated: u64,
    /// Times a schedule was read.
    pub schedules_read: u64,
}

impl Account {
    /// A tenant as its settings say.
    pub(in crate::simulator::cirrus) fn of(rules: &SimulatorSettings) -> Self {
        let mut account = Self::default();
        for schedule in &rules.schedules {
            account.put_schedule(schedule);
        }
        for user in &rules.users {
            account.put_user(user);
        }
        for id in &rules.user_in_trash {
            let user = account.users.entry(id.clone()).or_default();
            user.in_trash = true;
        }
        account
    }

    /// Creates a schedule, or changes one and keeps its candidates.
    pub(in crate::simulator::cirrus) fn put_schedule(&mut self, schedule: &ScheduleSettings) {
        let stored = self.schedules.entry(schedule.id.clone()).or_default();
        stored.is_activated = schedule.is_activated;
    }

    /// Creates a user, or changes one and keeps their groups.
    pub(in crate::simulator::cirrus) fn put_user(&mut self, user: &UserSettings) {
        let stored = self.users.entry(user.id.clone()).or_default();
        let fields = user.fields.iter();
        stored.fields = fields
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        stored.login_disabled = user.login_disabled;
        stored.in_trash = user.in_trash;
    }

    /// "Add candidates to schedule", for the first `people` of them.
    pub(in crate::simulator::cirrus) fn put(
        &mut self,
        rules: &SimulatorSettings,
        schedule: &str,
        ids: &[String],
        people: usize,
    ) -> Result<Value, Refusal> {
        self.check_list(rules, schedule, ids)?;
        let (mut added, mut already) = (Vec::new(), Vec::new());
        let (known, unknown): (Vec<_>, Vec<_>) = ids.iter().partition(|id| self.is_known(id));
        for id in known.into_iter().take(people) {
            let fresh = self.next_link(schedule, id);
            let stored = self.schedules.entry(schedule.to_owned()).or_default();
            if stored.candidates.contains_key(id) {
                already.push(id);
                self.tally.candidates_added_again += 1;
            } else {
                stored.candidates.insert(id.clone(), fresh);
                added.push(id);
                self.tally.candidates_added += 1;
            }
        }
        Ok(json!({
            "AddedCandidateExternalIds": added,
            "NotFoundUserExternalIds": unknown,
            "AlreadyAddedCandidateExternalIds": already,
        }))
    }

    /// "Delete candidates from schedule", for the first `people` of them.
    pub(in crate::simulator::cirrus) fn remove(
        &mut self,
        rules: &SimulatorSettings,
        schedule: &str,
        ids: &[String],
        people: usize,
    ) -> Result<Value, Refusal> {
        let is_activated = self
            .schedules
            .get(schedule)
            .is_some_and(|one| one.is_activated || rules.schedule_activated);
        if is_activated {
            return Err(Refusal::bad("Can\u{2019}t update activated schedule"));
        }
        self.check_list(rules, schedule, ids)?;
        let (mut deleted, mut absent) = (Vec::new(), Vec::new());
        let (known, unknown): (Vec<_>, Vec<_>) = ids.iter().partition(|id| self.is_known(id));
        for id in known.into_iter().take(people) {
            let stored = self.schedules.entry(schedule.to_owned()).or_default();
            match stored.candidates.remove(id) {
                Some(_) => {
                    deleted.push(id);
                    self.tally.candidates_removed += 1;
                }
                None => absent.push(id),
            }
        }
        Ok(json!({
            "DeletedCandidateExternalIds": deleted,
            "NotFoundCandidateExternalIds": absent,
            "NotFoundUserExternalIds": unknown,
        }))
    }

    fn check_list(
        &self,
        rules: &SimulatorSettings,
        schedule: &str,
        ids: &[String],
    ) -> Result<(), Refusal> {
        if !self.schedules.contains_key(schedule) {
            let text = "Schedule hasn\u{2019}t been found by external id";
            return Err(Refusal::bad(text));
        }
        if ids.is_empty() {
            return Err(Refusal::bad("No external ids have been provided"));
        }
        if rules.people_max < ids.len() {
            return Err(Refusal::bad("Too many external ids have been provided"));
        }
        if !ids.iter().any(|id| self.is_known(id)) {
            return Err(Refusal::bad("No users were found by external ids"));
        }
        Ok(())
    }

    /// The numbers so far.
    pub(in crate::simulator::cirrus) fn tally(&self) -> Tally {
        self.tally
    }

    /// "Get schedule info".
    pub(in crate::simulator::cirrus) fn schedule(
        &mut self,
        rules: &SimulatorSettings,
        id: &str,
    ) -> Result<Value, Refusal> {
        let Some(stored) = self.schedules.get(id) else {
            let text = "Schedule hasn\u{2019}t been found by external id";
            return Err(Refusal::bad(text));
        };
        self.tally.schedules_read += 1;
        let candidates: Vec<_> = stored
            .candidates
            .keys()
            .map(|id| {
                let field = |name: &str| self.users.get(id).and_then(|user| user.fields.get(name));
                let name = field("UserName").cloned();
                json!({
                    "ExternalId": id,
                    "FirstName": field("FirstName"),
                    "LastName": field("LastName"),
                    "UserName": name.unwrap_or_else(|| Value::from(id.as_str())),
                })
            })
            .collect();
        Ok(json!({
            "ExternalId": id,
            "Title": id,
            "StartDateTime": "2030-01-01T08:00:00Z",
            "EndDateTime": "2030-01-01T10:00:00Z",
            "Hierarchy": { "ExternalId": "root", "FullPath": "root" },
            "ArchiveState": 1,
            "IsActivated": stored.is_activated || rules.schedule_activated,
            "Candidates": candidates,
            "Invigilators": [],
            "SharingInformation": [],
        }))
    }

    /// "Update user".
    pub(in crate::simulator::cirrus) fn update(
        &mut self,
        id: &str,
        members: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        check(members, &USER)?;
        let user = self.found(id)?;
        let login_disabled = members.get("DisableLogin").and_then(Value::as_bool);
        user.fill(members);
        user.login_disabled = login_disabled.unwrap_or(user.login_disabled);
        if login_disabled == Some(true) {
            self.tally.users_locked += 1;
        } else {
            self.tally.users_updated += 1;
        }
        Ok(())
    }

    /// "Get user".
    pub(in crate::simulator::cirrus) fn user(&mut self, id: &str) -> Result<Value, Refusal> {
        let user = self.found(id)?;
        let mut members = json!({ "ExternalId": id, "DisableLogin": user.login_disabled });
        if let Some(members) = members.as_object_mut() {
            let fields = user.fields.clone();
            members.extend(fields);
        }
        Ok(json!({ "User": members }))
    }

    /// "Delete users": into the Trash Can, from where only an administrator brings them back.
    pub(in crate::simulator::cirrus) fn delete(&mut self, id: &str) -> Result<(), Refusal> {
        self.found(id)?.in_trash = true;
        for schedule in self.schedules.values_mut() {
            schedule.candidates.remove(id);
        }
        Ok(())
    }

    fn found(&mut self, id: &str) -> Result<&mut StoredUser, Refusal> {
        let user = self.users.get_mut(id).filter(|user| !user.in_trash);
        user.ok_or_else(|| Refusal::coded(202, "User not found"))
    }

    fn is_known(&self, id: &str) -> bool {
        self.users.get(id).is_some_and(|user| !user.in_trash)
    }

    fn is_in_trash(&self, id: &str) -> bool {
        self.users.get(id).is_some_and(|user| user.in_trash)
    }
}

impl StoredUser {
    fn fill(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            if name != "DisableLogin" && name != "CandidateExtId" {
                self.fields.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
