//! `POST /hooks/{source}`: 200 once durable, whatever it held; else the reason.

use std::sync::Arc;
use std::time::Duration;

use hris_relay::event::{Event, Fact};
use hris_relay::log::{Topic, header};
use jiff::Timestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{STRUCTURED, event, header, of_erp, signed, termination};
use crate::support::memory_log::Mood;
use crate::support::test_receiver::{Answer, ERP_SECRET, PORTAL_SECRET, TestReceiver};

#[tokio::test]
async fn a_signed_webhook_is_answered_200_with_its_event_in_the_log() {
    let receiver = TestReceiver::start();
    let body = termination().to_string();
    let answer = receiver.portal(body.as_bytes(), 0).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    let [record] = &receiver.log.of(Topic::Events)[..] else {
        panic!("one record");
    };
    assert_eq!(record.key.as_deref(), Some(b"E-1001".as_slice()));
    assert_eq!(header(record, header::EVENT_ID), "msg_1");
    assert_eq!(header(record, header::CONTENT_TYPE), Event::CONTENT_TYPE);
    let event = event(record);
    assert!(event.received_time.is_some());
    assert!(matches!(event.fact, Fact::Terminated(_)));
    assert_eq!(receiver.counted("portal", "accepted"), 1);
    assert!(receiver.metrics().contains(
        "hris_relay_events_total{source=\"portal\",type=\"hr.employee.terminated.v1\"} 1"
    ));
    assert!(receiver.stop().await.is_ok());
}

#[tokio::test]
async fn a_bamboohr_batch_becomes_events_and_the_rest_goes_to_quarantine() {
    let receiver = TestReceiver::start();
    let body = json!({"employees": [
        {"id": "101", "action": "Updated", "timestamp": "2026-01-31T18:42:00+0000", "fields": {"Status": "Inactive"}},
        {"id": "102", "action": "Updated", "timestamp": "2026-01-31T18:42:00+0000", "fields": {}},
    ]})
    .to_string();
    let answer = receiver.bamboohr(body.as_bytes()).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(receiver.log.of(Topic::Events).len(), 1);
    let [kept] = &receiver.log.of(Topic::Quarantine)[..] else {
        panic!("one record");
    };
    assert_eq!(kept.key.as_deref(), Some(b"bamboohr".as_slice()));
    assert_eq!(kept.payload.as_deref(), Some(body.as_bytes()));
    assert_eq!(header(kept, header::FAILURE_CODE), "needs_read");
    assert!(header(kept, header::FAILURE_REASON).starts_with("item 2 says who changed"));
    assert_eq!(header(kept, header::CONTENT_TYPE), "application/json");
    assert!(
        header(kept, header::RECEIVED_TIME)
            .parse::<Timestamp>()
            .is_ok()
    );
    assert_eq!(receiver.counted("bamboohr", "partly_quarantined"), 1);
}

#[tokio::test]
async fn a_webhook_without_a_fact_is_answered_200_and_keeps_nothing() {
    let receiver = TestReceiver::start();
    let body = br#"{"type":"company.updated","data":{"companyId":"1"}}"#;
    assert_eq!(receiver.bamboohr(body).await.status.as_u16(), 200);
    assert_eq!(receiver.log.of(Topic::Events), []);
    assert_eq!(receiver.log.of(Topic::Quarantine), []);
    assert_eq!(receiver.counted("bamboohr", "no_fact"), 1);
}

#[tokio::test]
async fn a_webhook_that_is_not_believed_is_answered_401() {
    let receiver = TestReceiver::start();
    let body = termination().to_string();
    let plain = Answer::of(receiver.post("/hooks/portal").body(body.clone())).await;
    assert_eq!(plain.verdict(), (401, "signature_missing".to_owned()));
    let stale = receiver.portal(body.as_bytes(), 400).await;
    assert_eq!(stale.verdict(), (401, "signature_too_old".to_owned()));
    let ahead = receiver.portal(body.as_bytes(), -400).await;
    assert_eq!(ahead.verdict(), (401, "signature_too_new".to_owned()));
    let mut foreign = receiver.post("/hooks/portal").body(body.clone());
    for (name, value) in signed(ERP_SECRET, body.as_bytes()) {
        foreign = foreign.header(name, value);
    }
    let foreign = Answer::of(foreign).await;
    assert_eq!(foreign.verdict(), (401, "signature_mismatch".to_owned()));
    let mut forged = receiver.post("/hooks/bamboohr").body(body);
    forged = forged.header("x-bamboohr-timestamp", "769884920");
    forged = forged.header("x-bamboohr-signature", "00".repeat(32));
    let forged = Answer::of(forged).await;
    assert_eq!(forged.verdict(), (401, "signature_malformed".to_owned()));
    assert_eq!(receiver.log.of(Topic::Events), []);
    assert_eq!(receiver.log.of(Topic::Quarantine), []);
    assert_eq!(receiver.counted("portal", "bad_signature"), 4);
}

