//! What must never be seen: credentials, passwords and people, in errors, `Debug`, logs and
//! the simulator's journal.

use hris_relay::provider::Existence::{Absent, Present};
use hris_relay::provider::examtesting::{ExamTesting, ExamTestingSettings, ParamLocation};
use hris_relay::provider::{Answer, Platform, StartError};
use hris_relay::secret::Secret;
use hris_relay::simulator::examtesting::SimulatorSettings;
use serde_json::{Value, json};

use super::{
    PASSWORD_SECRET, activate, ada, apply, call, client, faults, outcome, password, settings, start,
};
use crate::support::collected::collected;
use crate::support::logs::system_clock;

#[tokio::test]
async fn neither_secret_nor_person_shows_in_logs_errors_or_debug_output() {
    for param_location in [ParamLocation::Form, ParamLocation::Query] {
        let (lines, _guard) = collected();
        let running = start(SimulatorSettings::default());
        let settings = ExamTestingSettings {
            param_location,
            ..settings(running.addr())
        };
        let client = client(&settings);
        let operation = activate(&ada("Class A"), Absent);
        let call = call("jane-17", operation);
        let mut seen = format!("{settings:?} {client:?} {call:?}");
        for action in [
            json!({ "do": "drop_before" }),
            json!({ "do": "garbage_body" }),
            json!({ "do": "status", "status": 400, "message": "jane-17 ada@example.com" }),
            json!({ "do": "status", "status": 403, "message": "jane-17 ada@example.com" }),
            json!({ "do": "status", "status": 302 }),
        ] {
            running
                .simulator()
                .script(faults(json!([{ "action": action }])));
            let Answer::Failed(failure) = client.perform(&call).await else {
                panic!("no failure");
            };
            seen.extend([failure.to_string(), format!("{failure:?}")]);
        }
        // What was made before the answer became garbage is there.
        let update = activate(&ada("Class A"), Present);
        apply(&client, "jane-17", [update]).await;
        seen.extend([format!("{running:?}"), lines.text()]);
        let addr = running.addr();
        running.stop().await;
        let unreachable = client.perform(&call).await;
        seen.extend([format!("{unreachable:?}"), lines.text()]);
        let password = password("jane-17");
        for hidden in [
            "simulated-api-key",
            "simulated-api-pass",
            PASSWORD_SECRET,
            password.as_str(),
            "ApiPass",
            "action=",
            "jane-17",
            "ada@example.com",
            "ada%40example.com",
        ] {
            assert!(!seen.contains(hidden), "{hidden} in {seen}, {addr}");
        }
    }
}

#[tokio::test]
async fn the_simulators_own_surface_shows_neither_password_nor_credentials() {
    for param_location in [ParamLocation::Form, ParamLocation::Query] {
        let running = start(SimulatorSettings::default());
        let client = client(&ExamTestingSettings {
            param_location,
            ..settings(running.addr())
        });
        apply(&client, "e-1", [activate(&ada("Class A"), Absent)]).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for path in ["state", "journal", "counters"] {
            let url = format!("http://{}/_sim/{path}", running.addr());
            let response = http.get(url).send().await.unwrap();
            let body = response.bytes().await.unwrap();
            let json: Value = serde_json::from_slice(&body).unwrap();
            let text = json.to_string();
            let password = password("e-1");
            for hidden in ["simulated-api", password.as_str(), "ApiPass"] {
                assert!(!text.contains(hidden), "{hidden} in {text}");
            }
        }
    }
}

#[test]
fn a_wrong_address_is_named_without_what_is_in_it() {
    let wrong = ExamTestingSettings {
        base_url: "https://me:hunter2@host".to_owned(),
        ..settings(([127, 0, 0, 1], 1).into())
    };
    let error = ExamTesting::from_settings(&wrong, system_clock()).unwrap_err();
    let StartError::Settings(complaint) = &error else {
        panic!("{error}");
    };
    assert_eq!(complaint.key, "providers.examtesting.base_url");
    assert!(!format!("{error} {error:?} {complaint}").contains("hunter2"));
}

#[tokio::test]
async fn rotated_credentials_are_read_again_after_a_rejection() {
    let running = start(SimulatorSettings::default());
    let [key, pass] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
    let good = settings(running.addr());
    std::fs::write(key.path(), "simulated-api-key\n").unwrap();
    std::fs::write(pass.path(), "an old pass\n").unwrap();
    let client = client(&ExamTestingSettings {
        api_key: None,
        api_key_file: Some(key.path().to_owned()),
        api_pass: None,
        api_pass_file: Some(pass.path().to_owned()),
        password_secret: Some(Secret::new(PASSWORD_SECRET)),
        ..good
    });
    let mut words = Vec::new();
    for rotated in ["", "simulated-api-pass\n", "simulated-api-pass\n"] {
        words.push(outcome(&client, "e-1", activate(&ada("Class A"), Absent)).await);
        std::fs::write(pass.path(), rotated).unwrap();
    }
    words.push(outcome(&client, "e-1", activate(&ada("Class A"), Absent)).await);
    let rejected = "credentials_rejected";
    assert_eq!(words, [rejected, rejected, rejected, "applied"]);
}
