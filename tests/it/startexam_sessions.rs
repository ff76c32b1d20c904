//! Sessions of StartExam from a hire to a rehire: links, removal, registration anew.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hris_relay::app;
use hris_relay::event::{Fact, Phase, Termination, When};
use hris_relay::id::Provider;
use hris_relay::log::{Log, Topic};
use hris_relay::provider::startexam::wire::Status;
use hris_relay::simulator::startexam::{Running, Simulator, SimulatorSettings};
use serde_json::Value;

use crate::startexam_errors::{hired, hired_from, settings, told};
use crate::support::collected::collected;
use crate::support::logs::{Harness, Sqlite, system_clock};
use crate::support::stages::Stages;

const MEANING: &str = r#"sessions = ["day"]"#;
const PATH: &str = "/v2/employees-participants";

fn session(publish_links: bool) -> String {
    format!(
        r#"
publish_links = {publish_links}
[providers.startexam.sessions.day]
center = "mycenter"
tests = ["d288d3c9-6c23-46e9-9fac-3cc0301d84ef"]
valid_days = 10
do_not_create_if_exist = {publish_links}
"#
    )
}

fn platform() -> Running {
    let anywhere = "127.0.0.1:0".parse().unwrap();
    Simulator::start(SimulatorSettings::default(), anywhere, system_clock()).unwrap()
}

async fn start(platform: &Running, log: &Arc<dyn Log>, publish_links: bool) -> Stages {
    log.create_topics(&Topic::all(Provider::ALL)).await.unwrap();
    let settings = settings(platform, MEANING, &session(publish_links));
    let (rules, client) = app::worker(&settings, Provider::STARTEXAM, system_clock()).unwrap();
    Stages::start(log, app::people_rules(&settings), rules, client)
}

/// Waits until `is_so`.
async fn until(platform: &Running, is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{:#?}",
            platform.simulator().journal(None)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything in the links topic: whose, and which link.
async fn links(log: &dyn Log) -> Vec<(String, String)> {
    let topic = Topic::Links(Provider::STARTEXAM);
    let mut found = Vec::new();
    for partition in 0..log.partitions(topic).await.unwrap() {
        for record in log.read(topic, partition, 0, 1000).await.unwrap() {
            let who = record.key_text().unwrap().to_owned();
            let body: Value = serde_json::from_slice(&record.payload.unwrap()).unwrap();
            assert_eq!(body["target"], "session:day");
            found.push((who, body["links"][0].as_str().unwrap().to_owned()));
        }
    }
    found
}

#[tokio::test]
async fn everybody_gets_a_link_of_their_own_and_no_log_line_shows_one() {
    let (lines, _guard) = collected();
    let platform = platform();
    let place = Sqlite.place().await;
    let log = place.open().await;
    let stages = start(&platform, &log, true).await;
    let people = ["e-1", "e-2", "e-3"];
    log.append(people.map(hired).to_vec()).await.unwrap();
    let participants = || platform.simulator().account().participants;
    until(&platform, || participants().len() == people.len()).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while links(&*log).await.len() < people.len() {
        assert!(tokio::time::Instant::now() < deadline, "no links");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let expected: BTreeSet<_> = participants()
        .into_iter()
        .map(|(id, one)| {
            let link = format!("https://go.startexam.com/mycenter#participant/{id}");
            (one.employee, link)
        })
        .collect();
    let found: BTreeSet<_> = links(&*log).await.into_iter().collect();
    assert_eq!(found, expected);
    let calls = platform.simulator().journal(None).into_iter();
    let calls: Vec<_> = calls.filter(|one| one.path == PATH).collect();
    assert!(calls.iter().all(|call| call.people == 1), "{calls:#?}");
    stages.stop().await;
    log.close().await;
    let said = lines.text();
    assert!(!said.contains("#participant"), "{said}");
    for id in participants().keys() {
        assert!(!said.contains(&id.to_string()), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehire_is_registered_anew_after_a_removal_that_needed_no_call() {
    let platform = platform();
    let place = Sqlite.place().await;
    let log = place.open().await;
    let stages = start(&platform, &log, false).await;
    let account = || platform.simulator().account();
    let sessions = || {
        let calls = platform.simulator().journal(None).into_iter();
        calls.filter(|one| one.path == PATH).count()
    };
    log.append(vec![hired("e-1"), hired("e-2")]).await.unwrap();
    until(&platform, || account().participants.len() == 2).await;
    assert_eq!(sessions(), 1, "both share a call");

    let left = Fact::Terminated(Termination {
        employment: None,
        end: None,
        phase: Phase::Effective,
        reason: None,
    });
    log.append(vec![told("e-1", left)]).await.unwrap();
    until(&platform, || {
        account().employees["e-1"].status == Status::Hidden
    })
    .await;
    assert_eq!(sessions(), 1);

    let again = hired_from("e-1", When::instant(system_clock().now()));
    log.append(vec![again]).await.unwrap();
    until(&platform, || account().participants.len() == 3).await;
    let of_rehired = account().participants.into_values();
    let of_rehired = of_rehired.filter(|one| one.employee == "e-1");
    assert_eq!((of_rehired.count(), sessions()), (2, 2));
    assert_eq!(account().employees["e-1"].status, Status::Active);
    stages.stop().await;
    log.close().await;
    assert_eq!(platform.simulator().overlaps(), [], "I3");
}
