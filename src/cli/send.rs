//! `send`: says one fact as a configured source would, signed with its first secret.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::arguments::{Send, SentFact};
use super::process::{known_source, load};
use super::{CommandError, print};
use crate::clock::Clock;
use crate::config::Settings;
use crate::operator::sender::{Sender, Signing, Unsigned};
use crate::provider::http::{HeaderMap, Reply};
use crate::receiver::settings::{SourceKind, SourceSettings};
use crate::secret::Secret;

pub(super) async fn run(send: &Send, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    let settings = load(&send.configured)?.settings;
    let source = known_source(&settings, &send.source)?;
    let now = clock.now();
    let (webhook, signing) = webhook(send, source, now)?;
    let headers = Sender::sign(&webhook, &signing, now)
        .with_context(|| format!("the secret of `{}` does not sign", send.source))?;
    let receiver = match &send.to {
        Some(receiver) => receiver.clone(),
        None => format!("http://{}", reachable(&settings)),
    };
    if send.dry_run {
        print::line(format!("POST {receiver}{}", webhook.path));
        for (name, value) in &headers {
            let shown = if value.is_sensitive() {
                crate::secret::REDACTED
            } else {
                value.to_str().unwrap_or_default()
            };
            print::line(format!("{name}: {shown}"));
        }
        print::line(format!("\n{}", String::from_utf8_lossy(&webhook.body)));
        return Ok(());
    }
    let sender = Sender::new(&receiver, 1, clock).context("the webhook cannot be sent")?;
    let reply = deliver(&sender, &webhook, &headers, send.patience).await?;
    let said = reply.body.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    print::line(format!("{} {said}", reply.status).trim_end());
    if (200..300).contains(&reply.status) {
        Ok(())
    } else {
        Err(anyhow::anyhow!("the receiver refused it with status {}", reply.status).into())
    }
}

/// Tries until there is an answer other than "come back later", or the patience is over.
async fn deliver(
    sender: &Sender,
    webhook: &Unsigned,
    headers: &HeaderMap,
    patience: Duration,
) -> anyhow::Result<Reply> {
    const LATER: u16 = 503;
    let attempt = || async {
        let reply = sender.post(webhook, headers.clone()).await?;
        anyhow::ensure!(
            reply.status != LATER,
            "the receiver cannot take it now (503)"
        );
        Ok(reply)
    };
    let waits = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .with_total_delay(Some(patience))
        .without_max_times();
    attempt.retry(waits).await
}

/// The receiver's own address; one that listens everywhere is reached here.
fn reachable(settings: &Settings) -> std::net::SocketAddr {
    let mut address = settings.receiver.listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

fn webhook(
    send: &Send,
    source: &SourceSettings,
    now: Timestamp,
) -> Result<(Unsigned, Signing), CommandError> {
    let prefix = format!("sources.{}", send.source);
    let secrets = source.live_secrets(&prefix).map_err(anyhow::Error::from)?;
    let secret: Secret = secrets
        .into_iter()
        .next()
        .with_context(|| format!("source `{}` has no secret", send.source))?;
    let id = format!("msg_{}", Uuid::now_v7().simple());
    let hook = format!("/hooks/{}", send.source);
    let (path, content_type, body, signing) = match source.kind {
        Some(SourceKind::Bamboohr) => (
            hook,
            "application/json",
            bamboohr(send, now)?,
            Signing::BambooHr(secret),
        ),
        Some(SourceKind::StandardWebhooks) => (
            hook,
            "application/json",
            event(send, &id, now),
            Signing::StandardWebhooks(secret),
        ),
        Some(SourceKind::Cloudevents) | None => (
            "/events".to_owned(),
            "application/cloudevents+json",
            event(send, &id, now),
            if secret.expose().starts_with("whsec_") {
                Signing::StandardWebhooks(secret)
            } else {
                Signing::Bearer(secret)
            },
        ),
    };
    let body = Bytes::from(body.to_string());
    let unsigned = Unsigned {
        path,
        id,
        content_type,
        body,
    };
    Ok((unsigned, signing))
}

/// A canonical CloudEvents event.
fn event(send: &Send, id: &str, now: Timestamp) -> Value {
    let fact = match send.fact {
        SentFact::Hired => "hired",
        SentFact::Updated => "updated",
        SentFact::GroupChanged => "group_changed",
        SentFact::Terminated => "terminated",
        SentFact::AccessRevoked => "access_revoked",
        SentFact::AccessRestored => "access_restored",
    };
    let mut data = Map::new();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let needs_a_day = send.fact == SentFact::Hired || send.cancel;
    if let Some(day) = send.day.or(needs_a_day.then_some(today)) {
        data.insert("effective_at".to_owned(), json!(day.to_string()));
    }
    if send.cancel {
        data.insert("phase".to_owned(), json!("cancelled"));
    }
    if !send.attributes.is_empty() {
        let attributes: Map<String, Value> = send
            .attributes
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        data.insert("attributes".to_owned(), Value::Object(attributes));
    }
    if !send.groups.is_empty() {
        data.insert("groups".to_owned(), json!({ "current": send.groups }));
    }
    json!({
        "specversion": "1.0",
        "id": id,
        "source": send.source,
        "type": format!("hr.employee.{fact}.v1"),
        "subject": send.employee,
        "time": now.to_string(),
        "data": data,
    })
}

/// A field-based BambooHR webhook.
fn bamboohr(send: &Send, now: Timestamp) -> Result<Value, CommandError> {
    let action = match send.fact {
        SentFact::Hired => "Created",
        SentFact::Updated => "Updated",
        SentFact::Terminated => "Deleted",
        SentFact::GroupChanged | SentFact::AccessRevoked | SentFact::AccessRestored => {
            return Err(CommandError::Usage(
                "BambooHR says `hired` (Created), `updated` (Updated, with --field) and \
                 `terminated` (Deleted) only"
                    .to_owned(),
            ));
        }
    };
    let names: Vec<&String> = send.fields.iter().map(|(name, _)| name).collect();
    let fields: Map<String, Value> = send
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    Ok(json!({ "employees": [{
        "id": send.employee,
        "action": action,
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string(),
        "changedFields": names,
        "fields": fields,
    }] }))
}
