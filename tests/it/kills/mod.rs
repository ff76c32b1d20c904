//! Kills, and a freeze, while webhooks come in: whatever was answered 2xx is at the platform
//! in the end, and nobody was called by two at once.

mod company;
mod embedded;
mod frozen;
mod processes;
mod rolling;
mod rollout;
mod sending;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hris_relay::simulator::startexam::Running;
use jiff::ToSpan;
use serde_json::json;
use tokio::task::JoinSet;

use self::company::{Expected, GROUPS, Happening, PEOPLE, found, history, reckoned, shuffled};
use self::sending::{Noted, send};
use crate::support::logs::system_clock;
use crate::support::sender::SECRET;

/// For the whole of one step, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(2);

/// A company's history, and what of it was answered 2xx.
struct Story {
    history: Arc<Vec<Happening>>,
    order: Vec<usize>,
    noted: Arc<Mutex<Noted>>,
    sending: JoinSet<()>,
}

impl Story {
    fn new(dice: &mut fastrand::Rng, events: usize) -> Self {
        let history = history(dice, events, system_clock().now());
        Self {
            history: Arc::new(history),
            order: shuffled(dice, events),
            noted: Arc::default(),
            sending: JoinSet::new(),
        }
    }

    /// Sends the next events of the order in the background.
    fn send(&mut self, receiver: SocketAddr, events: usize) {
        let events = events.min(self.order.len());
        let order = self.order.drain(..events).collect();
        self.send_these(receiver, order, Duration::ZERO);
    }

    /// Sends all that is left in the background, with a pause before each until [`Self::hurry`].
    fn send_slowly(&mut self, receiver: SocketAddr, pause: Duration) {
        let order = std::mem::take(&mut self.order);
        self.send_these(receiver, order, pause);
    }

    fn send_these(&mut self, receiver: SocketAddr, order: Vec<usize>, pause: Duration) {
        let history = Arc::clone(&self.history);
        let noted = Arc::clone(&self.noted);
        self.sending
            .spawn(send(receiver, history, order, pause, noted));
    }

    fn hurry(&self) {
        self.noted.lock().unwrap().hurry = true;
    }

    /// What senders met but an answer 2xx at the first try.
    fn troubles(&self) -> Vec<String> {
        self.noted.lock().unwrap().troubles.clone()
    }

    /// Waits until everything that is being sent was answered.
    async fn sent(&mut self) {
        while let Some(sent) = self.sending.join_next().await {
            sent.unwrap();
        }
    }

    fn answered(&self) -> usize {
        self.noted.lock().unwrap().accepted.len()
    }

    /// Waits until the platform is as the accepted facts say, and says for how many.
    async fn comes_true(&self, platform: &Running) {
        let accepted = self.noted.lock().unwrap().accepted.clone();
        let accepted: Vec<Happening> = accepted
            .into_iter()
            .map(|n| self.history[n].clone())
            .collect();
        let expected = reckoned(&accepted);
        let deadline = Instant::now() + PATIENCE;
        while found(platform) != expected && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let found = found(platform);
        for (who, expected) in &expected {
            assert_eq!(found.get(who), Some(expected), "{who}");
        }
        assert_eq!(found.len(), PEOPLE);
        let out = expected.values().filter(|state| **state == Expected::Out);
        assert!(
            (50..PEOPLE - 50).contains(&out.count()),
            "a lopsided history"
        );
        assert!(platform.simulator().overlaps().is_empty(), "I3");
    }
}

/// The relay's settings, with those of the platform and the log.
fn configuration(receiver: SocketAddr, admin: SocketAddr, parts: &str) -> String {
    let assignments = GROUPS.map(|(group, programs)| {
        format!("[[assignments]]\ngroup = {group:?}\nstartexam = {{ programs = {programs:?} }}\n")
    });
    format!(
        r#"
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{SECRET}"]
[worker.guard]
enabled = false
{assignments}
{parts}"#,
        assignments = assignments.concat(),
    )
}

/// Waits for a condition that others bring about.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not {what} in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What HR says of somebody.
fn event(who: usize, kind: &str, data: &serde_json::Value, minutes_ago: i64) -> String {
    let at = system_clock().now() - minutes_ago.minutes();
    let event = json!({
        "type": format!("hr.employee.{kind}.v1"),
        "timestamp": at,
        "subject": company::id(who),
        "data": data,
    });
    event.to_string()
}

/// Waits until nobody was called for longer than an unanswered call waits for its second
/// assertion; answers how often the platform was called until then.
async fn quiet(platform: &Running) -> u64 {
    let requests = || platform.simulator().counters().requests;
    let mut last = (requests(), Instant::now());
    while last.1.elapsed() < Duration::from_secs(8) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if requests() != last.0 {
            last = (requests(), Instant::now());
        }
    }
    last.0
}
