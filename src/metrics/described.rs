//! What every metric is, said once: for `/metrics`, for the page that explains them, for tests.

use std::fmt::Write;

use prometheus::core::Collector;
use prometheus::{Error, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

/// Stands in front of every name.
pub(super) const PREFIX: &str = "hris_relay";

/// What one metric is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described {
    /// Without the prefix; with the unit, and `_total` if it counts.
    pub(super) name: &'static str,
    pub(super) labels: &'static [&'static str],
    /// One sentence, for whoever reads `/metrics`.
    pub(super) help: &'static str,
    /// What the operators' guide says besides, in Markdown.
    pub(super) more: &'static str,
}

/// What a metric can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It rises, and begins at zero with the process.
    Counter,
    /// It is what it is now.
    Gauge,
    /// It counts by size.
    Histogram,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A registry that remembers what it was told.
#[derive(Debug)]
pub(super) struct Register {
    pub(super) registry: Registry,
    pub(super) described: Vec<(Kind, Described)>,
}

impl Register {
    pub(super) fn new() -> Self {
        Self {
            registry: Registry::new(),
            described: Vec::new(),
        }
    }

    pub(super) fn counter(&mut self, it: Described) -> Result<IntCounterVec, Error> {
        self.add(Kind::Counter, it, IntCounterVec::new(opts(it), it.labels)?)
    }

    pub(super) fn gauge(&mut self, it: Described) -> Result<IntGaugeVec, Error> {
        self.add(Kind::Gauge, it, IntGaugeVec::new(opts(it), it.labels)?)
    }

    /// A histogram with these upper bounds.
    pub(super) fn histogram(
        &mut self,
        it: Described,
        bounds: &[f64],
    ) -> Result<HistogramVec, Error> {
        let opts = HistogramOpts::from(opts(it)).buckets(bounds.to_vec());
        self.add(Kind::Histogram, it, HistogramVec::new(opts, it.labels)?)
    }

    /// Registers a collector that shows what is described here.
    pub(super) fn add<C: Collector + Clone + 'static>(
        &mut self,
        kind: Kind,
        it: Described,
        new: C,
    ) -> Result<C, Error> {
        self.registry.register(Box::new(new.clone()))?;
        self.described.push((kind, it));
        Ok(new)
    }
}

pub(super) fn opts(it: Described) -> Opts {
    Opts::new(it.name, it.help).namespace(PREFIX)
}

/// The table of metrics in the operators' guide.
pub(super) fn reference(described: &[(Kind, Described)]) -> String {
    let mut page = String::from("| metric | type | labels | meaning |\n|---|---|---|---|\n");
    for (kind, it) in described {
        let labels: Vec<String> = it.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() {
            "–".to_owned()
        } else {
            labels.join(", ")
        };
        let meaning = format!("{} {}", it.help, it.more);
        let _infallible = writeln!(
            page,
            "| `{PREFIX}_{}` | {} | {labels} | {} |",
            it.name,
            kind.as_str(),
            meaning.trim_end()
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use crate::metrics::Metrics;

    use super::*;

    /// Words that say a unit other than a base unit, or an abbreviation of one.
    const NOT_BASE: [&str; 16] = [
        "ms",
        "us",
        "ns",
        "sec",
        "secs",
        "millis",
        "milliseconds",
        "microseconds",
        "nanoseconds",
        "minutes",
        "hours",
        "days",
        "kb",
        "mb",
        "kilobytes",
        "percent",
    ];
    /// What is counted or measured here: the last word of a gauge or histogram that is no state.
    const UNITS: [&str; 6] = [
        "seconds",
        "people",
        "partitions",
        "targets",
        "attempts",
        "info",
    ];
    /// Gauges that are 1 for what is so: states have no unit.
    const STATES: [&str; 3] = ["gate", "ready", "log_reachable"];
    /// Labels that a scrape or a histogram adds.
    const TAKEN: [&str; 7] = [
        "job",
        "instance",
        "namespace",
        "pod",
        "container",
        "le",
        "quantile",
    ];

    fn faults((kind, it): &(Kind, Described)) -> Vec<String> {
        let words: Vec<&str> = it.name.split('_').collect();
        let last = words.last().copied().unwrap_or_default();
        let is_plain = |name: &str| {
            let allowed = |c: char| c.is_ascii_lowercase() || c == '_';
            name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed)
        };
        let has_unit = UNITS.contains(&last) || STATES.contains(&it.name);
        let rules = [
            (is_plain(it.name), "is lower case with underscores"),
            (
                (*kind == Kind::Counter) == (last == "total"),
                "ends with _total if it counts, else not",
            ),
            (*kind == Kind::Counter || has_unit, "ends with its unit"),
            (
                !words.iter().any(|word| NOT_BASE.contains(word)),
                "is in base units",
            ),
            (
                !["count", "sum", "bucket", "created"].contains(&last),
                "does not end as a part of a histogram does",
            ),
            (
                it.labels
                    .iter()
                    .all(|label| is_plain(label) && !TAKEN.contains(label)),
                "has labels that nobody else sets",
            ),
            (
                it.help.ends_with('.') && !it.help.contains(['\n', '|', '`']),
                "has a sentence of help",
            ),
            (!it.more.contains(['\n', '|']), "fits a row of a table"),
            (
                it.more.is_empty() || it.more.ends_with('.'),
                "is explained in sentences",
            ),
        ];
        let broken = rules.into_iter().filter(|(holds, _)| !holds);
        broken
            .map(|(_, rule)| format!("{} {rule}", it.name))
            .collect()
    }

    #[test]
    fn every_metric_is_named_by_the_conventions() {
        let described = Metrics::new().unwrap().described;
        assert!(described.len() > 30, "{described:#?}");
        let broken: Vec<String> = described.iter().flat_map(faults).collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    #[test]
    fn a_name_against_the_conventions_is_found() {
        let it = Described {
            name: "Calls_ms",
            labels: &["le"],
            help: "no sentence",
            more: "",
        };
        let found = faults(&(Kind::Counter, it));
        assert_eq!(found.len(), 5, "{found:#?}");
        let without_unit = Described {
            name: "age",
            labels: &["source"],
            help: "A sentence.",
            more: "",
        };
        assert_eq!(
            faults(&(Kind::Gauge, without_unit)),
            ["age ends with its unit"]
        );
    }
}
