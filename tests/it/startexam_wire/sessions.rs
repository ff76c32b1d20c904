//! "Register Employees" on the wire: the page's own example, links, repeats, windows.

use std::collections::BTreeMap;

use hris_relay::provider::startexam::wire::{
    PROGRAM_EMPLOYEES, ProgramEmployees, REGISTER_EMPLOYEES, RegisterEmployees, SYNC_EMPLOYEES,
    SyncEmployees,
};
use hris_relay::provider::startexam::{SessionSettings, StartExamSettings};
use hris_relay::provider::{Answer, Call, Done, Failure, Operation, Platform, Target};
use hris_relay::simulator::startexam::{OnExisting, SimulatorSettings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::calls::{json as parsed, post};
use super::{activate, apply, call, client, faults, join, leave, outcome, settings, start};
use crate::support::recorder::{Recorded, Recorder};

const PAGE: &str = include_str!("pages/register_employees.json");
const ANSWER: &str = include_str!("pages/register_employees_answer.json");
const SYNC: &str = include_str!("pages/sync_employees.json");
const PROGRAM: &str = include_str!("pages/register_program_employees.json");
const SELECTED: &str = include_str!("pages/register_program_employees_selected.json");
const SELECTED_TARGET: &str = "tests:4ebdd1bf-410a-4212-ad54-de6592dbcd1d,eede017b-67a8-47a4-a3d4-6181bf215ba0@program:d4d9897c-2c91-4c60-95c7-6842efb542dc";

const TEST: &str = "d288d3c9-6c23-46e9-9fac-3cc0301d84ef";
const DAY: &str = "session:day";
const REGISTERED: [&str; 3] = ["willis74", "knightly32", "covey77"];

/// The page's session.
fn session() -> SessionSettings {
    let text = |text: &str| text.to_owned();
    SessionSettings {
        center: text("mycenter"),
        tests: vec![text(TEST)],
        valid_from: Some(text("2026-03-31")),
        valid_till: Some(text("2026-04-10")),
        proctoring: true,
        proctoring_parameters: BTreeMap::from([
            (text("Type"), text("Offline")),
            (text("AuxiliaryCamera"), text("true")),
        ]),
        do_not_create_if_exist: false,
        ..SessionSettings::default()
    }
}

/// A session that is open whenever the test runs.
fn open_session() -> SessionSettings {
    SessionSettings {
        valid_from: None,
        valid_till: None,
        valid_days: Some(10),
        do_not_create_if_exist: true,
        ..session()
    }
}

fn with(session: SessionSettings, settings: StartExamSettings) -> StartExamSettings {
    StartExamSettings {
        sessions: BTreeMap::from([("day".to_owned(), session)]),
        ..settings
    }
}

fn again() -> Operation {
    Operation::Join {
        target: Target(DAY.to_owned()),
        profile: None,
        heard: None,
        is_repeat: true,
    }
}

fn links(answer: Answer) -> Vec<String> {
    let Answer::Each(each) = answer else {
        panic!("{answer:?}");
    };
    let links = each.into_iter().flat_map(|one| match one.unwrap() {
        Done::Linked(links) => links,
        done @ (Done::Applied | Done::NotFound) => panic!("{done:?}"),
    });
    links.map(|link| link.0).collect()
}

/// What the client sends for a call that is answered so.
async fn sent(call: &Call, answer: &str, session: SessionSettings) -> Recorded {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}",
        answer.len()
    );
    let recorder = Recorder::answering(answer).await;
    let client = client(&with(session, settings(recorder.addr)));
    assert_eq!(outcome(&client, call).await, "applied");
    recorder.recorded().await
}

/// The bytes sent, written as the pages print JSON: same members in the same order.
fn printed<T: Serialize + DeserializeOwned>(sent: &Recorded) -> String {
    let query: T = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(serde_json::to_vec(&query).unwrap(), sent.body);
    serde_json::to_string_pretty(&query).unwrap()
}

#[tokio::test]
async fn a_session_is_registered_as_the_page_prints_it() {
    let everybody = call(REGISTERED.map(|id| (id, join(DAY))));
    let sent = sent(&everybody, ANSWER, session()).await;
    assert_eq!(sent.line, "POST /v2/employees-participants HTTP/1.1");
    // The page prints its parameters in the order they were entered, the client by name.
    let sorted = {
        let mut page: Value = serde_json::from_str(PAGE).unwrap();
        let parameters = page["proctoringActivationParameters"].as_array_mut();
        parameters.unwrap().reverse();
        let page: RegisterEmployees = serde_json::from_value(page).unwrap();
        serde_json::to_string_pretty(&page).unwrap()
    };
    assert_eq!(printed::<RegisterEmployees>(&sent), sorted);
    assert_eq!(sorted.len(), PAGE.len());
    for name in ["accept", "content-type"] {
        assert_eq!(sent.header(name), "application/json; charset=utf-8");
    }
    assert!(sent.header("authorization").starts_with("SharedKey 99:"));
}

