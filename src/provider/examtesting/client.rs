//! The client: one request a call, and what its answer means.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::time::timeout;

use super::checks::Credentials;
use super::class::Classes;
use super::classify::classify;
use super::request::{Asked, Shape};
use super::settings::ExamTestingSettings;
use super::wire::FORM;
use crate::clock::Clock;
use crate::id::EmployeeId;
use crate::provider::http::{Http, Limits, Pace};
use crate::provider::{
    Answer, Call, Done, Existence, Failure, Operation, Platform, PlatformSettings, Profile,
    StartError,
};
use crate::settings::Complaint;

/// The section of the configuration these settings are from.
const SECTION: &str = "providers.examtesting";

/// An ExamTesting account.
pub struct ExamTesting {
    settings: ExamTestingSettings,
    shape: Shape,
    classes: Classes,
    http: Http,
    pace: Pace,
    credentials: RwLock<Credentials>,
}

impl ExamTesting {
    /// The client for these settings.
    ///
    /// # Errors
    /// When the settings have a complaint, or TLS cannot be started.
    pub fn from_settings(
        settings: &ExamTestingSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        if let Some(complaint) = settings.complaints(SECTION).into_iter().next() {
            return Err(StartError::Settings(complaint));
        }
        let wrong = |key: &str, value: &str, reason: String| {
            StartError::Settings(Complaint::new(format!("{SECTION}.{key}"), value, reason))
        };
        let address = settings
            .address()
            .map_err(|reason| wrong("base_url", &settings.base_url, reason.to_owned()))?;
        let passwords = settings.passwords(SECTION).map_err(StartError::Settings)?;
        let shape = Shape::new(settings, address, passwords).map_err(|invalid| {
            wrong(
                "username_template",
                &settings.username_template,
                invalid.to_string(),
            )
        })?;
        let limits = Limits {
            connect_timeout: settings.connect_timeout,
            call_timeout: settings.call_timeout,
            idle_connections: settings.max_in_flight,
        };
        let credentials = settings
            .credentials(SECTION)
            .map_err(StartError::Settings)?;
        Ok(Self {
            shape,
            classes: Classes::new(&settings.classes),
            http: Http::new(limits, clock).map_err(StartError::Http)?,
            pace: Pace::new(settings.max_rps),
            credentials: RwLock::new(credentials),
            settings: settings.clone(),
        })
    }

    async fn outcome(&self, id: &EmployeeId, operation: &Operation) -> Result<Done, Failure> {
        match operation {
            Operation::Activate {
                profile, account, ..
            } => {
                let asked = match account {
                    Existence::Present => Asked::CHANGE,
                    // Somebody who may have been added is added again: the answer tells.
                    Existence::Absent | Existence::Perhaps => Asked::ADD,
                };
                self.ask(asked, *account, id, profile).await
            }
            Operation::Lock {
                profile, account, ..
            } => self.lock(*account, id, profile).await,
            Operation::Join { .. } | Operation::Leave { .. } => Err(Failure::UnknownTarget {
                status: 0,
                said: "people are in a group by their account, and nowhere else".to_owned(),
            }),
        }
    }

    /// Nobody stays in because their group is gone: what the platform refuses for the group
    /// is sent once more without it.
    async fn lock(
        &self,
        account: Existence,
        id: &EmployeeId,
        profile: &Profile,
    ) -> Result<Done, Failure> {
        let outcome = self.ask(Asked::LOCK, account, id, profile).await;
        if !matches!(outcome, Err(Failure::UnknownTarget { .. })) {
            return outcome;
        }
        self.pace.wait().await;
        let groupless = Asked {
            names_group: false,
            ..Asked::LOCK
        };
        self.ask(groupless, account, id, profile).await
    }

    async fn ask(
        &self,
        asked: Asked,
        account: Existence,
        id: &EmployeeId,
        profile: &Profile,
    ) -> Result<Done, Failure> {
        let request = self
            .shape
            .request(asked, &self.credentials(), id, profile)?;
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("*/*")),
            (CONTENT_TYPE, HeaderValue::from_static(FORM)),
            // Servers refuse a post without it, even if it is 0.
            (CONTENT_LENGTH, HeaderValue::from(request.body.len())),
        ]);
        let body = Bytes::from(request.body);
        let reply = self.http.post(request.url, headers, body).await?;
        let outcome = classify(&self.classes, asked, account, &reply);
        if matches!(outcome, Err(Failure::Unauthorized { .. })) {
            self.read_credentials_again();
        }
        outcome
    }

    fn credentials(&self) -> Credentials {
        let credentials = self.credentials.read();
        credentials.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Credentials in files may have been changed: the next call uses what they say now.
    fn read_credentials_again(&self) {
        match self.settings.credentials(SECTION) {
            Ok(fresh) => {
                let credentials = self.credentials.write();
                *credentials.unwrap_or_else(PoisonError::into_inner) = fresh;
            }
            Err(complaint) => tracing::error!(
                provider = "examtesting",
                key = complaint.key,
                "The credentials could not be read again"
            ),
        }
    }
}

#[async_trait]
impl Platform for ExamTesting {
    async fn perform(&self, call: &Call) -> Answer {
        let (id, operation) = match call.people.as_slice() {
            [] => return Answer::Applied,
            [(id, operation)] => (id, operation),
            // One person fits a request.
            [_, _, ..] => return Answer::Failed(Failure::TooLarge),
        };
        let outcome = timeout(self.settings.call_timeout, self.outcome(id, operation)).await;
        match outcome.unwrap_or(Err(Failure::Unanswered)) {
            Ok(Done::Applied) => Answer::Applied,
            Ok(done @ (Done::NotFound | Done::Linked(_))) => Answer::Each(vec![Ok(done)]),
            Err(failure) => Answer::Failed(failure),
        }
    }
}

impl fmt::Debug for ExamTesting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExamTesting")
            .field("address", &self.settings.base_url)
            .field("institution", &self.settings.institution_id)
            .finish_non_exhaustive()
    }
}
