//! Every call, and the method pages' own examples.

use hris_relay::provider::startexam::StartExamSettings;
use hris_relay::provider::startexam::signature::{SecretEncoding, Signer, string_to_sign};
use hris_relay::provider::startexam::wire::{PROGRAM_EMPLOYEES, SYNC_EMPLOYEES, Status};
use hris_relay::provider::{Answer, Call, Counted, Operation, Platform, Profile};
use hris_relay::simulator::startexam::{Running, SimulatorSettings};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    SALES, SUPPORT, activate, apply, call, client, join, leave, lock, outcome, settings, start,
};
use crate::support::recorder::Recorder;

const SYNC: &str = include_str!("pages/sync_employees.json");
const SYNC_ANSWER: &str = include_str!("pages/sync_employees_answer.json");
const PROGRAM: &str = include_str!("pages/register_program_employees.json");
const PROGRAM_ANSWER: &str = include_str!("pages/register_program_employees_answer.json");
const SELECTED: &str = include_str!("pages/register_program_employees_selected.json");

pub(super) fn profile(first: &str, last: &str, email: &str) -> Profile {
    let fields = [("First Name", first), ("Last Name", last), ("Email", email)];
    Profile(
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    )
}

pub(super) fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

/// Signs and posts a body exactly as it is; answers status and body.
pub(super) async fn post(
    running: &Running,
    path: &str,
    body: &'static str,
    now: Timestamp,
) -> (u16, Value) {
    let rules = SimulatorSettings::default();
    let signer = Signer::new(rules.account_id, &rules.secret, SecretEncoding::Utf8).unwrap();
    let date = httpdate::fmt_http_date(now.into());
    let text = string_to_sign("POST", path, &date, body.len());
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("http://{}{path}", running.addr()))
        .header("content-type", "application/json; charset=utf-8")
        .header("authorization", signer.authorization(&text))
        .header("date", date)
        .body(body)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_person_is_hired_registered_locked_and_tidied_away() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let known = profile("John", "Snow", "john.snow@gmail.com");
    let hired = Operation::activate(known.clone());
    let calls = [
        call([("e-1", hired), ("e-2", activate())]),
        call([("e-1", join(SALES)), ("e-2", join(SALES))]),
        call([("e-2", leave(SALES))]),
        call([("e-2", join(SUPPORT))]),
    ];
    apply(&client, calls).await;
    let account = running.simulator().account();
    assert_eq!(
        account.employees["e-1"].data["Email"],
        "john.snow@gmail.com"
    );
    assert_eq!(account.employees["e-1"].programs.len(), 1);
    assert_ne!(
        account.employees["e-1"].programs,
        account.employees["e-2"].programs
    );
    let locked = Operation::lock(known);
    apply(
        &client,
        [call([("e-1", locked)]), call([("e-1", leave(SALES))])],
    )
    .await;
    let account = running.simulator().account();
    let leaver = &account.employees["e-1"];
    assert_eq!((leaver.status, leaver.programs.len()), (Status::Hidden, 0));
    assert_eq!(account.employees["e-2"].status, Status::Active);
}

#[tokio::test]
async fn every_operation_is_safe_to_repeat() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    for operation in [activate(), join(SALES), leave(SALES), lock()] {
        let call = call([("e-1", operation)]);
        apply(&client, [call.clone(), call]).await;
    }
    let tally = running.simulator().tally();
    let synced = tally.synced;
    assert_eq!(
        [synced.created, synced.became_hidden, synced.not_changed],
        [1, 1, 2]
    );
    assert_eq!(tally.programs.attempts_unregistered, 2);
}

#[tokio::test]
async fn an_empty_call_asks_nothing() {
    let running = start(SimulatorSettings::default());
    apply(
        &client(&settings(running.addr())),
        [Call { people: Vec::new() }],
    )
    .await;
    assert_eq!(running.simulator().counters().requests, 0);
}

#[tokio::test]
async fn both_readings_of_the_secret_work_when_both_sides_agree() {
    for client_encoding in [SecretEncoding::Utf8, SecretEncoding::Base64] {
        for secret_encoding in [SecretEncoding::Utf8, SecretEncoding::Base64] {
            let running = start(SimulatorSettings {
                secret_encoding,
                ..SimulatorSettings::default()
            });
            let client = client(&StartExamSettings {
                secret_encoding: client_encoding,
                ..settings(running.addr())
            });
            let agree = client_encoding == secret_encoding;
            let expected = if agree {
                "applied"
            } else {
                "credentials_rejected"
            };
            assert_eq!(
                outcome(&client, &call([("e-1", activate())])).await,
                expected
            );
        }
    }
}

