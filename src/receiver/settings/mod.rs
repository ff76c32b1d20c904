//! The receiver's settings and those of each source: `[receiver]` and `[sources.<name>]`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod source;

pub use source::{AttributeNames, SourceKind, SourceSettings};

use crate::id::SourceId;
use crate::settings::Complaint;

/// `[receiver]`: where webhooks come in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReceiverSettings {
    /// The address and port that senders reach.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// A larger body is refused with 413.
    #[serde(with = "crate::settings::size")]
    #[schemars(with = "String")]
    pub body_limit: usize,
    /// A body must have arrived within this time.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub body_within: Duration,
    /// The log must have confirmed within this time, else the sender is asked to come back.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub answer_within: Duration,
    /// When a sender that was turned away shall come back.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub retry_after: Duration,
    /// How long a connection stays open without a request, or until the headers of one have
    /// arrived. Longer than whatever stands
    /// before the receiver keeps one that is idle (often 60s), or a connection is closed just
    /// as a request comes in on it.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub keep_alive: Duration,
    /// Threads that serve requests.
    pub workers: usize,
    /// On shutdown, requests under way get this long, after up to 2s in which each connection
    /// is ended with its next answer.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub drain: Duration,
}

impl Default for ReceiverSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            body_limit: LARGEST_BODY,
            body_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(2),
            retry_after: Duration::from_secs(5),
            keep_alive: Duration::from_secs(75),
            workers: 2,
            drain: Duration::from_secs(10),
        }
    }
}

/// On shutdown: whoever sends now and then does so within this time; a connection that is not
/// used for as long is closed without an answer to carry the news.
pub(super) const PARTING: Duration = Duration::from_secs(2);
/// Some senders (Okta, Personio, Graph) give up on an answer after this long.
const LONGEST_ANSWER: Duration = Duration::from_secs(3);
/// A batch of a few dozen people fits; a single event always does.
const SMALLEST_BODY: usize = 16 << 10;
/// A body in quarantine must fit a record of the log with its headers.
const LARGEST_BODY: usize = 900 << 10;

impl ReceiverSettings {
    /// How long a receiver takes at most to stop.
    pub const fn longest_stop(&self) -> Duration {
        self.drain.saturating_add(PARTING)
    }

    /// Everything that contradicts itself; `prefix` is `receiver`.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut durations = |key: &str, value: Duration, longest: Option<Duration>| {
            let shown = humantime::format_duration(value);
            if value.is_zero() {
                let reason = "must be longer than 0s";
                complaints.push(Complaint::new(format!("{prefix}.{key}"), shown, reason));
            } else if let Some(longest) = longest.filter(|longest| *longest < value) {
                let longest = humantime::format_duration(longest);
                let reason = format!("must be at most {longest}: some senders wait no longer");
                complaints.push(Complaint::new(format!("{prefix}.{key}"), shown, reason));
            }
        };
        durations("answer_within", self.answer_within, Some(LONGEST_ANSWER));
        durations("body_within", self.body_within, None);
        durations("retry_after", self.retry_after, None);
        durations("keep_alive", self.keep_alive, None);
        durations("drain", self.drain, None);
        let size = if self.body_limit < SMALLEST_BODY {
            Some("must be at least 16 KiB: senders put several people in one webhook")
        } else if self.body_limit > LARGEST_BODY {
            Some("must be at most 900 KiB: the log takes no record of 1 MB or more")
        } else {
            None
        };
        complaints.extend(size.map(|reason| {
            let shown = format!("{} B", self.body_limit);
            Complaint::new(format!("{prefix}.body_limit"), shown, reason)
        }));
        if self.workers == 0 {
            let reason = "must be at least 1";
            complaints.push(Complaint::new(format!("{prefix}.workers"), 0, reason));
        }
        complaints
    }
}

/// Everything that contradicts itself in all sources; `prefix` is `sources`.
pub fn source_complaints(
    prefix: &str,
    sources: &BTreeMap<String, SourceSettings>,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (name, settings) in sources {
        let key = format!("{prefix}.{name}");
        let in_a_path = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !in_a_path || SourceId::try_from(name.as_str()).is_err() {
            let reason = "a source's name is 1 to 64 letters, digits, `-` and `_`: it stands in \
                          its webhook's address";
            complaints.push(Complaint::new(&key, name, reason));
        }
        complaints.extend(settings.complaints(&key));
    }
    complaints.extend(shared_tokens(prefix, sources));
    complaints
}

/// At `/events` the secret alone tells which source sends: no two may share one.
fn shared_tokens(prefix: &str, sources: &BTreeMap<String, SourceSettings>) -> Vec<Complaint> {
    let mut owners: BTreeMap<String, &String> = BTreeMap::new();
    let mut complaints = Vec::new();
    for (name, settings) in sources {
        if settings.kind != Some(SourceKind::Cloudevents) {
            continue;
        }
        let key = format!("{prefix}.{name}");
        for secret in settings.live_secrets(&key).unwrap_or_default() {
            if let Some(owner) = owners.insert(secret.expose().to_owned(), name)
                && owner != name
            {
                let reason = format!("{prefix}.{owner} has the same secret: it tells them apart");
                let key = format!("{key}.secrets");
                complaints.push(Complaint::new(key, crate::secret::REDACTED, reason));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests;
