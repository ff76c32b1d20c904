//! The client: what a call asks, by as few requests as tell for sure what became of it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::classify::{Patterns, Refusal};
use super::envelope::text;
use super::exchange::Exchange;
use super::registering::register;
use super::request::{activate, lock};
use super::settings::CirrusSettings;
use super::sorting::Registrations;
use crate::clock::Clock;
use crate::id::EmployeeId;
use crate::provider::http::{Http, Limits, Pace, Url};
use crate::provider::{
    Answer, Call, Done, Failure, Link, Operation, Platform, PlatformSettings, StartError,
};
use crate::secret::Secret;
use crate::settings::Complaint;

/// The section of the configuration these settings are from.
const SECTION: &str = "providers.cirrus";

/// The path of "Add candidates to schedule" as its page's heading names it.
const DOCUMENTED_PUT_PATH: &str = "/schedule/{externalId}/candidates";

/// A Cirrus tenant.
pub struct Cirrus {
    settings: CirrusSettings,
    address: Url,
    /// The tenant's site, where links are wanted.
    site: Option<Url>,
    patterns: Patterns,
    http: Http,
    clock: Arc<dyn Clock>,
    token: RwLock<Secret>,
    prefers_documented_path: AtomicBool,
}

impl Cirrus {
    /// The client for these settings.
    ///
    /// # Errors
    /// When the settings have a complaint, or TLS cannot be started.
    pub fn from_settings(
        settings: &CirrusSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        if let Some(complaint) = settings.complaints(SECTION).into_iter().next() {
            return Err(StartError::Settings(complaint));
        }
        let refused = |key: &str, value: &str, reason: &str| {
            StartError::Settings(Complaint::new(format!("{SECTION}.{key}"), value, reason))
        };
        let address = settings
            .address()
            .map_err(|reason| refused("base_url", &settings.base_url, reason))?;
        let links_base = settings.links_base.as_deref().unwrap_or_default();
        let site = settings
            .site()
            .map_err(|reason| refused("links_base", links_base, reason))?;
        let token = settings.token(SECTION).map_err(StartError::Settings)?;
        let limits = Limits {
            connect_timeout: settings.connect_timeout,
            call_timeout: settings.call_timeout,
            idle_connections: settings.max_in_flight,
        };
        let http = Http::new(limits, Arc::clone(&clock)).map_err(StartError::Http)?;
        Ok(Self {
            settings: settings.clone(),
            address,
            site,
            patterns: Patterns::from(settings),
            http,
            clock,
            token: RwLock::new(token),
            prefers_documented_path: AtomicBool::new(false),
        })
    }

    pub(super) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.settings.max_rps)
    }

    /// When a call that begins now is over, by [`Clock::elapsed`].
    pub(super) fn end(&self) -> Duration {
        self.clock
            .elapsed()
            .saturating_add(self.settings.call_timeout)
    }

    /// What is left of a call's time; none: it is over.
    pub(super) fn left(&self, end: Duration) -> Option<Duration> {
        end.checked_sub(self.clock.elapsed())
            .filter(|left| !left.is_zero())
    }

    /// Where a path below the API's address is.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.address.clone();
        let whole = format!("{}{path}", url.path());
        url.set_path(&whole);
        url
    }

    pub(super) fn put_path(&self) -> &str {
        if self.prefers_documented_path.load(Ordering::Relaxed) {
            DOCUMENTED_PUT_PATH
        } else {
            &self.settings.path_put_candidates
        }
    }

    /// What else the path may be, if [`Self::put_path`] is unknown.
    pub(super) fn other_put_path(&self) -> Option<&'static str> {
        (self.put_path() != DOCUMENTED_PUT_PATH).then_some(DOCUMENTED_PUT_PATH)
    }

    pub(super) fn prefer_other_put_path(&self) {
        self.prefers_documented_path.store(true, Ordering::Relaxed);
    }

    pub(super) fn token(&self) -> Secret {
        let token = self.token.read();
        token.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the file says now, unless that is the token that was just used.
    pub(super) fn read_token_again(&self, used: &Secret) -> Option<Secret> {
        match self.settings.token(SECTION) {
            Ok(fresh) if fresh.expose() != used.expose() => {
                let mut token = self.token.write().unwrap_or_else(PoisonError::into_inner);
                token.clone_from(&fresh);
                Some(fresh)
            }
            Ok(_) => None,
            Err(complaint) => {
                tracing::error!(
                    provider = "cirrus",
                    key = complaint.key,
                    "The secret could not be read again"
                );
                None
            }
        }
    }

    /// What it means to be among the candidates of an answer.
    pub(super) fn done(&self, candidate: &Map<String, Value>) -> Done {
        let Some(site) = &self.site else {
            return Done::Applied;
        };
        let links: Vec<_> = ["StartupLink", "LaunchUrl"]
            .iter()
            .filter_map(|name| text(candidate, name))
            .filter(|link| !link.trim().is_empty())
            .filter_map(|link| site.join(link).ok())
            .map(|link| Link(link.into()))
            .collect();
        if links.is_empty() {
            Done::Applied
        } else {
            Done::Linked(links)
        }
    }

    /// Locks one user, or lets one in.
    async fn change_user(&self, id: &EmployeeId, operation: &Operation) -> Answer {
        let is_lock = operation.is_lock();
        let request = match operation {
            Operation::Activate { profile, .. } => activate(id, profile),
            Operation::Lock { .. } | Operation::Join { .. } | Operation::Leave { .. } => lock(id),
        };
        let request = match request {
            Ok(request) => request,
            // Nobody can be there by such an id, so there is nobody to lock.
            Err(_) if is_lock => return Answer::Each(vec![Ok(Done::NotFound)]),
            Err(misfit) => return Answer::Each(vec![Err(misfit.into())]),
        };
        match Exchange::new(self).ask(&request).await {
            Ok(_) => Answer::Applied,
            Err(Refusal::Nobody) => Answer::Each(vec![Ok(Done::NotFound)]),
            Err(refusal @ (Refusal::Exists(_) | Refusal::NoPath | Refusal::Failed(_))) => {
                Answer::Failed(refusal.into())
            }
        }
    }
}

#[async_trait]
impl Platform for Cirrus {
    async fn perform(&self, call: &Call) -> Answer {
        let target = call.people.iter().find_map(|(_, step)| step.registration());
        match (call.people.as_slice(), target) {
            ([], _) => Answer::Applied,
            ([(id, operation)], None) => self.change_user(id, operation).await,
            // One user is one request.
            (_, None) => Answer::Failed(Failure::TooLarge),
            (people, Some(target)) => {
                match Registrations::of(call, target, self.settings.batch_max) {
                    Ok(sorted) => register(self, sorted, people.len()).await,
                    Err(failure) => Answer::Failed(failure),
                }
            }
        }
    }
}

impl fmt::Debug for Cirrus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cirrus")
            .field("address", &self.address.as_str())
            .finish_non_exhaustive()
    }
}
