//! What a worker writes for people to read: outcomes and dead letters.

use jiff::Timestamp;
use serde::Serialize;

use crate::id::{EmployeeId, FactVersion, Provider};
use crate::log::{Record, Topic, header};
use crate::provider::{Counted, Failure, Link, Operation};

/// One operation that reached an end, for the outcome and dead-letter topics.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) provider: Provider,
    pub(super) id: &'a EmployeeId,
    /// The event that wrote the person's record it was about.
    pub(super) event: &'a str,
    /// The version of the facts in it.
    pub(super) fact_version: FactVersion,
    pub(super) operation: &'a Operation,
    /// Which try it was, from 1.
    pub(super) attempt: u32,
    pub(super) at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    outcome: &'a str,
    attempt: u32,
    at: Timestamp,
    event: &'a str,
    fact_version: FactVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Batch>,
    /// The platform's own words: personal data, so in the payload and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct LinksBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    links: &'a [Link],
    at: Timestamp,
    event: &'a str,
}

/// The call that something was done in, with what the platform counted for all its people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Batch {
    /// With `at`, what tells the call from others of the same partition.
    pub(super) call: u64,
    pub(super) people: usize,
    #[serde(flatten)]
    pub(super) counted: Counted,
}

impl Letter<'_> {
    /// The record of something done.
    pub(super) fn done(&self, outcome: &str, batch: Option<Batch>) -> Record {
        self.record(Topic::Outcomes(self.provider), outcome, None, batch)
    }

    /// The record of what lets the person in.
    pub(super) fn links(&self, links: &[Link]) -> Record {
        let body = LinksBody {
            target: self.operation.target().map(|target| target.0.as_str()),
            links,
            at: self.at,
            event: self.event,
        };
        let payload = serde_json::to_vec(&body).unwrap_or_default();
        Record::new(Topic::Links(self.provider), self.id.as_str(), payload)
            .with_header(header::EVENT_ID, self.event.to_owned())
    }

    /// The record of something given up, with the code that says why.
    pub(super) fn dead(&self, code: &str, failure: &Failure, first_seen: Timestamp) -> Record {
        self.record(
            Topic::DeadLetters(self.provider),
            code,
            failure.said(),
            None,
        )
        .with_header(header::FAILURE_CODE, code.to_owned())
        .with_header(header::FAILURE_REASON, failure.to_string())
        .with_header(header::ATTEMPT, self.attempt.to_string())
        .with_header(header::FIRST_SEEN, first_seen.to_string())
    }

    fn record(
        &self,
        topic: Topic,
        outcome: &str,
        said: Option<&str>,
        batch: Option<Batch>,
    ) -> Record {
        let body = Body {
            operation: self.operation.verb(),
            target: self.operation.target().map(|target| target.0.as_str()),
            outcome,
            attempt: self.attempt,
            at: self.at,
            event: self.event,
            fact_version: self.fact_version,
            batch,
            said,
        };
        // A struct of texts and numbers always serialises.
        let payload = serde_json::to_vec(&body).unwrap_or_default();
        Record::new(topic, self.id.as_str(), payload)
            .with_header(header::EVENT_ID, self.event.to_owned())
            .with_header(header::FACT_VERSION, self.fact_version.to_string())
    }
}
