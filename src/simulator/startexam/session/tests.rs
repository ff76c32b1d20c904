//! Order, repeats and refusals of "Register Employees".

use serde_json::{Value, json};

use super::*;
use crate::simulator::startexam::{OnHidden, OnUnknown};

const NOW: &str = "2026-04-01T12:00:00Z";
const ONE: &str = "d288d3c9-6c23-46e9-9fac-3cc0301d84ef";
const TWO: &str = "4ebdd1bf-410a-4212-ad54-de6592dbcd1d";

/// Employees `a` and `b` active and `h` hidden.
fn account(rules: &SimulatorSettings) -> Account {
    let mut account = Account::default();
    let employees = [("a", "active"), ("b", "active"), ("h", "hidden")]
        .map(|(id, status)| json!({ "id": id, "status": status, "data": [] }));
    let query = json!({ "profileId": rules.profile_id, "employees": employees });
    let query = serde_json::from_value(query).unwrap();
    account.sync(rules, &query).unwrap();
    account
}

fn query(change: &[(&str, Value)]) -> RegisterEmployees {
    let mut query = json!({
        "center": "mycenter",
        "validFrom": "2026-03-31T00:00:00Z", "validTill": "2026-04-10T23:59:59Z",
        "doNotCreateIfExist": true, "tests": [ONE], "employees": [{ "id": "a" }],
    });
    for (member, value) in change {
        query[member] = value.clone();
    }
    serde_json::from_value(query).unwrap()
}

fn register(
    account: &mut Account,
    rules: &SimulatorSettings,
    change: &[(&str, Value)],
) -> Result<Vec<String>, u16> {
    let answer = account.register_for_tests(rules, &query(change), NOW.parse().unwrap());
    answer
        .map(|registered| registered.participant_ids)
        .map_err(|refusal| refusal.status)
}

/// Whose sessions of which test these ids are.
fn meant(account: &Account, ids: &[String]) -> Vec<(String, u8)> {
    let of = |id: &String| {
        let stored = &account.participants[&Uuid::try_parse(id).unwrap()];
        let test = if stored.test.to_string() == ONE { 1 } else { 2 };
        (stored.employee.clone(), test)
    };
    ids.iter().map(of).collect()
}

#[test]
fn a_repeat_makes_a_second_session_only_if_it_may() {
    for (existing_participant, ids) in [(OnExisting::Omit, 0), (OnExisting::Return, 1)] {
        let rules = SimulatorSettings {
            existing_participant,
            ..SimulatorSettings::default()
        };
        let mut account = account(&rules);
        let first = register(&mut account, &rules, &[]).unwrap();
        let again = register(&mut account, &rules, &[]).unwrap();
        assert_eq!(again.len(), ids);
        assert!(again.iter().all(|id| *id == first[0]));
        assert_eq!(account.participants.len(), 1);
        let twice = [("doNotCreateIfExist", json!(false))];
        let twice = register(&mut account, &rules, &twice).unwrap();
        assert_ne!(first, twice);
        assert_eq!(account.participants.len(), 2);
    }
}

#[test]
fn ids_come_in_the_order_the_switch_says() {
    let both = [
        ("tests", json!([ONE, TWO])),
        ("employees", json!([{ "id": "a" }, { "id": "b" }])),
    ];
    for (participant_order, expected) in [
        (
            ParticipantOrder::Employees,
            [("a", 1), ("a", 2), ("b", 1), ("b", 2)],
        ),
        (
            ParticipantOrder::Tests,
            [("a", 1), ("b", 1), ("a", 2), ("b", 2)],
        ),
        (
            ParticipantOrder::Reversed,
            [("b", 2), ("b", 1), ("a", 2), ("a", 1)],
        ),
    ] {
        let rules = SimulatorSettings {
            participant_order,
            ..SimulatorSettings::default()
        };
        let mut account = account(&rules);
        let ids = register(&mut account, &rules, &both).unwrap();
        let expected = expected.map(|(id, test)| (id.to_owned(), test));
        assert_eq!(meant(&account, &ids), expected);
    }
}

#[test]
fn what_the_page_forbids_is_refused() {
    let rules = SimulatorSettings::default();
    let many: Vec<_> = (0..501).map(|n| json!({ "id": n.to_string() })).collect();
    let tests: Vec<_> = (0..11).map(|_| ONE).collect();
    for (member, value, status) in [
        ("center", json!("elsewhere"), 404),
        ("tests", json!([Uuid::from_u128(1).to_string()]), 404),
        ("tests", json!([]), 400),
        ("tests", json!(tests), 400),
        ("tests", json!(["one"]), 400),
        ("employees", json!([]), 400),
        ("employees", json!(many), 400),
        ("employees", json!([{ "id": "a" }, { "id": "a" }]), 400),
        ("employees", json!([{ "id": "a" }, { "id": "x" }]), 400),
        ("employees", json!([{ "id": "h" }]), 400),
        ("validFrom", json!("2026-03-31"), 400),
        ("validTill", json!("2026-04-10T23:59:59+02:00"), 400),
        ("validTill", json!("2026-03-30T23:59:59Z"), 400),
        ("validTill", json!(NOW), 400),
        (
            "proctoringActivationParameters",
            json!([{ "name": "Type", "value": "Offline" }]),
            400,
        ),
    ] {
        let mut account = account(&rules);
        let refused = register(&mut account, &rules, &[(member, value.clone())]);
        assert_eq!(refused, Err(status), "{member} {value}");
        assert_eq!(account.participants.len(), 0);
    }
}

#[test]
fn the_switches_decide_where_the_contract_is_silent() {
    type Change = fn(&mut SimulatorSettings);
    let cases: [(Change, &str, Value, Result<usize, u16>); 6] = [
        (
            |s| s.unknown_program = OnUnknownProgram::BadRequest,
            "center",
            json!("x"),
            Err(400),
        ),
        (
            |s| s.register_unknown = OnUnknown::NotFound,
            "employees",
            json!([{ "id": "x" }]),
            Err(404),
        ),
        (
            |s| s.register_unknown = OnUnknown::Ignore,
            "employees",
            json!([{ "id": "x" }, { "id": "a" }]),
            Ok(1),
        ),
        (
            |s| s.register_hidden = OnHidden::Accept,
            "employees",
            json!([{ "id": "h" }]),
            Ok(1),
        ),
        (
            |s| s.proctoring = false,
            "proctoring",
            json!(true),
            Err(400),
        ),
        (|_| (), "proctoring", json!(true), Ok(1)),
    ];
    for (change, member, value, expected) in cases {
        let mut rules = SimulatorSettings::default();
        change(&mut rules);
        let mut account = account(&rules);
        let answered = register(&mut account, &rules, &[(member, value.clone())]);
        assert_eq!(answered.map(|ids| ids.len()), expected, "{member} {value}");
    }
}

#[test]
fn one_bad_employee_undoes_the_others_only_if_batches_are_atomic() {
    for (batch_atomic, stored) in [(true, 0), (false, 1)] {
        let rules = SimulatorSettings {
            batch_atomic,
            ..SimulatorSettings::default()
        };
        let mut account = account(&rules);
        let both = [("employees", json!([{ "id": "x" }, { "id": "a" }]))];
        assert_eq!(register(&mut account, &rules, &both), Err(400));
        assert_eq!(account.participants.len(), stored);
    }
}
