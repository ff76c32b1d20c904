//! A crowd of senders, and a note of what was answered 2xx.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt;
use hris_relay::operator::sender::Sender;

use super::company::{Happening, body};
use crate::support::logs::system_clock;
use crate::support::sender::deliver;

const AT_ONCE: usize = 16;

/// Sends these in their order; notes what was answered 2xx.
pub(super) async fn send(
    receiver: SocketAddr,
    history: Arc<Vec<Happening>>,
    order: Vec<usize>,
    accepted: Arc<Mutex<BTreeSet<usize>>>,
) {
    let sender = Sender::new(&format!("http://{receiver}"), AT_ONCE, system_clock()).unwrap();
    let sending = futures_util::stream::iter(order).map(|n| {
        let body = Bytes::from(body(&history[n]).to_string());
        let sender = &sender;
        async move {
            deliver(sender, format!("msg_{n}"), body).await;
            n
        }
    });
    let mut sent = std::pin::pin!(sending.buffer_unordered(AT_ONCE));
    while let Some(n) = sent.next().await {
        accepted.lock().unwrap().insert(n);
    }
}
