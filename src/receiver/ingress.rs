//! One request: believed, mapped, durable, answered. In this order.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Payload;
use bytes::Bytes;
use jiff::Timestamp;

use super::adapter::{Mapped, Unmappable, bamboohr, standard_webhooks as canonical};
use super::outcome::Outcome;
use super::refusal::Refusal;
use super::settings::ReceiverSettings;
use super::signature::standard_webhooks::SIGNATURE;
use super::signature::{self, SignatureError};
use super::source::{Kind, Source};
use super::spans::{Asked, appended};
use super::{body, cloudevents};
use crate::clock::Clock;
use crate::event::{Event, TYPES};
use crate::id::SourceId;
use crate::log::{AppendError, Log, Position, Record, Topic, header};
use crate::metrics::ReceiverMetrics;
use crate::traces::Traces;

/// Everything a request needs.
#[derive(Debug)]
pub(crate) struct Ingress {
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: ReceiverMetrics,
    pub(crate) traces: Traces,
    pub(crate) settings: ReceiverSettings,
}

/// The source in a metric when nobody is believed yet: a constant, since a label that a
/// stranger chooses would fill the memory.
pub(crate) const NOBODY: &str = "unknown";

/// What became of a request that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Every fact is in the log.
    Accepted,
    /// It says nothing about a person.
    NoFact,
    /// It could not be mapped and is kept for people to look at.
    Quarantined,
    /// Its facts are in the log, and what could not be mapped is kept as well.
    PartlyQuarantined,
}

impl Taken {
    /// What the metric calls it.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Accepted => Outcome::Accepted,
            Self::NoFact => Outcome::NoFact,
            Self::Quarantined => Outcome::Quarantined,
            Self::PartlyQuarantined => Outcome::PartlyQuarantined,
        }
    }
}

impl Ingress {
    /// A webhook of one source.
    pub(crate) async fn webhook(
        &self,
        source: &Source,
        headers: &HeaderMap,
        payload: Payload,
        asked: &mut Asked<'_>,
    ) -> Result<Taken, Refusal> {
        let received_at = self.clock.now();
        let body = self.body(headers, payload).await?;
        let mapped = verified_and_mapped(source, headers, &body, received_at)?;
        self.hear(source.id(), received_at);
        asked.believe(headers);
        let taken = match (mapped.events.is_empty(), &mapped.unmappable) {
            (true, None) => Taken::NoFact,
            (false, None) => Taken::Accepted,
            (true, Some(_)) => Taken::Quarantined,
            (false, Some(_)) => Taken::PartlyQuarantined,
        };
        let Mapped { events, unmappable } = mapped;
        let events = stamped(events, received_at);
        let mut records: Vec<Record> = events.iter().map(record).collect();
        if let Some(unmappable) = &unmappable {
            let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
            let kept = quarantined(source.id(), unmappable, received_at, body).with_header(
                header::CONTENT_TYPE,
                Bytes::copy_from_slice(content_type.unwrap_or_default()),
            );
            records.push(kept);
        }
        let positions = self.append(records, asked).await?;
        self.count(source.id(), &events);
        told(source.id(), events.len(), &positions, unmappable.as_ref());
        Ok(taken)
    }

    /// `CloudEvents` of whoever holds a secret of a `cloudevents` source.
    pub(crate) async fn cloudevents(
        &self,
        headers: &HeaderMap,
        payload: Payload,
        asked: &mut Asked<'_>,
    ) -> (Option<&Source>, Result<Taken, Refusal>) {
        let received_at = self.clock.now();
        let body = match self.body(headers, payload).await {
            Ok(body) => body,
            Err(refusal) => return (None, Err(refusal)),
        };
        match self.authenticated(headers, &body, received_at) {
            Ok(source) => {
                self.hear(source.id(), received_at);
                asked.believe(headers);
                let events = cloudevents::events(source, headers, &body);
                let events = events.map(|events| stamped(events, received_at));
                (Some(source), self.publish(source, events, asked).await)
            }
            Err(refusal) => (None, Err(refusal)),
        }
    }

    async fn publish(
        &self,
        source: &Source,
        events: Result<Vec<Event>, Refusal>,
        asked: &Asked<'_>,
    ) -> Result<Taken, Refusal> {
        let events = events?;
        let records = events.iter().map(record).collect();
        let positions = self.append(records, asked).await?;
        self.count(source.id(), &events);
        told(source.id(), events.len(), &positions, None);
        Ok(if events.is_empty() {
            Taken::NoFact
        } else {
            Taken::Accepted
        })
    }

    async fn body(&self, headers: &HeaderMap, payload: Payload) -> Result<Bytes, Refusal> {
        let ReceiverSettings {
            body_limit,
            body_within,
            ..
        } = self.settings;
        body::read(headers, payload, body_limit, body_within).await
    }

