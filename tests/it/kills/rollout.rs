//! A worker with old assignments and one with new ones in one consumer group: nobody is moved
//! back and forth, and both lock.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use hris_relay::provider::startexam::wire::Status;
use hris_relay::simulator::startexam::{Running, StoredEmployee};
use serde_json::json;
use uuid::Uuid;

use super::company::id;
use super::processes::{Part, on_kafka};
use super::{configuration, event, quiet, until};
use crate::support::binary::{Installation, free_address};
use crate::support::kafka::cluster;
use crate::support::platform::{ALL, SAFETY, SELLING, account, platform};
use crate::support::said::say;
use crate::support::sender::tell;

const PEOPLE: usize = 60;
/// Who leaves while both run, and who leaves while the old worker has everything again.
const LEAVERS: [std::ops::Range<usize>; 2] = [0..15, 15..30];

fn employees(platform: &Running) -> BTreeMap<String, StoredEmployee> {
    platform.simulator().account().employees
}

fn programs(names: [&str; 2]) -> BTreeSet<Uuid> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// Those who are registered to exactly these programs.
fn members(platform: &Running, names: [&str; 2]) -> usize {
    let programs = programs(names);
    let employees = employees(platform);
    employees
        .values()
        .filter(|it| it.programs == programs)
        .count()
}

fn locked(platform: &Running) -> usize {
    let employees = employees(platform);
    employees
        .values()
        .filter(|it| it.status == Status::Hidden)
        .count()
}

/// Whether some of these are locked and registered as the new assignments say.
fn is_any_only_locked(platform: &Running, mut people: std::ops::Range<usize>) -> bool {
    let found = employees(platform);
    let new = programs([ALL, SAFETY]);
    people.any(|who| found[&id(who)].programs == new)
}

/// How often somebody was registered to a program or unregistered from it.
fn changes(platform: &Running, who: &str, program: &str) -> usize {
    let journal = platform.simulator().journal(Some(who));
    let about = |targets: &[String]| targets.iter().any(|target| target == program);
    journal.iter().filter(|entry| about(&entry.targets)).count()
}

async fn hire(receiver: SocketAddr) {
    let hire = json!({
        "effective_at": "2020-01-01",
        "attributes": { "first_name": "Ada" },
        "groups": { "current": ["Sales"] },
    });
    let hires = (0..PEOPLE).map(|who| event(who, "hired", &hire, 2));
    tell(receiver, "hired", hires.collect()).await;
}

async fn leave(receiver: SocketAddr, people: std::ops::Range<usize>) {
    let word = format!("left-{}", people.start);
    let leaves = people.map(|who| event(who, "terminated", &json!({}), 1));
    tell(receiver, &word, leaves.collect()).await;
}

/// Whether the first so many are out, and every other was moved once.
fn nobody_went_back(platform: &Running, leavers: usize) {
    let found = employees(platform);
    for who in 0..PEOPLE {
        let employee = &found[&id(who)];
        if who < leavers {
            assert_eq!(employee.status, Status::Hidden, "{who}");
            assert!(employee.programs.is_empty(), "{who}");
            continue;
        }
        assert_eq!(employee.programs, programs([ALL, SAFETY]), "{who}");
        let made = [ALL, SELLING, SAFETY].map(|program| changes(platform, &id(who), program));
        assert_eq!(made, [1, 2, 1], "{who} was moved back and forth");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_and_a_new_worker_at_once_move_nobody_back_and_forth_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let platform = platform();
    let receiver = free_address();
    let parts = account(&platform, 3) + &on_kafka(&kafka.brokers, "rollout");
    let text = |admin| configuration(receiver, admin, &parts);
    let old = |admin| format!("assignments_generation = 1\n{}", text(admin));
    let new = |admin| {
        let text = text(admin).replace(SELLING, SAFETY);
        format!("assignments_generation = 2\n{text}")
    };
    let made = Installation::new(&text(free_address())).run(&["topics", "create"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let worker = &["worker", "startexam"];
    let mut others = [
        Part::start(&["receiver"], text),
        Part::start(&["roster"], text),
    ];
    let mut old = Part::start(worker, old);
    for part in others.iter_mut().chain([&mut old]) {
        part.until_ready();
    }
    hire(receiver).await;
    until("hired", || members(&platform, [ALL, SELLING]) == PEOPLE).await;

    // Both at once: each owns some of the partitions.
    let mut new = Part::start(worker, new);
    until("moved", || members(&platform, [ALL, SAFETY]) > 0).await;
    quiet(&platform).await;
    let moved = members(&platform, [ALL, SAFETY]);
    assert_eq!(moved + members(&platform, [ALL, SELLING]), PEOPLE);
    assert!(moved < PEOPLE, "the old worker has nothing left");
    let [first, second] = LEAVERS;
    leave(receiver, first.clone()).await;
    until("locked by both", || locked(&platform) == first.end).await;
    quiet(&platform).await;

    // The old one owns everything again: what the new one planned it only locks.
    new.stop();
    old.running().until_said("Newer assignments are in force");
    let settled = members(&platform, [ALL, SAFETY]);
    leave(receiver, second.clone()).await;
    until("locked by the old", || locked(&platform) == second.end).await;
    quiet(&platform).await;
    assert!(is_any_only_locked(&platform, second.clone()));
    assert_eq!(members(&platform, [ALL, SAFETY]), settled, "moved back");

    new.start_again();
    old.stop();
    until("as the new assignments say", || {
        members(&platform, [ALL, SAFETY]) == PEOPLE - second.end
    })
    .await;
    quiet(&platform).await;
    nobody_went_back(&platform, second.end);
    assert!(platform.simulator().overlaps().is_empty(), "I3");
    say(&format!(
        "Kafka: {moved} of {PEOPLE} people moved while an old and a new worker ran, nobody twice, \
         {} locked by either",
        second.end
    ));
}
