//! What a worker writes for people to read: outcomes and dead letters.

use jiff::Timestamp;
use schemars::JsonSchema;
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

/// What was done for a person at a platform, or given up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LetterBody<'a> {
    /// What was to be done: `lock`, `activate`, `join`, `leave`.
    operation: &'a str,
    /// What was joined or left, as the configuration names it: `program:<guid>`,
    /// `schedule:<id>`, `group:<name>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    target: Option<&'a str>,
    /// What became of it: `applied`, `removed_not_found`, `account_missing`; in a dead letter
    /// the failure's code.
    outcome: &'a str,
    /// Which try it was, from 1.
    #[schemars(range(min = 1))]
    attempt: u32,
    /// When the call was over.
    #[schemars(with = "String", extend("format" = "date-time"))]
    at: Timestamp,
    /// The event that wrote the person's record it was about.
    event: &'a str,
    /// The version of the facts in it, as commands name it.
    #[schemars(with = "String", extend("pattern" = "^[0-9a-f]{16}$"))]
    fact_version: FactVersion,
    /// The call it was done in, where the platform counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Batch")]
    batch: Option<Batch>,
    /// The platform's own words: personal data, so in the payload and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    said: Option<&'a str>,
}

/// What a platform returned that lets a person in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LinksBody<'a> {
    /// What they lead to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    target: Option<&'a str>,
    /// Addresses that let their holder in: credentials.
    #[schemars(with = "Vec<String>")]
    links: &'a [Link],
    /// When the call was over.
    #[schemars(with = "String", extend("format" = "date-time"))]
    at: Timestamp,
    /// The event that wrote the person's record it was about.
    event: &'a str,
}

/// The call that something was done in, with what the platform counted for all its people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Batch {
    /// With `at`, what tells the call from others of the same partition.
    pub(super) call: u64,
    /// How many people shared it.
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
        let body = LetterBody {
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
