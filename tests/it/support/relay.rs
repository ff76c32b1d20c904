//! A relay in one process, the platform it calls, and HR as it speaks to it.

use std::net::SocketAddr;

use hris_relay::simulator::startexam::Running;
use jiff::ToSpan;
use serde_json::{Value, json};

use super::binary::{Installation, Process, free_address, get, metric};
use super::logs::system_clock;
use super::platform::section;
use super::sender::{SECRET, tell};

/// A relay on one log, and where it listens.
pub struct Relay {
    pub installation: Installation,
    pub platform: Running,
    pub admin: SocketAddr,
    receiver: SocketAddr,
}

impl Relay {
    /// Not started yet. `more` is added to its settings.
    pub fn new(platform: Running, more: &str) -> Self {
        let (receiver, admin) = (free_address(), free_address());
        let text = format!(
            r#"
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{SECRET}"]
{section}
{more}"#,
            section = section(&platform),
        );
        let relay = Self {
            installation: Installation::new(&text),
            platform,
            admin,
            receiver,
        };
        let made = relay.installation.run(&["topics", "create"]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        relay
    }

    pub fn start(&self) -> Process {
        let mut process = self.installation.start(&["serve"]);
        process.until_ready(self.admin);
        process
    }

    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let text = get(self.admin, "/metrics").map(|(_, text)| text);
        metric(&text.unwrap_or_default(), name, labels)
    }

    /// Where webhooks go.
    pub const fn receiver(&self) -> SocketAddr {
        self.receiver
    }

    /// The people in a book.
    pub fn waiting(&self, state: &str) -> usize {
        let people = self.metric("hris_relay_waiting_people", &[("state", state)]);
        format!("{people:.0}").parse().unwrap()
    }

    /// HR says the same of these people, some minutes ago.
    pub async fn tell(&self, minutes_ago: i64, kind: &str, people: &[String], data: &Value) {
        let at = system_clock().now() - minutes_ago.minutes();
        let body = |who: &String| {
            let event = json!({
                "type": format!("hr.employee.{kind}.v1"),
                "timestamp": at,
                "subject": who,
                "data": data,
            });
            event.to_string()
        };
        let id = format!("{kind}-{minutes_ago}");
        tell(self.receiver, &id, people.iter().map(body).collect()).await;
    }

    /// These people are hired into a group.
    pub async fn hired(&self, people: &[String], group: &str) {
        let data = json!({
            "effective_at": "2020-01-01",
            "attributes": { "first_name": "Ada" },
            "groups": { "current": [group] },
        });
        self.tell(60, "hired", people, &data).await;
    }

    /// How many people are registered to some program.
    pub fn registered(&self) -> usize {
        let employees = self.platform.simulator().account().employees;
        let registered = employees.values().filter(|it| !it.programs.is_empty());
        registered.count()
    }

    pub fn requests(&self) -> u64 {
        self.platform.simulator().counters().requests
    }
}

/// That many people.
pub fn people(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("e-{n:04}")).collect()
}
