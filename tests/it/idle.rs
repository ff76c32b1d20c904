//! A process that has nothing to do, and what it notices all the same.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hris_relay::app::{Relay, Role};
use hris_relay::config::Settings;
use hris_relay::log::Log;
use hris_relay::metrics::Metrics;
use tokio::sync::oneshot;

use crate::support::logs::system_clock;
use crate::support::memory_log::{MemoryLog, Mood};

/// A process asks every 5 s; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn until(metrics: &Metrics, line: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = metrics.render().unwrap();
        if text.lines().any(|it| it == line) {
            return;
        }
        assert!(Instant::now() < deadline, "no {line} in {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_idle_roster_notices_that_the_log_does_not_answer() {
    let log = Arc::new(MemoryLog::new());
    // It lets a stage join in this mood alone.
    log.feels(Mood::Hangs);
    let mut settings = Settings::default();
    settings.admin.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let held: Arc<dyn Log> = Arc::<MemoryLog>::clone(&log);
    let relay = Relay::start(&settings, &[Role::Roster], held, system_clock()).unwrap();
    let metrics = relay.metrics().clone();
    let (stop, asked) = oneshot::channel();
    let signal = async { drop(asked.await) };
    let story = async {
        until(&metrics, "hris_relay_ready{component=\"roster\"} 1").await;
        log.feels(Mood::Takes);
        until(&metrics, "hris_relay_log_reachable 1").await;
        log.feels(Mood::Hangs);
        until(&metrics, "hris_relay_log_reachable 0").await;
        // It has its partition, and nobody sends to it.
        until(&metrics, "hris_relay_ready{component=\"roster\"} 1").await;
        stop.send(()).unwrap();
    };
    let (ended, ()) = tokio::join!(relay.run(signal), story);
    ended.unwrap();
    let unready = "hris_relay_ready{component=";
    assert!(!metrics.render().unwrap().contains(unready));
}
