//! How to reach a Cirrus tenant, what to tell it of people, and how to read its words.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::http::Url;
use crate::provider::{Capacity, PlatformSettings};
use crate::secret::{Secret, SecretSource};
use crate::settings::Complaint;

/// One Cirrus tenant: `[providers.cirrus]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CirrusSettings {
    /// Address of the API up to and with `/integrations`. Required, since it says in which
    /// region personal data are kept: `https://api.cirrusplatform.com/api/v1/integrations`.
    pub base_url: String,
    /// Allows `http://` in `base_url`: for simulators only, since the token is sent as it is.
    pub allow_insecure_http: bool,
    /// The token of the external API. Instead of it, `secret_file` may be set.
    pub secret: Option<Secret>,
    /// A file that holds the token; read again when Cirrus rejects the token, and the call is
    /// then repeated once.
    pub secret_file: Option<PathBuf>,
    /// Personal data that is sent: field name of a candidate at Cirrus -> attribute name in
    /// events. Nothing else is ever sent. `FirstName`, `LastName` and `Email` are required.
    pub candidate_fields: BTreeMap<String, String>,
    /// Whether whoever was added to a schedule as somebody new is then updated as well: one
    /// more call a person. For tenants with users that are older than the relay, since Cirrus
    /// does not say whether adding them again changes their data, or lets them log in.
    pub update_after_add: bool,
    /// Whether the links that Cirrus returns, which log their holder in, are written to the
    /// topic of links. Without it they are dropped.
    pub publish_links: bool,
    /// Scheme and host of the tenant's site, which makes links whole: Cirrus returns paths.
    /// Required with `publish_links`.
    pub links_base: Option<String>,
    /// Path, below `base_url`, by which existing users are added to a schedule; `{externalId}`
    /// stands for the schedule. If that path is unknown, the one that Cirrus' page names in
    /// its heading is tried.
    pub path_put_candidates: String,
    /// The most people to add, and to remove, in one request. Cirrus names no maximum.
    pub batch_max: usize,
    /// Requests a second.
    pub max_rps: f64,
    /// Requests at the same time, never two about one person.
    pub max_in_flight: usize,
    /// Time to get a connection; must be shorter than `call_timeout`.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// Time of one call with all its requests: adding people can take eight, at the pace of
    /// `max_rps`, when Cirrus leaves open whom it took.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub call_timeout: Duration,
    /// Refusals that mean that Cirrus knows none of the people of a request. In all patterns
    /// case does not matter and `*` stands for any text.
    pub nobody_patterns: Vec<String>,
    /// The same where the request is about one person alone.
    pub unknown_user_patterns: Vec<String>,
    /// Numbers of refusals that mean the same.
    pub unknown_user_codes: Vec<u32>,
    /// Refusals that mean that somebody is there already. Who, is then read from the schedule.
    pub exists_patterns: Vec<String>,
    /// Refusals that mean that the schedule or the group is unknown, which is a mistake of
    /// configuration and no person's. A match that spans "user" or "candidate" does not count.
    pub unknown_target_patterns: Vec<String>,
    /// Refusals that mean that the schedule is activated, so that nobody can be removed.
    pub started_patterns: Vec<String>,
    /// Refusals that mean that the tenant's external API is not set up, so that every call
    /// would fail alike.
    pub setup_patterns: Vec<String>,
    /// Refusals that are no refusals but faults of Cirrus.
    pub fault_patterns: Vec<String>,
    /// Numbers of refusals that mean the same.
    pub fault_codes: Vec<u32>,
}