#[tokio::test]
async fn program_requests_are_byte_for_byte_those_of_the_page() {
    let program = "program:95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
    let ids = ["10856", "10505", "10750", "10993", "10746", "10819"];
    let all = call([
        ("10584", join(program)),
        ("10941", join(program)),
        ("11740", leave(program)),
    ]);
    let selected = call(ids.map(|id| (id, join(SELECTED_TARGET))));
    let answer = include_str!("pages/register_program_employees_answer.json");
    for (call, page) in [(all, PROGRAM), (selected, SELECTED)] {
        let sent = sent(&call, answer, session()).await;
        assert_eq!(sent.line, format!("POST {PROGRAM_EMPLOYEES} HTTP/1.1"));
        assert_eq!(printed::<ProgramEmployees>(&sent), page);
    }
}

#[tokio::test]
async fn sync_requests_are_byte_for_byte_those_of_the_page() {
    let person = |first, last, email| super::calls::profile(first, last, email);
    let people = call([
        (
            "830507",
            Operation::activate(person("John", "Snow", "john.snow@gmail.com")),
        ),
        (
            "831411",
            Operation::lock(person("Charles", "Dickens", "dickens@hotmail.com")),
        ),
    ]);
    let answer = include_str!("pages/sync_employees_answer.json");
    let sent = sent(&people, answer, session()).await;
    assert_eq!(sent.line, format!("POST {SYNC_EMPLOYEES} HTTP/1.1"));
    assert_eq!(printed::<SyncEmployees>(&sent), SYNC);
}

#[tokio::test]
async fn the_pages_own_request_is_taken_and_answered_with_an_id_for_each() {
    assert_eq!(PAGE.len(), 518, "the page's own Content-Length");
    // The page's window lies in the past of whoever reads it later.
    let page_day: jiff::Timestamp = "2026-03-31T02:56:25Z".parse().unwrap();
    let ahead = page_day.duration_since(jiff::Zoned::now().timestamp());
    let running = start(SimulatorSettings {
        clock_ahead: ahead,
        ..SimulatorSettings::default()
    });
    let clock = super::WrongClock::ahead_by(ahead.as_secs());
    let there = settings(running.addr());
    let client = hris_relay::provider::startexam::StartExam::from_settings(&there, clock).unwrap();
    apply(&client, [call(REGISTERED.map(|id| (id, activate())))]).await;
    let (status, answer) = post(&running, REGISTER_EMPLOYEES, PAGE, page_day).await;
    let count = |answer: &Value| answer["participantIds"].as_array().unwrap().len();
    assert_eq!(
        (status, count(&answer)),
        (200, count(&parsed(ANSWER.as_bytes())))
    );
    let stored = running.simulator().account().participants;
    let owners: Vec<_> = stored.values().map(|one| one.employee.as_str()).collect();
    assert_eq!(owners, REGISTERED);
    assert_eq!(running.simulator().tally().participants, 3);
}

#[tokio::test]
async fn a_published_link_is_the_pages_mask_and_shows_in_no_debug() {
    let running = start(SimulatorSettings::default());
    let publishing = StartExamSettings {
        publish_links: true,
        ..with(open_session(), settings(running.addr()))
    };
    let client = client(&publishing);
    apply(&client, [call([("e-1", activate()), ("e-2", activate())])]).await;
    let two = call([("e-1", join(DAY)), ("e-2", join(DAY))]);
    assert_eq!(outcome(&client, &two).await, "call_too_large");
    let answer = client.perform(&call([("e-1", join(DAY))])).await;
    let id = *running
        .simulator()
        .account()
        .participants
        .keys()
        .next()
        .unwrap();
    assert!(!format!("{answer:?}").contains(&id.to_string()));
    assert_eq!(
        links(answer),
        [format!(
            "https://go.startexam.com/mycenter#participant/{id}"
        )]
    );
    // A second registration makes no session, so there is no link to tell.
    assert_eq!(outcome(&client, &call([("e-1", again())])).await, "applied");
    assert_eq!(running.simulator().account().participants.len(), 1);
}

#[tokio::test]
async fn a_link_is_told_again_where_the_platform_answers_with_the_same_id() {
    let running = start(SimulatorSettings {
        existing_participant: OnExisting::Return,
        ..SimulatorSettings::default()
    });
    let client = client(&StartExamSettings {
        publish_links: true,
        ..with(open_session(), settings(running.addr()))
    });
    apply(&client, [call([("e-1", activate())])]).await;
    let lost = json!([{ "match": { "target": "mycenter" },
        "action": { "do": "drop_after_commit" } }]);
    running.simulator().script(faults(lost));
    let first = call([("e-1", join(DAY))]);
    assert_eq!(outcome(&client, &first).await, "provider_unanswered");
    let told = links(client.perform(&call([("e-1", again())])).await);
    let participants = running.simulator().account().participants;
    assert_eq!(participants.len(), 1);
    assert!(told[0].ends_with(&participants.keys().next().unwrap().to_string()));
}

