//! What must never be seen: secrets, signatures and people, in errors, `Debug` and logs.

use hris_relay::provider::StartError;
use hris_relay::provider::startexam::{StartExam, StartExamSettings};
use hris_relay::provider::{Answer, Operation, Platform, Profile};
use hris_relay::secret::Secret;
use hris_relay::simulator::startexam::SimulatorSettings;
use serde_json::json;

use crate::support::collected::collected;

use super::{WrongClock, activate, apply, call, client, faults, outcome, settings, start};

#[tokio::test]
async fn neither_secret_nor_person_shows_in_logs_errors_or_debug_output() {
    let (lines, _guard) = collected();
    let running = start(SimulatorSettings::default());
    let settings = settings(running.addr());
    let secret = settings.secret.clone().unwrap();
    let client = client(&settings);
    let profile = Profile(vec![("Email".to_owned(), "jane@example.com".to_owned())]);
    let call = call([("jane-17", Operation::activate(profile))]);
    let mut seen = format!("{settings:?} {client:?} {call:?}");
    for action in [
        json!({ "do": "drop_before" }),
        json!({ "do": "garbage_body" }),
        json!({ "do": "status", "status": 400, "message": "jane-17 jane@example.com" }),
        json!({ "do": "status", "status": 403, "message": "jane-17 jane@example.com" }),
    ] {
        running
            .simulator()
            .script(faults(json!([{ "action": action }])));
        let Answer::Failed(failure) = client.perform(&call).await else {
            panic!("no failure");
        };
        seen.push_str(&failure.to_string());
    }
    apply(&client, [call]).await;
    seen.extend([format!("{running:?}"), lines.text()]);
    for hidden in [
        secret.expose(),
        "SharedKey 99:",
        "jane-17",
        "jane@example.com",
    ] {
        assert!(!seen.contains(hidden), "{hidden} in {seen}");
    }
}

#[test]
fn a_wrong_secret_is_named_but_not_shown() {
    let wrong = StartExamSettings {
        secret: Some(Secret::new("hunter2!")),
        secret_encoding: hris_relay::provider::startexam::SecretEncoding::Base64,
        ..settings(([127, 0, 0, 1], 1).into())
    };
    let error = StartExam::from_settings(&wrong, WrongClock::ahead_by(0)).unwrap_err();
    let StartError::Settings(complaint) = &error else {
        panic!("{error}");
    };
    assert_eq!(complaint.key, "providers.startexam.secret_encoding");
    assert!(!format!("{error} {error:?} {complaint}").contains("hunter2"));
}

#[tokio::test]
async fn a_rotated_secret_is_read_again_after_a_rejection() {
    let running = start(SimulatorSettings::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "an old secret\n").unwrap();
    let good = settings(running.addr());
    let client = client(&StartExamSettings {
        secret: None,
        secret_file: Some(file.path().to_owned()),
        ..good.clone()
    });
    let call = call([("e-1", activate())]);
    assert_eq!(outcome(&client, &call).await, "credentials_rejected");
    std::fs::write(file.path(), "").unwrap();
    assert_eq!(outcome(&client, &call).await, "credentials_rejected");
    let fresh = good.secret.unwrap();
    std::fs::write(file.path(), format!("{}\n", fresh.expose())).unwrap();
    assert_eq!(outcome(&client, &call).await, "credentials_rejected");
    assert_eq!(outcome(&client, &call).await, "applied");
}

#[tokio::test]
async fn clocks_that_differ_by_more_than_five_minutes_are_said_once() {
    for (ahead, warnings) in [(290, 0), (310, 1), (-310, 1)] {
        let running = start(SimulatorSettings::default());
        let (lines, _guard) = collected();
        let clock = WrongClock::ahead_by(ahead);
        let client = StartExam::from_settings(&settings(running.addr()), clock).unwrap();
        let call = call([("e-1", activate())]);
        apply(&client, [call.clone(), call]).await;
        let said = lines.text().matches("clock differs from ours").count();
        assert_eq!(said, warnings, "{ahead}");
    }
}
