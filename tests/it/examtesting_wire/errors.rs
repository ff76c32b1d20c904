//! The contract's error table, row by row: signal in, class out. What follows each is in
//! `next_steps`.

use std::net::TcpListener;

use hris_relay::provider::Existence::{Absent, Perhaps, Present};
use hris_relay::provider::examtesting::{Class, ExamTestingSettings};
use hris_relay::provider::{Answer, Failure, Operation, Platform};
use hris_relay::secret::Secret;
use hris_relay::simulator::examtesting::{Running, SimulatorSettings};
use serde_json::{Value, json};

use super::{
    activate, ada, apply, call, client, faults, impatient, lock, outcome, settings, start, student,
};
use crate::support::recorder::Recorder;

/// The failure of adding somebody while `action` acts.
async fn failure(running: &Running, action: Value) -> Failure {
    running
        .simulator()
        .script(faults(json!([{ "action": action }])));
    let call = call("e-1", activate(&ada("Class A"), Absent));
    match impatient(running.addr()).perform(&call).await {
        Answer::Failed(failure) => failure,
        said @ (Answer::Applied | Answer::Counted(_) | Answer::Each(_)) => panic!("{said:?}"),
    }
}

/// What a client says to a platform that answers this text with status 200.
async fn said_to(body: &str, operation: Operation) -> &'static str {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let recorder = Recorder::answering(answer).await;
    outcome(&client(&settings(recorder.addr)), "e-1", operation).await
}

/// An error of the page, in its words.
fn error(code: u16) -> String {
    format!("Status=ERROR|Reason=ERROR {code}|error=in words")
}

#[tokio::test]
async fn row_1001_an_action_that_is_invalid_is_refused() {
    for operation in [
        activate(&ada("Class A"), Absent),
        lock(&ada("Class A"), Present),
    ] {
        assert_eq!(said_to(&error(1001), operation).await, "operation_refused");
    }
}

#[tokio::test]
async fn rows_1002_and_1003_wrong_credentials_are_ours_to_mend() {
    let running = start(SimulatorSettings::default());
    let good = settings(running.addr());
    for wrong in [
        ExamTestingSettings {
            institution_id: "4712".to_owned(),
            ..good.clone()
        },
        ExamTestingSettings {
            api_key: Some(Secret::new("wrong")),
            ..good.clone()
        },
        ExamTestingSettings {
            api_pass: Some(Secret::new("wrong")),
            ..good.clone()
        },
    ] {
        let client = client(&wrong);
        for operation in [
            activate(&ada("Class A"), Absent),
            lock(&ada("Class A"), Present),
        ] {
            assert_eq!(
                outcome(&client, "e-1", operation).await,
                "credentials_rejected"
            );
        }
    }
    assert!(running.simulator().account().students.is_empty());
}

#[tokio::test]
async fn row_1004_an_unknown_person_is_done_only_for_a_lock_of_somebody_never_made() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let known = ada("Class A");
    for (operation, word) in [
        (lock(&known, Absent), "not_found"),
        (lock(&known, Perhaps), "operation_refused"),
        (lock(&known, Present), "operation_refused"),
        (activate(&known, Present), "operation_refused"),
    ] {
        assert_eq!(outcome(&client, "e-1", operation).await, word);
    }
    let add = activate(&known, Absent);
    assert_eq!(said_to(&error(1004), add).await, "operation_refused");
}

#[tokio::test]
async fn row_1005_an_unknown_group_is_the_targets_fault() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let [known, gone] = [ada("Class A"), ada("Class Z")];
    let unknown = "target_unknown";
    assert_eq!(
        outcome(&client, "e-1", activate(&gone, Absent)).await,
        unknown
    );
    apply(&client, "e-1", [activate(&known, Absent)]).await;
    assert_eq!(
        outcome(&client, "e-1", activate(&gone, Present)).await,
        unknown
    );
    assert_eq!(
        student(&running, "e-1").groups,
        ["Class A".to_owned()].into()
    );
}

#[tokio::test]
async fn row_1006_an_invalid_status_is_refused() {
    for operation in [
        activate(&ada("Class A"), Present),
        lock(&ada("Class A"), Present),
    ] {
        assert_eq!(said_to(&error(1006), operation).await, "operation_refused");
    }
}

