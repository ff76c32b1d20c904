//! The load: requests that were signed before, over connections that stay open.
//!
//! Not an HTTP client: it writes bytes and reads one answer, so that it takes as little as
//! possible of the cores it shares with the receiver.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use hris_relay::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Longer than any answer of the receiver without a body.
const LONGEST_ANSWER: usize = 1024;

/// What a round of requests came to.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// How many were sent, from the first on; all of them were answered 200.
    pub(super) requests: usize,
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// How long each answer took, sorted.
    pub(super) latencies: Vec<Duration>,
}

/// Sends requests from a thread with a runtime of its own, until the time is over or there
/// are no more.
pub(super) async fn send(
    to: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    concurrency: usize,
    time: Duration,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Sent> {
    let clock = Arc::clone(clock);
    let sending = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(send_all(to, &requests, concurrency, time, &clock))
    });
    sending.await.context("the load panicked")?
}

async fn send_all(
    to: SocketAddr,
    requests: &Arc<Vec<Vec<u8>>>,
    concurrency: usize,
    time: Duration,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Sent> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    let started = clock.elapsed();
    for _ in 0..concurrency {
        let stream = TcpStream::connect(to).await.context("no connection")?;
        stream.set_nodelay(true)?;
        let connection = Connection {
            stream,
            requests: Arc::clone(requests),
            next: Arc::clone(&next),
            until: started + time,
            clock: Arc::clone(clock),
        };
        let _handle = connections.spawn(connection.run());
    }
    let mut sent = Sent::default();
    while let Some(latencies) = connections.join_next().await {
        sent.latencies.extend(latencies??);
    }
    sent.took = clock.elapsed().saturating_sub(started);
    sent.requests = sent.latencies.len();
    sent.latencies.sort_unstable();
    Ok(sent)
}

struct Connection {
    stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    until: Duration,
    clock: Arc<dyn Clock>,
}

impl Connection {
    async fn run(mut self) -> anyhow::Result<Vec<Duration>> {
        let mut latencies = Vec::new();
        loop {
            let started = self.clock.elapsed();
            if started >= self.until {
                return Ok(latencies);
            }
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = self.requests.get(number) else {
                return Ok(latencies);
            };
            self.stream.write_all(request).await?;
            answered(&mut self.stream).await?;
            latencies.push(self.clock.elapsed().saturating_sub(started));
        }
    }
}

/// Reads one answer, which must be a 200 without a body.
async fn answered(stream: &mut TcpStream) -> anyhow::Result<()> {
    let mut answer = [0; LONGEST_ANSWER];
    let mut read = 0;
    loop {
        let free = answer.get_mut(read..).unwrap_or_default();
        let more = stream.read(free).await?;
        ensure!(more > 0, "the receiver closed the connection");
        read += more;
        let text = answer.get(..read).unwrap_or_default();
        if text.ends_with(b"\r\n\r\n") {
            let shown = String::from_utf8_lossy(text);
            ensure!(
                text.starts_with(b"HTTP/1.1 200 ") && shown.contains("content-length: 0"),
                "the receiver answered {shown:?}"
            );
            return Ok(());
        }
    }
}
