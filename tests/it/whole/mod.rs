//! The whole relay as its operators run it: two HR systems in, one platform out, on both logs.

mod history;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hris_relay::operator::sender::{Sender, Signing, Unsigned};
use hris_relay::provider::startexam::wire::Status;
use hris_relay::secret::Secret;
use hris_relay::simulator::startexam::Running;

use self::history::{People, expected, history};
use crate::support::binary::{Installation, Process, free_address, get, metric};
use crate::support::kafka::cluster;
use crate::support::logs::system_clock;
use crate::support::platform::{ALL, SAFETY, SELLING, platform, section};
use crate::support::said::say;

const PATIENCE: Duration = Duration::from_mins(1);
const BAMBOOHR_SECRET: &str = "private-key-of-the-bamboohr-webhook";
const PORTAL_SECRET: &str = "whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";
const FORGED_SECRET: &str = "whsec_bm90LXRoZS1rZXktb2YtdGhlLXBvcnRhbCE=";

/// Which processes the relay runs as.
#[derive(Debug, Clone, Copy)]
enum Processes {
    One,
    OnePerRole,
}

impl Processes {
    const fn commands(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::One => &[&["serve"]],
            Self::OnePerRole => &[&["receiver"], &["roster"], &["worker", "startexam"]],
        }
    }
}

/// The processes of a relay, each with its admin port and its files.
struct Relay {
    processes: Vec<(Process, SocketAddr, Installation)>,
    receiver: SocketAddr,
}

impl Relay {
    fn start(platform: &Running, log: &str, processes: Processes) -> Self {
        let receiver = free_address();
        let mut relay = Self {
            processes: Vec::new(),
            receiver,
        };
        for command in processes.commands() {
            let admin = free_address();
            let text = configuration(receiver, admin, platform, log);
            let installation = Installation::new(&text);
            if relay.processes.is_empty() {
                let made = installation.run(&["topics", "create"]);
                assert_eq!(made.code, Some(0), "{}", made.stderr);
            }
            let process = installation.start(command);
            relay.processes.push((process, admin, installation));
        }
        for (process, admin, _) in &mut relay.processes {
            process.until_ready(*admin);
        }
        relay
    }

    /// The sum of a metric over all processes.
    fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let of = |admin: SocketAddr| {
            let (status, text) = get(admin, "/metrics").unwrap();
            assert_eq!(status, 200);
            metric(&text, &format!("hris_relay_{name}"), labels)
        };
        self.processes.iter().map(|(_, admin, _)| of(*admin)).sum()
    }

    #[track_caller]
    fn counts(&self, name: &str, labels: &[(&str, &str)], expected: usize) {
        let found = format!("{:.0}", self.metric(name, labels));
        assert_eq!(found, expected.to_string(), "{name}{labels:?}");
    }

    /// Every number an operator watches, after webhooks by source and people by book.
    fn counted(&self, spoke: &BTreeMap<&str, usize>, books: &[(&str, usize)]) {
        let facts = spoke.values().sum();
        for (source, times) in spoke {
            let accepted = [("source", *source), ("outcome", "accepted")];
            self.counts("webhooks_total", &accepted, *times);
        }
        for outcome in ["bad_signature", "quarantined"] {
            self.counts("webhooks_total", &[("outcome", outcome)], 1);
        }
        self.counts("events_total", &[], facts);
        self.counts("facts_total", &[], facts);
        assert!(self.metric("facts_total", &[("outcome", "superseded")]) > 0.0);
        self.counts("dead_letters_total", &[], 0);
        for (state, people) in books {
            self.counts("waiting_people", &[("state", state)], *people);
        }
        assert!(self.metric("provider_calls_total", &[("outcome", "applied")]) > 0.0);
        assert!(self.metric("removal_duration_seconds_count", &[]) > 0.0);
    }

    fn said(&self) -> String {
        let said = self.processes.iter().map(|(process, ..)| process.said());
        said.collect()
    }

    fn stop(self) {
        for (process, admin, _) in self.processes {
            assert_eq!(process.terminate().code(), Some(0), "{admin}");
        }
    }
}

fn configuration(receiver: SocketAddr, admin: SocketAddr, platform: &Running, log: &str) -> String {
    format!(
        r#"
{log}
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[sources.bamboohr]
kind = "bamboohr"
secrets = ["{BAMBOOHR_SECRET}"]
attributes = {{ first_name = "First Name" }}
group_fields = {{ Department = "" }}
status_field = "Status"
hire_date_field = "Hire Date"
termination_date_field = "Termination Date"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{PORTAL_SECRET}"]
[[assignments]]
group = "Sales"
startexam = {{ programs = ["{ALL}", "{SELLING}"] }}
[[assignments]]
group = "Workshop"
startexam = {{ programs = ["{ALL}", "{SAFETY}"] }}
{section}"#,
        section = section(platform),
    )
}

