//! Why a partition stops: going on would lose or undo something without a word.

use serde::Deserialize;

/// Why a partition stops. It stays owned and does nothing until somebody has acted and the
/// process is started again; `docs/operations.md` says what to do for each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// An offset is committed, but nothing is noted beside it.
    #[error("an offset is committed without the note that says what state belongs to it")]
    RecordMissing,
    /// What is noted beside the offset cannot be read.
    #[error("the note beside the committed offset cannot be read")]
    RecordUnreadable,
    /// There are not as many people as were left there.
    #[error("{held} people were committed, but {restored} were restored: state is lost or doubled")]
    StateLost {
        /// How many the last owner left.
        held: usize,
        /// How many there are.
        restored: usize,
    },
    /// The source ends before the committed offset: it is another topic of the same name.
    #[error(
        "offset {committed} is committed, but the source topic ends at {end}: it was made anew"
    )]
    SourceLost {
        /// The committed offset.
        committed: i64,
        /// The offset behind the topic's last record.
        end: i64,
    },
    /// A record's key belongs to another partition: two owners could act for one person.
    #[error("the record at offset {offset} belongs to another partition by its key")]
    RecordMisplaced {
        /// Its offset.
        offset: i64,
    },
    /// A newer program wrote a record whose meaning this one does not know.
    #[error("a record has format {v}, which only a newer version of the program knows")]
    RecordTooNew {
        /// Its format.
        v: u32,
    },
}

impl Stop {
    /// The stable word: metric label, log field, `docs/operations.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RecordMissing => "partition_note_missing",
            Self::RecordUnreadable => "partition_note_unreadable",
            Self::StateLost { .. } => "state_lost",
            Self::SourceLost { .. } => "source_lost",
            Self::RecordMisplaced { .. } => "record_misplaced",
            Self::RecordTooNew { .. } => "record_too_new",
        }
    }
}

/// The version of a record's form: every JSON record of a compacted topic carries it.
#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    v: u32,
}

/// Refuses a record of a form that only a newer program knows: its fields might mean
/// something else. What is no such record at all passes; it isolates one person only.
///
/// # Errors
/// `RecordTooNew`.
pub fn refuse_newer(record: &[u8], known: u32) -> Result<(), Stop> {
    match serde_json::from_slice(record) {
        Ok(Form { v }) if v > known => Err(Stop::RecordTooNew { v }),
        Ok(_) | Err(_) => Ok(()),
    }
}
