//! Standard Webhooks: `v1` (HMAC-SHA256) and `v1a` (Ed25519) over `id.timestamp.body`.
//!
//! Source: the specification at <https://www.standardwebhooks.com>.

use std::fmt;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{HmacKey, InvalidKey, SignatureError, fresh, only};
use crate::secret::{REDACTED, Secret};

/// The header with the message's id, the same on every retry.
pub const ID: &str = "webhook-id";
/// The header with the instant of signing, in Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// More signatures than any rotation needs; fewer than would make checking them a burden.
const MOST_SIGNATURES: usize = 16;
/// The shortest key that the specification allows.
const SHORTEST_KEY: usize = 24;

/// One secret that a sender may sign with.
#[derive(Clone)]
pub enum Key {
    /// `whsec_`: both sides have it.
    Shared(HmacKey),
    /// `whpk_`: the sender's public key.
    Public(Box<VerifyingKey>),
}

impl Key {
    /// Reads `whsec_<base64>` or `whpk_<base64>`.
    ///
    /// # Errors
    /// When it is neither, not base64, or not of the length that its kind has.
    pub fn parse(secret: &Secret) -> Result<Self, InvalidKey> {
        let raw = secret.expose();
        if let Some(encoded) = raw.strip_prefix("whsec_") {
            return shared(encoded).map(Self::Shared);
        }
        let encoded = raw.strip_prefix("whpk_").ok_or(InvalidKey(
            "must be `whsec_` or `whpk_` followed by the key in base64",
        ))?;
        let wrong = InvalidKey("must be `whpk_` followed by 32 bytes of an Ed25519 key in base64");
        let bytes = STANDARD.decode(encoded).map_err(|_| wrong)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong)?;
        VerifyingKey::from_bytes(&bytes)
            .map(|key| Self::Public(Box::new(key)))
            .map_err(|_| wrong)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

fn shared(encoded: &str) -> Result<HmacKey, InvalidKey> {
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| InvalidKey("must be `whsec_` followed by base64"))?;
    if bytes.len() < SHORTEST_KEY {
        return Err(InvalidKey("must hold at least 24 bytes behind `whsec_`"));
    }
    HmacKey::from_bytes(&bytes)
}

/// Checks a webhook and answers with its id.
///
/// # Errors
/// When a header is missing, there twice or malformed, it was signed more than `tolerance`
/// away from `now`, or no key made any of its signatures.
pub fn verify<'a>(
    headers: &'a HeaderMap,
    body: &[u8],
    keys: &[Key],
    tolerance: Duration,
    now: Timestamp,
) -> Result<&'a str, SignatureError> {
    let id = only(headers, ID)?;
    let raw_timestamp = only(headers, TIMESTAMP)?;
    let signatures = only(headers, SIGNATURE)?;
    let signed_at = seconds(raw_timestamp).ok_or(SignatureError::Malformed(TIMESTAMP))?;
    fresh(signed_at, now, tolerance, tolerance)?;
    if signatures.split(' ').count() > MOST_SIGNATURES {
        return Err(SignatureError::Malformed(SIGNATURE));
    }
    // The timestamp as it came: printing the number again would change `007`.
    let signed = Signed {
        id,
        raw_timestamp,
        body,
    };
    let whole = signed.whole(keys);
    let any = keys.iter().any(|key| match key {
        Key::Shared(key) => {
            let code = key.code(&signed.parts());
            of_version(signatures, "v1").any(|entry| bool::from(entry.ct_eq(&code)))
        }
        Key::Public(key) => of_version(signatures, "v1a").any(|entry| {
            Signature::from_slice(&entry)
                .is_ok_and(|signature| key.verify_strict(&whole, &signature).is_ok())
        }),
    });
    if any {
        Ok(id)
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// The headers that sign a webhook with a `whsec_` secret.
///
/// # Errors
/// When the secret is no such key.
pub fn sign_standard_webhook(
    secret: &Secret,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> Result<[(&'static str, String); 3], InvalidKey> {
    let encoded = secret
        .expose()
        .strip_prefix("whsec_")
        .ok_or(InvalidKey("must be `whsec_` followed by the key in base64"))?;
    let timestamp = at.as_second().to_string();
    let signed = Signed {
        id,
        raw_timestamp: &timestamp,
        body,
    };
    let code = shared(encoded)?.code(&signed.parts());
    let signature = format!("v1,{}", STANDARD.encode(code));
    Ok([
        (ID, id.to_owned()),
        (TIMESTAMP, timestamp),
        (SIGNATURE, signature),
    ])
}

/// What a signature is over.
struct Signed<'a> {
    id: &'a str,
    raw_timestamp: &'a str,
    body: &'a [u8],
}

impl Signed<'_> {
    fn parts(&self) -> [&[u8]; 5] {
        let Self {
            id,
            raw_timestamp,
            body,
        } = self;
        [id.as_bytes(), b".", raw_timestamp.as_bytes(), b".", body]
    }

    /// The bytes in one piece, which Ed25519 needs; none if no key is of that kind.
    fn whole(&self, keys: &[Key]) -> Vec<u8> {
        if keys.iter().any(|key| matches!(key, Key::Public(_))) {
            self.parts().concat()
        } else {
            Vec::new()
        }
    }
}

fn of_version<'a>(signatures: &'a str, version: &str) -> impl Iterator<Item = Vec<u8>> + use<'a> {
    let wanted = version.to_owned();
    signatures.split(' ').filter_map(move |entry| {
        let (found, value) = entry.split_once(',')?;
        (found == wanted).then(|| STANDARD.decode(value).ok())?
    })
}

/// Unix seconds in decimal.
fn seconds(raw: &str) -> Option<Timestamp> {
    let digits = (1..=12).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_digit());
    digits
        .then(|| Timestamp::from_second(raw.parse().ok()?).ok())
        .flatten()
}
