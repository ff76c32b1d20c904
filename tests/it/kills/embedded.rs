//! Ten kills of the whole relay on the embedded log.

use std::time::{Duration, Instant};

use super::{PEOPLE, Story, configuration, until};
use crate::support::binary::{Installation, free_address};
use crate::support::platform::{platform, section};
use crate::support::said::say;

const EVENTS: usize = 5_000;
const KILLS: usize = 10;
const SEED: u64 = 41;
/// The configured drain, and what is left to close the log.
const DRAIN: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_2xx_is_lost_over_ten_kills() {
    let started = Instant::now();
    let mut dice = fastrand::Rng::with_seed(SEED);
    let mut story = Story::new(&mut dice, EVENTS);
    let platform = platform();
    let (receiver, admin) = (free_address(), free_address());
    let installation = Installation::new(&configuration(receiver, admin, &section(&platform)));
    let mut relay = installation.start(&["serve"]);
    relay.until_ready(admin);

    story.send(receiver, EVENTS);
    for kill in 1..=KILLS {
        let due = EVENTS * kill / (KILLS + 1);
        until("answered", || story.answered() >= due).await;
        assert!(story.answered() < EVENTS, "kill {kill} comes too late");
        relay.kill();
        relay = installation.start(&["serve"]);
        relay.until_ready(admin);
    }
    story.sent().await;
    assert_eq!(story.answered(), EVENTS);
    story.comes_true(&platform).await;

    let asked = Instant::now();
    assert_eq!(relay.terminate().code(), Some(0));
    assert!(asked.elapsed() < DRAIN, "drained in {:?}", asked.elapsed());
    let calls = platform.simulator().counters().requests;
    platform.stop().await;
    say(&format!(
        "{EVENTS} events about {PEOPLE} people, {KILLS} kills, {calls} calls, {:.0} s: nothing lost",
        started.elapsed().as_secs_f64()
    ));
}