#[tokio::test]
async fn the_request_is_what_the_page_prints() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{SYNC_ANSWER}",
        SYNC_ANSWER.len()
    );
    let recorder = Recorder::answering(answer).await;
    let settings = settings(recorder.addr);
    let active = Operation::activate(profile("John", "Snow", "john.snow@gmail.com"));
    let hidden = Operation::lock(profile("Charles", "Dickens", "dickens@hotmail.com"));
    apply(
        &client(&settings),
        [call([("830507", active), ("831411", hidden)])],
    )
    .await;
    let sent = recorder.recorded().await;
    assert_eq!(json(&sent.body), json(SYNC.as_bytes()));
    assert_eq!(sent.line, "POST /v1/employees HTTP/1.1");
    assert_eq!(sent.header("content-length"), sent.body.len().to_string());
    for name in ["accept", "content-type"] {
        assert_eq!(sent.header(name), "application/json; charset=utf-8");
    }
    assert!(sent.header("user-agent").starts_with("hris-relay/"));
    assert!(
        !sent
            .headers
            .iter()
            .any(|(name, _)| name == "transfer-encoding")
    );
    let date = sent.header("date");
    let text = string_to_sign("POST", SYNC_EMPLOYEES, date, sent.body.len());
    let secret = settings.secret.unwrap();
    let signer = Signer::new(99, &secret, SecretEncoding::Utf8).unwrap();
    assert_eq!(sent.header("authorization"), signer.authorization(&text));
}

#[tokio::test]
async fn the_program_request_is_what_the_page_prints() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PROGRAM_ANSWER}",
        PROGRAM_ANSWER.len()
    );
    let recorder = Recorder::answering(answer).await;
    let people = [
        ("10584", join(SALES)),
        ("10941", join(SALES)),
        ("11740", leave(SALES)),
    ];
    apply(&client(&settings(recorder.addr)), [call(people)]).await;
    let sent = recorder.recorded().await;
    assert_eq!(json(&sent.body), json(PROGRAM.as_bytes()));
    assert_eq!(sent.line, "POST /v1/program/employees HTTP/1.1");
}

#[tokio::test]
async fn the_pages_own_examples_get_the_pages_own_answers() {
    let running = start(SimulatorSettings::default());
    // The lengths that the pages' samples say in their `Content-Length`.
    assert_eq!([SYNC.len(), PROGRAM.len(), SELECTED.len()], [744, 237, 367]);
    let now = || jiff::Zoned::now().timestamp();
    let answer = post(&running, SYNC_EMPLOYEES, SYNC, now()).await;
    assert_eq!(answer, (200, json(SYNC_ANSWER.as_bytes())));

    // The page's program ends with 99 employees: 98, two more and one less.
    let client = client(&settings(running.addr()));
    let mut members: Vec<_> = (0..97).map(|n| format!("m-{n}")).collect();
    members.push("11740".to_owned());
    let everybody = || members.iter().map(String::as_str);
    let new = [
        "10584", "10941", "10856", "10505", "10750", "10993", "10746", "10819",
    ];
    apply(
        &client,
        [
            call(everybody().chain(new).map(|id| (id, activate()))),
            call(everybody().map(|id| (id, join(SALES)))),
        ],
    )
    .await;
    let answer = post(&running, PROGRAM_EMPLOYEES, PROGRAM, now()).await;
    assert_eq!(answer, (200, json(PROGRAM_ANSWER.as_bytes())));
    let (status, answer) = post(&running, PROGRAM_EMPLOYEES, SELECTED, now()).await;
    assert_eq!(
        (status, &answer["attemptsRegistered"]),
        (200, &Value::from(12))
    );
}

#[tokio::test]
async fn twenty_five_thousand_people_are_taken_in_batches_of_500() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let ids: Vec<_> = (0..25_000).map(|n| format!("e-{n}")).collect();
    for batch in ids.chunks(500) {
        let people = || batch.iter().map(String::as_str);
        apply(
            &client,
            [
                call(people().map(|id| (id, activate()))),
                call(people().map(|id| (id, join(SALES)))),
            ],
        )
        .await;
    }
    let counters = running.simulator().counters();
    assert_eq!((counters.requests, counters.people), (100, 50_000));
    assert_eq!(
        running
            .simulator()
            .tally()
            .programs
            .total_employees_in_program,
        25_000
    );
    assert_eq!(running.simulator().overlaps(), []);
}

#[tokio::test]
async fn the_platforms_counters_tell_what_was_otherwise_before() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let both = || call([("e-1", activate()), ("e-2", activate())]);
    let joins = || call([("e-1", join(SALES)), ("e-2", join(SALES))]);
    let locked = || call([("e-1", lock()), ("e-3", lock())]);
    for (call, created, changed) in [
        (call([("e-1", activate())]), 1, 1),
        (both(), 1, 1),
        (both(), 0, 0),
        (joins(), 0, 2),
        (joins(), 0, 0),
        (locked(), 1, 2),
    ] {
        let said = client.perform(&call).await;
        let Answer::Counted(counted) = said else {
            panic!("{said:?}");
        };
        assert_eq!(counted, Counted { created, changed });
    }
    running.stop().await;
}
