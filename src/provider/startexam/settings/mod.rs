//! How to reach a StartExam account, and how fast.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::session::{Session, SessionSettings};
pub use super::signature::SecretEncoding;
use super::signature::Signer;
use super::words;
use crate::provider::http::Url;
use crate::provider::{Capacity, PlatformSettings};
use crate::secret::{REDACTED, Secret, SecretSource};
use crate::settings::Complaint;

/// The most people one request may carry in one list: documented for "Register Program
/// Employees", taken over for "Sync Employees", whose page names no limit.
const MOST_PEOPLE: usize = 500;

/// Which step of a removal comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemovalOrder {
    /// Hide the employee, then unregister: nobody stays in while a tidying step fails.
    #[default]
    HideFirst,
    /// Unregister, then hide: for accounts where a hidden employee cannot be unregistered.
    /// An unregistration that fails does not delay the hiding further.
    UnregisterFirst,
}

/// One StartExam account: `[providers.startexam]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StartExamSettings {
    /// Scheme and host of the API.
    pub base_url: String,
    /// Allows `http://` in `base_url`: for simulators only, since the answer to a signed
    /// request is not protected without TLS.
    pub allow_insecure_http: bool,
    /// The number of the account; its API user must be an owner or an administrator.
    pub account_id: u64,
    /// The account's secret. Instead of it, `secret_file` may be set.
    pub secret: Option<Secret>,
    /// A file that holds the secret; read again when StartExam rejects the signature.
    pub secret_file: Option<PathBuf>,
    /// Whether the secret's text is the key (`utf8`) or encodes it (`base64`).
    pub secret_encoding: SecretEncoding,
    /// GUID of the profile that says which personal data an employee has; from the account
    /// details in the app.
    pub profile_id: String,
    /// Personal data that is sent: field name in the profile -> attribute name in events.
    /// Every attribute named here is sent each time; nothing else is ever sent.
    pub profile_fields: BTreeMap<String, String>,
    /// Sessions: tests that assignments register people for directly, by name.
    pub sessions: BTreeMap<String, SessionSettings>,
    /// Publishes the links of sessions to the topic `hris.startexam.links`. A link lets its
    /// holder into the exam.
    pub publish_links: bool,
    /// Scheme and host of the links.
    pub link_base_url: String,
    /// Which step of a removal comes first.
    pub removal_order: RemovalOrder,
    /// The most people in one "Sync Employees" request, at most 500.
    pub sync_batch_max: usize,
    /// The most people to register, and to unregister, in one "Register Program Employees" or
    /// "Register Employees" request, at most 500.
    pub program_batch_max: usize,
    /// Requests a second.
    pub max_rps: f64,
    /// Requests at the same time, never two about one person. Two, so that a lock does not
    /// wait for a slow registration.
    pub max_in_flight: usize,
    /// Time to get a connection; must be shorter than `call_timeout`.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// Time of one call, from connecting to the last byte of the answer.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub call_timeout: Duration,
    /// Refusals of unregistering one person that mean that they are not registered anyway,
    /// so that the operation counts as applied. In all patterns case does not matter and
    /// `*` stands for any text.
    pub applied_patterns: Vec<String>,
    /// The same where they mean that the platform does not know the person at all. That counts
    /// as applied too, but is listed: many of them mean that ids are mapped wrongly.
    pub unknown_employee_patterns: Vec<String>,
    /// Messages of statuses 400 and 404 that mean that the program, center or test is unknown or
    /// cannot be used so, which is a mistake of configuration and no person's. A match that spans the word "employee"
    /// does not count.
    pub unknown_target_patterns: Vec<String>,
    /// Messages of statuses 400 and 404 that mean that the address, the signature, the
    /// profile or one of its field names is wrong, so that every call would fail alike.
    pub setup_patterns: Vec<String>,
    /// Messages of status 403 that mean that our clock is wrong.
    pub clock_patterns: Vec<String>,
}

impl Default for StartExamSettings {
    fn default() -> Self {
        let fields = [
            ("First Name", "first_name"),
            ("Last Name", "last_name"),
            ("Email", "email"),
        ];
        Self {
            base_url: "https://api.startexam.com".to_owned(),
            allow_insecure_http: false,
            account_id: 0,
            secret: None,
            secret_file: None,
            secret_encoding: SecretEncoding::default(),
            profile_id: String::new(),
            profile_fields: fields
                .map(|(field, attribute)| (field.to_owned(), attribute.to_owned()))
                .into(),
            sessions: BTreeMap::new(),
            publish_links: false,
            link_base_url: "https://go.startexam.com".to_owned(),
            removal_order: RemovalOrder::default(),
            sync_batch_max: MOST_PEOPLE,
            program_batch_max: MOST_PEOPLE,
            max_rps: 2.0,
            max_in_flight: 2,
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            applied_patterns: Vec::new(),
            unknown_employee_patterns: words::texts(words::UNKNOWN_EMPLOYEE),
            unknown_target_patterns: words::texts(words::UNKNOWN_TARGET),
            setup_patterns: words::texts(words::SETUP),
            clock_patterns: words::texts(words::CLOCK),
        }
    }
}

