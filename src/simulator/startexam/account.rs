//! The simulated account: employees and programs, and what each request does to them.
//! Pure: requests in, answers out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::session::StoredParticipant;
use super::settings::{ProgramSettings, SimulatorSettings};
use crate::provider::startexam::wire::{Employee, ProgramChanged, Status, SyncEmployees, Synced};

/// The longest employee id, in characters (page "Sync Employees").
const LONGEST_ID: usize = 250;

/// A refusal as the account words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Refusal {
    /// 400.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
        }
    }

    /// 404.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self {
            status: 404,
            message: message.into(),
        }
    }
}

/// An employee of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredEmployee {
    /// Whether they can be tested.
    pub status: Status,
    /// Personal data by field name.
    pub data: BTreeMap<String, String>,
    /// GUIDs of the programs they are registered to.
    pub programs: BTreeSet<Uuid>,
}

/// A program of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredProgram {
    /// The company's own id.
    pub external_id: Option<String>,
    /// GUIDs of its tests.
    pub module_tests: Vec<Uuid>,
    /// Whether the caller may choose among the tests.
    pub manual: bool,
    /// Who is registered: employee id -> the tests they have an attempt for.
    pub members: BTreeMap<String, BTreeSet<Uuid>>,
}

/// Everything the account holds: what `GET /_sim/state` answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Account {
    /// By employee id.
    pub employees: BTreeMap<String, StoredEmployee>,
    /// By GUID.
    pub programs: BTreeMap<Uuid, StoredProgram>,
    /// Sessions outside of programs, by participant id.
    pub participants: BTreeMap<Uuid, StoredParticipant>,
}

impl Account {
    /// An account without employees.
    pub(super) fn with_programs(programs: &[ProgramSettings]) -> Self {
        let mut account = Self::default();
        for program in programs {
            account.put_program(program);
        }
        account
    }

    /// Creates a program, or changes one and keeps its members.
    pub(super) fn put_program(&mut self, program: &ProgramSettings) {
        let stored = self.programs.remove(&program.id);
        let members = stored.map(|stored| stored.members).unwrap_or_default();
        let stored = StoredProgram {
            external_id: program.external_id.clone(),
            module_tests: program.module_tests.clone(),
            manual: program.manual,
            members,
        };
        self.programs.insert(program.id, stored);
    }

    /// "Sync Employees".
    pub(super) fn sync(
        &mut self,
        rules: &SimulatorSettings,
        query: &SyncEmployees,
    ) -> Result<Synced, Refusal> {
        if query.profile_id != rules.profile_id {
            let message = format!("Profile '{}' was not found", query.profile_id);
            return Err(Refusal::bad(message));
        }
        if !(1..=rules.people_max).contains(&query.employees.len()) {
            let message = format!("From 1 to {} employees are allowed", rules.people_max);
            return Err(Refusal::bad(message));
        }
        let mut ids = BTreeSet::new();
        if let Some(twice) = query.employees.iter().find(|one| !ids.insert(&one.id)) {
            let message = format!("Employee '{}' is in the query twice", twice.id);
            return Err(Refusal::bad(message));
        }
        let mut refused = None;
        let mut good = Vec::new();
        for employee in &query.employees {
            match validated(rules, employee) {
                Ok(()) => good.push(employee),
                Err(refusal) => {
                    refused.get_or_insert(refusal);
                }
            }
        }
        match refused {
            Some(refusal) if rules.batch_atomic => Err(refusal),
            refused => {
                let mut synced = Synced::default();
                for employee in good {
                    self.put_employee(employee, &mut synced);
                }
                refused.map_or(Ok(synced), Err)
            }
        }
    }

    fn put_employee(&mut self, employee: &Employee, synced: &mut Synced) {
        let sent = employee
            .data
            .iter()
            .map(|field| (field.name.clone(), field.value.clone()));
        let Some(stored) = self.employees.get_mut(&employee.id) else {
            let stored = StoredEmployee {
                status: employee.status,
                data: sent.collect(),
                programs: BTreeSet::new(),
            };
            self.employees.insert(employee.id.clone(), stored);
            synced.created += 1;
            return;
        };
        let mut data = stored.data.clone();
        data.extend(sent);
        let has_new_data = data != stored.data;
        let has_new_status = employee.status != stored.status;
        stored.data = data;
        stored.status = employee.status;
        if has_new_data {
            synced.data_updated += 1;
        }
        match (has_new_status, employee.status) {
            (true, Status::Active) => synced.became_active += 1,
            (true, Status::Hidden) => synced.became_hidden += 1,
            (false, _) if has_new_data => {}
            (false, _) => synced.not_changed += 1,
        }
    }

    /// Registers an employee for these tests of a program.
    pub(super) fn register(
        &mut self,
        program: Uuid,
        id: &str,
        tests: &[Uuid],
        changed: &mut ProgramChanged,
    ) {
        let Some(stored) = self.programs.get_mut(&program) else {
            return;
        };
        let is_new = !stored.members.contains_key(id);
        let attempts = stored.members.entry(id.to_owned()).or_default();
        let before = attempts.len();
        attempts.extend(tests);
        changed.employees_registered += u64::from(is_new);
        changed.attempts_registered += count(attempts.len() - before);
        if let Some(employee) = self.employees.get_mut(id) {
            employee.programs.insert(program);
        }
    }

