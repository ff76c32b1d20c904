//! The raw bytes of a request: capped, timed, never decompressed.

use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::refusal::Refusal;

/// Reads a body of at most `limit` bytes within a time. What its length announces is
/// believed at once when it is too much, and never when it is not.
pub(crate) async fn read(
    headers: &HeaderMap,
    payload: Payload,
    limit: usize,
    within: Duration,
) -> Result<Bytes, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| limit < length) {
        return Err(Refusal::TooLarge { limit });
    }
    tokio::time::timeout(within, collect(payload, limit))
        .await
        .map_err(|_elapsed| Refusal::SlowBody)?
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Refusal> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken| Refusal::BrokenBody)?;
        if limit.saturating_sub(body.len()) < chunk.len() {
            return Err(Refusal::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
