//! The simulator's own surface: `/_sim/`, overlaps, wrong settings.

use std::net::SocketAddr;

use hris_relay::provider::Existence::{Absent, Present};
use hris_relay::simulator::examtesting::{Running, Simulator, SimulatorSettings};
use hris_relay::simulator::shared::SimulatorError;
use serde_json::{Value, json};

use super::{activate, ada, apply, client, faults, lock, outcome, settings, start};
use crate::support::logs::system_clock;

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn get(running: &Running, path: &str) -> Value {
    let url = format!("http://{}/_sim/{path}", running.addr());
    let response = http().get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn post(running: &Running, path: &str, body: &Value) -> u16 {
    let url = format!("http://{}/_sim/{path}", running.addr());
    let request = http().post(url).body(body.to_string());
    let request = request.header("content-type", "application/json");
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_account_can_be_looked_at_and_changed_over_http() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let group = json!({ "name": "Class C" });
    assert_eq!(post(&running, "groups", &group).await, 204);
    assert_eq!(post(&running, "programs", &json!({})).await, 404);
    let known = ada("Class C");
    let operations = [activate(&known, Absent), lock(&known, Present)];
    apply(&client, "e-1", operations).await;

    let state = get(&running, "state").await;
    assert_eq!(state["groups"], json!(["Class A", "Class B", "Class C"]));
    for (member, value) in [
        ("student_id", json!(1001)),
        ("stus_id", json!("e-1")),
        ("is_enabled", json!(false)),
        ("groups", json!(["Class C"])),
        ("password", json!("[redacted]")),
        ("password_changes", json!(0)),
    ] {
        assert_eq!(state["students"]["e-1"][member], value, "{member}");
    }
    assert_eq!(post(&running, "reset", &json!(null)).await, 204);
    let state = get(&running, "state").await;
    assert_eq!(state["students"], json!({}));
    assert_eq!(state["groups"], json!(["Class A", "Class B"]));
}

#[tokio::test]
async fn faults_are_scripted_by_person_action_and_group() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let script = json!([
        { "match": { "person": "e-2" }, "action": { "do": "status", "status": 500 } },
        { "match": { "path": "/ManageCandidate.aspx?action=update", "target": "Class A" },
          "action": { "do": "drop_before" } },
    ]);
    assert_eq!(post(&running, "faults", &script).await, 204);
    let known = ada("Class A");
    let mut words = Vec::new();
    for (id, operation) in [
        ("e-1", activate(&known, Absent)),
        ("e-2", activate(&known, Absent)),
        ("e-1", activate(&known, Present)),
        ("e-1", lock(&known, Present)),
    ] {
        words.push(outcome(&client, id, operation).await);
    }
    let expected = [
        "applied",
        "provider_faulted",
        "provider_unanswered",
        "applied",
    ];
    assert_eq!(words, expected);

    let journal = get(&running, "journal").await;
    assert_eq!(journal["is_serial"], true);
    let requests = journal["requests"].as_array().unwrap().iter();
    let paths: Vec<_> = requests
        .map(|entry| entry["path"].as_str().unwrap())
        .collect();
    let [add, update] =
        ["add", "update"].map(|word| format!("/ManageCandidate.aspx?action={word}"));
    assert_eq!(paths, [&add, &add, &update, &update]);
    let about = get(&running, "journal?person=e-2").await;
    assert_eq!(about["requests"][0]["fault"], "status");
    let counters = get(&running, "counters").await;
    assert_eq!(
        counters["answers"],
        json!({ "200": 2, "500": 1, "dropped": 1 })
    );
    assert_eq!(
        (&counters["added"], &counters["updated"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn overlapping_calls_for_one_person_are_found() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let known = ada("Class A");
    for id in ["e-1", "e-2"] {
        apply(&client, id, [activate(&known, Absent)]).await;
    }
    let slow = json!([{ "times": 3, "action": { "do": "delay", "lasting": "1s" } }]);
    running.simulator().script(faults(slow));
    let _outcomes = tokio::join!(
        outcome(&client, "e-1", activate(&known, Present)),
        outcome(&client, "e-1", lock(&known, Present)),
        outcome(&client, "e-2", lock(&known, Present)),
    );
    let overlaps = running.simulator().overlaps();
    assert_eq!(overlaps.len(), 1);
    assert_eq!(overlaps[0].people, ["e-1".to_owned()].into());
}

#[tokio::test]
async fn an_address_in_use_and_wrong_settings_are_named() {
    let running = start(SimulatorSettings::default());
    let taken = Simulator::start(SimulatorSettings::default(), running.addr(), system_clock());
    assert!(matches!(taken, Err(SimulatorError::Serve(_))));
    let wrong = SimulatorSettings {
        institution_id: String::new(),
        ..SimulatorSettings::default()
    };
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let error = Simulator::start(wrong, addr, system_clock()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the simulator's settings are wrong: simulator.institution_id = (not set): must not be empty"
    );
}
