//! "Register Program Employees" on the simulated account. Pure.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::account::{Account, Refusal, count};
use super::settings::{OnHidden, OnUnknown, OnUnknownProgram, SimulatorSettings};
use crate::provider::startexam::wire::{ProgramChanged, ProgramEmployees, Scope, Status};

/// What is to happen to one employee of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Register,
    Unregister,
}

impl Account {
    /// "Register Program Employees".
    pub(super) fn change_program(
        &mut self,
        rules: &SimulatorSettings,
        query: &ProgramEmployees,
    ) -> Result<ProgramChanged, Refusal> {
        check_lists(rules, query)?;
        let program = self.named_program(rules, query)?;
        let tests = self.chosen_tests(program, query)?;
        let wishes = wishes(query);
        let mut refused = None;
        let mut good = Vec::new();
        for (id, wish) in wishes {
            match self.permitted(rules, id, wish) {
                Ok(true) => good.push((id, wish)),
                Ok(false) => {}
                Err(refusal) => {
                    refused.get_or_insert(refusal);
                }
            }
        }
        if rules.batch_atomic
            && let Some(refusal) = refused
        {
            return Err(refusal);
        }
        let mut changed = ProgramChanged::default();
        for (id, wish) in good {
            match wish {
                Wish::Register => self.register(program, id, &tests, &mut changed),
                Wish::Unregister => self.unregister(program, id, &tests, &mut changed),
            }
        }
        let stored = self.programs.get(&program);
        changed.total_employees_in_program = count(stored.map_or(0, |one| one.members.len()));
        refused.map_or(Ok(changed), Err)
    }

    fn named_program(
        &self,
        rules: &SimulatorSettings,
        query: &ProgramEmployees,
    ) -> Result<Uuid, Refusal> {
        let (name, found) = match (&query.program_id, &query.program_external_id) {
            (Some(id), None) => {
                let guid = Uuid::try_parse(id)
                    .map_err(|_| Refusal::bad("Member 'programId' must be a GUID"))?;
                (id, self.programs.contains_key(&guid).then_some(guid))
            }
            (None, Some(external)) => {
                let found = self
                    .programs
                    .iter()
                    .find(|(_, program)| program.external_id.as_ref() == Some(external));
                (external, found.map(|(id, _)| *id))
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "Set one of 'programId' and 'programExternalId'";
                return Err(Refusal::bad(message));
            }
        };
        found.ok_or_else(|| {
            let message = format!("Program '{name}' was not found");
            match rules.unknown_program {
                OnUnknownProgram::BadRequest => Refusal::bad(message),
                OnUnknownProgram::NotFound => Refusal::not_found(message),
            }
        })
    }

    /// The tests a request is about: all of the program's, or those it names.
    fn chosen_tests(&self, program: Uuid, query: &ProgramEmployees) -> Result<Vec<Uuid>, Refusal> {
        let Some(program) = self.programs.get(&program) else {
            return Ok(Vec::new());
        };
        let named = query.module_tests.as_deref().unwrap_or_default();
        match query.module_tests_scope {
            Scope::All if named.is_empty() => Ok(program.module_tests.clone()),
            Scope::All => Err(Refusal::bad("Member 'moduleTests' needs scope 'selected'")),
            Scope::Selected if named.is_empty() => {
                Err(Refusal::bad("Scope 'selected' needs member 'moduleTests'"))
            }
            Scope::Selected if !program.manual => {
                Err(Refusal::bad("Scope 'selected' needs manual mode"))
            }
            Scope::Selected => named
                .iter()
                .map(|raw| {
                    let test = Uuid::try_parse(raw).ok();
                    test.filter(|test| program.module_tests.contains(test))
                        .ok_or_else(|| Refusal::bad(format!("Module test '{raw}' is unknown")))
                })
                .collect(),
        }
    }

    /// Whether an employee is registered for tests (true), passed over (false) or refused.
    pub(super) fn may_register(
        &self,
        rules: &SimulatorSettings,
        id: &str,
    ) -> Result<bool, Refusal> {
        self.permitted(rules, id, Wish::Register)
    }

