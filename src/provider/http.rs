//! The only place that builds an HTTP client: limits on everything, and no surprises.
//!
//! One [`Http`] a platform, with connections of its own. It follows no redirect (a redirect
//! would replay a signed request elsewhere), repeats nothing, asks no environment variable
//! for a proxy, and reads an answer only up to a cap.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
pub use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::redirect::Policy;
pub use reqwest::{Method, Url};

use super::Failure;
use crate::clock::Clock;

/// What the `User-Agent` header says.
pub const USER_AGENT: &str = concat!("hris-relay/", env!("CARGO_PKG_VERSION"));

/// An idle connection is closed after this long: below the 60 s after which load balancers
/// commonly drop one, so that no call is sent into a connection that is gone.
const IDLE: Duration = Duration::from_secs(50);

/// The largest answer that is read. Those of the platforms are far below 1 KiB a person.
const LONGEST_BODY: usize = 4 << 20;

/// What bounds the calls to one platform.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time to get a connection.
    pub connect_timeout: Duration,
    /// Time of a whole call, from connecting to the last byte of the answer.
    pub call_timeout: Duration,
    /// Idle connections kept: as many as calls may be in flight.
    pub idle_connections: usize,
}

/// The HTTP client of one platform.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// An HTTP client could not be built: the TLS library did not start.
#[derive(Debug, thiserror::Error)]
#[error("the http client could not be built")]
pub struct BuildError(#[source] reqwest::Error);

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// How long it asked us to wait.
    pub retry_after: Option<Duration>,
    /// How far its `Date` is ahead of our clock (negative: behind), where it has one.
    pub clock_ahead: Option<i64>,
    /// Its body; none when it is larger than any answer of a platform can be.
    pub body: Option<Bytes>,
}

impl Http {
    /// A client with these limits.
    ///
    /// # Errors
    /// When the TLS library cannot be started.
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(limits.connect_timeout)
            .timeout(limits.call_timeout)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(limits.idle_connections)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .build()
            .map_err(BuildError)?;
        Ok(Self { client, clock })
    }

    /// Posts exactly these bytes with exactly these headers and reads the answer.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when there was no connection, so nothing was sent;
    /// [`Failure::Unanswered`] when the answer did not come, or not whole, in time.
    pub async fn post(&self, url: Url, headers: HeaderMap, body: Bytes) -> Result<Reply, Failure> {
        self.send(Method::POST, url, headers, body).await
    }

    /// Sends a request with exactly these headers and bytes and reads the answer.
    ///
    /// # Errors
    /// As [`Self::post`]. No failure holds the address: it may carry credentials.
    pub async fn send(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, Failure> {
        let request = self.client.request(method, url);
        let mut request = request.headers(headers).body(body);
        if let Ok(traceparent) = TRACEPARENT.try_with(HeaderValue::clone) {
            request = request.header("traceparent", traceparent);
        }
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let now = SystemTime::from(self.clock.now());
        let text = |name: HeaderName| {
            let value = response.headers().get(name)?;
            value.to_str().ok()
        };
        let reply = Reply {
            status: response.status().as_u16(),
            retry_after: text(RETRY_AFTER).and_then(|raw| retry_after(raw, now)),
            clock_ahead: text(DATE).and_then(|raw| clock_ahead(raw, now)),
            body: None,
        };
        let body = read(&mut response).await.map_err(|error| failure(&error))?;
        Ok(Reply { body, ..reply })
    }
}

tokio::task_local! {
    /// The trace of the call that this task makes.
    static TRACEPARENT: HeaderValue;
}

/// Makes a call each of whose requests tells the platform its `traceparent`.
///
/// The header is put on here, so that no platform's client can forget it.
pub async fn told<T>(traceparent: Option<String>, call: impl Future<Output = T>) -> T {
    match traceparent.map(HeaderValue::try_from) {
        Some(Ok(value)) => TRACEPARENT.scope(value, call).await,
        Some(Err(_)) | None => call.await,
    }
}

/// The distance between the requests of one call that takes several. The worker paces calls.
#[derive(Debug, Clone, Copy)]
pub struct Pace(Duration);

impl Pace {
    /// The pace of this many requests a second.
    pub fn new(requests_per_second: f64) -> Self {
        let interval = Duration::try_from_secs_f64(requests_per_second.recip());
        Self(interval.unwrap_or_default())
    }

    /// Waits until the next request of a call may start.
    pub async fn wait(self) {
        tokio::time::sleep(self.0).await;
    }
}

/// Gives up on the requests of one call after `limit`.
///
/// # Errors
/// Those of the work; [`Failure::Unanswered`] when the time is over.
pub async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let done = tokio::time::timeout(limit, work).await;
    done.unwrap_or(Err(Failure::Unanswered))
}

/// Reads a body up to [`LONGEST_BODY`]; none when it is longer.
async fn read(response: &mut reqwest::Response) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if LONGEST_BODY < body.len() + chunk.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// Only a connection that was never made proves that nothing was sent.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::Unreachable
    } else {
        Failure::Unanswered
    }
}

/// The wait a `Retry-After` header asks for: whole seconds or an HTTP date (RFC 9110,
/// section 10.2.3). A date that has passed asks for no wait.
fn retry_after(raw: &str, now: SystemTime) -> Option<Duration> {
    let raw = raw.trim();
    if let Ok(seconds) = raw.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(raw).ok()?;
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Seconds by which an HTTP date is ahead of `now`; negative when it is behind.
fn clock_ahead(raw: &str, now: SystemTime) -> Option<i64> {
    let theirs = httpdate::parse_http_date(raw).ok()?;
    match theirs.duration_since(now) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).ok(),
        Err(behind) => i64::try_from(behind.duration().as_secs()).ok().map(|s| -s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Wed, 15 Jan 2014 19:38:50 GMT`.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_389_814_730)
    }

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_until_a_date() {
        for (raw, wait) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Wed, 15 Jan 2014 19:40:50 GMT", Some(120)),
            ("Wed, 15 Jan 2014 19:38:49 GMT", Some(0)),
            ("Wednesday, 15-Jan-14 19:39:50 GMT", Some(60)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
        ] {
            let expected = wait.map(Duration::from_secs);
            assert_eq!(retry_after(raw, now()), expected, "{raw}");
        }
    }

    #[test]
    fn a_platforms_clock_is_compared_with_ours() {
        for (raw, ahead) in [
            ("Wed, 15 Jan 2014 19:38:50 GMT", Some(0)),
            ("Wed, 15 Jan 2014 19:45:00 GMT", Some(370)),
            ("Wed, 15 Jan 2014 19:32:40 GMT", Some(-370)),
            ("yesterday", None),
        ] {
            assert_eq!(clock_ahead(raw, now()), ahead, "{raw}");
        }
    }
}