#[tokio::test]
async fn nobody_is_registered_twice_where_that_would_count_twice() {
    let running = start(SimulatorSettings::default());
    let twice = SessionSettings {
        do_not_create_if_exist: false,
        ..open_session()
    };
    let client = client(&with(twice, settings(running.addr())));
    apply(&client, [call([("e-1", activate()), ("e-2", activate())])]).await;
    let requests = || running.simulator().counters().requests;
    let before = requests();
    let answer = client.perform(&call([("e-1", again())])).await;
    let Answer::Each(each) = answer else {
        panic!("{answer:?}");
    };
    let failure = each[0].as_ref().unwrap_err();
    assert_eq!(failure.code(), "profile_invalid");
    assert_eq!(requests(), before, "nothing was sent");
    // Whoever shares the call is registered all the same.
    let answer = client
        .perform(&call([("e-1", again()), ("e-2", join(DAY))]))
        .await;
    let Answer::Each(each) = answer else {
        panic!("{answer:?}");
    };
    assert!(matches!(each[0], Err(Failure::Invalid { .. })));
    assert_eq!(each[1], Ok(Done::Applied));
    let stored = running.simulator().account().participants;
    let owners: Vec<_> = stored.values().map(|one| one.employee.as_str()).collect();
    assert_eq!(owners, ["e-2"]);
}

#[tokio::test]
async fn a_center_or_test_nobody_knows_is_blamed_on_the_target() {
    let running = start(SimulatorSettings::default());
    let plain = client(&settings(running.addr()));
    apply(&plain, [call([("e-1", activate())])]).await;
    for session in [
        SessionSettings {
            center: "elsewhere".to_owned(),
            ..open_session()
        },
        SessionSettings {
            tests: vec!["95a6e267-1765-4a93-98b1-c6ca5ef2cd61".to_owned()],
            ..open_session()
        },
    ] {
        let client = client(&with(session, settings(running.addr())));
        let joins = call([("e-1", join(DAY))]);
        assert_eq!(outcome(&client, &joins).await, "target_unknown");
        let unknown = call([("x", join(DAY))]);
        assert_eq!(outcome(&client, &unknown).await, "target_unknown");
    }
    let unconfigured = call([("e-1", join("session:night"))]);
    assert_eq!(outcome(&plain, &unconfigured).await, "target_unknown");
    let open = client(&with(open_session(), settings(running.addr())));
    let unknown = call([("x", join(DAY))]);
    assert_eq!(outcome(&open, &unknown).await, "operation_refused");
    let selected = call([(
        "e-1",
        join(&SELECTED_TARGET.replace("d4d9897c", "00000000")),
    )]);
    assert_eq!(outcome(&open, &selected).await, "target_unknown");
}

#[tokio::test]
async fn a_call_done_in_part_is_done_whole_by_its_repetition() {
    let running = start(SimulatorSettings::default());
    let client = client(&with(open_session(), settings(running.addr())));
    let ids = ["e-1", "e-2", "e-3"];
    for (step, code) in [
        (activate(), "provider_faulted"),
        (join(super::SALES), "provider_faulted"),
        (join(DAY), "provider_unanswered"),
    ] {
        let status = if code == "provider_faulted" {
            json!(500)
        } else {
            json!(null)
        };
        let partial = json!([{ "action": { "do": "partial", "people": 2, "status": status } }]);
        running.simulator().script(faults(partial));
        let everybody = call(ids.map(|id| (id, step.clone())));
        assert_eq!(outcome(&client, &everybody).await, code);
        let account = running.simulator().account();
        let registered =
            |program: &hris_relay::simulator::startexam::StoredProgram| program.members.len();
        let members: usize = account.programs.values().map(registered).sum();
        let done = match code {
            "provider_unanswered" => account.participants.len(),
            _ if members > 0 => members,
            _ => account.employees.len(),
        };
        assert_eq!(done, 2, "{step:?}");
        assert_eq!(outcome(&client, &everybody).await, "applied");
    }
    let account = running.simulator().account();
    assert_eq!(
        (account.employees.len(), account.participants.len()),
        (3, 3)
    );
}

#[tokio::test]
async fn a_request_taken_for_old_is_dated_and_sent_once_more() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let old = "HTTP header 'Date' is incorrect: it's older than 15 minutes";
    let script = |times: u64| {
        faults(json!([{ "times": times,
            "action": { "do": "status", "status": 403, "message": old } }]))
    };
    for (times, expected) in [(1, "applied"), (2, "clock_rejected")] {
        running.simulator().reset();
        running.simulator().script(script(times));
        assert_eq!(
            outcome(&client, &call([("e-1", activate())])).await,
            expected
        );
        assert_eq!(running.simulator().counters().requests, 2);
    }
}
