//! What a platform's account must say of itself to be served as a simulator.

use std::fmt::Debug;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The rules of one platform's account: requests in, answers out.
///
/// Called under a lock, one request at a time, so that each is done whole.
pub trait Stand: Debug + Send + 'static {
    /// Everything the account holds: what `GET /_sim/state` answers.
    type State: Serialize;
    /// The platform's own numbers, in `GET /_sim/counters` beside those of every simulator.
    type Tally: Serialize;

    /// The largest body, in bytes. Larger ones are answered with a [`Self::refusal`] 413.
    fn body_limit(&self) -> usize;

    /// How far ahead of the machine's clock the account's own clock is.
    fn clock_ahead(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    /// What a request is about, as far as it can be read: faults and the journal must not
    /// depend on a request being sound.
    fn subject(&self, request: &Request<'_>) -> Subject;

    /// Does what a request asks at `now` by the account's own clock, but for the first
    /// `people` of its people only (the fault `partial`; otherwise all of them).
    fn answer(&mut self, request: &Request<'_>, people: usize, now: Timestamp) -> Answer;

    /// A refusal in the platform's own form, for scripted statuses; without a message an
    /// empty body.
    fn refusal(&self, status: u16, message: Option<&str>) -> Answer;

    /// Everything the account holds at this moment.
    fn state(&self) -> Self::State;

    /// The platform's own numbers so far.
    fn tally(&self) -> Self::Tally;

    /// Creates or changes something the account has (`POST /_sim/<kind>`, JSON); `None` if
    /// there is no such kind.
    ///
    /// # Errors
    /// What is wrong with the body, for whoever sent it.
    fn put(&mut self, kind: &str, body: &[u8]) -> Option<Result<(), String>>;

    /// Forgets everybody, and all numbers; what the settings name is there again.
    fn reset(&mut self);
}

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method, upper case.
    pub method: &'a str,
    /// Without the query, as sent.
    pub path: &'a str,
    /// Without the question mark; empty if there is none.
    pub query: &'a str,
    /// Names in lower case. A header whose value is no text is left out.
    pub headers: &'a [(&'a str, &'a str)],
    /// All of it.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of this name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let found = self.headers.iter().find(|(named, _)| *named == name);
        found.map(|(_, value)| *value)
    }
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Its path; where a platform has one path for several methods, with the part of the
    /// query that tells them apart (`/ManageCandidate.aspx?action=add`).
    pub path: String,
    /// The ids of its people, in its order.
    pub people: Vec<String>,
    /// Everything else it names, by whatever name: program, schedule, group, test.
    pub targets: Vec<String>,
}

/// A status and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub content_type: &'static str,
    /// All of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// A status with a JSON body.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            body: serde_json::to_vec(body).unwrap_or_default(),
        }
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            body: Vec::new(),
        }
    }
}
