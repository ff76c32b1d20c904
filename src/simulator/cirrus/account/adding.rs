//! "Add candidates to existing schedule extended" on the simulated tenant. Pure.

use std::fmt::Write;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::super::answers::{Added, AddedCandidate, AddedTo, Refusal};
use super::super::rules::{CANDIDATE, MANDATORY, check};
use super::super::settings::{OnExisting, Readd, SimulatorSettings};
use super::{Account, StoredGroup};
use crate::provider::cirrus::{is_external_id, is_group_name};

/// The schedule of an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator::cirrus) struct Place<'a> {
    pub(in crate::simulator::cirrus) schedule: &'a str,
    pub(in crate::simulator::cirrus) group: &'a str,
    pub(in crate::simulator::cirrus) group_name: &'a str,
}

impl Account {
    /// "Add candidates to existing schedule extended", for the first `people` of them.
    pub(in crate::simulator::cirrus) fn add(
        &mut self,
        rules: &SimulatorSettings,
        place: &Place<'_>,
        candidates: &[Map<String, Value>],
        people: usize,
    ) -> Result<Added, Refusal> {
        self.check_place(place)?;
        let ids = checked_ids(rules, candidates)?;
        let schedule = self.schedules.get(place.schedule);
        let is_on = |id: &&&str| schedule.is_some_and(|one| one.candidates.contains_key(**id));
        let there: Vec<&str> = ids.iter().filter(is_on).copied().collect();
        if rules.readd == Readd::ErrorAlreadyExists && !there.is_empty() {
            let text = format!(
                "Candidate with external id [{}] already exists",
                there.join("|")
            );
            return Err(Refusal::scheduling(text));
        }
        if let Some(id) = ids.iter().find(|id| self.is_in_trash(id)) {
            let text = format!("User with external id [{id}] is in the Trash Can");
            return Err(Refusal::scheduling(text));
        }
        let group = StoredGroup {
            name: place.group_name.to_owned(),
        };
        self.groups.entry(place.group.to_owned()).or_insert(group);
        let is_passed_over =
            |index: usize| rules.partial_success && candidates.len() > 1 && index % 2 == 1;
        let mut added = Vec::new();
        for (index, (id, members)) in ids.iter().zip(candidates).enumerate().take(people) {
            if !is_passed_over(index) {
                self.make(rules, place, id, members);
                added.push(self.place(rules, place.schedule, id, members));
            }
        }
        Ok(Added {
            result: format!(
                "Candidates were successfully added to schedule [{}]",
                place.schedule
            ),
            schedule: AddedTo {
                schedule_ext_id: place.schedule.to_owned(),
                group_name: place.group_name.to_owned(),
                group_ext_id: place.group.to_owned(),
            },
            candidates: added,
        })
    }

    fn check_place(&self, place: &Place<'_>) -> Result<(), Refusal> {
        if !self.schedules.contains_key(place.schedule) {
            let text = format!(
                "Schedule hasn\u{2019}t been found by external id [{}]",
                place.schedule
            );
            return Err(Refusal::scheduling(text));
        }
        // Making a group takes no dashes (page "Add a group"), naming one does.
        if !is_external_id(place.group) || !is_group_name(place.group_name) {
            return Err(Refusal::scheduling(
                "Parameter [Schedule.Group] is not valid",
            ));
        }
        Ok(())
    }

    fn make(
        &mut self,
        rules: &SimulatorSettings,
        place: &Place<'_>,
        id: &str,
        members: &Map<String, Value>,
    ) {
        let is_new = !self.users.contains_key(id);
        let user = self.users.entry(id.to_owned()).or_default();
        user.groups.insert(place.group.to_owned());
        if is_new || rules.existing_user == OnExisting::Overwrite {
            user.login_disabled = false;
            user.fill(members);
        }
        if is_new {
            self.tally.users_made += 1;
        }
    }

    fn place(
        &mut self,
        rules: &SimulatorSettings,
        schedule: &str,
        id: &str,
        members: &Map<String, Value>,
    ) -> AddedCandidate {
        let fresh = self.next_link(schedule, id);
        let stored = self.schedules.entry(schedule.to_owned()).or_default();
        let kept = stored.candidates.get(id).cloned();
        let count = match &kept {
            Some(_) => &mut self.tally.candidates_added_again,
            None => &mut self.tally.candidates_added,
        };
        *count += 1;
        let link = kept
            .filter(|_| rules.readd == Readd::OkSameLink)
            .unwrap_or(fresh);
        stored.candidates.insert(id.to_owned(), link.clone());
        let text = |name: &str| {
            members
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        AddedCandidate {
            candidate_ext_id: id.to_owned(),
            first_name: text("FirstName").to_owned(),
            last_name: text("LastName").to_owned(),
            email: text("Email").to_owned(),
            password: None,
            startup_link: link,
        }
    }

    /// A path that logs somebody in, with 64 hexadecimal digits as on the page.
    pub(super) fn next_link(&mut self, schedule: &str, id: &str) -> String {
        self.sessions += 1;
        let hash = Sha256::digest(format!("{schedule}/{id}/{}", self.sessions));
        let mut link = "/delivery/external-login?session=".to_owned();
        for byte in hash {
            // Writing to a `String` cannot fail.
            let _infallible = write!(link, "{byte:02X}");
        }
        link
    }
}

/// The ids of an addition, if all of it is sound.
fn checked_ids<'a>(
    rules: &SimulatorSettings,
    candidates: &'a [Map<String, Value>],
) -> Result<Vec<&'a str>, Refusal> {
    if !(1..=rules.people_max).contains(&candidates.len()) {
        let text = format!("From 1 to {} candidates are allowed", rules.people_max);
        return Err(Refusal::scheduling(text));
    }
    let mut ids = Vec::new();
    for members in candidates {
        check(members, &CANDIDATE)?;
        if let Some(name) = MANDATORY.iter().find(|name| !members.contains_key(**name)) {
            let text = format!("Parameter [{name}] is required");
            return Err(Refusal::scheduling(text));
        }
        let id = members.get("CandidateExtId").and_then(Value::as_str);
        let id = id.unwrap_or_default();
        if ids.contains(&id) {
            let text = format!("Candidate [{id}] is in the request twice");
            return Err(Refusal::scheduling(text));
        }
        ids.push(id);
    }
    Ok(ids)
}
