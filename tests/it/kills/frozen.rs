//! A worker that is frozen past its session with work pending, and thaws after another took
//! over: its commit is refused and it calls nobody.

use std::collections::BTreeSet;
use std::time::Instant;

use hris_relay::provider::startexam::wire::Status;
use hris_relay::simulator::startexam::Running;
use serde_json::json;

use super::processes::{Part, on_kafka};
use super::{configuration, event, quiet, until};
use crate::support::binary::{Installation, free_address};
use crate::support::kafka::cluster;
use crate::support::platform::{account, platform};
use crate::support::said::say;
use crate::support::sender::tell;

const PEOPLE: usize = 60;
/// So slow that most of its work is pending when it is frozen, and due when it thaws.
const SLOW: &str = "max_rps = 0.9";

fn out(platform: &Running) -> BTreeSet<String> {
    let employees = platform.simulator().account().employees.into_iter();
    employees
        .filter(|(_, it)| it.status == Status::Hidden && it.programs.is_empty())
        .map(|(who, _)| who)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_thaws_after_a_takeover_is_refused_and_calls_nobody() {
    let Some(kafka) = cluster() else { return };
    let platform = platform();
    let receiver = free_address();
    let parts = account(&platform, 3) + &on_kafka(&kafka.brokers, "frozen");
    let text = |admin| configuration(receiver, admin, &parts);
    let slow = |admin| text(admin).replace("max_rps = 100.0", SLOW);
    let made = Installation::new(&text(free_address())).run(&["topics", "create"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let mut running = [
        Part::start(&["receiver"], text),
        Part::start(&["roster"], text),
        Part::start(&["worker", "startexam"], slow),
    ];
    for part in &mut running {
        part.until_ready();
    }
    let hire = json!({
        "effective_at": "2020-01-01",
        "attributes": { "first_name": "Ada" },
        "groups": { "current": ["Sales"] },
    });
    let requests = || platform.simulator().counters().requests;
    let hires = (0..PEOPLE)
        .map(|who| event(who, "hired", &hire, 2))
        .collect();
    tell(receiver, "hired", hires).await;
    until("called", || requests() > 0).await;
    running[2].running().signal("STOP");
    let frozen_at = Instant::now();

    let _second = Part::start(&["worker", "startexam"], text);
    let leaves = (0..PEOPLE)
        .map(|who| event(who, "terminated", &json!({}), 1))
        .collect();
    tell(receiver, "left", leaves).await;
    until("out", || out(&platform).len() == PEOPLE).await;
    let taken_over = frozen_at.elapsed();
    // Whatever was left open is asserted once more after a while; then nothing is.
    let settled = quiet(&platform).await;
    let thawed = running[2].running();
    thawed.signal("CONT");
    thawed.until_said("Partition was taken over; forgetting it");
    assert_eq!(quiet(&platform).await, settled, "somebody was called");
    assert_eq!(out(&platform).len(), PEOPLE, "somebody came back");
    assert!(platform.simulator().overlaps().is_empty(), "I3");
    say(&format!(
        "Kafka: a worker frozen with work pending was taken over after {taken_over:.1?}; \
         thawed, it was refused and called nobody"
    ));
}
