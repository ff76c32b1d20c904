//! Sending the history and waiting until the platforms agree with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};

use super::actual::difference;
use super::history::{BAMBOOHR, History, Webhook};
use super::{PATIENCE, Stage};
use crate::clock::Clock;
use crate::operator::sender::{Sender, Signing, Unsigned};
use crate::secret::Secret;

/// The private key of the demo's BambooHR webhook.
pub(super) const BAMBOOHR_SECRET: &str = "demo-private-key-of-the-bamboohr-webhook";
/// The demo's Standard Webhooks secret; the key is 24 bytes of text.
pub(super) const PORTAL_SECRET: &str = "whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";
/// The key of whoever forges a webhook.
const FORGED_SECRET: &str = "whsec_bm90LXRoZS1rZXktb2YtdGhlLXBvcnRhbCE=";

/// Webhooks on their way at the same time.
const AT_ONCE: usize = 16;

/// What was answered.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// Webhooks by the status they were answered with.
    pub(super) answers: BTreeMap<u16, usize>,
    /// How long sending took.
    pub(super) sending: Duration,
    /// How long each platform took to agree, from the first webhook on, where it did.
    pub(super) agreed: Vec<Option<Duration>>,
}

/// Sends every webhook of the history and waits for the platforms.
pub(super) async fn play(
    stage: &Stage,
    history: &History,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Played> {
    let receiver = format!("http://{}", stage.webhooks);
    let sender = Sender::new(&receiver, AT_ONCE, Arc::clone(clock))?;
    let mut played = Played::default();
    let started = clock.elapsed();
    let progress = bar("webhooks sent", history.webhooks.len());
    let sent = futures_util::stream::iter(&history.webhooks)
        .map(|webhook| send(&sender, webhook, clock))
        .buffer_unordered(AT_ONCE);
    let mut sent = std::pin::pin!(sent);
    while let Some(status) = sent.next().await {
        *played.answers.entry(status?).or_default() += 1;
        progress.inc(1);
    }
    progress.finish();
    played.sending = clock.elapsed().saturating_sub(started);
    let everybody = history.expected.len().saturating_mul(stage.platforms.len());
    let progress = bar("people agree at their platforms", everybody);
    played.agreed = vec![None; stage.platforms.len()];
    loop {
        let took = clock.elapsed().saturating_sub(started);
        let mut differing = 0;
        for (platform, agreed) in stage.platforms.iter().zip(&mut played.agreed) {
            let differ = difference(history, &**platform).len();
            differing += differ;
            *agreed = agreed
                .filter(|_| differ == 0)
                .or((differ == 0).then_some(took));
        }
        let agreeing = everybody.saturating_sub(differing);
        progress.set_position(u64::try_from(agreeing).unwrap_or_default());
        if differing == 0 || took.saturating_sub(played.sending) > PATIENCE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    progress.finish();
    Ok(played)
}

async fn send(sender: &Sender, webhook: &Webhook, clock: &Arc<dyn Clock>) -> anyhow::Result<u16> {
    let secret = |text: &str| Secret::new(text);
    let signing = match (webhook.source, webhook.is_forged) {
        (BAMBOOHR, true) => Signing::BambooHr(secret(FORGED_SECRET)),
        (BAMBOOHR, false) => Signing::BambooHr(secret(BAMBOOHR_SECRET)),
        (_, true) => Signing::StandardWebhooks(secret(FORGED_SECRET)),
        (_, false) => Signing::StandardWebhooks(secret(PORTAL_SECRET)),
    };
    let unsigned = Unsigned {
        path: format!("/hooks/{}", webhook.source),
        id: webhook.id.clone(),
        content_type: "application/json",
        body: Bytes::from(webhook.body.clone()),
    };
    let headers = Sender::sign(&unsigned, &signing, clock.now())?;
    Ok(sender.post(&unsigned, headers).await?.status)
}

fn bar(what: &'static str, length: usize) -> ProgressBar {
    let progress = ProgressBar::new(u64::try_from(length).unwrap_or_default());
    let style = ProgressStyle::with_template("{bar:40} {pos:>5}/{len} {msg}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    progress.set_message(what);
    progress
}
