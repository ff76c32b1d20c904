//! What comes in, in numbers.

use prometheus::{Error, HistogramVec, IntCounterVec, IntGaugeVec};

use super::SECONDS;
use super::described::{Described, Register};

/// What comes in.
#[derive(Debug, Clone)]
pub struct ReceiverMetrics {
    /// Requests by source and outcome (`accepted`, `no_fact`, `quarantined`, `bad_signature`, ...).
    pub webhooks: IntCounterVec,
    /// Seconds from the request to its answer, by source.
    pub seconds: HistogramVec,
    /// Events that the log holds, by source and type.
    pub events: IntCounterVec,
    /// When a source was last believed, in seconds since 1970; none until it was.
    pub last_contact: IntGaugeVec,
}

impl ReceiverMetrics {
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        Ok(Self {
            webhooks: r.counter(Described {
                name: "webhooks_total",
                labels: &["source", "outcome"],
                help: "Requests of senders, by outcome.",
                more: "`source` is `unknown` for a source that is none, and at `/events` until \
                       somebody is believed. Outcomes: see below.",
            })?,
            seconds: r.histogram(
                Described {
                    name: "webhook_duration_seconds",
                    labels: &["source"],
                    help: "Time to answer a sender.",
                    more: "Some senders give up after 3 s.",
                },
                SECONDS,
            )?,
            events: r.counter(Described {
                name: "events_total",
                labels: &["source", "type"],
                help: "Events the log holds.",
                more: "Those that are durable in `hris.events`.",
            })?,
            last_contact: r.gauge(Described {
                name: "source_last_contact_timestamp_seconds",
                labels: &["source"],
                help: "When a request of the source was last believed, in seconds since 1970.",
                more: "Not there until one was, since this process started: look at \
                       `max_over_time(...[14d])`, as [`HrisRelaySourceSilent`](#source-silent) \
                       does. What producers write to `hris.inbox` does not count.",
            })?,
        })
    }

    /// Shows a source before its first request, so that its first of each outcome is an increase.
    pub fn expect(&self, source: &str, outcomes: &[&str], types: &[&str]) {
        for outcome in outcomes {
            let labels = [source, outcome];
            self.webhooks.with_label_values(&labels).inc_by(0);
        }
        for kind in types {
            let labels = [source, kind];
            self.events.with_label_values(&labels).inc_by(0);
        }
        let _at_zero = self.seconds.with_label_values(&[source]);
    }
}