    /// Whether the wish is carried out (true), passed over (false) or refused.
    fn permitted(&self, rules: &SimulatorSettings, id: &str, wish: Wish) -> Result<bool, Refusal> {
        let (on_unknown, on_hidden) = match wish {
            Wish::Register => (rules.register_unknown, rules.register_hidden),
            Wish::Unregister => (rules.unregister_unknown, rules.unregister_hidden),
        };
        let unknown = || format!("Employee '{id}' was not found");
        match (self.employees.get(id), on_unknown) {
            (None, OnUnknown::BadRequest) => Err(Refusal::bad(unknown())),
            (None, OnUnknown::NotFound) => Err(Refusal::not_found(unknown())),
            (None, OnUnknown::Ignore) => Ok(false),
            (Some(one), _) if one.status == Status::Hidden && on_hidden == OnHidden::BadRequest => {
                Err(Refusal::bad(format!("Employee '{id}' is hidden")))
            }
            (Some(_), _) => Ok(true),
        }
    }
}

fn check_lists(rules: &SimulatorSettings, query: &ProgramEmployees) -> Result<(), Refusal> {
    for (name, list) in [
        ("registerEmployees", &query.register_employees),
        ("unregisterEmployees", &query.unregister_employees),
    ] {
        if rules.people_max < list.len() {
            let most = rules.people_max;
            let message = format!("Member '{name}' must not contain more than {most} employees");
            return Err(Refusal::bad(message));
        }
    }
    let registered: BTreeSet<_> = query.register_employees.iter().collect();
    let in_both = |id: &&String| registered.contains(id);
    match query.unregister_employees.iter().find(in_both) {
        Some(id) => Err(Refusal::bad(format!("Employee '{id}' is in both lists"))),
        None => Ok(()),
    }
}