    /// Takes these tests from an employee, and the employee out once none is left.
    pub(super) fn unregister(
        &mut self,
        program: Uuid,
        id: &str,
        tests: &[Uuid],
        changed: &mut ProgramChanged,
    ) {
        let Some(stored) = self.programs.get_mut(&program) else {
            return;
        };
        let Some(attempts) = stored.members.get_mut(id) else {
            return;
        };
        let before = attempts.len();
        attempts.retain(|attempt| !tests.contains(attempt));
        changed.attempts_unregistered += count(before - attempts.len());
        if attempts.is_empty() {
            stored.members.remove(id);
            changed.employees_unregistered += 1;
            if let Some(employee) = self.employees.get_mut(id) {
                employee.programs.remove(&program);
            }
        }
    }
}

/// Whether the account takes this employee.
fn validated(rules: &SimulatorSettings, employee: &Employee) -> Result<(), Refusal> {
    if !(1..=LONGEST_ID).contains(&employee.id.chars().count()) {
        let message = format!("Employee id must have from 1 to {LONGEST_ID} characters");
        return Err(Refusal::bad(message));
    }
    let mut names = BTreeSet::new();
    for field in &employee.data {
        if !rules.profile_fields.contains(&field.name) {
            let message = format!("Field '{}' does not exist in profile", field.name);
            return Err(Refusal::bad(message));
        }
        if !names.insert(&field.name) {
            let message = format!("Field '{}' is there twice", field.name);
            return Err(Refusal::bad(message));
        }
    }
    Ok(())
}

/// A number of people or attempts, as answers carry it.
pub(super) fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules() -> SimulatorSettings {
        SimulatorSettings::default()
    }

    fn sync(
        account: &mut Account,
        rules: &SimulatorSettings,
        people: &[(&str, &str, &str)],
    ) -> Result<Synced, Refusal> {
        let employees: Vec<_> = people
            .iter()
            .map(|(id, status, email)| {
                json!({ "id": id, "status": status,
                        "data": [{ "name": "Email", "value": email }] })
            })
            .collect();
        let query = json!({ "profileId": rules.profile_id, "employees": employees });
        account.sync(rules, &serde_json::from_value(query).unwrap())
    }

    #[test]
    fn a_new_hidden_employee_counts_as_created_only() {
        let people = [("830507", "active", "a@x"), ("831411", "hidden", "b@x")];
        let synced = sync(&mut Account::default(), &rules(), &people);
        let created = Synced {
            created: 2,
            ..Synced::default()
        };
        assert_eq!(synced, Ok(created));
    }

    #[test]
    fn each_change_counts_where_the_page_says() {
        let mut account = Account::default();
        let before = [
            ("same", "active", "a@x"),
            ("data", "active", "a@x"),
            ("hide", "active", "a@x"),
            ("show", "hidden", "a@x"),
            ("both", "active", "a@x"),
        ];
        let after = [
            ("same", "active", "a@x"),
            ("data", "active", "b@x"),
            ("hide", "hidden", "a@x"),
            ("show", "active", "a@x"),
            ("both", "hidden", "b@x"),
        ];
        sync(&mut account, &rules(), &before).unwrap();
        let expected = Synced {
            created: 0,
            data_updated: 2,
            became_active: 1,
            became_hidden: 2,
            not_changed: 1,
        };
        assert_eq!(sync(&mut account, &rules(), &after), Ok(expected));
    }

    #[test]
    fn empty_data_keeps_what_is_known() {
        let mut account = Account::default();
        sync(&mut account, &rules(), &[("e-1", "active", "a@x")]).unwrap();
        let query = json!({ "profileId": rules().profile_id,
            "employees": [{ "id": "e-1", "status": "hidden", "data": [] }] });
        let synced = account.sync(&rules(), &serde_json::from_value(query).unwrap());
        assert_eq!(synced.unwrap().became_hidden, 1);
        assert_eq!(account.employees["e-1"].data["Email"], "a@x");
    }

    #[test]
    fn what_the_page_forbids_is_refused_with_400() {
        let long = "x".repeat(251);
        let many: Vec<_> = (0..501).map(|n| n.to_string()).collect();
        let many: Vec<_> = many.iter().map(|id| (id.as_str(), "active", "a")).collect();
        for people in [
            vec![("a", "active", "a"), ("a", "hidden", "a")],
            vec![(long.as_str(), "active", "a")],
            vec![("", "active", "a")],
            vec![],
            many,
        ] {
            let mut account = Account::default();
            assert_eq!(
                sync(&mut account, &rules(), &people).unwrap_err().status,
                400
            );
            assert_eq!(account, Account::default());
        }
        let other = SimulatorSettings {
            profile_fields: BTreeSet::new(),
            ..rules()
        };
        let refused = sync(&mut Account::default(), &other, &[("a", "active", "a")]);
        assert_eq!(
            refused.unwrap_err().message,
            "Field 'Email' does not exist in profile"
        );
    }

    #[test]
    fn one_bad_employee_undoes_the_others_only_if_batches_are_atomic() {
        let long = "x".repeat(251);
        for (batch_atomic, stored) in [(true, 0), (false, 1)] {
            let rules = SimulatorSettings {
                batch_atomic,
                ..rules()
            };
            let mut account = Account::default();
            let people = [(long.as_str(), "active", "a"), ("good", "active", "a")];
            assert!(sync(&mut account, &rules, &people).is_err());
            assert_eq!(account.employees.len(), stored);
        }
    }
}