impl Default for CirrusSettings {
    fn default() -> Self {
        let fields = [
            ("FirstName", "first_name"),
            ("LastName", "last_name"),
            ("Email", "email"),
        ];
        Self {
            base_url: String::new(),
            allow_insecure_http: false,
            secret: None,
            secret_file: None,
            candidate_fields: fields
                .map(|(field, attribute)| (field.to_owned(), attribute.to_owned()))
                .into(),
            update_after_add: false,
            publish_links: false,
            links_base: None,
            path_put_candidates: format!("/external/schedule/{EXTERNAL_ID}/candidates"),
            batch_max: 50,
            max_rps: 2.0,
            max_in_flight: 2,
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            nobody_patterns: texts(&["no users were found"]),
            unknown_user_patterns: texts(&[
                "user*not found",
                "user*hasn't been found",
                "user*not exist",
                "user*doesn't exist",
            ]),
            unknown_user_codes: vec![202],
            exists_patterns: texts(&["already exists"]),
            unknown_target_patterns: texts(&[
                "schedule*hasn't been found",
                "schedule*not found",
                "schedule*not exist",
                "schedule*doesn't exist",
                "group*not found",
                "group*hasn't been found",
            ]),
            started_patterns: texts(&["can't update activated", "schedule is already activated"]),
            setup_patterns: texts(&[
                "scheduler hasn't been set",
                "scheduler no longer has permission",
                "not allowed to use external api",
                "url not found",
                "no http resource",
            ]),
            fault_patterns: texts(&["unknown error"]),
            fault_codes: vec![102],
        }
    }
}

/// What stands for the schedule in a path.
pub(super) const EXTERNAL_ID: &str = "{externalId}";

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

impl PlatformSettings for CirrusSettings {
    fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        super::complaints::of(self, prefix)
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            calls_per_second: self.max_rps,
            in_flight: self.max_in_flight,
            // One user is one request.
            accounts: 1,
            registrations: self.batch_max,
            mixes: false,
            call_timeout: self.call_timeout,
        }
    }
}

impl CirrusSettings {
    /// Where the API is; its path ends with a slash.
    ///
    /// # Errors
    /// Why `base_url` cannot be used.
    pub(super) fn address(&self) -> Result<Url, &'static str> {
        let example = "must be an address like https://api.cirrusplatform.com/api/v1/integrations";
        let mut url = Url::parse(&self.base_url).map_err(|_| example)?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_insecure_http => {}
            "http" => return Err("must be https, or allow_insecure_http must be true"),
            _ => return Err("must be https"),
        }
        if !is_plain(&url) {
            return Err("must be scheme, host and path only");
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }

    /// Where the tenant's site is; none: links are not published.
    ///
    /// # Errors
    /// Why `links_base` cannot be used.
    pub(super) fn site(&self) -> Result<Option<Url>, &'static str> {
        if !self.publish_links {
            return Ok(None);
        }
        let base = self.links_base.as_deref().unwrap_or_default();
        if base.is_empty() {
            return Err("required with publish_links: scheme and host of the tenant's site");
        }
        let url = Url::parse(base).map_err(|_| "must be an address like https://exams.example")?;
        let is_secure = url.scheme() == "https" || self.allow_insecure_http;
        if is_secure && is_plain(&url) && url.path() == "/" {
            Ok(Some(url))
        } else {
            Err("must be https, scheme and host only")
        }
    }

    /// The token as it is at this moment.
    ///
    /// # Errors
    /// When there is none, or there are two places for it.
    pub(super) fn token(&self, prefix: &str) -> Result<Secret, Complaint> {
        let key = format!("{prefix}.secret");
        let source = SecretSource::choose(&key, self.secret.as_ref(), self.secret_file.as_deref())?;
        source.read(&key)
    }
}

/// Without credentials, query and fragment.
fn is_plain(url: &Url) -> bool {
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    is_anonymous && url.query().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_path_and_ends_with_a_slash() {
        for (given, used) in [
            (
                "https://a.example/api/v1/integrations",
                "https://a.example/api/v1/integrations/",
            ),
            (
                "https://a.example/api/v1/integrations/",
                "https://a.example/api/v1/integrations/",
            ),
            ("https://a.example", "https://a.example/"),
        ] {
            let settings = CirrusSettings {
                base_url: given.to_owned(),
                ..CirrusSettings::default()
            };
            assert_eq!(settings.address().unwrap().as_str(), used);
        }
    }

    #[test]
    fn users_are_changed_one_by_one_and_joining_shares_no_request_with_leaving() {
        let capacity = CirrusSettings::default().capacity();
        assert_eq!((capacity.accounts, capacity.registrations), (1, 50));
        assert!(!capacity.mixes);
    }

    #[test]
    fn the_secret_shows_neither_in_debug_nor_when_written() {
        let settings = CirrusSettings {
            secret: Some(Secret::new("hunter2")),
            ..CirrusSettings::default()
        };
        let written = toml::to_string(&settings).unwrap();
        for shown in [format!("{settings:?}"), written] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
