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
use uuid::Uuid;

use super::classify::{Patterns, counted, participants};
use super::request::{Asked, Request, Shape};
use super::settings::StartExamSettings;
use super::signature::{Signer, string_to_sign};
use super::wire::JSON;
use crate::clock::Clock;
use crate::provider::http::{Http, Limits, Pace, Reply, Url, within};
use crate::provider::{Answer, Call, Done, Failure, Link, Platform, PlatformSettings, StartError};
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
    link_base: Url,
    shape: Shape,
    pace: Pace,
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
        let link_base = Url::parse(&settings.link_base_url).map_err(|_| {
            let key = format!("{SECTION}.link_base_url");
            let reason = "must be an address like https://go.startexam.com";
            StartError::Settings(Complaint::new(key, &settings.link_base_url, reason))
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
            link_base,
            shape: Shape {
                profile_id: settings.profile_id.clone(),
                sync_batch_max: settings.sync_batch_max,
                program_batch_max: settings.program_batch_max,
                sessions: settings.ready_sessions(),
            },
            pace: Pace::new(settings.max_rps),
            patterns: Patterns::from(settings),
            settings: settings.clone(),
            http,
            clock,
            signer: RwLock::new(signer),
            clocks_differ: AtomicBool::new(false),
        })
    }

    /// Sends what is to be sent of a call.
    async fn outcome(&self, call: &Call) -> Result<Answer, Failure> {
        let settled = self.shape.settled(call);
        if settled.iter().all(Option::is_none) {
            return self.send(call).await;
        }
        let people = call.people.iter().zip(&settled);
        let people = people.filter(|(_, settled)| settled.is_none());
        let rest = Call {
            people: people.map(|(person, _)| person.clone()).collect(),
        };
        let mut sent = Vec::new();
        if !rest.people.is_empty() {
            // What fails as a whole fails for everybody: those who were not sent are settled
            // alike the next time.
            sent = match self.send(&rest).await? {
                Answer::Each(each) => each,
                Answer::Applied | Answer::Counted(_) | Answer::Failed(_) => {
                    rest.people.iter().map(|_| Ok(Done::Applied)).collect()
                }
            };
        }
        let mut sent = sent.into_iter();
        let each = settled.into_iter().map(|settled| {
            let settled = settled.or_else(|| sent.next());
            settled.unwrap_or(Err(Failure::Unanswered))
        });
        Ok(Answer::Each(each.collect()))
    }

    /// Sends one request; a second one if the first was taken for old, since it may have
    /// waited on its way.
    async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let request = self.shape.request(call, self.clock.now())?;
        let work = async {
            let first = self.request(&request).await;
            if !matches!(first, Err(Failure::WrongClock)) {
                return first;
            }
            self.pace.wait().await;
            self.request(&request).await
        };
        let (done, reply) = within(self.settings.call_timeout, work).await?;
        let ids = reply.body.as_deref().and_then(participants);
        Ok(match (done, request.asked) {
            (Done::Applied, Asked::Session { .. }) => self.registered(call, ids.as_deref()),
            (Done::Applied, asked) => Answer::Counted(counted(asked, &reply)),
            // Only somebody alone is told apart.
            (done, _) => Answer::Each(vec![Ok(done)]),
        })
    }

    async fn request(&self, request: &Request) -> Result<(Done, Reply), Failure> {
        let headers = self
            .headers(request)
            // Every value is printable ASCII; if one were not, nothing was sent.
            .map_err(|_| Failure::Unreachable)?;
        let mut url = self.address.clone();
        url.set_path(request.path);
        let body = Bytes::from(request.body.clone());
        let reply = self.http.post(url, headers, body).await?;
        self.compare_clocks(reply.clock_ahead);
        let outcome = self.patterns.classify(request.asked, &reply);
        if matches!(outcome, Err(Failure::Unauthorized { .. })) {
            self.read_secret_again();
        }
        outcome.map(|done| (done, reply))
    }

    /// A session was registered for; whoever was alone in the call has the link. StartExam
    /// gives none where it did not register anew.
    fn registered(&self, call: &Call, ids: Option<&[Uuid]>) -> Answer {
        let target = call.people.first().and_then(|(_, one)| one.registration());
        let session = target.and_then(|target| self.shape.session_of(target));
        match (session, ids) {
            (Some(session), Some([id])) if session.has_links => {
                let mut link = self.link_base.clone();
                if let Ok(mut path) = link.path_segments_mut() {
                    path.pop_if_empty().push(session.center());
                }
                link.set_fragment(Some(&format!("participant/{id}")));
                Answer::Each(vec![Ok(Done::Linked(vec![Link(link.into())]))])
            }
            (Some(_) | None, Some(_) | None) => Answer::Applied,
        }
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
