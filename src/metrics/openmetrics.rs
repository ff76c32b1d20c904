//! Writes metrics as `OpenMetrics` 1.0 text, which Prometheus prefers.
//!
//! It differs from the classic text in that a counter's family has no `_total`, units are named,
//! numbers of labels are written as floats, and the end is marked.

use std::fmt::Write;

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

/// Units that a name may end with.
const UNITS: [&str; 2] = ["seconds", "bytes"];

/// The text, with its end.
pub(super) fn encode(families: &[MetricFamily]) -> String {
    let mut text = Text(String::new());
    for family in families {
        text.family(family);
    }
    text.line(format_args!("# EOF"));
    text.0
}

struct Text(String);

impl Text {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _infallible = writeln!(self.0, "{line}");
    }

    fn family(&mut self, family: &MetricFamily) {
        let (name, kind) = named(family);
        self.line(format_args!("# TYPE {name} {kind}"));
        let unit = UNITS
            .into_iter()
            .find(|unit| name.strip_suffix(unit).is_some_and(|it| it.ends_with('_')));
        if let Some(unit) = unit {
            self.line(format_args!("# UNIT {name} {unit}"));
        }
        if !family.help().is_empty() {
            self.line(format_args!("# HELP {name} {}", escaped(family.help())));
        }
        for metric in family.get_metric() {
            match family.get_field_type() {
                MetricType::COUNTER if kind == "counter" => {
                    let value = metric.get_counter().get_value();
                    self.sample(&format!("{name}_total"), metric, None, value);
                }
                MetricType::COUNTER => {
                    self.sample(name, metric, None, metric.get_counter().get_value());
                }
                MetricType::GAUGE => {
                    self.sample(name, metric, None, metric.get_gauge().get_value());
                }
                MetricType::HISTOGRAM => self.histogram(name, metric),
                // Nobody here registers one.
                MetricType::SUMMARY | MetricType::UNTYPED => {}
            }
        }
    }

    fn histogram(&mut self, name: &str, metric: &Metric) {
        let histogram = metric.get_histogram();
        let bucket = format!("{name}_bucket");
        let bounded = histogram.get_bucket().iter();
        for it in bounded.filter(|it| it.upper_bound().is_finite()) {
            let count = number(it.cumulative_count());
            self.write(&bucket, metric, Some(&float(it.upper_bound())), &count);
        }
        let all = number(histogram.get_sample_count());
        self.write(&bucket, metric, Some("+Inf"), &all);
        self.write(&format!("{name}_count"), metric, None, &all);
        let sum = float(histogram.get_sample_sum());
        self.write(&format!("{name}_sum"), metric, None, &sum);
    }

    fn sample(&mut self, name: &str, metric: &Metric, bound: Option<&str>, value: f64) {
        self.write(name, metric, bound, &float(value));
    }

    fn write(&mut self, name: &str, metric: &Metric, bound: Option<&str>, value: &str) {
        let label = |it: &LabelPair| format!("{}=\"{}\"", it.name(), escaped(it.value()));
        let mut labels: Vec<String> = metric.get_label().iter().map(label).collect();
        labels.extend(bound.map(|bound| format!("le=\"{bound}\"")));
        if labels.is_empty() {
            self.line(format_args!("{name} {value}"));
        } else {
            self.line(format_args!("{name}{{{}}} {value}", labels.join(",")));
        }
    }
}

/// The name of a family and its type. A counter that does not end as one must is of no type that
/// `OpenMetrics` knows.
fn named(family: &MetricFamily) -> (&str, &'static str) {
    let name = family.name();
    match family.get_field_type() {
        MetricType::COUNTER => match name.strip_suffix("_total") {
            Some(name) => (name, "counter"),
            None => (name, "unknown"),
        },
        MetricType::GAUGE => (name, "gauge"),
        MetricType::HISTOGRAM => (name, "histogram"),
        MetricType::SUMMARY | MetricType::UNTYPED => (name, "unknown"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('"', "\\\"")
}

fn number(count: u64) -> String {
    count.to_string()
}

/// A float as such: bounds of buckets that are whole numbers have a point too.
fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value.is_sign_positive() {
            "+Inf"
        } else {
            "-Inf"
        }
        .to_owned()
    } else {
        format!("{value:?}")
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Counter, Gauge, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

    use super::*;

    #[test]
    fn counters_gauges_and_histograms_are_written_as_the_specification_has_them() {
        let registry = Registry::new();
        let calls = IntCounterVec::new(Opts::new("calls_total", "Calls."), &["to"]).unwrap();
        let odd = Counter::new("odd", "A counter that is not named as one.").unwrap();
        let age = Gauge::new("age_seconds", "A \"quoted\" \\ help\nof two lines.").unwrap();
        let opts = HistogramOpts::new("took_seconds", "Time.").buckets(vec![0.5, 1.0]);
        let took = HistogramVec::new(opts, &["to"]).unwrap();
        registry.register(Box::new(calls.clone())).unwrap();
        registry.register(Box::new(odd.clone())).unwrap();
        registry.register(Box::new(age.clone())).unwrap();
        registry.register(Box::new(took.clone())).unwrap();
        calls.with_label_values(&["a\"b\\c\nd"]).inc_by(3);
        odd.inc();
        age.set(1.5);
        took.with_label_values(&["x"]).observe(0.75);
        took.with_label_values(&["x"]).observe(2.0);
        let expected = r#"# TYPE age_seconds gauge
# UNIT age_seconds seconds
# HELP age_seconds A \"quoted\" \\ help\nof two lines.
age_seconds 1.5
# TYPE calls counter
# HELP calls Calls.
calls_total{to="a\"b\\c\nd"} 3.0
# TYPE odd unknown
# HELP odd A counter that is not named as one.
odd 1.0
# TYPE took_seconds histogram
# UNIT took_seconds seconds
# HELP took_seconds Time.
took_seconds_bucket{to="x",le="0.5"} 0
took_seconds_bucket{to="x",le="1.0"} 1
took_seconds_bucket{to="x",le="+Inf"} 2
took_seconds_count{to="x"} 2
took_seconds_sum{to="x"} 2.75
# EOF
"#;
        assert_eq!(encode(&registry.gather()), expected);
    }

    #[test]
    fn numbers_that_are_none_have_their_own_words() {
        let written = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0, 0.001].map(float);
        assert_eq!(written, ["NaN", "+Inf", "-Inf", "1.0", "0.001"]);
    }
}