#[tokio::test]
async fn an_authentic_body_that_is_no_event_is_kept_and_answered_200() {
    let receiver = TestReceiver::start();
    let mut lacking = termination();
    lacking["type"] = json!("hr.employee.hired.v1");
    lacking["data"] = json!({});
    let mut unknown = termination();
    unknown["type"] = json!("user.created");
    let mut long = termination();
    long["subject"] = json!("x".repeat(251));
    for (body, code) in [
        ("not json".to_owned(), "not_json"),
        (lacking.to_string(), "missing_field"),
        (unknown.to_string(), "unknown_type"),
        (long.to_string(), "wrong_field"),
    ] {
        let answer = receiver.portal(body.as_bytes(), 0).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        let kept = receiver.log.of(Topic::Quarantine).pop().unwrap();
        assert_eq!(header(&kept, header::FAILURE_CODE), code);
        assert_eq!(header(&kept, header::EVENT_ID), "msg_1");
        assert_eq!(kept.payload.as_deref(), Some(body.as_bytes()));
    }
    assert_eq!(receiver.log.of(Topic::Events), []);
    assert_eq!(receiver.counted("portal", "quarantined"), 4);
}

#[tokio::test]
async fn a_compressed_body_is_verified_over_the_bytes_that_arrived() {
    // `{}` through gzip: the signature is over these bytes, and nobody may unpack them.
    let gzip: &[u8] = &[
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0,
    ];
    let receiver = TestReceiver::start();
    let mut request = receiver
        .post("/hooks/portal")
        .header("content-encoding", "gzip");
    for (name, value) in signed(PORTAL_SECRET, gzip) {
        request = request.header(name, value);
    }
    let answer = Answer::of(request.body(gzip)).await;
    assert_eq!(answer.status.as_u16(), 200);
    let [kept] = &receiver.log.of(Topic::Quarantine)[..] else {
        panic!("one record");
    };
    assert_eq!(header(kept, header::FAILURE_CODE), "not_json");
    assert_eq!(kept.payload.as_deref(), Some(gzip));
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_413_before_it_is_read() {
    let receiver = TestReceiver::start();
    let answer = receiver.portal(&vec![b'x'; (16 << 10) + 1], 0).await;
    assert_eq!(answer.verdict(), (413, "too_large".to_owned()));
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    let head = "POST /hooks/portal HTTP/1.1\r\nHost: relay\r\nContent-Length: 99999999\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    let head = "POST /events HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n4001\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; 0x4001]).await.unwrap();
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
    assert_eq!(receiver.counted("portal", "too_large"), 2);
    assert_eq!(receiver.counted("unknown", "too_large"), 1);
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_408() {
    let receiver = TestReceiver::start();
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    let head = "POST /hooks/portal HTTP/1.1\r\nHost: relay\r\nContent-Length: 10\r\n\r\nhalf";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 408");
}

