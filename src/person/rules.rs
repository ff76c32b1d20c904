//! How facts are read: per source and for all; configuration, not part of the record.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{TerminationDay, VersionBy, Zone};
use crate::id::SourceId;

/// How one source's facts are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRules {
    /// Whether its employments employ; other sources only revoke and enrich.
    pub employs: bool,
    /// What orders its facts.
    pub version_by: VersionBy,
    /// Leads every version: raised when the source starts its sequence anew.
    pub epoch: u32,
    /// The zone its dates are meant in, where a fact names none.
    pub zone: Option<Zone>,
    /// What its termination dates mean.
    pub termination_day: TerminationDay,
}

impl SourceRules {
    /// How the facts of a source are read of which nothing is configured.
    pub const DEFAULT: Self = Self {
        employs: true,
        version_by: VersionBy::OccurredAt,
        epoch: 0,
        zone: None,
        termination_day: TerminationDay::LastDay,
    };
}

impl Default for SourceRules {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How all facts are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The zone of dates for which neither fact nor source names one.
    pub zone: Zone,
    /// How much later than an end an observed "active" must be to revive (a day: HR systems
    /// flip the status hours late).
    pub revival_grace: Duration,
    /// Groups and attributes come from the first of these that knows them, then from the
    /// other sources by name.
    pub precedence: Vec<SourceId>,
    /// The configured sources; facts of any other do not count.
    pub sources: BTreeMap<SourceId, SourceRules>,
}

impl Rules {
    /// The configured sources, first in precedence first.
    pub fn by_precedence(&self) -> impl Iterator<Item = (&SourceId, &SourceRules)> {
        let first = self
            .precedence
            .iter()
            .filter_map(|source| self.sources.get_key_value(source));
        let rest = self
            .sources
            .iter()
            .filter(|(source, _)| !self.precedence.contains(source));
        first.chain(rest)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            zone: Zone::utc(),
            revival_grace: Duration::from_hours(24),
            precedence: Vec::new(),
            sources: BTreeMap::new(),
        }
    }
}
