//! A call on its way out, and its span.

use super::core::Worker;
use crate::provider::{Answer, Call, Failure};
use crate::traces::{Kind, New, Span, TraceContext, Traces, key};

/// A call, with what is told of it to those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The call.
    pub call: Call,
    /// The traces of the newest facts of its people, as far as they have one.
    pub facts: Vec<TraceContext>,
    /// The highest attempt in it, from 1.
    pub attempt: u32,
}

impl Outgoing {
    /// Begins the call's span: a trace of its own, since a call is about many people's facts,
    /// and whoever is tried again next week is still the same person.
    pub(super) fn begin(&self, traces: &Traces, provider: &'static str) -> Span {
        if !traces.is_on() {
            return Span::none();
        }
        let name = format!("{provider} {}", self.verbs());
        let mut span = traces.begin(|| New {
            links: &self.facts,
            ..New::of(Kind::Client, name, None)
        });
        span.set(key::PROVIDER, provider);
        span.count(key::PEOPLE, self.call.people.len());
        span.count(key::ATTEMPT, self.attempt);
        span
    }

    /// What is asked: `lock`, `activate`, `join`, `leave` or `join+leave`.
    fn verbs(&self) -> String {
        let operations = self.call.people.iter();
        let mut verbs: Vec<_> = operations.map(|(_, operation)| operation.verb()).collect();
        verbs.sort_unstable();
        verbs.dedup();
        verbs.join("+")
    }
}

impl Worker {
    /// A call with what is told of it beside.
    pub(super) fn outgoing(&self, call: Call) -> Outgoing {
        let lanes = call.people.iter();
        let lanes = lanes.filter_map(|(id, step)| Some((self.lanes.get(id)?, step)));
        let attempts = lanes.clone().map(|(lane, step)| lane.attempt(step));
        Outgoing {
            attempt: attempts.max().unwrap_or(1),
            facts: lanes
                .filter_map(|(lane, _)| lane.trace.as_deref().copied())
                .collect(),
            call,
        }
    }
}

/// Ends a call's span.
pub(super) fn end(mut span: Span, answer: &Answer) {
    let outcome = match answer {
        Answer::Applied | Answer::Counted(_) | Answer::Each(_) => "applied",
        Answer::Failed(failure) => failure.code(),
    };
    span.set(key::OUTCOME, outcome);
    match answer {
        Answer::Applied | Answer::Counted(_) => {}
        Answer::Each(each) => {
            let failures = each.iter().filter_map(|one| one.as_ref().err());
            span.count(key::PEOPLE_FAILED, failures.clone().count());
            if let Some(first) = failures.map(Failure::code).next() {
                span.set(key::ERROR, first);
            }
        }
        Answer::Failed(failure) => span.fail(failure.code()),
    }
}
