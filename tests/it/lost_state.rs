//! State that is lost while the offsets stay: the partition stops, says why, and calls nobody.

use std::net::SocketAddr;

use hris_relay::simulator::startexam::Running;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;

use crate::support::binary::{Installation, Process, free_address, get, metric};
use crate::support::kafka::cluster;
use crate::support::platform::{ALL, platform, section};

const SECRET: &str = "whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";
const PEOPLE: usize = 20;

/// A relay on one log, and where it listens.
struct Relay {
    installation: Installation,
    admin: SocketAddr,
    platform: Running,
}

impl Relay {
    fn new(log: &str) -> Self {
        let (receiver, admin) = (free_address(), free_address());
        let platform = platform();
        let text = format!(
            r#"
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{SECRET}"]
[[assignments]]
group = "Sales"
startexam = {{ programs = ["{ALL}"] }}
{section}
{log}"#,
            section = section(&platform),
        );
        let relay = Self {
            installation: Installation::new(&text),
            admin,
            platform,
        };
        let made = relay.installation.run(&["topics", "create"]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        relay
    }

    fn start(&self) -> Process {
        let mut process = self.installation.start(&["serve"]);
        process.until_ready(self.admin);
        process
    }

    fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let text = get(self.admin, "/metrics").map(|(_, text)| text);
        metric(&text.unwrap_or_default(), name, labels)
    }

    /// Some people are hired, and the platform follows.
    fn hires(&self) {
        for n in 0..PEOPLE {
            let sent = self.installation.run(&[
                "send",
                "portal",
                "hired",
                &format!("e-{n}"),
                "--day",
                "2020-01-01",
                "--group",
                "Sales",
            ]);
            assert_eq!(sent.code, Some(0), "{}", sent.stderr);
        }
    }

    fn registered(&self) -> usize {
        let employees = self.platform.simulator().account().employees;
        let registered = employees.values().filter(|it| !it.programs.is_empty());
        registered.count()
    }

    fn requests(&self) -> u64 {
        self.platform.simulator().counters().requests
    }
}

/// Loses a topic between two runs of the relay: the stage that kept its state there says so
/// and does nothing.
async fn a_stage_that_lost_its_state_stops(log: &str, stage: &str, lose: impl AsyncFnOnce(&Relay)) {
    let relay = Relay::new(log);
    let mut process = relay.start();
    relay.hires();
    process.until("registered", || relay.registered() == PEOPLE);
    assert_eq!(process.terminate().code(), Some(0));
    lose(&relay).await;
    let calls = relay.requests();
    let mut process = relay.start();
    let stopped = [("stage", stage), ("code", "state_lost")];
    process.until("stopped", || {
        relay.metric("hris_relay_stopped_partitions", &stopped) > 0.0
    });
    process.until_said("Partition stops until somebody acts");
    assert!(process.said().contains("state is lost or doubled"));
    assert_eq!(
        process.terminate().code(),
        Some(0),
        "it still stops when asked to"
    );
    assert_eq!(relay.requests(), calls, "nobody was called");
    relay.platform.stop().await;
}

/// Empties a topic of the embedded log, as a repair by hand might.
fn emptied(relay: &Relay, topic: &str) {
    let file = relay.installation.path("data").join("relay.db");
    let database = rusqlite::Connection::open(file).unwrap();
    let forgotten = database.execute(
        "DELETE FROM records WHERE compacted_topic = (SELECT id FROM topics WHERE name = ?1)",
        [topic],
    );
    assert_eq!(forgotten.unwrap(), PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_state_is_gone_stops_on_sqlite() {
    let lose = async |relay: &Relay| emptied(relay, "hris.startexam.state");
    a_stage_that_lost_its_state_stops("", "startexam", lose).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_whose_people_are_gone_stops_on_sqlite() {
    let lose = async |relay: &Relay| emptied(relay, "hris.people");
    a_stage_that_lost_its_state_stops("", "roster", lose).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_whose_topic_was_made_anew_stops_on_kafka() {
    let Some(kafka) = cluster() else { return };
    for (topic, stage) in [
        ("hris.startexam.state", "startexam"),
        ("hris.people", "roster"),
    ] {
        let prefix = format!("lost-{}-{stage}.", std::process::id());
        let log = format!(
            "[kafka]\nbrokers = \"{}\"\nprefix = \"{prefix}\"\npartitions = 1\nreplication = 1\n\
             append_timeout = \"20s\"\n",
            kafka.brokers
        );
        let lose = async |relay: &Relay| {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", &kafka.brokers);
            let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
            let name = format!("{prefix}{topic}");
            let deleted = admin.delete_topics(&[&name], &AdminOptions::new()).await;
            assert!(deleted.unwrap().into_iter().all(|topic| topic.is_ok()));
            let made = relay.installation.run(&["topics", "create"]);
            assert_eq!(made.code, Some(0), "{}", made.stderr);
        };
        a_stage_that_lost_its_state_stops(&log, stage, lose).await;
    }
}
