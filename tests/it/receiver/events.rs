//! `POST /events`: 202 once durable, or the field that is wrong and nothing kept.

use hris_relay::event::examples;
use hris_relay::log::Topic;
use serde_json::{Value, json};

use super::{BATCH, STRUCTURED, event, of_erp, signed};
use crate::support::test_receiver::{Answer, ERP_SECRET, ERP_TOKEN, TestReceiver};

#[tokio::test]
async fn events_are_answered_202_in_every_mode() {
    let receiver = TestReceiver::start();
    let structured = receiver.events(STRUCTURED, &of_erp("1")).await;
    assert_eq!(
        (structured.status.as_u16(), structured.text.as_str()),
        (202, "")
    );
    let batch = receiver
        .events(BATCH, &json!([of_erp("2"), of_erp("3")]))
        .await;
    assert_eq!(batch.status.as_u16(), 202);
    let body = br#"{"reason":"deleted"}"#;
    let mut binary = receiver.post("/events").body(body.to_vec());
    for (name, value) in [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "4"),
        ("ce-source", "erp"),
        ("ce-type", "hr.employee.terminated.v1"),
        ("ce-subject", "E-1001"),
        ("ce-time", "2026-03-01T09:00:00Z"),
    ] {
        binary = binary.header(name, value);
    }
    for (name, value) in signed(ERP_SECRET, body) {
        binary = binary.header(name, value);
    }
    assert_eq!(Answer::of(binary).await.status.as_u16(), 202);
    let ids: Vec<String> = receiver
        .log
        .of(Topic::Events)
        .iter()
        .map(|record| event(record).id.as_str().to_owned())
        .collect();
    assert_eq!(ids, ["1", "2", "3", "4"]);
    assert_eq!(receiver.counted("erp", "accepted"), 3);
}

#[tokio::test]
async fn a_wrong_event_is_answered_by_its_field_and_nothing_is_kept() {
    let receiver = TestReceiver::start();
    let with = |name: &str, value: Value| {
        let mut event = of_erp("1");
        event[name] = value;
        event
    };
    for (value, status, code, field) in [
        (
            with("data", json!({"effective_at": 7})),
            422,
            "wrong_field",
            "data.effective_at",
        ),
        (
            with("data", json!({"ssn": "x"})),
            422,
            "unknown_member",
            "data.ssn",
        ),
        (
            with("type", json!("user.created")),
            422,
            "unknown_type",
            "type",
        ),
        (
            with("subject", json!("x".repeat(251))),
            422,
            "wrong_field",
            "subject",
        ),
        (
            with("source", json!("portal")),
            422,
            "wrong_field",
            "source",
        ),
        (
            with("specversion", json!("0.3")),
            400,
            "wrong_field",
            "specversion",
        ),
        (json!([]), 400, "wrong_field", "(the event)"),
    ] {
        let answer = receiver.events(STRUCTURED, &value).await;
        assert_eq!(answer.verdict(), (status, code.to_owned()), "{value}");
        let problem = answer.problem();
        assert_eq!(problem["field"], field);
        assert!(problem["expected"].is_string());
    }
    assert_eq!(receiver.log.of(Topic::Events), []);
}

#[tokio::test]
async fn a_request_with_one_wrong_event_is_refused_as_a_whole() {
    let receiver = TestReceiver::start();
    let mut wrong = of_erp("3");
    wrong["time"] = json!("today");
    let batch = json!([of_erp("1"), of_erp("2"), wrong]);
    let answer = receiver.events(BATCH, &batch).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.problem()["index"]),
        (422, &json!(2))
    );
    let not_json = receiver
        .post("/events")
        .bearer_auth(ERP_TOKEN)
        .header("content-type", STRUCTURED)
        .body("{\"a\":1,\"a\":2}");
    let answer = Answer::of(not_json).await;
    assert_eq!(answer.verdict(), (400, "duplicate_member".to_owned()));
    let answer = receiver.events("text/plain", &of_erp("1")).await;
    assert_eq!(answer.verdict(), (415, "wrong_media_type".to_owned()));
    assert_eq!(receiver.log.of(Topic::Events), []);
    assert_eq!(receiver.log.of(Topic::Quarantine), []);
}

#[tokio::test]
async fn events_of_nobody_are_answered_401() {
    let receiver = TestReceiver::start();
    let post = || {
        let request = receiver.post("/events").header("content-type", STRUCTURED);
        request.body(of_erp("1").to_string())
    };
    for (request, code) in [
        (post(), "no_credentials"),
        (
            post().bearer_auth("a-bearer-token-of-the-erq"),
            "wrong_token",
        ),
        (
            post().bearer_auth("whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LTAy"),
            "wrong_token",
        ),
        (post().basic_auth("erp", Some(ERP_TOKEN)), "wrong_token"),
        (
            post().header("webhook-signature", "v1,AAAA"),
            "signature_missing",
        ),
    ] {
        assert_eq!(Answer::of(request).await.verdict(), (401, code.to_owned()));
    }
    assert_eq!(receiver.counted("unknown", "bad_signature"), 5);
    assert_eq!(receiver.log.of(Topic::Events), []);
}

#[tokio::test]
async fn the_cloudevents_handshake_is_granted() {
    let receiver = TestReceiver::start();
    let url = format!("http://{}/events", receiver.address());
    let request = receiver
        .client
        .request(reqwest::Method::OPTIONS, url)
        .header("webhook-request-origin", "erp.example.com")
        .header("webhook-request-rate", "120");
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["webhook-allowed-origin"], "*");
    assert_eq!(response.headers()["webhook-allowed-rate"], "*");
    assert_eq!(response.headers()["allow"], "POST, OPTIONS");
}

#[tokio::test]
async fn every_example_of_the_schemas_is_taken_but_the_relays_own() {
    let receiver = TestReceiver::start();
    for (name, mut example) in examples() {
        example["source"] = json!("erp");
        let answer = receiver.events(STRUCTURED, &example).await;
        let field = if example["type"].as_str().unwrap().starts_with("relay.") {
            Some("type")
        } else {
            example["data"].get("import").map(|_| "data.import")
        };
        let wanted = if field.is_some() { 422 } else { 202 };
        assert_eq!(answer.status.as_u16(), wanted, "{name}: {}", answer.text);
        if let Some(field) = field {
            assert_eq!(answer.problem()["field"], field);
        }
    }
}
