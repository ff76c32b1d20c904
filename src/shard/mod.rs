//! One partition of one stage: restore, feed the core, commit.
//!
//! In come the records of a partition, in order; out go short atomic commits of changed
//! records and the source offset. What a stage does is a [`Core`], when it is committed and
//! called a [`Machine`]: both pure, without a clock; `run` around them only moves bytes. It
//! must never commit an offset ahead of the state that reflects it, and it knows no event.

mod format;
mod host;
mod machine;
mod outbox;
mod partition_record;
mod run;
mod settings;
mod spans;
mod stage;
mod stop;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

use jiff::Timestamp;

use self::partition_record::PartitionRecord;
use crate::log::{Arrived, Record, Topic};

pub use format::{FORMATS, NEWEST};
pub use host::{Host, Process, StageError};
pub use machine::{Found, Machine, Now, Start};
pub use settings::ShardSettings;
pub use stage::run_stage;
pub use stop::{Stop, refuse_newer};

/// What a core noted for its next owner, in the note beside a partition's committed offset.
///
/// # Errors
/// When the note cannot be read, or a newer program wrote it.
pub fn note_of_core(note: &str) -> Result<Option<String>, Stop> {
    PartitionRecord::parse(note).map(|record| record.note)
}

/// Names one call of a core until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What a core is told.
#[derive(Debug)]
pub enum Input<A> {
    /// Everything there was has been restored.
    Restored,
    /// The next record of the source topic.
    Record(Arrived),
    /// A call is over.
    Answered(CallId, A),
    /// The instant the core asked to be woken at has come.
    Tick,
    /// The partition is about to be let go: start no more calls.
    Draining,
}

/// What a core asks for.
#[derive(Debug)]
pub enum Effect<C> {
    /// Write this with the next commit. Of a compacted topic only the last record of a key
    /// is written.
    Write(Record),
    /// Make this call once everything written before it is committed, and report its end.
    Call(CallId, C),
    /// Go no further: somebody must act first. The record it follows from counts as not taken.
    Stop(Stop),
}

/// One topic a core is restored from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Which.
    pub topic: Topic,
    /// Whether only records before the committed source offset are read: true for the source
    /// topic itself, whose later records arrive as input.
    pub to_committed: bool,
}

/// The deciding half of a stage: no clock, no socket, no await.
pub trait Core: Send {
    /// A request to the outside.
    type Call: Debug + Send + 'static;
    /// What became of it.
    type Answer: Debug + Send + 'static;

    /// What it is restored from, in this order.
    fn restored_from(&self) -> Vec<Restored>;

    /// Takes back a record it has written before, or one of the source topic it has read.
    ///
    /// # Errors
    /// When a newer program wrote it.
    fn restore(&mut self, record: Arrived) -> Result<(), Stop>;

    /// How many keys it holds of the compacted topics it writes: what was restored of them
    /// and what it has written since.
    fn held(&self) -> usize;

    /// What its next owner must know before the first input, in at most some hundred bytes.
    fn note(&self) -> Option<String> {
        None
    }

    /// Takes back what the owner before noted.
    fn restore_note(&mut self, _note: &str) {}

    /// Decides what follows from an input at `now`.
    fn handle(&mut self, input: Input<Self::Answer>, now: Timestamp) -> Vec<Effect<Self::Call>>;

    /// When it next wants a tick.
    fn wake_at(&self) -> Option<Timestamp>;

    /// How many people it holds.
    fn people(&self) -> usize;
}
