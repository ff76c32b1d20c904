//! What a partition's owner notes beside the offset it commits: enough to notice lost state.

use serde::{Deserialize, Serialize};

use super::format::NEWEST;
use super::stop::Stop;

/// The note beside a committed source offset. It is written in the same commit as the state
/// it counts, so that a topic that was deleted or has forgotten records disagrees with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartitionRecord {
    v: u32,
    /// People in the compacted topics the stage writes.
    held: usize,
    /// The process that committed.
    pub(super) owner: String,
    /// Whether it let go by itself, with no call left open.
    pub(super) clean: bool,
    /// What the core wants its next owner to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

impl PartitionRecord {
    pub(super) const fn new(
        v: u32,
        held: usize,
        owner: String,
        clean: bool,
        note: Option<String>,
    ) -> Self {
        Self {
            v,
            held,
            owner,
            clean,
            note,
        }
    }

    pub(super) fn to_text(&self) -> String {
        // A struct of numbers and texts always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn parse(text: &str) -> Result<Self, Stop> {
        let record: Self = serde_json::from_str(text).map_err(|_| Stop::RecordUnreadable)?;
        if record.v > NEWEST {
            return Err(Stop::RecordTooNew { v: record.v });
        }
        Ok(record)
    }

    /// Compares with how many people were restored.
    pub(super) const fn check(&self, restored: usize) -> Result<(), Stop> {
        if self.held == restored {
            Ok(())
        } else {
            Err(Stop::StateLost {
                held: self.held,
                restored,
            })
        }
    }
}
