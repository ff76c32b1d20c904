//! The simulator's own pages, and what it refuses of a client that is not ours.

use hris_relay::simulator::cirrus::Running;
use serde_json::{Value, json};

use super::{BASE, client, end, make, settings, start};

async fn ask(running: &Running, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .request(method, format!("http://{}{path}", running.addr()))
        .header("content-type", "application/json")
        .header("authorization", "EAPI simulated-eapi-token");
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn state_journal_and_counters_can_be_read_and_reset() {
    let running = start(|_| ());
    end(&client(&settings(running.addr())), "a", make()).await;
    let (_, state) = ask(&running, "GET", "/_sim/state", None).await;
    assert_eq!(state["users"]["a"]["login_disabled"], false);
    assert!(state["schedules"]["ScEXT1"]["candidates"]["a"].is_string());
    let (_, journal) = ask(&running, "GET", "/_sim/journal?person=a", None).await;
    assert_eq!(
        journal["requests"][0]["path"],
        format!("{BASE}/schedule/add-candidates")
    );
    assert_eq!(journal["is_serial"], true);
    let (_, counters) = ask(&running, "GET", "/_sim/counters", None).await;
    assert!(counters.to_string().contains("\"users_made\":1"));
    let (status, _) = ask(&running, "POST", "/_sim/reset", None).await;
    assert_eq!(status, 204);
    assert!(running.simulator().account().users.is_empty());
}

#[tokio::test]
async fn schedules_and_users_can_be_put() {
    let running = start(|_| ());
    for (kind, body, status) in [
        (
            "schedules",
            json!({ "id": "new", "is_activated": true }),
            204,
        ),
        ("users", json!({ "id": "u", "login_disabled": true }), 204),
        ("users", json!({ "name": "u" }), 400),
        ("programs", json!({}), 404),
    ] {
        let path = format!("/_sim/{kind}");
        let (answered, _) = ask(&running, "POST", &path, Some(body)).await;
        assert_eq!(answered, status, "{kind}");
    }
    let account = running.simulator().account();
    assert!(account.schedules["new"].is_activated);
    assert!(account.users["u"].login_disabled);
}

#[tokio::test]
async fn users_are_read_and_deleted_into_the_trash() {
    let running = start(|_| ());
    end(&client(&settings(running.addr())), "a", make()).await;
    let user = format!("{BASE}/user/a");
    let (status, body) = ask(&running, "GET", &user, None).await;
    assert_eq!(
        (status, &body["Content"]["User"]["DisableLogin"]),
        (200, &json!(false))
    );
    let (_, body) = ask(&running, "DELETE", &user, None).await;
    assert_eq!(body, json!({ "Success": true, "Errors": null }));
    let (status, body) = ask(&running, "DELETE", &user, None).await;
    assert_eq!(
        (status, &body["Errors"]),
        (400, &json!("202: User not found"))
    );
}

#[tokio::test]
async fn a_path_that_no_page_names_is_not_found() {
    let running = start(|_| ());
    for (method, path) in [
        ("GET", format!("{BASE}/schedule/add-candidates")),
        ("POST", "/schedule/add-candidates".to_owned()),
        ("PUT", format!("{BASE}/schedule/ScEXT1/candidates")),
        ("DELETE", format!("{BASE}/schedule/ScEXT1/candidates")),
    ] {
        let (status, body) = ask(&running, method, &path, Some(json!([]))).await;
        assert_eq!(
            (status, &body["Errors"]),
            (404, &json!("Url not found")),
            "{path}"
        );
    }
}
