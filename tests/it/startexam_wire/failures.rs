//! Every way a call can fail, on the wire.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use hris_relay::provider::startexam::{StartExam, StartExamSettings};
use hris_relay::provider::{Answer, Failure, Platform};
use hris_relay::simulator::startexam::{OnUnknown, OnUnknownProgram, Running, SimulatorSettings};
use serde_json::{Value, json};

use super::{
    SALES, WrongClock, activate, apply, call, client, faults, impatient, join, leave, lock,
    outcome, settings, start,
};
use crate::support::recorder::Recorder;

/// The failure of activating one person while `action` acts.
async fn failure(running: &Running, action: Value) -> Failure {
    let script = faults(json!([{ "action": action }]));
    running.simulator().script(script);
    let client = impatient(running.addr());
    match client.perform(&call([("e-1", activate())])).await {
        Answer::Failed(failure) => failure,
        Answer::Applied | Answer::Counted(_) | Answer::Each(_) => panic!("no failure"),
    }
}

fn knows(running: &Running, person: &str) -> bool {
    running.simulator().account().employees.contains_key(person)
}

#[tokio::test]
async fn statuses_become_failures_that_say_who_must_act() {
    let running = start(SimulatorSettings::default());
    for (status, code) in [
        (302, "credentials_rejected"),
        (400, "operation_refused"),
        (401, "credentials_rejected"),
        (403, "credentials_rejected"),
        (404, "credentials_rejected"),
        (408, "provider_throttled"),
        (413, "call_too_large"),
        (429, "provider_throttled"),
        (500, "provider_faulted"),
        (502, "provider_faulted"),
        (503, "provider_faulted"),
        (504, "provider_faulted"),
    ] {
        let action = json!({ "do": "status", "status": status });
        assert_eq!(failure(&running, action).await.code(), code, "{status}");
    }
    assert!(!knows(&running, "e-1"));
}

#[tokio::test]
async fn a_wait_is_honoured_in_seconds_and_as_a_date() {
    let running = start(SimulatorSettings::default());
    let soon = jiff::Zoned::now().timestamp() + jiff::SignedDuration::from_mins(2);
    let soon = httpdate::fmt_http_date(soon.into());
    for (status, retry_after, seconds) in [
        (429, "7", 7..=7),
        (503, "7", 7..=7),
        (429, soon.as_str(), 90..=120),
    ] {
        let action = json!({ "do": "status", "status": status, "retry_after": retry_after });
        let wait = failure(&running, action).await.retry_after().unwrap();
        assert!(seconds.contains(&wait.as_secs()), "{retry_after}: {wait:?}");
    }
}

#[tokio::test]
async fn a_call_that_was_not_answered_may_have_been_done() {
    let running = start(SimulatorSettings::default());
    for (action, code, is_done) in [
        (json!({ "do": "drop_before" }), "provider_unanswered", false),
        (
            json!({ "do": "drop_after_commit" }),
            "provider_unanswered",
            true,
        ),
        (
            json!({ "do": "slow", "lasting": "5s" }),
            "provider_unanswered",
            true,
        ),
        (json!({ "do": "garbage_body" }), "provider_garbled", true),
    ] {
        running.simulator().reset();
        let failure = failure(&running, action.clone()).await;
        assert_eq!(failure.code(), code, "{action}");
        assert!(failure.is_ambiguous());
        assert_eq!(knows(&running, "e-1"), is_done, "{action}");
    }
}

