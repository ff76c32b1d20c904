//! A sender that keeps what it must deliver until it is answered 2xx.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use hris_relay::operator::sender::{SendError, Sender, Signing, Unsigned};
use hris_relay::secret::Secret;

use super::company::{Happening, body};
use crate::support::logs::system_clock;

const AT_ONCE: usize = 16;
pub(super) const SECRET: &str = "whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";

/// Sends one event until it is answered 2xx, as a sender that keeps what it must deliver:
/// the same id and body each time, signed anew.
async fn deliver(sender: &Sender, id: String, body: Bytes) {
    let signing = Signing::StandardWebhooks(Secret::new(SECRET));
    let webhook = Unsigned {
        path: "/hooks/portal".to_owned(),
        id,
        content_type: "application/json",
        body,
    };
    loop {
        let headers = Sender::sign(&webhook, &signing, system_clock().now()).unwrap();
        match sender.post(&webhook, headers).await {
            Ok(reply) if (200..300).contains(&reply.status) => return,
            Ok(reply) => assert_eq!(reply.status, 503, "{}", webhook.id),
            Err(SendError::Unanswered(_)) => {}
            Err(error) => panic!("{}: {error}", webhook.id),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

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

/// Sends bodies one after the other.
pub(super) async fn tell(receiver: SocketAddr, id: &str, bodies: Vec<String>) {
    let sender = Sender::new(&format!("http://{receiver}"), 1, system_clock()).unwrap();
    for (n, body) in bodies.into_iter().enumerate() {
        deliver(&sender, format!("{id}_{n}"), Bytes::from(body)).await;
    }
}
