//! Every process replaced under load on a real Kafka, as Kubernetes does it: nobody who sends
//! notices, and the platform is told nothing twice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hris_relay::id::Provider;
use hris_relay::log::{Log, Topic};
use hris_relay::simulator::startexam::Running;
use serde_json::Value;

use super::processes::{Part, in_place, on_kafka};
use super::{PEOPLE, Story, configuration, until};
use crate::support::balancer::Balancer;
use crate::support::binary::{Installation, free_address, get, metric};
use crate::support::kafka::{cluster, open};
use crate::support::platform::{account, platform};
use crate::support::said::say;

const EVENTS: usize = 6_000;
const SEED: u64 = 47;
const PLACE: &str = "rolling";
/// Between two webhooks, so that the load lasts until all are replaced.
const PACE: Duration = Duration::from_millis(20);
const OTHERS: [&[&str]; 4] = [
    &["roster"],
    &["roster"],
    &["worker", "startexam"],
    &["worker", "startexam"],
];

/// How often each person's operations were recorded as settled, and with which attempt.
async fn settled(log: &dyn Log) -> BTreeMap<String, Vec<u64>> {
    let outcomes = Topic::Outcomes(Provider::STARTEXAM);
    let mut settled: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for partition in 0..log.partitions(outcomes).await.unwrap() {
        for record in log.read(outcomes, partition, 0, 100_000).await.unwrap() {
            let said: Value = serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap();
            let who = record.key_text().unwrap().to_owned();
            let attempts = settled.entry(who).or_default();
            attempts.push(said["attempt"].as_u64().unwrap());
        }
    }
    settled
}

/// Whether the platform was told each thing once: as many calls about each person as were
/// recorded as settled, all of them at the first attempt.
async fn nothing_was_told_twice(platform: &Running, log: &dyn Log) {
    let settled = settled(log).await;
    assert_eq!(settled.len(), PEOPLE);
    for (who, attempts) in settled {
        let told = platform.simulator().journal(Some(&who)).len();
        assert_eq!(told, attempts.len(), "{who}");
        assert!(attempts.iter().all(|attempt| *attempt == 1), "{who}");
    }
}

/// A receiver with its address.
struct Entrance {
    part: Part,
    address: SocketAddr,
}

impl Entrance {
    fn start(balancer: &Balancer, text: impl Fn(SocketAddr, SocketAddr) -> String) -> Self {
        let address = free_address();
        let mut part = Part::start(&["receiver"], |admin| text(address, admin));
        part.until_ready();
        balancer.add(address);
        Self { part, address }
    }

    /// Answers how many webhooks it turned away.
    fn stop(&mut self, balancer: &Balancer) -> f64 {
        balancer.remove(self.address);
        let (_, metrics) = get(self.part.admin, "/metrics").unwrap();
        self.part.stop();
        let outcome = [("outcome", "unconfirmed")];
        metric(&metrics, "hris_relay_webhooks_total", &outcome)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_process_is_replaced_under_load_and_no_sender_notices_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let started = Instant::now();
    let mut dice = fastrand::Rng::with_seed(SEED);
    let mut story = Story::new(&mut dice, EVENTS);
    let platform = platform();
    let parts = account(&platform, 3) + &on_kafka(&kafka.brokers, PLACE);
    let text = |receiver, admin| configuration(receiver, admin, &parts);
    let elsewhere = |admin| text(free_address(), admin);
    let made = Installation::new(&elsewhere(free_address())).run(&["topics", "create"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let balancer = Balancer::start().await;
    let mut entrances = [0, 1].map(|_| Entrance::start(&balancer, text));
    let mut others = OTHERS.map(|role| Part::start(role, elsewhere));
    others.iter_mut().for_each(Part::until_ready);

    story.send_slowly(balancer.address(), PACE);
    until("called", || platform.simulator().counters().requests > 0).await;
    let rolled = Instant::now();
    let mut longest = Duration::ZERO;
    for entrance in &mut entrances {
        let next = Entrance::start(&balancer, text);
        let mut old = std::mem::replace(entrance, next);
        let asked = Instant::now();
        assert!(old.stop(&balancer) < 1.0, "a webhook was turned away");
        longest = longest.max(asked.elapsed());
    }
    for (part, role) in others.iter_mut().zip(OTHERS) {
        let mut next = Part::start(role, elsewhere);
        next.until_ready();
        let mut old = std::mem::replace(part, next);
        let asked = Instant::now();
        old.stop();
        longest = longest.max(asked.elapsed());
    }
    let rolled = rolled.elapsed();
    let answered = story.answered();
    assert!(
        answered < EVENTS,
        "the load was over before all were replaced"
    );
    story.hurry();
    story.sent().await;
    assert_eq!(story.answered(), EVENTS);
    assert_eq!(story.troubles(), Vec::<String>::new());
    story.comes_true(&platform).await;
    let entrances = entrances.map(|entrance| entrance.part);
    for mut part in others.into_iter().chain(entrances) {
        part.stop();
    }
    let log = open(&in_place(&kafka.brokers, PLACE));
    nothing_was_told_twice(&platform, &*log).await;
    log.close().await;
    let calls = platform.simulator().counters().requests;
    platform.stop().await;
    say(&format!(
        "Kafka: two receivers, rosters and workers replaced in {rolled:.1?} under load \
         ({answered} of {EVENTS} webhooks, {calls} calls, the longest drain {longest:.1?}), \
         {:.0} s: every webhook answered 200 at the first try, nothing lost or doubled",
        started.elapsed().as_secs_f64()
    ));
}
