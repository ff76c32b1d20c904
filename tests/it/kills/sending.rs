//! A crowd of senders, and a note of what was answered 2xx.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use hris_relay::operator::sender::Sender;

use super::company::{Happening, body};
use crate::support::logs::system_clock;
use crate::support::sender::deliver;

const AT_ONCE: usize = 16;

/// What came of the webhooks that were sent.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Which were answered 2xx.
    pub(super) accepted: BTreeSet<usize>,
    /// What went wrong before.
    pub(super) troubles: Vec<String>,
    /// Whether those that are sent slowly shall be slow no more.
    pub(super) hurry: bool,
}

/// Sends these in their order, with a pause before each; notes what came of them.
pub(super) async fn send(
    receiver: SocketAddr,
    history: Arc<Vec<Happening>>,
    order: Vec<usize>,
    pause: Duration,
    noted: Arc<Mutex<Noted>>,
) {
    let sender = Sender::new(&format!("http://{receiver}"), AT_ONCE, system_clock()).unwrap();
    let paced = futures_util::stream::iter(order).then(|n| {
        let pause = if noted.lock().unwrap().hurry {
            Duration::ZERO
        } else {
            pause
        };
        async move {
            tokio::time::sleep(pause).await;
            n
        }
    });
    let sending = paced.map(|n| {
        let body = Bytes::from(body(&history[n]).to_string());
        let sender = &sender;
        async move { (n, deliver(sender, format!("msg_{n}"), body).await) }
    });
    let mut sent = std::pin::pin!(sending.buffer_unordered(AT_ONCE));
    while let Some((n, troubles)) = sent.next().await {
        let mut noted = noted.lock().unwrap();
        noted.accepted.insert(n);
        noted.troubles.extend(troubles);
    }
}
