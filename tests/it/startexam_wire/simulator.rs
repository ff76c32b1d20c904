//! The simulator's own surface: `/_sim/`, overlaps, starting and stopping.

use std::net::SocketAddr;

use hris_relay::simulator::shared::SimulatorError;
use hris_relay::simulator::startexam::{Running, Simulator, SimulatorSettings};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    SALES, WrongClock, activate, apply, call, client, faults, impatient, join, outcome, settings,
    start,
};

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
    let response = request
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn the_account_can_be_looked_at_and_scripted_over_http() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let program = "00000000-0000-0000-0000-000000000001";
    let test = "00000000-0000-0000-0000-000000000002";
    let body = json!({ "id": program, "module_tests": [test] });
    assert_eq!(post(&running, "programs", &body).await, 204);
    let script =
        json!([{ "match": { "person": "e-2" }, "action": { "do": "status", "status": 500 } }]);
    assert_eq!(post(&running, "faults", &script).await, 204);

    apply(&client, [call([("e-1", activate())])]).await;
    let refused = call([("e-2", activate())]);
    assert_eq!(outcome(&client, &refused).await, "provider_faulted");
    apply(
        &client,
        [call([("e-1", join(&format!("program:{program}")))])],
    )
    .await;

    let state = get(&running, "state").await;
    assert_eq!(state["employees"]["e-1"]["status"], "active");
    assert_eq!(state["employees"]["e-1"]["programs"], json!([program]));
    assert_eq!(
        state["programs"][program]["members"],
        json!({ "e-1": [test] })
    );
    assert_eq!(state["employees"]["e-2"], Value::Null);

    let journal = get(&running, "journal").await;
    assert_eq!(journal["is_serial"], true);
    let statuses: Vec<_> = journal["requests"].as_array().unwrap().iter().collect();
    let statuses: Vec<_> = statuses.iter().map(|entry| &entry["status"]).collect();
    assert_eq!(statuses, [200, 500, 200]);
    let about = get(&running, "journal?person=e-2").await;
    assert_eq!(about["requests"][0]["fault"], "status");
    assert_eq!(about["requests"].as_array().unwrap().len(), 1);

    let counters = get(&running, "counters").await;
    assert_eq!(counters["answers"], json!({ "200": 2, "500": 1 }));
    assert_eq!(counters["programs"]["attemptsRegistered"], 1);

    assert_eq!(post(&running, "reset", &json!(null)).await, 204);
    assert_eq!(get(&running, "state").await["employees"], json!({}));
    assert_eq!(get(&running, "counters").await["requests"], 0);
}

#[tokio::test]
async fn a_misspelt_script_is_refused() {
    let running = start(SimulatorSettings::default());
    let script = json!([{ "match": { "persons": "e-2" }, "action": { "do": "drop_before" } }]);
    assert_eq!(post(&running, "faults", &script).await, 400);
}

#[tokio::test]
async fn whatever_is_not_signed_learns_nothing() {
    let running = start(SimulatorSettings::default());
    for path in ["/", "/v1/employees", "/v1/nothing"] {
        let url = format!("http://{}{path}", running.addr());
        let response = http().post(url).body("{}").send().await.unwrap();
        assert_eq!(response.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn overlapping_calls_for_one_person_are_found() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let slow = json!([{ "times": 3, "action": { "do": "delay", "lasting": "1s" } }]);
    running.simulator().script(faults(slow));
    let both = call([("e-1", activate()), ("e-2", activate())]);
    let (one, other) = (call([("e-2", activate())]), call([("e-3", activate())]));
    let _outcomes = tokio::join!(
        outcome(&client, &both),
        outcome(&client, &one),
        outcome(&client, &other),
    );
    let overlaps = running.simulator().overlaps();
    assert_eq!(overlaps.len(), 1);
    assert_eq!(overlaps[0].people, ["e-2".to_owned()].into());
}

#[tokio::test]
async fn calls_one_after_the_other_never_overlap_even_if_they_time_out() {
    let running = start(SimulatorSettings::default());
    let script = json!([
        { "action": { "do": "delay", "lasting": "2s" } },
        { "action": { "do": "slow", "lasting": "2s" } },
        { "action": { "do": "drop_before" } },
        { "action": { "do": "slow", "lasting": "50ms" } },
    ]);
    running.simulator().script(faults(script));
    let client = impatient(running.addr());
    let mut outcomes = Vec::new();
    for operation in [activate(), activate(), activate(), activate(), join(SALES)] {
        outcomes.push(outcome(&client, &call([("e-1", operation)])).await);
    }
    let lost = "provider_unanswered";
    assert_eq!(outcomes, [lost, lost, lost, "applied", "applied"]);
    assert_eq!(running.simulator().overlaps(), []);
}

#[tokio::test]
async fn a_simulator_stops_when_asked() {
    let running = start(SimulatorSettings::default());
    let client = impatient(running.addr());
    let call = call([("e-1", activate())]);
    apply(&client, [call.clone()]).await;
    let addr = running.addr();
    running.stop().await;
    // A client of its own: the other may learn only by asking that its connection is gone.
    assert_eq!(
        outcome(&impatient(addr), &call).await,
        "provider_unreachable"
    );

    let running = start(SimulatorSettings::default());
    let stopping = CancellationToken::new();
    stopping.cancel();
    assert!(running.run(stopping).await.is_ok());
}

#[tokio::test]
async fn an_address_in_use_and_wrong_settings_are_named() {
    let running = start(SimulatorSettings::default());
    let clock = || WrongClock::ahead_by(0);
    let taken = Simulator::start(SimulatorSettings::default(), running.addr(), clock());
    assert!(matches!(taken, Err(SimulatorError::Serve(_))));
    let wrong = SimulatorSettings {
        profile_id: "main".to_owned(),
        ..SimulatorSettings::default()
    };
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let error = Simulator::start(wrong, addr, clock()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the simulator's settings are wrong: simulator.profile_id = main: must be a GUID"
    );
}
