//! Settings of the traces.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::{Secret, SecretSource};
use crate::settings::{Complaint, duration};

/// Where spans are sent to; without an address there are none, and no context is passed on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TraceSettings {
    /// Address of an OTLP/HTTP collector, `http://collector:4318`; `/v1/traces` is added to it.
    /// Empty: no traces.
    pub endpoint: String,
    /// Headers of each request to it, by name, for example `authorization`.
    pub headers: BTreeMap<String, Secret>,
    /// Files with the values of such headers, by name; read for each request.
    pub header_files: BTreeMap<String, PathBuf>,
    /// The name of the service in the traces.
    pub service_name: String,
    /// The share of the traces begun here that is recorded, from 0 to 1. Whoever sends a
    /// signed request with a `traceparent` decides for it.
    pub sample_ratio: f64,
    /// Whether platforms are sent the `traceparent` of the call made to them.
    pub tell_platforms: bool,
    /// A request to the collector that is not answered within this time is given up, with its
    /// spans.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// How often spans are sent.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub send_every: Duration,
    /// Spans that may wait for the collector; more are dropped.
    pub queue: usize,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            headers: BTreeMap::new(),
            header_files: BTreeMap::new(),
            service_name: "hris-relay".to_owned(),
            sample_ratio: 1.0,
            tell_platforms: true,
            timeout: Duration::from_secs(5),
            send_every: Duration::from_secs(5),
            queue: 2048,
        }
    }
}

/// More spans than this in a queue would be a leak rather than a queue: some 100 MB.
const LONGEST_QUEUE: usize = 100_000;

impl TraceSettings {
    /// Whether there are traces.
    pub const fn is_on(&self) -> bool {
        !self.endpoint.is_empty()
    }

    /// Everything that is wrong with them.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let key = |name: &str| format!("{prefix}.{name}");
        let mut complaints = Vec::new();
        let mut refuse = |complaint| complaints.push(complaint);
        if self.is_on()
            && let Err(reason) = self.address()
        {
            refuse(Complaint::new(key("endpoint"), &self.endpoint, reason));
        }
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            let reason = "must be from 0 (none) to 1 (all)";
            refuse(Complaint::new(
                key("sample_ratio"),
                self.sample_ratio,
                reason,
            ));
        }
        if self.service_name.trim().is_empty() {
            let reason = "must name the service, like \"hris-relay\"";
            refuse(Complaint::new(key("service_name"), "\"\"", reason));
        }
        for (name, time) in [("timeout", self.timeout), ("send_every", self.send_every)] {
            if time.is_zero() {
                let shown = humantime::format_duration(time);
                refuse(Complaint::new(
                    key(name),
                    shown,
                    "must be longer than nothing",
                ));
            }
        }
        if !(1..=LONGEST_QUEUE).contains(&self.queue) {
            let reason = format!("must be from 1 to {LONGEST_QUEUE}");
            refuse(Complaint::new(key("queue"), self.queue, reason));
        }
        for (name, source) in self.sources(prefix) {
            let header = source.and_then(|source| header(prefix, name, &source));
            complaints.extend(header.err());
        }
        complaints
    }

    /// Where spans are posted to.
    ///
    /// # Errors
    /// Why the address is none.
    pub(super) fn address(&self) -> Result<Url, &'static str> {
        let mut url = Url::parse(&self.endpoint)
            .map_err(|_| "must be an address like http://collector:4318")?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_plain {
            return Err("must be an address like http://collector:4318, with nothing but a path");
        }
        if url.path().trim_end_matches('/').ends_with("/v1/traces") {
            return Err("must be the collector's address alone: /v1/traces is added to it");
        }
        let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }

    /// The headers as they are at this moment.
    ///
    /// # Errors
    /// When a file cannot be read, or a value is no header's.
    pub(super) fn read_headers(&self, prefix: &str) -> Result<HeaderMap, Complaint> {
        self.sources(prefix)
            .into_iter()
            .map(|(name, source)| header(prefix, name, &source?))
            .collect()
    }

    fn sources(&self, prefix: &str) -> Vec<(&str, Result<SecretSource, Complaint>)> {
        let names = self.headers.keys().chain(self.header_files.keys());
        let mut names: Vec<&str> = names.map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let source = |name| {
            let (inline, file) = (self.headers.get(name), self.header_files.get(name));
            match (inline, file) {
                (Some(_), Some(path)) => Err(Complaint::new(
                    format!("{prefix}.header_files.{name}"),
                    path.display(),
                    format!("{prefix}.headers.{name} is set as well: keep one of the two"),
                )),
                (Some(secret), None) => Ok(SecretSource::Inline(secret.clone())),
                (None, path) => Ok(SecretSource::File(path.cloned().unwrap_or_default())),
            }
        };
        names.into_iter().map(|name| (name, source(name))).collect()
    }
}