/// Every employee of the request once: the samples repeat some.
fn wishes(query: &ProgramEmployees) -> Vec<(&str, Wish)> {
    let registers = query.register_employees.iter();
    let unregisters = query.unregister_employees.iter();
    let mut seen = BTreeSet::new();
    registers
        .map(|id| (id.as_str(), Wish::Register))
        .chain(unregisters.map(|id| (id.as_str(), Wish::Unregister)))
        .filter(|(id, _)| seen.insert(*id))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SALES: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
    const SUPPORT: &str = "d4d9897c-2c91-4c60-95c7-6842efb542dc";
    const TEST: &str = "4ebdd1bf-410a-4212-ad54-de6592dbcd1d";

    /// Employees `a`, `b`, `c` active and `h` hidden; nobody registered.
    fn account(rules: &SimulatorSettings) -> Account {
        let mut account = Account::with_programs(&rules.programs);
        let employees: Vec<_> = [
            ("a", "active"),
            ("b", "active"),
            ("c", "active"),
            ("h", "hidden"),
        ]
        .map(|(id, status)| json!({ "id": id, "status": status, "data": [] }))
        .into();
        let query = json!({ "profileId": rules.profile_id, "employees": employees });
        account
            .sync(rules, &serde_json::from_value(query).unwrap())
            .unwrap();
        account
    }

    fn query(change: &[(&str, Value)]) -> ProgramEmployees {
        let mut query = json!({
            "programId": SALES, "programExternalId": null,
            "moduleTestsScope": "all", "moduleTests": null,
            "registerEmployees": [], "unregisterEmployees": [],
        });
        for (member, value) in change {
            query[member] = value.clone();
        }
        serde_json::from_value(query).unwrap()
    }

    fn numbers(changed: ProgramChanged) -> [u64; 5] {
        [
            changed.employees_registered,
            changed.attempts_registered,
            changed.employees_unregistered,
            changed.attempts_unregistered,
            changed.total_employees_in_program,
        ]
    }

    #[test]
    fn attempts_are_the_tests_of_the_program_and_repeating_counts_nothing() {
        let rules = SimulatorSettings::default();
        let mut account = account(&rules);
        let register = query(&[("registerEmployees", json!(["a", "b", "a"]))]);
        let first = account.change_program(&rules, &register).unwrap();
        assert_eq!(numbers(first), [2, 4, 0, 0, 2]);
        let again = account.change_program(&rules, &register).unwrap();
        assert_eq!(numbers(again), [0, 0, 0, 0, 2]);
        let both = query(&[
            ("registerEmployees", json!(["c"])),
            ("unregisterEmployees", json!(["a"])),
        ]);
        let both = account.change_program(&rules, &both).unwrap();
        assert_eq!(numbers(both), [1, 2, 1, 2, 2]);
        let none = account.change_program(&rules, &query(&[])).unwrap();
        assert_eq!(numbers(none), [0, 0, 0, 0, 2]);
        assert!(account.employees["a"].programs.is_empty());
        assert_eq!(account.employees["c"].programs.len(), 1);
    }

    #[test]
    fn selected_tests_are_registered_one_by_one_in_manual_mode() {
        let rules = SimulatorSettings::default();
        let mut account = account(&rules);
        let selected = |list: &str| {
            query(&[
                ("programId", json!(SUPPORT)),
                ("moduleTestsScope", json!("selected")),
                ("moduleTests", json!([TEST])),
                (list, json!(["a"])),
            ])
        };
        let register = selected("registerEmployees");
        let registered = account.change_program(&rules, &register).unwrap();
        assert_eq!(numbers(registered), [1, 1, 0, 0, 1]);
        let unregister = selected("unregisterEmployees");
        let unregistered = account.change_program(&rules, &unregister).unwrap();
        assert_eq!(numbers(unregistered), [0, 0, 1, 1, 0]);
    }

    #[test]
    fn the_switches_decide_where_the_contract_is_silent() {
        type Change = fn(&mut SimulatorSettings);
        let default: Change = |_| ();
        let cases: [(Change, &str, &str, Option<u16>); 8] = [
            (default, "registerEmployees", "x", Some(400)),
            (
                |s| s.register_unknown = OnUnknown::NotFound,
                "registerEmployees",
                "x",
                Some(404),
            ),
            (
                |s| s.register_unknown = OnUnknown::Ignore,
                "registerEmployees",
                "x",
                None,
            ),
            (default, "unregisterEmployees", "x", None),
            (
                |s| s.unregister_unknown = OnUnknown::BadRequest,
                "unregisterEmployees",
                "x",
                Some(400),
            ),
            (default, "registerEmployees", "h", Some(400)),
            (
                |s| s.register_hidden = OnHidden::Accept,
                "registerEmployees",
                "h",
                None,
            ),
            (
                |s| s.unregister_hidden = OnHidden::BadRequest,
                "unregisterEmployees",
                "h",
                Some(400),
            ),
        ];
        for (change, list, id, status) in cases {
            let mut rules = SimulatorSettings::default();
            change(&mut rules);
            let query = query(&[(list, json!([id]))]);
            let outcome = account(&rules).change_program(&rules, &query);
            assert_eq!(
                outcome.err().map(|refusal| refusal.status),
                status,
                "{list} {id}"
            );
        }
    }

    #[test]
    fn an_unknown_program_is_refused_by_either_name() {
        for (unknown_program, status) in [
            (OnUnknownProgram::NotFound, 404),
            (OnUnknownProgram::BadRequest, 400),
        ] {
            let rules = SimulatorSettings {
                unknown_program,
                ..SimulatorSettings::default()
            };
            for change in [
                [
                    ("programId", json!(TEST)),
                    ("programExternalId", json!(null)),
                ],
                [
                    ("programId", json!(null)),
                    ("programExternalId", json!("x")),
                ],
            ] {
                let refusal = account(&rules).change_program(&rules, &query(&change));
                let refusal = refusal.unwrap_err();
                assert_eq!(refusal.status, status);
                assert!(refusal.message.contains("was not found"));
            }
        }
    }

    #[test]
    fn a_malformed_query_is_refused_with_400() {
        let many: Vec<_> = (0..501).map(|n| n.to_string()).collect();
        let rules = SimulatorSettings::default();
        for change in [
            vec![("programId", json!("sales"))],
            vec![("programId", json!(null))],
            vec![("programExternalId", json!("sales"))],
            vec![("moduleTestsScope", json!("selected"))],
            vec![("moduleTests", json!([TEST]))],
            vec![
                ("moduleTestsScope", json!("selected")),
                ("moduleTests", json!([TEST])),
            ],
            vec![("registerEmployees", json!(many))],
            vec![("unregisterEmployees", json!(many))],
            vec![
                ("registerEmployees", json!(["a"])),
                ("unregisterEmployees", json!(["a"])),
            ],
        ] {
            let refusal = account(&rules).change_program(&rules, &query(&change));
            assert_eq!(refusal.unwrap_err().status, 400, "{change:?}");
        }
    }

    #[test]
    fn one_bad_employee_undoes_the_others_only_if_batches_are_atomic() {
        for (batch_atomic, members) in [(true, 0), (false, 2)] {
            let rules = SimulatorSettings {
                batch_atomic,
                ..SimulatorSettings::default()
            };
            let mut account = account(&rules);
            let query = query(&[("registerEmployees", json!(["a", "x", "b"]))]);
            assert!(account.change_program(&rules, &query).is_err());
            let program = Uuid::try_parse(SALES).unwrap();
            assert_eq!(account.programs[&program].members.len(), members);
        }
    }
}
