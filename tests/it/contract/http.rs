//! Every answer that the document promises is given by a running relay, as it is promised.

use std::net::SocketAddr;
use std::time::Duration;

use hris_relay::admin::{ASYNCAPI, LIVE, METRICS, OPENAPI, READY};
use hris_relay::receiver::signature::{sign_bamboohr, sign_standard_webhook};
use hris_relay::secret::Secret;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::held::{Contract, request, said};
use crate::admin;
use crate::support::logs::system_clock;
use crate::support::memory_log::Mood;
use crate::support::test_receiver::TestReceiver;
use crate::support::test_receiver::{BAMBOO_SECRET, ERP_SECRET, ERP_TOKEN, PORTAL_SECRET};

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const HOOKS: &str = "/hooks/{source}";
const EVENTS: &str = "/events";

/// What cannot be brought about here: the registry always writes as text.
const BEYOND_REACH: [&str; 1] = ["get /metrics 500"];

/// A receiver, and the document it is held to.
struct Checked {
    contract: Contract,
    receiver: TestReceiver,
}

impl Checked {
    async fn posts(&mut self, path: &str, headers: &[(&str, String)], body: &[u8], wanted: u16) {
        let address = self.receiver.address().to_owned();
        let said = said(&address, &request("POST", path, headers, body)).await;
        let of = if path.starts_with("/hooks/") {
            HOOKS
        } else {
            EVENTS
        };
        let code = self.contract.holds("post", of, &said);
        assert_eq!(said.status, wanted, "{path}{code}");
    }

    async fn webhook(&mut self, signed: &[(&str, String)], body: &[u8], wanted: u16) {
        self.posts("/hooks/portal", signed, body, wanted).await;
    }

    async fn events(&mut self, media: &str, body: &[u8], wanted: u16) {
        let headers = [token(), ("content-type", media.to_owned())];
        self.posts(EVENTS, &headers, body, wanted).await;
    }
}

fn token() -> (&'static str, String) {
    ("authorization", format!("Bearer {ERP_TOKEN}"))
}

/// Signed that many seconds ago.
fn signed(secret: &str, body: &[u8], age: i64) -> Vec<(&'static str, String)> {
    let at = system_clock().now() - SignedDuration::from_secs(age);
    sign_standard_webhook(&Secret::new(secret), "msg_1", at, body)
        .unwrap()
        .to_vec()
}

fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "erp", "type": "hr.employee.updated.v1",
        "subject": "E-1001", "time": "2026-03-01T09:00:00Z",
        "data": { "attributes": { "email": "ada@example.com" } }
    })
}

/// The same with a member replaced; `null` takes it away.
fn with(name: &str, value: Value) -> Vec<u8> {
    let mut event = event("1");
    let members = event.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    event.to_string().into_bytes()
}

/// What a sender of webhooks is answered.
async fn webhooks(checked: &mut Checked) {
    let body = br#"{"type":"hr.employee.erased.v1","subject":"E-1","time":"2026-03-01T09:00:00Z"}"#;
    checked
        .webhook(&signed(PORTAL_SECRET, body, 0), body, 200)
        .await;
    checked
        .webhook(&signed(PORTAL_SECRET, b"{", 0), b"{", 200)
        .await;
    let at = system_clock().now();
    let bamboohr = sign_bamboohr(&Secret::new(BAMBOO_SECRET), at, b"{}").unwrap();
    checked
        .posts("/hooks/bamboohr", &bamboohr, b"{}", 200)
        .await;
    checked.posts("/hooks/nobody", &[], b"{}", 404).await;
}

/// What neither door believes, and what does not arrive.
async fn not_believed(checked: &mut Checked, path: &str, secret: &str) {
    let body = b"{}";
    let right = signed(secret, body, 0);
    let twice: Vec<_> = right.iter().chain(&right).cloned().collect();
    let without = |name: &'static str| move |it: &&(&str, String)| it.0 != name;
    let mut malformed: Vec<_> = right
        .iter()
        .filter(without("webhook-timestamp"))
        .cloned()
        .collect();
    malformed.push(("webhook-timestamp", "today".to_owned()));
    let unnamed: Vec<_> = right
        .iter()
        .filter(without("webhook-id"))
        .cloned()
        .collect();
    for headers in [
        unnamed,
        twice,
        malformed,
        signed(secret, body, 400),
        signed(secret, body, -400),
        signed("whsec_bm90LXRoZS1rZXktb2YtdGhlLXBvcnRhbCE=", body, 0),
    ] {
        checked.posts(path, &headers, body, 401).await;
    }
    let large = vec![b' '; (16 << 10) + 1];
    checked.posts(path, &right, &large, 413).await;
    let chunked = [("transfer-encoding", "chunked".to_owned())];
    checked.posts(path, &chunked, b"no length\r\n", 400).await;
    checked
        .posts(path, &chunked, b"ff\r\nthe rest never comes", 408)
        .await;
}

