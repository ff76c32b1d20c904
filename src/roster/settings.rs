//! Settings of the roster: `[roster]`.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Zone;
use crate::id::SourceId;
use crate::settings::Complaint;

/// How facts of all sources become one person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RosterSettings {
    /// The time zone of dates for which neither the fact nor its source names one.
    pub time_zone: Zone,
    /// How much later than an end an observed "active" must be to revive the employment. HR
    /// systems flip the status hours late.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub revival_grace: Duration,
    /// Groups and attributes come from the first of these sources that knows them, then from
    /// the others by name.
    pub precedence: Vec<SourceId>,
}

impl Default for RosterSettings {
    fn default() -> Self {
        Self {
            time_zone: Zone::utc(),
            revival_grace: Duration::from_hours(24),
            precedence: Vec::new(),
        }
    }
}

impl RosterSettings {
    /// What contradicts the configured sources.
    pub fn complaints<T>(&self, prefix: &str, sources: &BTreeMap<String, T>) -> Vec<Complaint> {
        self.precedence
            .iter()
            .filter(|named| !sources.contains_key(named.as_str()))
            .map(|named| {
                Complaint::new(
                    format!("{prefix}.precedence"),
                    named.as_str(),
                    "names no configured source: add [sources.<name>] or take it out",
                )
            })
            .collect()
    }
}
