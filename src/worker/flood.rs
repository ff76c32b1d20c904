//! A flood of dead letters: so many people cannot be at fault, so it is something of ours.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::Complaint;

/// When so many operations are given up that the set-up must be wrong, and calls stop.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FloodSettings {
    /// At least so many dead letters of one partition of the people.
    pub least: u32,
    /// And more than this share of the operations that reached an end.
    pub share: f64,
    /// In this time.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub within: Duration,
}

impl Default for FloodSettings {
    fn default() -> Self {
        Self {
            least: 20,
            share: 0.2,
            within: Duration::from_mins(10),
        }
    }
}

impl FloodSettings {
    /// What contradicts itself.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut refuse = |key: &str, value: String, reason: &str| {
            complaints.push(Complaint::new(format!("{prefix}.{key}"), value, reason));
        };
        if self.least == 0 {
            refuse("least", "0".to_owned(), "must be at least 1");
        }
        if !(0.0..1.0).contains(&self.share) {
            let reason = "must be at least 0 and less than 1: 0.2 is a fifth";
            refuse("share", self.share.to_string(), reason);
        }
        if self.within < Duration::from_secs(PARTS.into()) {
            let shown = humantime::format_duration(self.within);
            refuse("within", shown.to_string(), "must be at least 10s");
        }
        complaints
    }
}

/// The time is looked at in so many parts, so that memory is bounded.
const PARTS: u32 = 10;

#[derive(Debug)]
struct Part {
    from: Timestamp,
    ended: u32,
    dead: u32,
}

/// What reached an end lately.
#[derive(Debug)]
pub(super) struct Flood {
    settings: FloodSettings,
    parts: VecDeque<Part>,
}

impl Flood {
    pub(super) const fn new(settings: FloodSettings) -> Self {
        Self {
            settings,
            parts: VecDeque::new(),
        }
    }

    /// Counts an operation that reached an end.
    pub(super) fn count(&mut self, is_dead: bool, now: Timestamp) {
        let length = self.settings.within / PARTS;
        let is_over = |part: &Part| since(part.from, now) >= length;
        if self.parts.back().is_none_or(is_over) {
            self.parts.push_back(Part {
                from: now,
                ended: 0,
                dead: 0,
            });
        }
        if let Some(part) = self.parts.back_mut() {
            part.ended = part.ended.saturating_add(1);
            part.dead = part.dead.saturating_add(u32::from(is_dead));
        }
        let within = self.settings.within;
        self.parts.retain(|part| since(part.from, now) < within);
    }

    /// Whether too many of them were given up.
    pub(super) fn is_high(&self) -> bool {
        let sum = |of: fn(&Part) -> u32| self.parts.iter().map(of).fold(0, u32::saturating_add);
        let (dead, ended) = (sum(|part| part.dead), sum(|part| part.ended));
        let share = f64::from(dead) / f64::from(ended.max(1));
        dead >= self.settings.least && share > self.settings.share
    }

    /// Forgets everything: the provider takes people again.
    pub(super) fn ebb(&mut self) {
        self.parts.clear();
    }
}

fn since(from: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn flood() -> Flood {
        Flood::new(FloodSettings::default())
    }

    #[test]
    fn a_flood_is_many_and_a_large_share() {
        let mut flood = flood();
        (0..19).for_each(|n| flood.count(true, at(n)));
        assert!(!flood.is_high(), "19 are not many");
        flood.count(true, at(20));
        assert!(flood.is_high());
        (0..80).for_each(|_| flood.count(false, at(21)));
        assert!(!flood.is_high(), "20 of 100 are no more than a fifth");
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let mut flood = flood();
        (0..19).for_each(|_| flood.count(true, at(0)));
        flood.count(true, at(601));
        assert!(!flood.is_high());
        assert_eq!(flood.parts.len(), 1);
    }

    #[test]
    fn settings_that_cannot_be_are_refused_by_name() {
        let settings = FloodSettings {
            least: 0,
            share: 1.0,
            within: Duration::ZERO,
        };
        let complaints = settings.complaints("worker.flood");
        let keys: Vec<_> = complaints.iter().map(|it| it.key.as_str()).collect();
        let expected = [
            "worker.flood.least",
            "worker.flood.share",
            "worker.flood.within",
        ];
        assert_eq!(keys, expected);
        assert!(
            FloodSettings::default()
                .complaints("worker.flood")
                .is_empty()
        );
    }
}