fn header(
    prefix: &str,
    name: &str,
    source: &SecretSource,
) -> Result<(HeaderName, HeaderValue), Complaint> {
    let key = match source {
        SecretSource::Inline(_) => format!("{prefix}.headers.{name}"),
        SecretSource::File(_) => format!("{prefix}.header_files.{name}"),
    };
    let refused = |reason| Complaint::new(&key, crate::secret::REDACTED, reason);
    let parsed = HeaderName::try_from(name).map_err(|_| refused("is no name of a header"))?;
    let secret = source.read(&key).map_err(|complaint| Complaint {
        key: key.clone(),
        ..complaint
    })?;
    let mut value = HeaderValue::try_from(secret.expose())
        .map_err(|_| refused("must be printable ASCII on one line"))?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> TraceSettings {
        TraceSettings {
            endpoint: "https://collector:4318".to_owned(),
            ..TraceSettings::default()
        }
    }

    #[test]
    fn the_path_of_the_protocol_is_added_to_the_address() {
        for (endpoint, address) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("https://a.example/otlp", "https://a.example/otlp/v1/traces"),
        ] {
            let settings = TraceSettings {
                endpoint: endpoint.to_owned(),
                ..settings()
            };
            assert_eq!(settings.address().unwrap().as_str(), address);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        assert!(TraceSettings::default().complaints("traces").is_empty());
        assert!(settings().complaints("traces").is_empty());
        let wrong = TraceSettings {
            endpoint: "http://user:pw@collector".to_owned(),
            sample_ratio: f64::NAN,
            service_name: " ".to_owned(),
            timeout: Duration::ZERO,
            queue: 0,
            ..settings()
        };
        let keys: Vec<_> = wrong
            .complaints("traces")
            .into_iter()
            .map(|it| it.key)
            .collect();
        let expected = [
            "endpoint",
            "sample_ratio",
            "service_name",
            "timeout",
            "queue",
        ];
        assert_eq!(keys, expected.map(|name| format!("traces.{name}")));
    }

    #[test]
    fn a_header_is_a_secret_with_a_name_from_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "Bearer hunter2\n").unwrap();
        let mut settings = settings();
        settings
            .headers
            .insert("x-tenant".to_owned(), Secret::new("acme"));
        settings
            .header_files
            .insert("authorization".to_owned(), file.clone());
        let headers = settings.read_headers("traces").unwrap();
        assert_eq!(headers["authorization"], "Bearer hunter2");
        assert!(!format!("{headers:?}{settings:?}").contains("hunter2"));
        assert!(!format!("{headers:?}{settings:?}").contains("acme"));

        settings.header_files.insert("x-tenant".to_owned(), file);
        for (name, value) in [("no name", "x"), ("x-broken", "a\nb")] {
            settings.headers.insert(name.to_owned(), Secret::new(value));
        }
        let found = settings.complaints("traces");
        let keys: Vec<_> = found.iter().map(|it| it.key.as_str()).collect();
        let expected = [
            "traces.headers.no name",
            "traces.headers.x-broken",
            "traces.header_files.x-tenant",
        ];
        assert_eq!(keys, expected);
        assert!(!format!("{found:?}").contains("acme"));
    }
}