#[tokio::test]
async fn row_1007_a_user_name_that_exists_is_told_apart_from_a_refusal() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let known = ada("Class A");
    apply(&client, "e-1", [activate(&known, Absent)]).await;
    for account in [Absent, Perhaps] {
        let add = activate(&known, account);
        assert_eq!(outcome(&client, "e-1", add).await, "account_exists");
    }
    // Of an update, it is another's name.
    let update = activate(&known, Present);
    assert_eq!(said_to(&error(1007), update).await, "operation_refused");
}

#[tokio::test]
async fn row_1008_a_full_account_takes_changes_and_locks() {
    let running = start(SimulatorSettings {
        student_cap: Some(1),
        ..SimulatorSettings::default()
    });
    let client = client(&settings(running.addr()));
    let known = ada("Class A");
    apply(&client, "e-1", [activate(&known, Absent)]).await;
    let full = outcome(&client, "e-2", activate(&known, Absent)).await;
    assert_eq!(full, "accounts_full");
    apply(
        &client,
        "e-1",
        [activate(&ada("Class B"), Present), lock(&known, Present)],
    )
    .await;
}

#[tokio::test]
async fn row_validation_a_missing_field_is_refused_or_found_before_the_call() {
    let body = "Status=ERROR|Reason=Validation error|error=zip is required";
    for operation in [
        activate(&ada("Class A"), Absent),
        lock(&ada("Class A"), Present),
    ] {
        assert_eq!(said_to(body, operation).await, "operation_refused");
    }
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let mut nameless = ada("Class A");
    nameless.0.retain(|(name, _)| name != "email");
    let word = outcome(&client, "e-1", activate(&nameless, Absent)).await;
    assert_eq!(word, "profile_invalid");
    assert_eq!(
        running.simulator().counters().requests,
        0,
        "nothing was sent"
    );
}

#[tokio::test]
async fn row_no_answer_leaves_the_outcome_unknown() {
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
        (
            json!({ "do": "status", "status": 200 }),
            "provider_garbled",
            false,
        ),
        (
            json!({ "do": "status", "status": 500 }),
            "provider_faulted",
            false,
        ),
        (
            json!({ "do": "status", "status": 502, "message": "x" }),
            "provider_faulted",
            false,
        ),
    ] {
        running.simulator().reset();
        let failure = failure(&running, action.clone()).await;
        assert_eq!(
            (failure.code(), failure.is_ambiguous()),
            (code, true),
            "{action}"
        );
        let account = running.simulator().account();
        assert_eq!(account.students.contains_key("e-1"), is_done, "{action}");
    }
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = listener.local_addr().unwrap();
    drop(listener);
    let add = activate(&ada("Class A"), Absent);
    let word = outcome(&impatient(nowhere), "e-1", add).await;
    assert_eq!(word, "provider_unreachable");
}

#[tokio::test]
async fn rows_401_403_and_404_are_ours_to_mend() {
    let running = start(SimulatorSettings::default());
    for status in [301, 302, 401, 403, 404, 405] {
        let action = json!({ "do": "status", "status": status, "message": "ERROR 1007" });
        let failure = failure(&running, action).await;
        assert_eq!(failure, Failure::Unauthorized { status });
    }
}

#[tokio::test]
async fn rows_429_and_503_are_waited_for_as_long_as_they_say() {
    let running = start(SimulatorSettings::default());
    for (status, code) in [(429, "provider_throttled"), (503, "provider_faulted")] {
        let action = json!({ "do": "status", "status": status, "retry_after": "7" });
        let failure = failure(&running, action).await;
        assert_eq!(failure.code(), code);
        assert_eq!(failure.retry_after().unwrap().as_secs(), 7);
    }
}

#[tokio::test]
async fn the_table_is_configuration() {
    let classes = [
        ("1004", Class::Unauthorized),
        ("1006", Class::Faulted),
        ("licence*expired", Class::AccountsFull),
    ];
    let classes = classes.map(|(signal, class)| (signal.to_owned(), class));
    let words = "Status:ERROR,error:The licence has expired";
    for (body, word) in [
        (error(1004), "credentials_rejected"),
        (error(1005), "target_unknown"),
        (error(1006), "provider_faulted"),
        (words.to_owned(), "accounts_full"),
    ] {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let recorder = Recorder::answering(answer).await;
        let client = client(&ExamTestingSettings {
            classes: classes.clone().into(),
            ..settings(recorder.addr)
        });
        let add = activate(&ada("Class A"), Absent);
        assert_eq!(outcome(&client, "e-1", add).await, word, "{body}");
    }
}
