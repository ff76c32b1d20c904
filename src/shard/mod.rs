//! One partition of one stage: restore, feed the core, commit.
//!
//! In come the records of a partition, in order; out go short atomic commits of changed
//! records and the source offset. The deciding half is a [`Core`], pure and without a
//! clock; `run` around it only moves bytes. It must never commit an offset ahead of
//! the state that reflects it, and it knows no event.

mod host;
mod outbox;
mod run;
mod settings;
mod stage;

use std::fmt::Debug;

use jiff::Timestamp;

use crate::log::{Arrived, Record, Topic};

pub use host::{Host, Process, StageError};
pub use settings::ShardSettings;
pub use stage::run_stage;

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
    fn restore(&mut self, record: Arrived);

    /// Decides what follows from an input at `now`.
    fn handle(&mut self, input: Input<Self::Answer>, now: Timestamp) -> Vec<Effect<Self::Call>>;

    /// When it next wants a tick.
    fn wake_at(&self) -> Option<Timestamp>;

    /// How many people it holds.
    fn people(&self) -> usize;
}
