//! Signs webhooks as their senders do, and posts them: for `send`, the demo and benchmarks.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::provider::Failure;
use crate::provider::http::{
    AUTHORIZATION, BuildError, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, Http, Limits,
    Reply, Url,
};
use crate::receiver::signature::{InvalidKey, sign_bamboohr, sign_standard_webhook};
use crate::secret::Secret;

/// How a sender proves who it is.
#[derive(Debug, Clone)]
pub enum Signing {
    /// BambooHR's headers, with the webhook's private key.
    BambooHr(Secret),
    /// The Standard Webhooks headers, with a `whsec_` secret.
    StandardWebhooks(Secret),
    /// A bearer token, at `/events`.
    Bearer(Secret),
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is no HTTP client.
    #[error(transparent)]
    Client(#[from] BuildError),
    /// The address is none.
    #[error("expected an address like http://127.0.0.1:8080")]
    Address,
    /// The secret does not sign.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// A header cannot be sent.
    #[error("a header value is not printable ASCII")]
    Header,
    /// No answer.
    #[error("the receiver did not answer")]
    Unanswered(#[source] Failure),
}

/// Posts signed webhooks to one receiver.
#[derive(Debug, Clone)]
pub struct Sender {
    http: Http,
    receiver: Url,
}

/// One webhook to be signed now.
#[derive(Debug, Clone)]
pub struct Unsigned {
    /// The path: `/hooks/<source>` or `/events`.
    pub path: String,
    /// The message id, where the sender's scheme has one.
    pub id: String,
    /// The media type.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Sender {
    /// A sender to the receiver at an address, with up to `connections` of them.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(
        receiver: &str,
        connections: usize,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SendError> {
        let limits = Limits {
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(15),
            idle_connections: connections,
        };
        Ok(Self {
            http: Http::new(limits, clock)?,
            receiver: Url::parse(receiver).map_err(|_| SendError::Address)?,
        })
    }

    /// The headers of a webhook signed at an instant.
    ///
    /// # Errors
    /// When the secret does not sign.
    pub fn sign(
        webhook: &Unsigned,
        signing: &Signing,
        at: Timestamp,
    ) -> Result<HeaderMap, SendError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(webhook.content_type));
        let body = webhook.body.as_ref();
        match signing {
            Signing::BambooHr(secret) => {
                add(&mut headers, &sign_bamboohr(secret, at, body)?)?;
            }
            Signing::StandardWebhooks(secret) => {
                let signed = sign_standard_webhook(secret, &webhook.id, at, body)?;
                add(&mut headers, &signed)?;
            }
            Signing::Bearer(secret) => {
                let bearer = format!("Bearer {}", secret.expose());
                let mut value = HeaderValue::from_str(&bearer).map_err(|_| SendError::Header)?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
        }
        Ok(headers)
    }

    /// Posts a webhook with these headers.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, webhook: &Unsigned, headers: HeaderMap) -> Result<Reply, SendError> {
        let mut url = self.receiver.clone();
        url.set_path(&webhook.path);
        self.http
            .post(url, headers, webhook.body.clone())
            .await
            .map_err(SendError::Unanswered)
    }
}

fn add(headers: &mut HeaderMap, signed: &[(&'static str, String)]) -> Result<(), SendError> {
    for (name, value) in signed {
        let name = HeaderName::from_str(name).map_err(|_| SendError::Header)?;
        let value = HeaderValue::from_str(value).map_err(|_| SendError::Header)?;
        headers.insert(name, value);
    }
    Ok(())
}
