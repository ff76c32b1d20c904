//! Whether a webhook is from who it says: pure checks of raw bytes and headers.
//!
//! Nothing of a body is looked at before its signature holds, and a comparison takes the
//! same time whatever differs.

pub mod bamboohr;
pub mod standard_webhooks;

use std::fmt;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

pub use bamboohr::sign_bamboohr;
pub use standard_webhooks::sign_standard_webhook;

use crate::secret::{REDACTED, Secret};

/// How far a sender's clock may be ahead of ours, where it says when it signed: what the
/// Standard Webhooks reference library grants.
pub const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header that the scheme needs is not there.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// A header that must be there once is there again.
    #[error("header {0} is there more than once")]
    Duplicated(&'static str),
    /// A header is not what the scheme says.
    #[error("header {0} is malformed")]
    Malformed(&'static str),
    /// It was signed too long ago.
    #[error("it was signed longer ago than the source's tolerance allows")]
    TooOld,
    /// It was signed in the future.
    #[error("it was signed in the future: the sender's clock is ahead")]
    TooNew,
    /// No configured secret makes this signature over these bytes.
    #[error("no secret of the source makes this signature over the bytes that arrived")]
    Mismatch,
}

impl SignatureError {
    /// The stable word for this failure.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing(_) => "signature_missing",
            Self::Duplicated(_) => "signature_duplicated",
            Self::Malformed(_) => "signature_malformed",
            Self::TooOld => "signature_too_old",
            Self::TooNew => "signature_too_new",
            Self::Mismatch => "signature_mismatch",
        }
    }
}

/// A secret that is no key of the scheme it is configured for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKey(pub(crate) &'static str);

/// A key of HMAC-SHA256.
#[derive(Clone)]
pub struct HmacKey(Hmac<Sha256>);

impl HmacKey {
    /// A key from its bytes.
    ///
    /// # Errors
    /// When there are fewer than 16: whoever guesses the key can lock out everybody.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidKey> {
        const SHORT: InvalidKey = InvalidKey("must be at least 16 bytes long");
        if bytes.len() < 16 {
            return Err(SHORT);
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| SHORT)
    }

    /// A key that is the secret's own text.
    ///
    /// # Errors
    /// As [`HmacKey::from_bytes`].
    pub fn from_text(secret: &Secret) -> Result<Self, InvalidKey> {
        Self::from_bytes(secret.expose().as_bytes())
    }

    /// The code of the parts, one behind the other.
    fn code(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// The one value of a header, as visible ASCII.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, SignatureError> {
    let mut values = headers.get_all(name);
    let value = values.next().ok_or(SignatureError::Missing(name))?;
    if values.next().is_some() {
        return Err(SignatureError::Duplicated(name));
    }
    value.to_str().map_err(|_| SignatureError::Malformed(name))
}

/// Refuses what was signed too long ago or in the future.
fn fresh(
    signed: Timestamp,
    now: Timestamp,
    oldest: Duration,
    newest: Duration,
) -> Result<(), SignatureError> {
    let age = now.duration_since(signed);
    if age.is_negative() && newest < age.unsigned_abs() {
        return Err(SignatureError::TooNew);
    }
    if !age.is_negative() && oldest < age.unsigned_abs() {
        return Err(SignatureError::TooOld);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