    /// The source whose token or signature a request to `/events` carries.
    fn authenticated(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<&Source, Refusal> {
        if headers.contains_key(AUTHORIZATION) {
            let token = bearer(headers).ok_or(Refusal::WrongToken)?;
            // Every source is asked, so that the time tells nothing about any token.
            let found = self.sources.values().fold(None, |found, source| {
                if source.has_token(token) {
                    Some(source)
                } else {
                    found
                }
            });
            return found.ok_or(Refusal::WrongToken);
        }
        if !headers.contains_key(SIGNATURE) {
            return Err(Refusal::NoCredentials);
        }
        let mut closest = SignatureError::Mismatch;
        for source in self.sources.values() {
            match source.has_signed(headers, body, now) {
                Ok(()) => return Ok(source),
                Err(SignatureError::Mismatch) => {}
                Err(error) => closest = error,
            }
        }
        Err(Refusal::BadSignature(closest))
    }

    /// Returns once the log holds the records.
    async fn append(
        &self,
        mut records: Vec<Record>,
        asked: &Asked<'_>,
    ) -> Result<Vec<Position>, Refusal> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let span = asked.append(&mut records);
        let append = self.log.append(records);
        let done = match tokio::time::timeout(self.settings.answer_within, append).await {
            Ok(Ok(positions)) => Ok(positions),
            Ok(Err(AppendError::TooLarge)) => Err(Refusal::RecordTooLarge),
            Ok(Err(error)) => Err(Refusal::Unconfirmed(error)),
            Err(_elapsed) => Err(Refusal::Unanswered),
        };
        appended(span, &done);
        done
    }

    /// Shows every configured source before it says anything.
    pub(crate) fn expect_sources(&self) {
        let words = |outcomes: &[Outcome]| -> Vec<_> {
            outcomes.iter().map(|outcome| outcome.as_str()).collect()
        };
        let facts: Vec<&str> = TYPES
            .iter()
            .copied()
            .filter(|kind| kind.starts_with("hr."))
            .collect();
        for source in self.sources.values() {
            let outcomes = match source.kind {
                Kind::BambooHr { .. } | Kind::StandardWebhooks { .. } => Outcome::OF_WEBHOOKS,
                Kind::CloudEvents { .. } => Outcome::OF_CLOUDEVENTS,
            };
            let name = source.id().as_str();
            self.metrics.expect(name, &words(outcomes), &facts);
        }
        self.metrics.expect(NOBODY, &words(Outcome::OF_NOBODY), &[]);
    }

    /// Notes that a source was believed, whatever becomes of what it says.
    fn hear(&self, source: &SourceId, now: Timestamp) {
        let gauge = &self.metrics.last_contact;
        gauge
            .with_label_values(&[source.as_str()])
            .set(now.as_second());
    }

    fn count(&self, source: &SourceId, events: &[Event]) {
        for event in events {
            let labels = [source.as_str(), event.fact.event_type()];
            self.metrics.events.with_label_values(&labels).inc();
        }
    }
}

fn verified_and_mapped(
    source: &Source,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Mapped, Refusal> {
    let tolerance = source.tolerance;
    match &source.kind {
        Kind::BambooHr { keys, mapping } => {
            let sent_at = signature::bamboohr::verify(headers, body, keys, tolerance, now)
                .map_err(Refusal::BadSignature)?;
            Ok(bamboohr::map(source, mapping, headers, body, sent_at))
        }
        Kind::StandardWebhooks { keys } => {
            let id = signature::standard_webhooks::verify(headers, body, keys, tolerance, now)
                .map_err(Refusal::BadSignature)?;
            Ok(canonical::map(source, id, body))
        }
        Kind::CloudEvents { .. } => Err(Refusal::UnknownSource),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn stamped(events: Vec<Event>, received_at: Timestamp) -> Vec<Event> {
    let stamp = |event| Event {
        received_time: Some(received_at),
        ..event
    };
    events.into_iter().map(stamp).collect()
}

fn record(event: &Event) -> Record {
    Record::new(Topic::Events, event.subject.as_str(), event.to_json())
        .with_header(header::EVENT_ID, event.id.as_str().to_owned())
        .with_header(header::CONTENT_TYPE, Event::CONTENT_TYPE)
}

fn quarantined(
    source: &SourceId,
    unmappable: &Unmappable,
    received_at: Timestamp,
    body: Bytes,
) -> Record {
    let mut record = Record::new(Topic::Quarantine, source.as_str(), body)
        .with_header(header::FAILURE_CODE, unmappable.code)
        .with_header(header::FAILURE_REASON, unmappable.reason.clone())
        .with_header(header::RECEIVED_TIME, received_at.to_string());
    if let Some(id) = &unmappable.event_id {
        record = record.with_header(header::EVENT_ID, id.as_str().to_owned());
    }
    record
}

/// Says what was taken: the source and where it is, never who it is about.
fn told(source: &SourceId, events: usize, positions: &[Position], kept: Option<&Unmappable>) {
    let (source, positions) = (source.as_str(), shown(positions));
    if let Some(unmappable) = kept {
        return told_unmappable(source, events, &positions, unmappable);
    }
    tracing::info!(
        source,
        events,
        record.positions = positions,
        "Webhook accepted"
    );
}

fn told_unmappable(source: &str, events: usize, positions: &str, unmappable: &Unmappable) {
    let Unmappable { code, reason, .. } = unmappable;
    tracing::warn!(
        source,
        events,
        record.positions = positions,
        failure.code = code,
        "Webhook quarantined: {reason}"
    );
}

/// A log line names this many positions.
const MOST_SHOWN: usize = 5;

fn shown(positions: &[Position]) -> String {
    let mut shown: Vec<String> = positions
        .iter()
        .take(MOST_SHOWN)
        .map(|at| format!("{}/{}@{}", at.topic, at.partition, at.offset))
        .collect();
    if let Some(more) = positions
        .len()
        .checked_sub(MOST_SHOWN)
        .filter(|more| *more > 0)
    {
        shown.push(format!("and {more} more"));
    }
    shown.join(" ")
}
