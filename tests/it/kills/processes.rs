//! Twenty kills of rosters and workers on a real Kafka, two of each.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hris_relay::log::kafka::KafkaSettings;

use super::{PEOPLE, Story, configuration};
use crate::support::binary::{Installation, Process, free_address};
use crate::support::kafka::{cluster, settings};
use crate::support::platform::{account, platform};
use crate::support::said::say;

const EVENTS: usize = 4_000;
const KILLS: usize = 20;
const SEED: u64 = 43;
/// Between two kills the platform is called, or this much time has passed.
const BREATH: Duration = Duration::from_secs(4);
const ROLES: [&[&str]; 4] = [
    &["roster"],
    &["roster"],
    &["worker", "startexam"],
    &["worker", "startexam"],
];

fn prefix(place: &str) -> String {
    format!("kills-{}-{place}.", std::process::id())
}

/// A part of the cluster for one test, with a session that is soon over.
pub(super) fn on_kafka(brokers: &str, place: &str) -> String {
    let prefix = prefix(place);
    format!(
        "[shard]\nlease = \"1s\"\ndrain = \"8s\"\n[kafka]\nbrokers = \"{brokers}\"\n\
         prefix = \"{prefix}\"\npartitions = 3\nreplication = 1\n\
         append_timeout = \"20s\"\nsession_timeout = \"6s\"\n",
    )
}

/// Settings to look into that part with.
pub(super) fn in_place(brokers: &str, place: &str) -> KafkaSettings {
    KafkaSettings {
        prefix: prefix(place),
        ..settings(brokers)
    }
}

/// One process of the relay, in a folder of its own.
pub(super) struct Part {
    pub(super) process: Option<Process>,
    pub(super) admin: SocketAddr,
    installation: Installation,
    command: &'static [&'static str],
}

impl Part {
    pub(super) fn start(
        command: &'static [&'static str],
        text: impl Fn(SocketAddr) -> String,
    ) -> Self {
        let admin = free_address();
        let installation = Installation::new(&text(admin));
        let process = Some(installation.start(command));
        Self {
            process,
            admin,
            installation,
            command,
        }
    }

    pub(super) fn running(&mut self) -> &mut Process {
        self.process.as_mut().unwrap()
    }

    pub(super) fn until_ready(&mut self) {
        let admin = self.admin;
        self.running().until_ready(admin);
    }

    /// Asks it to stop, and waits until it has.
    pub(super) fn stop(&mut self) {
        let status = self.process.take().unwrap().terminate();
        assert_eq!(status.code(), Some(0));
    }

    pub(super) fn start_again(&mut self) {
        self.process = Some(self.installation.start(self.command));
        self.until_ready();
    }

    fn kill_and_start_again(&mut self) {
        self.process.take().unwrap().kill();
        self.process = Some(self.installation.start(self.command));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nobody_called_twice_at_once_over_twenty_kills_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let started = Instant::now();
    let mut dice = fastrand::Rng::with_seed(SEED);
    let mut story = Story::new(&mut dice, EVENTS);
    let platform = platform();
    let receiver = free_address();
    let parts = account(&platform, 3) + &on_kafka(&kafka.brokers, "twenty");
    let text = |admin| configuration(receiver, admin, &parts);
    let made = Installation::new(&text(free_address())).run(&["topics", "create"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let mut entrance = Part::start(&["receiver"], text);
    let mut parts: Vec<Part> = ROLES.iter().map(|role| Part::start(role, text)).collect();
    for part in parts.iter_mut().chain([&mut entrance]) {
        part.until_ready();
    }

    for kill in 1..=KILLS {
        let calls = platform.simulator().counters().requests;
        story.send(receiver, EVENTS / (KILLS + 1));
        let breath = Instant::now();
        while platform.simulator().counters().requests == calls && breath.elapsed() < BREATH {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(dice.u64(..300))).await;
        let part = dice.usize(..parts.len());
        assert!(story.answered() < EVENTS, "kill {kill} comes too late");
        parts[part].kill_and_start_again();
    }
    story.send(receiver, EVENTS);
    story.sent().await;
    assert_eq!(story.answered(), EVENTS);
    story.comes_true(&platform).await;

    for mut part in parts.into_iter().chain([entrance]) {
        let process = part.process.take().unwrap();
        assert_eq!(process.terminate().code(), Some(0));
    }
    let calls = platform.simulator().counters().requests;
    platform.stop().await;
    say(&format!(
        "Kafka: {EVENTS} events about {PEOPLE} people, {KILLS} kills of rosters and workers, \
         {calls} calls, {:.0} s: nothing lost, nobody called twice at once",
        started.elapsed().as_secs_f64()
    ));
}
