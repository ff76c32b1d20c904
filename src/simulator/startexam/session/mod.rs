//! "Register Employees" on the simulated account. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::account::{Account, Refusal};
use super::settings::{OnExisting, OnUnknownProgram, ParticipantOrder, SimulatorSettings};
use crate::provider::startexam::wire::{RegisterEmployees, Registered};

/// The most tests of one request (page "Register Employees").
const MOST_TESTS: usize = 10;

/// A session of one employee: what a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredParticipant {
    /// Whose it is.
    pub employee: String,
    /// Where.
    pub center: String,
    /// Of which test.
    pub test: Uuid,
    /// When the link begins to work.
    pub valid_from: Timestamp,
    /// When it ends to work.
    pub valid_till: Timestamp,
    /// Whether it is proctored.
    pub proctoring: bool,
    /// Parameters of the proctoring, as sent.
    pub proctoring_parameters: Vec<(String, String)>,
}

/// What all sessions of one request share.
struct Terms {
    tests: Vec<Uuid>,
    valid_from: Timestamp,
    valid_till: Timestamp,
}

impl Account {
    /// "Register Employees", by a clock that says `now`.
    pub(super) fn register_for_tests(
        &mut self,
        rules: &SimulatorSettings,
        query: &RegisterEmployees,
        now: Timestamp,
    ) -> Result<Registered, Refusal> {
        let terms = terms(rules, query, now)?;
        let mut refused = None;
        let mut good = Vec::new();
        for employee in &query.employees {
            match self.may_register(rules, &employee.id) {
                Ok(true) => good.push(employee.id.as_str()),
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
        let ids = pairs(rules.participant_order, &good, &terms.tests)
            .into_iter()
            .filter_map(|(employee, test)| self.participate(rules, query, &terms, (employee, test)))
            .map(|id| id.to_string());
        let participant_ids = ids.collect();
        refused.map_or(Ok(Registered { participant_ids }), Err)
    }

    /// One employee for one test; none if there is one already and the answer leaves it out.
    fn participate(
        &mut self,
        rules: &SimulatorSettings,
        query: &RegisterEmployees,
        terms: &Terms,
        (employee, test): (&str, Uuid),
    ) -> Option<Uuid> {
        let is_same = |one: &StoredParticipant| {
            one.employee == employee && one.center == query.center && one.test == test
        };
        let existing = self.participants.iter().find(|(_, one)| is_same(one));
        if let Some((id, _)) = existing.filter(|_| query.do_not_create_if_exist) {
            return (rules.existing_participant == OnExisting::Return).then_some(*id);
        }
        let number = u128::try_from(self.participants.len()).unwrap_or_default();
        // A GUID by its version digits, and different from run to run in nothing.
        let id = Uuid::from_u128(0x75b2_707a_c55a_430e_a7fd_0000_0000_0000 + number);
        let parameters = query.proctoring_activation_parameters.iter().flatten();
        let stored = StoredParticipant {
            employee: employee.to_owned(),
            center: query.center.clone(),
            test,
            valid_from: terms.valid_from,
            valid_till: terms.valid_till,
            proctoring: query.proctoring,
            proctoring_parameters: parameters
                .map(|field| (field.name.clone(), field.value.clone()))
                .collect(),
        };
        self.participants.insert(id, stored);
        Some(id)
    }
}

/// Which sessions are made, in the order their ids are answered.
fn pairs<'a>(
    order: ParticipantOrder,
    employees: &[&'a str],
    tests: &[Uuid],
) -> Vec<(&'a str, Uuid)> {
    let of_employee = |employee: &'a str| tests.iter().map(move |test| (employee, *test));
    let of_test = |test: Uuid| employees.iter().map(move |employee| (*employee, test));
    match order {
        ParticipantOrder::Employees => employees.iter().flat_map(|one| of_employee(one)).collect(),
        ParticipantOrder::Tests => tests.iter().flat_map(|test| of_test(*test)).collect(),
        ParticipantOrder::Reversed => {
            let mut pairs = pairs(ParticipantOrder::Employees, employees, tests);
            pairs.reverse();
            pairs
        }
    }
}

/// Checks whatever is not about one employee.
fn terms(
    rules: &SimulatorSettings,
    query: &RegisterEmployees,
    now: Timestamp,
) -> Result<Terms, Refusal> {
    if !rules.centers.contains(&query.center) {
        return Err(unknown(
            rules,
            format!("Center '{}' was not found", query.center),
        ));
    }
    let tests = tests(rules, query)?;
    let valid_from = instant("validFrom", &query.valid_from)?;
    let valid_till = instant("validTill", &query.valid_till)?;
    if valid_till <= valid_from {
        return Err(Refusal::bad("Member 'validTill' must be after 'validFrom'"));
    }
    if valid_till <= now {
        return Err(Refusal::bad("Member 'validTill' must not be in the past"));
    }
    if query.proctoring && !rules.proctoring {
        return Err(Refusal::bad("Proctoring is not enabled for the account"));
    }
    let parameters = query.proctoring_activation_parameters.iter().flatten();
    if !query.proctoring && parameters.count() > 0 {
        let message = "Member 'proctoringActivationParameters' needs 'proctoring'";
        return Err(Refusal::bad(message));
    }
    check_employees(rules, query)?;
    Ok(Terms {
        tests,
        valid_from,
        valid_till,
    })
}

fn tests(rules: &SimulatorSettings, query: &RegisterEmployees) -> Result<Vec<Uuid>, Refusal> {
    if !(1..=MOST_TESTS).contains(&query.tests.len()) {
        let message = format!("From 1 to {MOST_TESTS} tests are allowed");
        return Err(Refusal::bad(message));
    }
    let mut tests = Vec::new();
    for raw in &query.tests {
        let test = Uuid::try_parse(raw)
            .map_err(|_| Refusal::bad("Member 'tests' must hold GUIDs only"))?;
        if !rules.tests.contains(&test) {
            return Err(unknown(rules, format!("Test '{raw}' was not found")));
        }
        if !tests.contains(&test) {
            tests.push(test);
        }
    }
    Ok(tests)
}

fn check_employees(rules: &SimulatorSettings, query: &RegisterEmployees) -> Result<(), Refusal> {
    if !(1..=rules.people_max).contains(&query.employees.len()) {
        let message = format!("From 1 to {} employees are allowed", rules.people_max);
        return Err(Refusal::bad(message));
    }
    let mut ids = BTreeSet::new();
    match query.employees.iter().find(|one| !ids.insert(&one.id)) {
        Some(twice) => {
            let message = format!("Employee '{}' is in the query twice", twice.id);
            Err(Refusal::bad(message))
        }
        None => Ok(()),
    }
}

/// The page asks for UTC, ISO 8601.
fn instant(member: &str, raw: &str) -> Result<Timestamp, Refusal> {
    let instant = raw.parse().ok().filter(|_| raw.ends_with('Z'));
    instant.ok_or_else(|| Refusal::bad(format!("Member '{member}' must be UTC, ISO 8601")))
}

fn unknown(rules: &SimulatorSettings, message: String) -> Refusal {
    match rules.unknown_program {
        OnUnknownProgram::BadRequest => Refusal::bad(message),
        OnUnknownProgram::NotFound => Refusal::not_found(message),
    }
}

#[cfg(test)]
mod tests;