fn found(platform: &Running) -> People {
    let employees = platform.simulator().account().employees.into_iter();
    employees
        .map(|(who, employee)| {
            if employee.status == Status::Active {
                assert_eq!(employee.data["First Name"], who.to_uppercase());
            }
            (who, (employee.status, employee.programs))
        })
        .collect()
}

/// Sends a webhook and answers the status.
async fn post(receiver: SocketAddr, source: &str, id: &str, body: &str, secret: &str) -> u16 {
    let sender = Sender::new(&format!("http://{receiver}"), 1, system_clock()).unwrap();
    let webhook = Unsigned {
        path: format!("/hooks/{source}"),
        id: id.to_owned(),
        content_type: "application/json",
        body: Bytes::from(body.to_owned()),
    };
    let secret = Secret::new(secret);
    let signing = match source {
        "bamboohr" => Signing::BambooHr(secret),
        _ => Signing::StandardWebhooks(secret),
    };
    let headers = Sender::sign(&webhook, &signing, system_clock().now()).unwrap();
    sender.post(&webhook, headers).await.unwrap().status
}

/// Says everything out of order, each third thing twice; answers how often each source spoke.
async fn tell(receiver: SocketAddr) -> BTreeMap<&'static str, usize> {
    let mut said: Vec<_> = history(system_clock().now())
        .into_iter()
        .enumerate()
        .collect();
    let again: Vec<_> = said.iter().step_by(3).cloned().collect();
    said.extend(again);
    fastrand::Rng::with_seed(7).shuffle(&mut said);
    let mut spoke = BTreeMap::new();
    for (n, (source, body)) in said {
        let secret = match source {
            "bamboohr" => BAMBOOHR_SECRET,
            _ => PORTAL_SECRET,
        };
        let id = format!("msg_{n}");
        let status = post(receiver, source, &id, &body.to_string(), secret).await;
        assert_eq!(status, 200, "{source} {body}");
        *spoke.entry(source).or_default() += 1;
    }
    spoke
}

/// Sends what is no webhook of HR's, and what is one but no event.
async fn attack(receiver: SocketAddr) {
    let forged = history(system_clock().now())[0].1.to_string();
    let status = post(receiver, "portal", "msg_x", &forged, FORGED_SECRET).await;
    assert_eq!(status, 401);
    let status = post(receiver, "portal", "msg_y", "{\"type\": ", PORTAL_SECRET).await;
    assert_eq!(status, 200, "kept aside");
}

async fn the_platform_is_as_hr_says(log: &str, name: &str, processes: Processes) {
    say(&format!("The whole relay runs on {name} ({processes:?})"));
    let platform = platform();
    let relay = Relay::start(&platform, log, processes);
    attack(relay.receiver).await;
    let spoke = tell(relay.receiver).await;
    let facts: usize = spoke.values().sum();

    let expected = expected();
    let books = [
        ("unmapped", 1),
        ("scheduled", 2),
        ("applied", expected.len() - 1),
        ("pending", 0),
        ("leaver_not_locked", 0),
        ("dead", 0),
    ];
    let is_settled = || {
        let folded = relay.metric("facts_total", &[]);
        let waits = |(state, people): &(&str, usize)| {
            let waiting = relay.metric("waiting_people", &[("state", state)]);
            format!("{waiting:.0}") == people.to_string()
        };
        found(&platform) == expected
            && format!("{folded:.0}") == facts.to_string()
            && books.iter().all(waits)
    };
    let deadline = Instant::now() + PATIENCE;
    while !is_settled() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found(&platform), expected);
    assert!(platform.simulator().overlaps().is_empty(), "I3");

    relay.counted(&spoke, &books);
    let said = relay.said();
    assert!(
        said.contains("Nobody mapped a group of this active person"),
        "{said}"
    );
    for secret in [BAMBOOHR_SECRET, PORTAL_SECRET, "ZGVtby1rZXkt", "OVERLAPS"] {
        assert!(!said.contains(secret), "{said}");
    }
    relay.stop();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_is_as_hr_says_on_sqlite() {
    the_platform_is_as_hr_says("", "SQLite", Processes::One).await;
}

/// A part of the cluster for one test.
fn on_kafka(brokers: &str, place: &str) -> String {
    format!(
        "[kafka]\nbrokers = \"{brokers}\"\nprefix = \"whole-{}-{place}.\"\n\
         partitions = 3\nreplication = 1\nappend_timeout = \"20s\"\n",
        std::process::id()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_is_as_hr_says_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let log = on_kafka(&kafka.brokers, "one");
    the_platform_is_as_hr_says(&log, &kafka.name, Processes::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_is_as_hr_says_on_kafka_with_a_process_per_role() {
    let Some(kafka) = cluster() else { return };
    let log = on_kafka(&kafka.brokers, "roles");
    the_platform_is_as_hr_says(&log, &kafka.name, Processes::OnePerRole).await;
}
