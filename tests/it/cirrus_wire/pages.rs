//! The seed page's own examples, on the wire.

use hris_relay::provider::cirrus::CirrusSettings;
use hris_relay::provider::{Answer, Done, Platform};
use serde_json::Value;

use super::scripted::Scripted;
use super::{BASE, call, client, make, settings, start};

const BODY: &str = include_str!("pages/add_candidates.json");
const ANSWER: &str = include_str!("pages/add_candidates_answer.json");

/// A JSON text without the white space between its members, which stay in their order.
fn compact(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap();
    value.to_string()
}

#[tokio::test]
async fn the_request_is_what_the_page_prints_byte_for_byte() {
    let scripted = Scripted::answering(&[(200, ANSWER)]).await;
    let client = client(&CirrusSettings {
        publish_links: true,
        links_base: Some("https://exams.example".to_owned()),
        ..settings(scripted.addr)
    });
    let answer = client.perform(&call([("EXT1", make())])).await;
    let Answer::Each(each) = answer else {
        panic!("{answer:?}");
    };
    let [Ok(Done::Linked(links))] = each.as_slice() else {
        panic!("{each:?}");
    };
    let session = "1B0D6672709E4786AAA348D48C0F67F1A2D326F6A08C401194473DD32C78D472";
    assert_eq!(
        links[0].0,
        format!("https://exams.example/delivery/external-login?session={session}")
    );
    let sent = &scripted.requests()[0];
    assert_eq!(sent.body, compact(BODY));
    assert_eq!(sent.asked(), format!("POST {BASE}/schedule/add-candidates"));
    assert_eq!(sent.header("content-type"), "application/json");
    assert_eq!(sent.header("authorization"), "EAPI simulated-eapi-token");
    assert_eq!(sent.header("content-length"), sent.body.len().to_string());
    assert!(sent.header("user-agent").starts_with("hris-relay/"));
}

#[tokio::test]
async fn the_pages_own_request_gets_the_pages_own_answer() {
    let running = start(|_| ());
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!(
            "http://{}{BASE}/schedule/add-candidates",
            running.addr()
        ))
        .header("Content-type", "application/json")
        .header("Authorization", "EAPI simulated-eapi-token")
        .body(BODY)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let said = String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap();
    // All but the session, which is another each time, and as long as the page's.
    let cut = |text: &str| {
        let (before, after) = text.split_once("session=").unwrap();
        let (session, rest) = after.split_at(64);
        assert!(session.bytes().all(|byte| byte.is_ascii_hexdigit()));
        format!("{before}{rest}")
    };
    assert_eq!(cut(&said), cut(&compact(ANSWER)));
}
