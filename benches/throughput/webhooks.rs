//! Webhooks: a receiver in a process of its own, signed requests, and what the log holds.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use hris_relay::clock::Clock;
use hris_relay::log::{Topic, header};
use hris_relay::operator::sender::{Sender, Signing, Unsigned};
use hris_relay::secret::Secret;
use serde_json::json;

use crate::load::{self, Sent};
use crate::place::{Kind, Place, read_all};
use crate::support::broker::free_port;

const SECRET: &str = "whsec_YmVuY2htYXJrLWtleS1iZW5jaG1hcmstMDE=";
/// The size of a webhook's body.
const BODY: usize = 1024;
/// How long the receiver may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) concurrency: usize,
    pub(super) seconds: Duration,
    pub(super) repeat: u32,
}

/// Measures rounds, each on a receiver and a log of its own; the answer is the median.
pub(super) async fn measure(
    kind: &Kind,
    round: Round,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Sent> {
    let mut measured = Vec::new();
    for _ in 0..round.repeat {
        measured.push(measure_once(kind, round, clock).await?);
    }
    Ok(crate::median(measured, rate))
}

/// Requests a second.
pub(super) fn rate(sent: &Sent) -> f64 {
    let requests = u32::try_from(sent.requests).unwrap_or(u32::MAX);
    f64::from(requests) / sent.took.as_secs_f64()
}

async fn measure_once(kind: &Kind, round: Round, clock: &Arc<dyn Clock>) -> anyhow::Result<Sent> {
    let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let more = format!(
        "[receiver]\nlisten = \"{listen}\"\n\
         [sources.hr]\nkind = \"standard_webhooks\"\nsecrets = [\"{SECRET}\"]\n\
         time_zone = \"UTC\"\nattributes = [\"first_name\", \"email\", \"notes\"]\n"
    );
    let place = Place::new(kind, &more, clock).await?;
    let receiver = Process::start(&place, listen, clock).await?;
    let warm = signed("warm", 1000, listen, clock)?;
    let time = Duration::from_secs(5);
    let warmed = load::send(listen, Arc::new(warm), round.concurrency, time, clock).await?;
    let most = most_requests(round);
    let requests = Arc::new(signed("e", most, listen, clock)?);
    let sent = load::send(listen, requests, round.concurrency, round.seconds, clock).await?;
    ensure!(
        sent.requests < most,
        "the receiver took all {most} requests early: more must be signed"
    );
    // Killed, not stopped: what was answered must be durable already.
    drop(receiver);
    verify(
        &place,
        [("warm", warmed.requests), ("e", sent.requests)],
        clock,
    )
    .await?;
    Ok(sent)
}

/// More than any receiver takes on a machine of two cores.
fn most_requests(round: Round) -> usize {
    let seconds = usize::try_from(round.seconds.as_secs()).unwrap_or(1);
    seconds * 1000 * (8 * round.concurrency).min(60)
}

/// Webhooks about distinct people, as bytes on the wire.
fn signed(
    name: &str,
    count: usize,
    to: SocketAddr,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Vec<u8>>> {
    let signing = Signing::StandardWebhooks(Secret::new(SECRET));
    let now = clock.now();
    let request = |number: usize| {
        let webhook = Unsigned {
            path: "/hooks/hr".to_owned(),
            id: format!("{name}-{number}"),
            content_type: "application/json",
            body: Bytes::from(hired(&format!("{name}-{number}"), &now.to_string())),
        };
        let headers = Sender::sign(&webhook, &signing, now)?;
        let mut bytes = format!("POST {} HTTP/1.1\r\nhost: {to}\r\n", webhook.path).into_bytes();
        for (name, value) in &headers {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", webhook.body.len()).into_bytes());
        bytes.extend(&webhook.body);
        Ok(bytes)
    };
    (0..count).map(request).collect()
}

/// A canonical event of exactly the size.
fn hired(who: &str, now: &str) -> Vec<u8> {
    let event = |notes: &str| {
        json!({
            "type": "hr.employee.hired.v1",
            "timestamp": now,
            "subject": who,
            "data": {
                "effective_at": "2026-01-05",
                "attributes": {
                    "first_name": "Ada", "email": format!("{who}@example.com"), "notes": notes,
                },
                "groups": { "current": ["Sales"] },
            },
        })
        .to_string()
        .into_bytes()
    };
    let missing = BODY.saturating_sub(event("").len());
    event(&"n".repeat(missing))
}

/// Whether the log holds every accepted event once, and nothing else.
async fn verify(
    place: &Place,
    accepted: [(&str, usize); 2],
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<()> {
    let mut missing: HashSet<String> = accepted
        .iter()
        .flat_map(|(name, count)| (0..*count).map(move |number| format!("{name}-{number}")))
        .collect();
    let mut surplus = 0_usize;
    let log = place.open(clock)?;
    read_all(&*log, Topic::Events, &mut |record| {
        let id = record.headers.text(header::EVENT_ID).unwrap_or_default();
        if !missing.remove(id) {
            surplus += 1;
        }
    })
    .await?;
    log.close().await;
    let missing = missing.len();
    ensure!(
        missing == 0 && surplus == 0,
        "of the accepted events {missing} are missing, and {surplus} are too many"
    );
    Ok(())
}

/// A receiver that runs; dropped, it is killed.
struct Process {
    child: Child,
    last_line: Arc<Mutex<String>>,
}

impl Process {
    async fn start(place: &Place, at: SocketAddr, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hris-relay"))
            .args(["receiver", "--config"])
            .arg(&place.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("the receiver cannot be started")?;
        let stderr = child.stderr.take().context("the receiver has a log")?;
        let last_line = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&last_line);
        // Read as a container's runtime reads it.
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stderr);
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                std::mem::swap(&mut line, &mut kept.lock().unwrap());
                line.clear();
            }
        });
        let mut process = Self { child, last_line };
        let deadline = clock.elapsed() + PATIENCE;
        while tokio::net::TcpStream::connect(at).await.is_err() {
            if let Some(status) = process.child.try_wait()? {
                let line = process.last_line.lock().unwrap().clone();
                bail!("the receiver ended, {status}: {line}");
            }
            ensure!(clock.elapsed() < deadline, "the receiver does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has ended already is as good as killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
