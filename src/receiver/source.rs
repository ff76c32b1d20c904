//! A configured source, ready to verify and map what it sends.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::adapter::bamboohr::Mapping;
use super::settings::{SourceKind, SourceSettings};
use super::signature::standard_webhooks::{self, Key};
use super::signature::{HmacKey, SignatureError};
use crate::event::Admission;
use crate::id::SourceId;
use crate::secret::Secret;
use crate::settings::Complaint;

/// One sender of HR facts.
#[derive(Debug)]
pub(crate) struct Source {
    /// What it may say.
    pub(crate) admission: Admission,
    /// How old a signature may be.
    pub(crate) tolerance: Duration,
    pub(crate) kind: Kind,
}

/// What tells the kinds apart.
#[derive(Debug)]
pub(crate) enum Kind {
    BambooHr {
        keys: Vec<HmacKey>,
        mapping: Mapping,
    },
    StandardWebhooks {
        keys: Vec<Key>,
    },
    CloudEvents {
        keys: Vec<Key>,
        tokens: Vec<Secret>,
    },
}

impl Source {
    /// Makes a source of its settings, reading its secrets.
    pub(crate) fn from_settings(name: &str, settings: &SourceSettings) -> Result<Self, Complaint> {
        let key = format!("sources.{name}");
        if let Some(complaint) = settings.complaints(&key).into_iter().next() {
            return Err(complaint);
        }
        let wrong = |reason: String| Complaint::new(&key, name, reason);
        let secrets = settings.live_secrets(&key)?;
        let kind = match settings.kind {
            None => return Err(wrong("has no kind".to_owned())),
            Some(SourceKind::Bamboohr) => Kind::BambooHr {
                keys: parsed(&secrets, HmacKey::from_text).map_err(&wrong)?,
                mapping: Mapping::from_settings(settings),
            },
            Some(SourceKind::StandardWebhooks) => Kind::StandardWebhooks {
                keys: parsed(&secrets, Key::parse).map_err(&wrong)?,
            },
            Some(SourceKind::Cloudevents) => {
                let (keys, tokens): (Vec<Secret>, Vec<Secret>) = secrets
                    .into_iter()
                    .partition(|secret| secret.expose().starts_with("wh"));
                Kind::CloudEvents {
                    keys: parsed(&keys, Key::parse).map_err(&wrong)?,
                    tokens,
                }
            }
        };
        Ok(Self {
            admission: settings
                .admission(name)
                .map_err(|error| wrong(error.to_string()))?,
            tolerance: settings.tolerance(),
            kind,
        })
    }

    /// Its configured name.
    pub(crate) const fn id(&self) -> &SourceId {
        &self.admission.source
    }

    /// Whether a request to `/events` with this bearer token is this source's.
    pub(crate) fn has_token(&self, token: &str) -> bool {
        match &self.kind {
            // Every token is compared, so that the time tells nothing about any.
            Kind::CloudEvents { tokens, .. } => tokens.iter().fold(false, |found, secret| {
                found | bool::from(secret.expose().as_bytes().ct_eq(token.as_bytes()))
            }),
            Kind::BambooHr { .. } | Kind::StandardWebhooks { .. } => false,
        }
    }

    /// Whether a signed request to `/events` is this source's.
    pub(crate) fn has_signed(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        match &self.kind {
            Kind::CloudEvents { keys, .. } => {
                standard_webhooks::verify(headers, body, keys, self.tolerance, now).map(|_id| ())
            }
            Kind::BambooHr { .. } | Kind::StandardWebhooks { .. } => Err(SignatureError::Mismatch),
        }
    }
}

fn parsed<T, E: ToString>(
    secrets: &[Secret],
    parse: impl Fn(&Secret) -> Result<T, E>,
) -> Result<Vec<T>, String> {
    secrets
        .iter()
        .map(|secret| parse(secret).map_err(|error| error.to_string()))
        .collect()
}