/// What a log that does not take it is answered with.
async fn not_taken(checked: &mut Checked, path: &str, headers: &[(&str, String)], body: &[u8]) {
    for (mood, wanted) in [
        (Mood::TooLarge, 413),
        (Mood::Unconfirmed, 503),
        (Mood::Full, 503),
        (Mood::Closed, 503),
        (Mood::Hangs, 503),
    ] {
        checked.receiver.log.feels(mood);
        checked.posts(path, headers, body, wanted).await;
    }
    checked.receiver.log.feels(Mood::Takes);
}

/// What a producer of events is answered.
async fn producers(checked: &mut Checked) {
    checked
        .events(STRUCTURED, &with("id", json!("2")), 202)
        .await;
    let batch = json!([event("3"), event("4")]).to_string();
    checked.events(BATCH, batch.as_bytes(), 202).await;
    for body in [
        b"{\"specversion\"".to_vec(),
        b"{\"id\":\"1\",\"id\":\"2\"}".to_vec(),
        with("specversion", Value::Null),
        with("specversion", json!("0.3")),
    ] {
        checked.events(STRUCTURED, &body, 400).await;
    }
    for body in [
        with("subject", Value::Null),
        with("subject", json!(7)),
        with("type", json!("user.created")),
        with("data", json!({ "ssn": "x" })),
    ] {
        checked.events(STRUCTURED, &body, 422).await;
    }
    checked.events("text/plain", b"x", 415).await;
    let mut twice = vec![token(), ("content-type", "application/json".to_owned())];
    for (name, value) in [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-id", "2")] {
        twice.push((name, value.to_owned()));
    }
    checked.posts(EVENTS, &twice, b"{}", 400).await;
    checked.posts(EVENTS, &[], b"{}", 401).await;
    let wrong = [("authorization", "Bearer nobody".to_owned())];
    checked.posts(EVENTS, &wrong, b"{}", 401).await;
}

/// Who asks whether they may send.
async fn handshakes(checked: &mut Checked) {
    let address = checked.receiver.address().to_owned();
    let asks = ["webhook-request-origin", "webhook-request-rate"].map(|it| (it, "1".to_owned()));
    for (path, of) in [("/hooks/portal", HOOKS), (EVENTS, EVENTS)] {
        for headers in [&asks[..], &[]] {
            let said = said(&address, &request("OPTIONS", path, headers, b"")).await;
            checked.contract.holds("options", of, &said);
            let is_granted = said.header("webhook-allowed-rate").is_some();
            assert_eq!(is_granted, !headers.is_empty());
        }
    }
}

/// What operators are answered by a process that is well, and by one that is not.
async fn operators(contract: &mut Contract) {
    let ask = |address: SocketAddr, path: &'static str| async move {
        said(&address.to_string(), &request("GET", path, &[], b"")).await
    };
    let well = admin::open();
    let unwell = admin::open();
    let _starting = unwell.health.component("worker startexam", Duration::MAX);
    let _silent = unwell.health.component("roster", Duration::ZERO);
    for path in [LIVE, READY, METRICS, OPENAPI, ASYNCAPI] {
        let said = ask(well.address, path).await;
        assert_eq!(said.status, 200, "{path}");
        contract.holds("get", path, &said);
    }
    let accept = [("accept", "application/openmetrics-text".to_owned())];
    let asked = request("GET", "/metrics", &accept, b"");
    let open = said(&well.address.to_string(), &asked).await;
    assert!(open.header("content-type").unwrap().contains("openmetrics"));
    contract.holds("get", "/metrics", &open);
    for path in [LIVE, READY] {
        let said = ask(unwell.address, path).await;
        assert_eq!(said.status, 503, "{path}");
        contract.holds("get", path, &said);
    }
}

#[tokio::test]
async fn every_promised_answer_is_given_and_no_other() {
    let mut checked = Checked {
        contract: Contract::new(),
        receiver: TestReceiver::start(),
    };
    webhooks(&mut checked).await;
    not_believed(&mut checked, "/hooks/portal", PORTAL_SECRET).await;
    not_taken(
        &mut checked,
        "/hooks/portal",
        &signed(PORTAL_SECRET, b"{", 0),
        b"{",
    )
    .await;
    producers(&mut checked).await;
    not_believed(&mut checked, EVENTS, ERP_SECRET).await;
    let event = with("id", json!("5"));
    let headers = [token(), ("content-type", STRUCTURED.to_owned())];
    not_taken(&mut checked, EVENTS, &headers, &event).await;
    handshakes(&mut checked).await;
    operators(&mut checked.contract).await;
    let mut promised = checked.contract.promised();
    for beyond in BEYOND_REACH {
        assert!(promised.remove(beyond), "{beyond} is not promised");
    }
    assert_eq!(checked.contract.seen, promised);
}
