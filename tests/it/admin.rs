//! The admin port and the probe, over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use hris_relay::admin::{self, AdminSettings, Contracts, ProbeError, Shown, probe};
use hris_relay::clock::{Clock, SystemClock};
use hris_relay::health::Health;
use hris_relay::metrics::Metrics;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct Admin {
    pub(crate) address: SocketAddr,
    pub(crate) health: Health,
    stopped: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

fn shown(health: Health, metrics: Metrics) -> Shown {
    let contracts = Contracts {
        openapi: r#"{"openapi":"3.1.1","info":{},"components":{}}"#.into(),
        asyncapi: r#"{"asyncapi":"3.1.0","info":{},"components":{}}"#.into(),
    };
    Shown {
        health,
        metrics,
        contracts,
    }
}

#[expect(clippy::disallowed_methods, reason = "the test is the supervisor")]
pub(crate) fn open() -> Admin {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let health = Health::new(clock);
    let metrics = Metrics::new().unwrap();
    metrics
        .receiver
        .webhooks
        .with_label_values(&["acme", "accepted"])
        .inc();
    let settings = AdminSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let stopped = CancellationToken::new();
    let until = stopped.clone().cancelled_owned();
    let (address, server) = admin::open(&settings, shown(health.clone(), metrics), until).unwrap();
    Admin {
        address,
        health,
        stopped,
        server: tokio::spawn(server),
    }
}

impl Admin {
    async fn probes(&self, path: &str) -> Result<(), ProbeError> {
        let url = format!("http://{}{path}", self.address);
        tokio::task::spawn_blocking(move || probe(&url, LIMIT, &SystemClock::new()))
            .await
            .unwrap()
    }

    async fn body(&self, path: &str) -> String {
        self.said("GET", path, "").await
    }

    /// The whole answer to a request with these further header lines.
    async fn said(&self, method: &str, path: &str, headers: &str) -> String {
        let request = format!("{method} {path} HTTP/1.0\r\n{headers}\r\n");
        let address = self.address;
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            let _read = stream.read_to_string(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn readiness_follows_the_components_and_names_them() {
    let admin = open();
    let worker = admin.health.component("worker startexam", LIMIT);
    assert!(matches!(
        admin.probes("/health/ready").await,
        Err(ProbeError::Unwell(503))
    ));
    let answer = admin.body("/health/ready").await;
    assert!(
        answer.contains(r#""worker startexam":{"ok":false,"why":"starting""#),
        "{answer}"
    );
    assert!(admin.probes("/health/live").await.is_ok());
    worker.set_ready();
    assert!(admin.probes("/health/ready").await.is_ok());
    admin.health.stop();
    assert!(admin.probes("/health/ready").await.is_err());
    assert!(admin.probes("/health/live").await.is_ok());
}

#[tokio::test]
async fn a_silent_component_fails_liveness() {
    let admin = open();
    let _wedged = admin.health.component("roster", Duration::ZERO);
    let answer = admin.body("/health/live").await;
    assert!(answer.starts_with("HTTP/1.0 503"), "{answer}");
    assert!(answer.contains(r#""why":"silent""#), "{answer}");
}

#[tokio::test]
async fn metrics_are_text_in_the_format_of_prometheus() {
    let admin = open();
    let answer = admin.body("/metrics").await;
    assert!(
        answer.contains("content-type: text/plain; version=0.0.4"),
        "{answer}"
    );
    assert!(answer.contains("cache-control: no-store"), "{answer}");
    assert!(
        answer.contains("hris_relay_webhooks_total{outcome=\"accepted\",source=\"acme\"} 1"),
        "{answer}"
    );
}

#[tokio::test]
async fn whoever_asks_for_openmetrics_gets_it_to_its_end() {
    let admin = open();
    let accept = "accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n";
    let answer = admin.said("GET", "/metrics", accept).await;
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(answer.contains(kind), "{answer}");
    assert!(answer.contains("vary: accept"), "{answer}");
    let sample = "\nhris_relay_webhooks_total{outcome=\"accepted\",source=\"acme\"} 1.0\n";
    assert!(answer.contains(sample), "{answer}");
    assert!(answer.ends_with("\n# EOF\n"), "{answer}");
    let classic = admin.body("/metrics").await;
    assert!(!classic.contains("# EOF"), "{classic}");
}

#[tokio::test]
async fn every_path_answers_head_without_a_body_and_refuses_what_changes_things() {
    let admin = open();
    for path in ["/health/live", "/health/ready", "/metrics"] {
        let answer = admin.said("HEAD", path, "").await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        let refused = admin.said("POST", path, "content-length: 0\r\n").await;
        assert!(refused.starts_with("HTTP/1.0 405"), "{refused}");
        assert!(refused.contains("allow: GET, HEAD"), "{refused}");
    }
}

#[tokio::test]
async fn readiness_is_a_metric_too_and_zero_for_all_while_the_process_stops() {
    let admin = open();
    let worker = admin.health.component("startexam", LIMIT);
    let roster = admin.health.component("roster", LIMIT);
    roster.set_ready();
    let ready = |text: &str| -> Vec<String> {
        let ours = text
            .lines()
            .filter(|it| it.starts_with("hris_relay_ready{"));
        ours.map(str::to_owned).collect()
    };
    let lines = ready(&admin.body("/metrics").await);
    let expected = [
        "hris_relay_ready{component=\"roster\"} 1",
        "hris_relay_ready{component=\"startexam\"} 0",
    ];
    assert_eq!(lines, expected);
    worker.set_ready();
    drop(roster);
    let lines = ready(&admin.body("/metrics").await);
    assert_eq!(lines, ["hris_relay_ready{component=\"startexam\"} 1"]);
    admin.health.stop();
    let lines = ready(&admin.body("/metrics").await);
    assert_eq!(lines, ["hris_relay_ready{component=\"startexam\"} 0"]);
}

#[tokio::test]
async fn the_port_closes_when_it_is_told_to() {
    let admin = open();
    assert!(admin.probes("/health/live").await.is_ok());
    admin.stopped.cancel();
    let address = admin.address;
    tokio::time::timeout(LIMIT, admin.server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_port_that_is_taken_is_refused_by_its_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let health = Health::new(Arc::new(SystemClock::new()));
    let until = std::future::pending();
    let opened = admin::open(
        &AdminSettings { listen },
        shown(health, Metrics::new().unwrap()),
        until,
    );
    let error = opened.err().unwrap().to_string();
    assert_eq!(error, format!("admin port {listen} cannot be opened"));
}

#[test]
fn a_probe_gives_up_at_its_deadline_and_on_what_is_not_http() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let limit = Duration::from_millis(100);
    let clock = SystemClock::new();
    assert!(matches!(
        probe(&url, limit, &clock),
        Err(ProbeError::Late(_))
    ));
    drop(silent);
    assert!(matches!(
        probe(&url, limit, &clock),
        Err(ProbeError::Unreachable(_))
    ));
    assert!(matches!(
        probe("localhost", limit, &clock),
        Err(ProbeError::Address)
    ));
}
