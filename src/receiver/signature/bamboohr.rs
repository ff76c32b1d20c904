//! `BambooHR`: lower-case hex of HMAC-SHA256 over the body and then the timestamp header.
//!
//! Source: <https://documentation.bamboohr.com/docs/webhooks>.

use std::fmt::Write as _;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{CLOCK_SKEW, HmacKey, InvalidKey, SignatureError, fresh, only};
use crate::secret::Secret;

/// The header with the instant of signing.
pub const TIMESTAMP: &str = "x-bamboohr-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "x-bamboohr-signature";

/// Checks a webhook and answers with the instant it was signed.
///
/// # Errors
/// When a header is missing, there twice or malformed, it was signed longer ago than
/// `oldest` or in the future, or no key made its signature.
pub fn verify(
    headers: &HeaderMap,
    body: &[u8],
    keys: &[HmacKey],
    oldest: Duration,
    now: Timestamp,
) -> Result<Timestamp, SignatureError> {
    let raw_timestamp = only(headers, TIMESTAMP)?;
    let signature = only(headers, SIGNATURE)?;
    let signed_at = instant(raw_timestamp).ok_or(SignatureError::Malformed(TIMESTAMP))?;
    fresh(signed_at, now, oldest, oldest.min(CLOCK_SKEW))?;
    let any = keys.iter().any(|key| {
        let code = hex(&key.code(&[body, raw_timestamp.as_bytes()]));
        bool::from(code.as_bytes().ct_eq(signature.as_bytes()))
    });
    if any {
        Ok(signed_at)
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// The headers that sign a webhook with a private key.
///
/// # Errors
/// When the key is too short.
pub fn sign_bamboohr(
    secret: &Secret,
    at: Timestamp,
    body: &[u8],
) -> Result<[(&'static str, String); 2], InvalidKey> {
    let timestamp = at.as_second().to_string();
    let code = HmacKey::from_text(secret)?.code(&[body, timestamp.as_bytes()]);
    Ok([(SIGNATURE, hex(&code)), (TIMESTAMP, timestamp)])
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// Reads the timestamp in exactly one of its two full forms.
///
/// No separator stands between body and timestamp, so the same code also holds for a body
/// that ends in the timestamp's first digits and a timestamp without them. A timestamp that
/// lacks a character is in neither form.
fn instant(raw: &str) -> Option<Timestamp> {
    if raw.len() == 10 && raw.bytes().all(|b| b.is_ascii_digit()) {
        return Timestamp::from_second(raw.parse().ok()?).ok();
    }
    let shape: String = raw
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let (date_time, rest) = shape.split_at_checked("0000-00-00T00:00:00".len())?;
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => rest,
    };
    let full = date_time == "0000-00-00T00:00:00"
        && matches!(offset, "Z" | "+0000" | "-0000" | "+00:00" | "-00:00");
    if full { raw.parse().ok() } else { None }
}
