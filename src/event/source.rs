//! How a source's facts are ordered and what its dates mean: words that its settings use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What makes a fact of a source newer than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionBy {
    /// The event's `time`.
    #[default]
    OccurredAt,
    /// The event's `sequence`.
    Sequence,
    /// When the relay received it: for synchronous senders only.
    ReceivedAt,
}

/// What a termination's date without a time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminationDay {
    /// The last day worked: the end lies just before the next local midnight.
    #[default]
    LastDay,
    /// The first day out: the end lies just before that day's local midnight.
    FirstDayOut,
}