impl PlatformSettings for StartExamSettings {
    fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = self.identity_complaints(prefix);
        if let Err(reason) = self.address() {
            let shown = if self.base_url.contains('@') {
                REDACTED
            } else {
                &self.base_url
            };
            complaints.push(Complaint::new(format!("{prefix}.base_url"), shown, reason));
        }
        complaints.extend(self.limit_complaints(prefix));
        complaints.extend(self.session_complaints(prefix));
        complaints
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            calls_per_second: self.max_rps,
            in_flight: self.max_in_flight,
            accounts: self.sync_batch_max,
            registrations: self.program_batch_max,
            mixes: true,
            call_timeout: self.call_timeout,
        }
    }
}

impl StartExamSettings {
    fn identity_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.account_id == 0 {
            complaints.push(Complaint::missing(
                format!("{prefix}.account_id"),
                "required: the number of the StartExam account",
            ));
        }
        if let Err(complaint) = self.signer(prefix) {
            complaints.push(complaint);
        }
        if Uuid::try_parse(&self.profile_id).is_err() {
            complaints.push(Complaint::new(
                format!("{prefix}.profile_id"),
                format_args!("{:?}", self.profile_id),
                "required: the GUID of a profile, from the account details in the app",
            ));
        }
        for (field, attribute) in &self.profile_fields {
            if field.trim().is_empty() || attribute.trim().is_empty() {
                complaints.push(Complaint::new(
                    format!("{prefix}.profile_fields"),
                    format_args!("{field:?} = {attribute:?}"),
                    "neither the field nor the attribute may be empty",
                ));
            }
        }
        complaints
    }

    fn limit_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (key, value) in [
            ("sync_batch_max", self.sync_batch_max),
            ("program_batch_max", self.program_batch_max),
        ] {
            if !(1..=MOST_PEOPLE).contains(&value) {
                let reason = format!("must be 1 to {MOST_PEOPLE}");
                complaints.push(Complaint::new(format!("{prefix}.{key}"), value, reason));
            }
        }
        if !(self.max_rps.is_finite() && 0.0 < self.max_rps) {
            complaints.push(Complaint::new(
                format!("{prefix}.max_rps"),
                self.max_rps,
                "must be more than 0",
            ));
        }
        if self.max_in_flight == 0 {
            complaints.push(Complaint::new(
                format!("{prefix}.max_in_flight"),
                self.max_in_flight,
                "must be at least 1",
            ));
        }
        if self.connect_timeout.is_zero() || self.call_timeout <= self.connect_timeout {
            complaints.push(Complaint::new(
                format!("{prefix}.connect_timeout"),
                humantime::format_duration(self.connect_timeout),
                format!(
                    "must be more than 0 and shorter than {prefix}.call_timeout ({})",
                    humantime::format_duration(self.call_timeout)
                ),
            ));
        }
        complaints
    }

    /// The sessions that people can be registered for, by name.
    pub(super) fn ready_sessions(&self) -> BTreeMap<String, Session> {
        let sessions = self.sessions.iter().filter_map(|(name, session)| {
            Some((
                name.clone(),
                Session::from_settings(session, self.publish_links)?,
            ))
        });
        sessions.collect()
    }

    fn session_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let base = Url::parse(&self.link_base_url).ok();
        if base.is_none_or(|base| base.scheme() != "https" || base.host().is_none()) {
            let key = format!("{prefix}.link_base_url");
            let reason = "must be an address like https://go.startexam.com";
            complaints.push(Complaint::new(key, &self.link_base_url, reason));
        }
        for (name, session) in &self.sessions {
            let key = format!("{prefix}.sessions.{name}");
            complaints.extend(session.complaints(&key, self.publish_links));
        }
        complaints
    }

    /// Where the API is.
    ///
    /// # Errors
    /// Why `base_url` cannot be used.
    pub(super) fn address(&self) -> Result<Url, &'static str> {
        let url = Url::parse(&self.base_url)
            .map_err(|_| "must be an address like https://api.startexam.com")?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_insecure_http => {}
            "http" => return Err("must be https, or allow_insecure_http must be true"),
            _ => return Err("must be https"),
        }
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if is_bare && url.username().is_empty() && url.password().is_none() {
            Ok(url)
        } else {
            Err("must be scheme and host only: the path is part of the signature")
        }
    }

    /// Where the secret comes from.
    ///
    /// # Errors
    /// When it is not there, or there twice.
    pub(super) fn secret_source(&self, prefix: &str) -> Result<SecretSource, Complaint> {
        let key = format!("{prefix}.secret");
        SecretSource::choose(&key, self.secret.as_ref(), self.secret_file.as_deref())
    }

    /// The signer for the secret as it is at this moment.
    ///
    /// # Errors
    /// When there is no secret, or it is not what `secret_encoding` says.
    pub(super) fn signer(&self, prefix: &str) -> Result<Signer, Complaint> {
        let secret = self
            .secret_source(prefix)?
            .read(&format!("{prefix}.secret"))?;
        Signer::new(self.account_id, &secret, self.secret_encoding).map_err(|_| {
            Complaint::new(
                format!("{prefix}.secret_encoding"),
                "base64",
                "the secret is not base64: use \"utf8\" or correct the secret",
            )
        })
    }
}

#[cfg(test)]
mod tests;
