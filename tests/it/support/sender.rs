//! HR as a sender that keeps what it must deliver until it is answered 2xx.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hris_relay::operator::sender::{SendError, Sender, Signing, Unsigned};
use hris_relay::secret::Secret;

use super::logs::system_clock;

/// The secret of the source `portal`.
pub const SECRET: &str = "whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";

/// Sends one event until it is answered 2xx, as a sender that keeps what it must deliver:
/// the same id and body each time, signed anew. Answers what went wrong before.
pub async fn deliver(sender: &Sender, id: String, body: Bytes) -> Vec<String> {
    let signing = Signing::StandardWebhooks(Secret::new(SECRET));
    let webhook = Unsigned {
        path: "/hooks/portal".to_owned(),
        id,
        content_type: "application/json",
        body,
    };
    let mut troubles = Vec::new();
    loop {
        let headers = Sender::sign(&webhook, &signing, system_clock().now()).unwrap();
        match sender.post(&webhook, headers).await {
            Ok(reply) if (200..300).contains(&reply.status) => return troubles,
            Ok(reply) => {
                assert_eq!(reply.status, 503, "{}", webhook.id);
                troubles.push(format!("{}: 503", webhook.id));
            }
            Err(SendError::Unanswered(failure)) => {
                troubles.push(format!("{}: {}", webhook.id, failure.code()));
            }
            Err(error) => panic!("{}: {error}", webhook.id),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends bodies one after the other.
pub async fn tell(receiver: SocketAddr, id: &str, bodies: Vec<String>) {
    let sender = Sender::new(&format!("http://{receiver}"), 1, system_clock()).unwrap();
    for (n, body) in bodies.into_iter().enumerate() {
        deliver(&sender, format!("{id}_{n}"), Bytes::from(body)).await;
    }
}
