//! State that is lost while the offsets stay: the partition stops, says why, and calls nobody.

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;

use crate::support::kafka::cluster;
use crate::support::platform::{ALL, platform};
use crate::support::relay::{Relay, people};

const PEOPLE: usize = 20;

/// Loses a topic between two runs of the relay: the stage that kept its state there says so
/// and does nothing.
async fn a_stage_that_lost_its_state_stops(log: &str, stage: &str, lose: impl AsyncFnOnce(&Relay)) {
    let assignment = format!(
        "[[assignments]]\ngroup = \"Sales\"\nstartexam = {{ programs = [\"{ALL}\"] }}\n{log}"
    );
    let relay = Relay::new(platform(), &assignment);
    let mut process = relay.start();
    relay.hired(&people(PEOPLE), "Sales").await;
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