#[tokio::test]
async fn a_call_that_timed_out_may_still_take_effect_later() {
    let running = start(SimulatorSettings::default());
    let late = json!({ "do": "delay", "lasting": "1500ms" });
    assert_eq!(failure(&running, late).await, Failure::Unanswered);
    assert!(!knows(&running, "e-1"));
    let deadline = Duration::from_secs(10);
    tokio::time::timeout(deadline, async {
        while !knows(&running, "e-1") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_platform_that_is_not_there_was_surely_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let call = call([("e-1", activate())]);
    assert_eq!(
        outcome(&impatient(addr), &call).await,
        "provider_unreachable"
    );
    // Plain HTTP at the other end: no TLS connection, so no call.
    let running = start(SimulatorSettings::default());
    let tls = client(&StartExamSettings {
        base_url: format!("https://{}", running.addr()),
        ..settings(running.addr())
    });
    assert_eq!(outcome(&tls, &call).await, "provider_unreachable");
}

#[tokio::test]
async fn a_deadline_means_not_sent_only_while_connecting() {
    // Connections wait in the backlog: nobody ever answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    for (scheme, code) in [
        ("https", "provider_unreachable"),
        ("http", "provider_unanswered"),
    ] {
        let client = client(&StartExamSettings {
            base_url: format!("{scheme}://{addr}"),
            connect_timeout: Duration::from_millis(100),
            call_timeout: Duration::from_millis(500),
            ..settings(addr)
        });
        let call = call([("e-1", activate())]);
        assert_eq!(outcome(&client, &call).await, code, "{scheme}");
    }
}

#[tokio::test]
async fn a_wrong_clock_and_a_wrong_secret_are_told_apart() {
    let running = start(SimulatorSettings::default());
    let call = call([("e-1", activate())]);
    for (ahead, expected) in [
        (0, "applied"),
        (-890, "applied"),
        (-910, "clock_rejected"),
        (910, "clock_rejected"),
    ] {
        let clock = WrongClock::ahead_by(ahead);
        let client = StartExam::from_settings(&settings(running.addr()), clock).unwrap();
        assert_eq!(outcome(&client, &call).await, expected, "{ahead}");
    }
    let other = |change: fn(&mut StartExamSettings)| {
        let mut settings = settings(running.addr());
        change(&mut settings);
        client(&settings)
    };
    let wrong_account = other(|s| s.account_id = 98);
    assert_eq!(outcome(&wrong_account, &call).await, "credentials_rejected");
    let wrong_profile = other(|s| s.profile_id = "4ebdd1bf-410a-4212-ad54-de6592dbcd1d".into());
    assert_eq!(outcome(&wrong_profile, &call).await, "credentials_rejected");
}

#[tokio::test]
async fn a_program_nobody_knows_is_blamed_on_the_target() {
    for unknown_program in [OnUnknownProgram::NotFound, OnUnknownProgram::BadRequest] {
        let running = start(SimulatorSettings {
            unknown_program,
            ..SimulatorSettings::default()
        });
        let client = client(&settings(running.addr()));
        apply(&client, [call([("e-1", activate())])]).await;
        for target in [
            "program:4ebdd1bf-410a-4212-ad54-de6592dbcd1d",
            "program-external:nothing",
            "nothing",
        ] {
            let call = call([("e-1", join(target))]);
            assert_eq!(outcome(&client, &call).await, "target_unknown", "{target}");
        }
    }
}

#[tokio::test]
async fn an_employee_nobody_knows_is_blamed_on_the_person() {
    for unknown in [OnUnknown::BadRequest, OnUnknown::NotFound] {
        let running = start(SimulatorSettings {
            register_unknown: unknown,
            unregister_unknown: unknown,
            ..SimulatorSettings::default()
        });
        let plain = client(&settings(running.addr()));
        let joins = call([("e-1", join(SALES))]);
        assert_eq!(outcome(&plain, &joins).await, "operation_refused");
        let leaves = call([("e-1", leave(SALES))]);
        assert_eq!(outcome(&plain, &leaves).await, "not_found");
        let strict = client(&StartExamSettings {
            unknown_employee_patterns: Vec::new(),
            ..settings(running.addr())
        });
        assert_eq!(outcome(&strict, &leaves).await, "operation_refused");
    }
}

#[tokio::test]
async fn a_hidden_employee_is_not_registered() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    apply(&client, [call([("e-1", lock())])]).await;
    let call = call([("e-1", join(SALES))]);
    assert_eq!(outcome(&client, &call).await, "operation_refused");
}

#[tokio::test]
async fn a_call_that_is_too_large_is_refused_before_or_after_it_is_sent() {
    let running = start(SimulatorSettings {
        body_limit: 1000,
        ..SimulatorSettings::default()
    });
    let ids: Vec<_> = (0..501).map(|n| format!("e-{n}")).collect();
    let of = |most: usize| call(ids.iter().take(most).map(|id| (id.as_str(), activate())));
    let client = client(&settings(running.addr()));
    assert_eq!(outcome(&client, &of(501)).await, "call_too_large");
    assert_eq!(running.simulator().counters().requests, 0);
    assert_eq!(outcome(&client, &of(100)).await, "call_too_large");
    assert_eq!(running.simulator().counters().answers["413"], 1);
}

/// The outcome of activating one person where every answer is these bytes.
async fn answered(answer: impl Into<Vec<u8>>) -> &'static str {
    let recorder = Recorder::answering(answer).await;
    let client = client(&settings(recorder.addr));
    outcome(&client, &call([("e-1", activate())])).await
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let running = start(SimulatorSettings::default());
    let elsewhere: SocketAddr = running.addr();
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{elsewhere}/v1/employees\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(answered(redirect).await, "credentials_rejected");
    assert_eq!(running.simulator().counters().requests, 0);
}

#[tokio::test]
async fn answers_that_are_no_answers_are_never_taken_for_success() {
    let broken = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"employees";
    assert_eq!(answered(broken).await, "provider_unanswered");
    assert_eq!(answered("SSH-2.0-OpenSSH\r\n").await, "provider_unanswered");
    assert_eq!(answered("").await, "provider_unanswered");
    let zeros = r#"{"employeesCreated":0,"employeesDataUpdated":0,"employeesStatusChangedToActive":0,"employeesStatusChangedToHidden":0,"employeesNotChanged":0}"#;
    let nobody = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{zeros}",
        zeros.len()
    );
    assert_eq!(answered(nobody).await, "provider_garbled");
    let page = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot here\n";
    assert_eq!(answered(page).await, "credentials_rejected");
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n".to_vec();
    answer.resize(answer.len() + 5_000_000, b' ');
    let recorder = Recorder::answering(answer).await;
    let client = client(&settings(recorder.addr));
    let outcome = outcome(&client, &call([("e-1", activate())])).await;
    assert_eq!(outcome, "provider_garbled");
}
