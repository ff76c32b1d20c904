//! The intake's deciding half: records in, events out.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use jiff::Timestamp;

use crate::event::{Admission, Carrier, Event, ParseError, Unreadable};
use crate::id::SourceId;
use crate::log::record::LARGEST;
use crate::log::{Arrived, Headers, Record, Topic, header};
use crate::metrics::Metrics;
use crate::roster::letter::{Cause, dead_letter};
use crate::shard::{Core, Effect, Input, Restored, Stop};

/// What each source that writes to the inbox may say.
pub type Admissions = Arc<BTreeMap<SourceId, Admission>>;

/// A reason names at most this many events of a batch.
const MOST_NAMED: usize = 5;

/// Why a record, or an event in it, was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("the record has neither a payload nor ce_ headers")]
    Empty,
    #[error("source: names no configured source of kind `cloudevents`")]
    UnknownSource,
    #[error("the event is larger than the log takes")]
    TooLarge,
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
}

impl From<ParseError> for NotTaken {
    fn from(error: ParseError) -> Self {
        Self::Unreadable(error.into())
    }
}

impl NotTaken {
    const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_record",
            Self::UnknownSource => "unknown_source",
            Self::TooLarge => "too_large",
            Self::Unreadable(error) => error.code(),
        }
    }
}

/// What became of a record.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Taken,
    PartlyTaken,
    DeadLettered,
}

impl Outcome {
    const fn outcome(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::PartlyTaken => "partly_taken",
            Self::DeadLettered => "dead_lettered",
        }
    }
}

/// The intake of one partition. It holds nothing: a record is an event or a dead letter.
#[derive(Debug)]
pub struct Intake {
    admissions: Admissions,
    metrics: Metrics,
}

impl Intake {
    /// The intake of a partition.
    pub fn new(admissions: Admissions, metrics: Metrics) -> Self {
        let outcomes = [Outcome::Taken, Outcome::PartlyTaken, Outcome::DeadLettered];
        let outcomes = outcomes.map(Outcome::outcome);
        metrics.roster.expect_records(&outcomes);
        Self {
            admissions,
            metrics,
        }
    }

    /// An event that cannot be taken holds back no other of its batch; then the whole record
    /// is a dead letter as well, since its bytes stay as they came.
    fn take(&self, record: &Arrived, now: Timestamp) -> Vec<Effect<Infallible>> {
        // A topic made by hand may carry the producer's clock, which must not run ahead of ours:
        // a fact counts at the latest from its receipt.
        let received = record.appended_at.min(now);
        let (mut written, mut refused) = (Vec::new(), Vec::new());
        match events(record) {
            Ok(carried) => {
                for (index, event) in carried {
                    match event.and_then(|event| self.admitted(event, record, received)) {
                        Ok(event) => written.push(event),
                        Err(why) => refused.push((index, why)),
                    }
                }
            }
            Err(why) => refused.push((None, why)),
        }
        let outcome = match (written.is_empty(), refused.is_empty()) {
            (_, true) => Outcome::Taken,
            (false, false) => Outcome::PartlyTaken,
            (true, false) => Outcome::DeadLettered,
        };
        let labels = [outcome.outcome()];
        let records = &self.metrics.roster.inbox_records;
        records.with_label_values(&labels).inc();
        if let Some(cause) = cause(&refused) {
            told(record, &cause);
            written.push(dead_letter(Topic::InboxDeadLetters, record, &cause));
        }
        written.into_iter().map(Effect::Write).collect()
    }

