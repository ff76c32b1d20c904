//! Bodies byte for byte, and what does not fit one request.

use super::*;
use crate::provider::startexam::SessionSettings;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const PROFILE: &str = "d51b5efd-fb21-4cb8-94e2-145014839465";
const PROGRAM: &str = "program:95a6e267-1765-4a93-98b1-c6ca5ef2cd61";

fn shape() -> Shape {
    Shape {
        profile_id: PROFILE.to_owned(),
        sync_batch_max: 3,
        program_batch_max: 2,
        sessions: [
            ("day".to_owned(), session(true)),
            ("tests".to_owned(), session(false)),
        ]
        .into(),
    }
}

/// Without links it registers again whoever is registered already.
fn session(links: bool) -> Session {
    let settings = SessionSettings {
        center: "mycenter".to_owned(),
        tests: vec!["d288d3c9-6c23-46e9-9fac-3cc0301d84ef".to_owned()],
        valid_days: Some(10),
        do_not_create_if_exist: links,
        links,
        ..SessionSettings::default()
    };
    Session::from_settings(&settings, true).unwrap()
}

fn target(name: &str) -> Target {
    Target(name.to_owned())
}

fn call(people: Vec<(&str, Operation)>) -> Call {
    let people = people
        .into_iter()
        .map(|(id, operation)| (EmployeeId::try_from(id).unwrap(), operation))
        .collect();
    Call { people }
}

fn join(name: &str) -> Operation {
    Operation::join(target(name))
}

fn leave(name: &str) -> Operation {
    Operation::leave(target(name))
}

fn lock() -> Operation {
    Operation::lock(Profile::default())
}

#[test]
fn the_program_body_of_the_contract_is_built_byte_for_byte() {
    let call = call(vec![
        ("10584", join(PROGRAM)),
        ("11740", leave(PROGRAM)),
        ("10941", join(PROGRAM)),
    ]);
    let request = shape().request(&call, NOW).unwrap();
    assert_eq!(request.path, "/v1/program/employees");
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        r#"{"programId":"95a6e267-1765-4a93-98b1-c6ca5ef2cd61","programExternalId":null,"moduleTestsScope":"all","moduleTests":null,"registerEmployees":["10584","10941"],"unregisterEmployees":["11740"]}"#
    );
    let (joins, leaves) = (2, 1);
    assert_eq!(request.asked, Asked::Program { joins, leaves });
}

#[test]
fn the_sync_body_of_the_contract_is_192_bytes_of_184_characters() {
    let profile = Profile(vec![
        ("First Name".to_owned(), "Zoë".to_owned()),
        ("Last Name".to_owned(), "Иванова".to_owned()),
    ]);
    let call = call(vec![("E-1001", Operation::activate(profile))]);
    let request = shape().request(&call, NOW).unwrap();
    assert_eq!(request.path, "/v1/employees");
    assert_eq!(request.body.len(), 192);
    let body = String::from_utf8(request.body).unwrap();
    assert_eq!(body.chars().count(), 184);
    assert_eq!(
        body,
        r#"{"profileId":"d51b5efd-fb21-4cb8-94e2-145014839465","employees":[{"id":"E-1001","status":"active","data":[{"name":"First Name","value":"Zoë"},{"name":"Last Name","value":"Иванова"}]}]}"#
    );
}

#[test]
fn a_lock_without_a_known_profile_sends_empty_data() {
    let request = shape().request(&call(vec![("e-1", lock())]), NOW).unwrap();
    let body = String::from_utf8(request.body).unwrap();
    assert!(body.ends_with(r#"[{"id":"e-1","status":"hidden","data":[]}]}"#));
}

#[test]
fn an_external_program_goes_by_the_companys_id() {
    let operation = join("program-external:sales");
    let request = shape()
        .request(&call(vec![("e-1", operation)]), NOW)
        .unwrap();
    let body = String::from_utf8(request.body).unwrap();
    assert!(body.starts_with(r#"{"programId":null,"programExternalId":"sales","#));
}

#[test]
fn what_does_not_fit_one_request_must_be_cut_smaller() {
    for people in [
        vec![("a", lock()), ("b", lock()), ("c", lock()), ("d", lock())],
        vec![("a", lock()), ("a", lock())],
        vec![("a", lock()), ("b", join(PROGRAM))],
        vec![("a", join(PROGRAM)), ("b", join("program-external:x"))],
        vec![("a", join(PROGRAM)), ("a", leave(PROGRAM))],
        vec![
            ("a", leave(PROGRAM)),
            ("b", leave(PROGRAM)),
            ("c", leave(PROGRAM)),
        ],
    ] {
        let refused = shape().request(&call(people), NOW).unwrap_err();
        assert_eq!(refused, Failure::TooLarge);
    }
    let most = call(vec![
        ("a", join(PROGRAM)),
        ("b", join(PROGRAM)),
        ("c", leave(PROGRAM)),
        ("d", leave(PROGRAM)),
    ]);
    assert!(shape().request(&most, NOW).is_ok());
}

#[test]
fn a_target_that_names_no_program_is_an_unknown_target() {
    let refused = shape().request(&call(vec![("a", join("sales"))]), NOW);
    assert_eq!(refused.unwrap_err().code(), "target_unknown");
}

#[test]
fn some_tests_of_a_program_are_registered_and_unregistered_alike() {
    let tests = "tests:4ebdd1bf-410a-4212-ad54-de6592dbcd1d@program-external:sales";
    let call = call(vec![("a", join(tests)), ("b", leave(tests))]);
    let request = shape().request(&call, NOW).unwrap();
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        r#"{"programId":null,"programExternalId":"sales","moduleTestsScope":"selected","moduleTests":["4ebdd1bf-410a-4212-ad54-de6592dbcd1d"],"registerEmployees":["a"],"unregisterEmployees":["b"]}"#
    );
}

#[test]
fn whoever_has_a_link_of_their_own_goes_alone() {
    let two = |name| call(vec![("a", join(name)), ("b", join(name))]);
    let refused = shape().request(&two("session:day"), NOW).unwrap_err();
    assert_eq!(refused, Failure::TooLarge);
    let request = shape().request(&two("session:tests"), NOW).unwrap();
    assert_eq!(request.path, "/v2/employees-participants");
    assert_eq!(request.asked, Asked::Session { most: 2 });
    let refused = shape().request(&two("session:night"), NOW).unwrap_err();
    assert_eq!(refused.code(), "target_unknown");
}

#[test]
fn a_registration_that_may_be_in_force_is_repeated_only_where_that_changes_nothing() {
    let again = |name| {
        let mut again = join(name);
        if let Operation::Join { is_repeat, .. } = &mut again {
            *is_repeat = true;
        }
        again
    };
    let words = |name| {
        let people = vec![("a", again(name)), ("b", join(name)), ("c", leave(name))];
        let settled = shape().settled(&call(people)).into_iter();
        let word = |over: Option<Result<Done, Failure>>| {
            over.map(|over| over.map_or_else(|failure| failure.code(), |_| "applied"))
        };
        settled.map(word).collect::<Vec<_>>()
    };
    assert_eq!(words("session:day"), [None, None, Some("applied")]);
    let refused = Some("profile_invalid");
    assert_eq!(words("session:tests"), [refused, None, Some("applied")]);
    assert_eq!(words("program-external:tests"), [None, None, None]);
}
