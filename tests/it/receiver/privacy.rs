//! Personal data and secrets stay in the body that brought them.

use hris_relay::event::Fact;
use hris_relay::log::Topic;
use serde_json::json;

use super::{STRUCTURED, event, of_erp, termination};
use crate::support::captured;
use crate::support::test_receiver::TestReceiver;

#[tokio::test]
async fn private_values_reach_no_event_no_log_line_and_no_answer() {
    let canaries = [
        "canary-078-05-1120",
        "canary-hunter2",
        "canary-90000",
        "canary-person",
    ];
    let [ssn, password, salary, person] = canaries;
    let receiver = TestReceiver::start();
    let at = "2026-01-31T18:42:00+0000";
    let batch = json!({"employees": [
        {"id": "1", "action": "Updated", "timestamp": at, "fields": {"First Name": "Ada", "SSN": ssn, "Password": password, "Salary": salary}},
        {"id": person, "action": "Updated", "timestamp": password, "fields": {"SSN": ssn}},
        {"id": "3", "action": password, "timestamp": at, "fields": {"Status": salary}},
        {"id": "4", "action": "Updated", "timestamp": at, "fields": {"Status": salary}},
    ]});
    let mut answers = vec![receiver.bamboohr(batch.to_string().as_bytes()).await];
    let attributes =
        json!({"first_name": "Ada", "ssn": ssn, "password": password, "salary": salary});
    let mut update = of_erp("1");
    update["data"] = json!({"attributes": attributes});
    answers.push(receiver.events(STRUCTURED, &update).await);
    for (name, value) in [
        ("subject", json!([person])),
        ("time", json!(ssn)),
        ("type", json!(password)),
        ("data", json!({"phase": salary})),
        ("data", json!({"effective_at": ssn})),
    ] {
        let mut wrong = of_erp("2");
        wrong[name] = value.clone();
        answers.push(receiver.events(STRUCTURED, &wrong).await);
        let mut wrong = termination();
        wrong[name] = value;
        answers.push(receiver.portal(wrong.to_string().as_bytes(), 0).await);
    }
    let mut seen: Vec<String> = answers.into_iter().map(|answer| answer.text).collect();
    for record in receiver.log.of(Topic::Events) {
        assert!(matches!(
            event(&record).fact,
            Fact::Snapshot(_) | Fact::Updated(_)
        ));
        seen.push(format!("{:?} {:?}", record.headers, record.payload));
    }
    for record in receiver.log.of(Topic::Quarantine) {
        seen.push(format!("{:?}", record.headers));
    }
    assert_eq!(receiver.log.of(Topic::Events).len(), 2);
    assert_eq!(receiver.log.of(Topic::Quarantine).len(), 6);
    seen.push(receiver.metrics());
    let lines = captured::lines();
    assert!(
        lines.contains("Webhook quarantined"),
        "the log lines are captured"
    );
    seen.push(lines);
    for text in seen {
        for canary in canaries {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
}