#[tokio::test]
async fn an_unknown_source_is_answered_404_and_makes_no_label() {
    let receiver = TestReceiver::start();
    for path in [
        "/hooks/nobody-there",
        "/hooks/erp",
        "/hooks/a%20b",
        "/nowhere-there",
        "/",
    ] {
        let answer = Answer::of(receiver.post(path).body("{}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}");
        assert!(!answer.text.contains("-there"), "{path}");
    }
    assert_eq!(receiver.counted("unknown", "unknown_source"), 3);
    assert!(!receiver.metrics().contains("-there"));
    let got = receiver
        .client
        .get(format!("http://{}/events", receiver.address()));
    assert_eq!(
        Answer::of(got).await.verdict(),
        (405, "wrong_method".to_owned())
    );
}

#[tokio::test]
async fn a_log_that_does_not_confirm_is_answered_503_with_retry_after() {
    let receiver = TestReceiver::start();
    for (mood, code) in [
        (Mood::Unconfirmed, "log_unconfirmed"),
        (Mood::Hangs, "log_unanswered"),
    ] {
        receiver.log.feels(mood);
        let webhook = receiver
            .portal(termination().to_string().as_bytes(), 0)
            .await;
        let unmappable = receiver.portal(b"not json", 0).await;
        let events = receiver.events(STRUCTURED, &of_erp("1")).await;
        for answer in [webhook, unmappable, events] {
            assert_eq!(answer.verdict(), (503, code.to_owned()));
            assert_eq!(answer.retry_after.as_deref(), Some("7"));
        }
    }
    receiver.log.feels(Mood::TooLarge);
    let answer = receiver.portal(b"not json", 0).await;
    assert_eq!(answer.verdict(), (413, "log_record_too_large".to_owned()));
    receiver.log.feels(Mood::Takes);
    let answer = receiver
        .portal(termination().to_string().as_bytes(), 0)
        .await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(receiver.counted("portal", "unconfirmed"), 4);
    assert_eq!(receiver.log.of(Topic::Events).len(), 1);
}

#[tokio::test]
async fn a_source_is_heard_of_once_it_is_believed_whatever_becomes_of_what_it_says() {
    let receiver = TestReceiver::start();
    let heard_of = |source: &str| {
        let series = "hris_relay_source_last_contact_timestamp_seconds";
        let line = format!("{series}{{source=\"{source}\"}} ");
        let text = receiver.metrics();
        let line = text.lines().find_map(|it| it.strip_prefix(&line));
        line.map(|at| at.parse::<i64>().unwrap())
    };
    let unbelieved = receiver.post("/hooks/portal").body("{}");
    assert_eq!(Answer::of(unbelieved).await.status.as_u16(), 401);
    assert_eq!(heard_of("portal"), None);
    let before = Timestamp::now().as_second();
    receiver.log.feels(Mood::Unconfirmed);
    let answer = receiver.portal(b"not json", 0).await;
    assert_eq!(answer.status.as_u16(), 503);
    let answer = receiver.events(STRUCTURED, &json!({})).await;
    assert_eq!(answer.status.as_u16(), 400);
    for source in ["portal", "erp"] {
        assert!(heard_of(source).is_some_and(|at| at >= before), "{source}");
    }
    assert_eq!(heard_of("bamboohr"), None);
}

#[tokio::test]
async fn what_a_configured_source_may_do_is_counted_from_zero() {
    let receiver = TestReceiver::start();
    let text = receiver.metrics();
    for line in [
        r#"hris_relay_webhooks_total{outcome="partly_quarantined",source="bamboohr"} 0"#,
        r#"hris_relay_webhooks_total{outcome="bad_signature",source="portal"} 0"#,
        r#"hris_relay_webhooks_total{outcome="invalid",source="erp"} 0"#,
        r#"hris_relay_webhooks_total{outcome="unknown_source",source="unknown"} 0"#,
        r#"hris_relay_events_total{source="erp",type="hr.employee.erased.v1"} 0"#,
        r#"hris_relay_webhook_duration_seconds_count{source="portal"} 0"#,
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in {text}");
    }
    assert!(!text.contains(r#"outcome="quarantined",source="erp""#));
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_receiver_stops() {
    let receiver = TestReceiver::start();
    receiver.log.feels(Mood::Hangs);
    let (log, request) = (Arc::clone(&receiver.log), receiver.post("/hooks/portal"));
    let body = termination().to_string();
    let mut request = request.body(body.clone());
    for (name, value) in signed(PORTAL_SECRET, body.as_bytes()) {
        request = request.header(name, value);
    }
    let mut under_way = JoinSet::new();
    let _handle = under_way.spawn(Answer::of(request));
    let asked = async {
        while log.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let deadline = Duration::from_secs(10);
    assert!(tokio::time::timeout(deadline, asked).await.is_ok());
    assert!(receiver.stop().await.is_ok());
    let answer = under_way.join_next().await.unwrap().unwrap();
    assert_eq!(answer.verdict(), (503, "log_unanswered".to_owned()));
}
