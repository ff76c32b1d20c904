//! The client: one signed request a call, and what its answer means.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderValue,
    InvalidHeaderValue,
};

use super::classify::{Patterns, counted};
use super::request::{Request, Shape};
use super::settings::StartExamSettings;
use super::signature::{Signer, string_to_sign};
use super::wire::JSON;
use crate::clock::Clock;
use crate::provider::http::{Http, Limits, Url};
use crate::provider::{Answer, Call, Done, Failure, Platform, PlatformSettings, StartError};
use crate::settings::Complaint;

/// The section of the configuration these settings are from.
const SECTION: &str = "providers.startexam";

/// Seconds by which the two clocks may differ before we say so: a third of the 15 minutes
/// after which a request is refused.
const SKEW_WORTH_SAYING: u64 = 300;

/// A StartExam account.
pub struct StartExam {
    settings: StartExamSettings,
    address: Url,
    shape: Shape,
    patterns: Patterns,
    http: Http,
    clock: Arc<dyn Clock>,
    signer: RwLock<Signer>,
    clocks_differ: AtomicBool,
}

impl StartExam {
    /// The client for these settings.
    ///
    /// # Errors
    /// When the settings have a complaint, or TLS cannot be started.
    pub fn from_settings(
        settings: &StartExamSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        if let Some(complaint) = settings.complaints(SECTION).into_iter().next() {
            return Err(StartError::Settings(complaint));
        }
        let address = settings.address().map_err(|reason| {
            let key = format!("{SECTION}.base_url");
            StartError::Settings(Complaint::new(key, &settings.base_url, reason))
        })?;
        let signer = settings.signer(SECTION).map_err(StartError::Settings)?;
        let limits = Limits {
            connect_timeout: settings.connect_timeout,
            call_timeout: settings.call_timeout,
            idle_connections: settings.max_in_flight,
        };
        let http = Http::new(limits, Arc::clone(&clock)).map_err(StartError::Http)?;
        Ok(Self {
            address,
            shape: Shape {
                profile_id: settings.profile_id.clone(),
                sync_batch_max: settings.sync_batch_max,
                program_batch_max: settings.program_batch_max,
            },
            patterns: Patterns::from(settings),
            settings: settings.clone(),
            http,
            clock,
            signer: RwLock::new(signer),
            clocks_differ: AtomicBool::new(false),
        })
    }

    async fn outcome(&self, call: &Call) -> Result<Answer, Failure> {
        let request = self.shape.request(call)?;
        let asked = request.asked;
        let headers = self
            .headers(&request)
            // Every value is printable ASCII; if one were not, nothing was sent.
            .map_err(|_| Failure::Unreachable)?;
        let mut url = self.address.clone();
        url.set_path(request.path);
        let reply = self
            .http
            .post(url, headers, Bytes::from(request.body))
            .await?;
        self.compare_clocks(reply.clock_ahead);
        let outcome = self.patterns.classify(asked, &reply);
        if matches!(outcome, Err(Failure::Unauthorized { .. })) {
            self.read_secret_again();
        }
        Ok(match outcome? {
            Done::Applied => Answer::Counted(counted(asked, &reply)),
            // Only somebody alone is told apart.
            done @ (Done::NotFound | Done::Linked(_)) => Answer::Each(vec![Ok(done)]),
        })
    }

    /// A fresh date and signature: a request is refused 15 minutes after its date.
    fn headers(&self, request: &Request) -> Result<HeaderMap, InvalidHeaderValue> {
        let now = SystemTime::from(self.clock.now()).max(SystemTime::UNIX_EPOCH);
        let date = httpdate::fmt_http_date(now);
        let length = request.body.len();
        let signed = string_to_sign("POST", request.path, &date, length);
        let mut authorization = HeaderValue::try_from(self.signer().authorization(&signed))?;
        authorization.set_sensitive(true);
        Ok(HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static(JSON)),
            (CONTENT_TYPE, HeaderValue::from_static(JSON)),
            (CONTENT_LENGTH, HeaderValue::from(length)),
            (DATE, HeaderValue::try_from(date)?),
            (AUTHORIZATION, authorization),
        ]))
    }

    fn signer(&self) -> Signer {
        let signer = self.signer.read();
        signer.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A secret in a file may have been rotated: the next call signs with what it says now.
    fn read_secret_again(&self) {
        match self.settings.signer(SECTION) {
            Ok(fresh) => {
                let mut signer = self.signer.write().unwrap_or_else(PoisonError::into_inner);
                *signer = fresh;
            }
            Err(complaint) => tracing::error!(
                provider = "startexam",
                key = complaint.key,
                "The secret could not be read again"
            ),
        }
    }

    /// Says once that the clocks differ, not at every call.
    fn compare_clocks(&self, ahead: Option<i64>) {
        let Some(ahead) = ahead else {
            return;
        };
        let differ = SKEW_WORTH_SAYING < ahead.unsigned_abs();
        let differed = self.clocks_differ.swap(differ, Ordering::Relaxed);
        if differ && !differed {
            tracing::warn!(
                provider = "startexam",
                clock.ahead_seconds = ahead,
                "StartExam's clock differs from ours by more than 5 minutes; at 15 it refuses us"
            );
        }
    }
}

#[async_trait]
impl Platform for StartExam {
    async fn perform(&self, call: &Call) -> Answer {
        if call.people.is_empty() {
            return Answer::Applied;
        }
        match self.outcome(call).await {
            Ok(answer) => answer,
            Err(failure) => Answer::Failed(failure),
        }
    }
}

impl fmt::Debug for StartExam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartExam")
            .field("address", &self.address.as_str())
            .field("account", &self.settings.account_id)
            .finish_non_exhaustive()
    }
}