    /// The record of an event on `hris.events`.
    fn admitted(
        &self,
        event: Event,
        record: &Arrived,
        received: Timestamp,
    ) -> Result<Record, NotTaken> {
        let admission = self.admissions.get(&event.source);
        let event = admission.ok_or(NotTaken::UnknownSource)?.admit(event)?;
        let event = Event {
            received_time: Some(received),
            ..event
        };
        let position = record.position;
        let written = Record::new(Topic::Events, event.subject.as_str(), event.to_json())
            .with_header(header::EVENT_ID, event.id.as_str().to_owned())
            .with_header(header::CONTENT_TYPE, Event::CONTENT_TYPE)
            .with_header(header::ORIGIN_TOPIC, position.topic.to_string())
            .with_header(header::ORIGIN_PARTITION, position.partition.to_string())
            .with_header(header::ORIGIN_OFFSET, position.offset.to_string());
        if written.size() > LARGEST {
            return Err(NotTaken::TooLarge);
        }
        let labels = [event.source.as_str(), event.fact.event_type()];
        self.metrics
            .receiver
            .events
            .with_label_values(&labels)
            .inc();
        Ok(written)
    }
}

type Indexed = (Option<usize>, Result<Event, NotTaken>);

/// The events of a record, as the Kafka protocol binding of CloudEvents carries them.
fn events(record: &Arrived) -> Result<Vec<Indexed>, NotTaken> {
    let attributes = attributes(&record.headers)?;
    let body = record.payload.as_deref().unwrap_or_default();
    if body.is_empty() && attributes.is_empty() {
        return Err(NotTaken::Empty);
    }
    let carrier = Carrier {
        content_type: content_type(&record.headers)?,
        attributes,
        body,
        is_trusting: true,
    };
    let events = carrier.events()?;
    Ok(events
        .into_iter()
        .map(|carried| (carried.index, carried.event.map_err(NotTaken::from)))
        .collect())
}

/// The attributes in `ce_` headers; clients differ in the case of header names.
fn attributes(headers: &Headers) -> Result<Vec<(String, String)>, Unreadable> {
    let lower = headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value));
    let named = lower.filter_map(|(name, value)| {
        let attribute = name.strip_prefix("ce_")?.to_owned();
        Some((attribute, value))
    });
    named
        .map(|(attribute, value)| {
            let text = std::str::from_utf8(value).map_err(|_| Unreadable::BadAttribute)?;
            Ok((attribute, text.to_owned()))
        })
        .collect()
}

fn content_type(headers: &Headers) -> Result<Option<&str>, Unreadable> {
    let said = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(header::CONTENT_TYPE));
    said.map(|(_, value)| std::str::from_utf8(value))
        .transpose()
        .map_err(|_| Unreadable::WrongMediaType)
}

/// The code of the first event that was not taken, and the reason of each.
fn cause(refused: &[(Option<usize>, NotTaken)]) -> Option<Cause> {
    let (_, first) = refused.first()?;
    let mut reasons: Vec<String> = refused
        .iter()
        .take(MOST_NAMED)
        .map(|(index, why)| match index {
            Some(index) => format!("event {index} of the batch: {why}"),
            None => why.to_string(),
        })
        .collect();
    let more = refused.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    Some(Cause {
        code: first.code(),
        reason: reasons.join("; "),
    })
}

fn told(record: &Arrived, cause: &Cause) {
    let position = record.position;
    tracing::warn!(
        record.topic = %position.topic,
        record.partition = position.partition,
        record.offset = position.offset,
        failure.code = cause.code,
        "Record of another producer is in {}: {}",
        Topic::InboxDeadLetters,
        cause.reason
    );
}

impl Core for Intake {
    type Call = Infallible;
    type Answer = Infallible;

    fn restored_from(&self) -> Vec<Restored> {
        Vec::new()
    }

    fn restore(&mut self, _record: Arrived) -> Result<(), Stop> {
        Ok(())
    }

    fn held(&self) -> usize {
        0
    }

    fn handle(&mut self, input: Input<Infallible>, now: Timestamp) -> Vec<Effect<Infallible>> {
        match input {
            Input::Record(record) => self.take(&record, now),
            Input::Answered(_, never) => match never {},
            Input::Restored | Input::Tick | Input::Draining => Vec::new(),
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    fn people(&self) -> usize {
        0
    }
}
