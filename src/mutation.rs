//! Deliberate faults: what tests switch on to prove that they would notice.
//!
//! Each breaks one sentence of the design at the place that keeps it. They are compiled only
//! for tests (feature `mutations`, which no build for use enables): everywhere else
//! [`is_on`] is a constant, and nothing of them is left.

/// One fault, and the sentence it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// "Tie: the value that gives less access, then the greater event id."
    DropTieBreak,
    /// "An occurred-at later than our `receivedtime` counts as `receivedtime`."
    ClockAheadWins,
    /// "`starts`, one register per start date."
    OneStartRegister,
    /// "A hire for a date still ahead replaces other starts that were still ahead."
    MovedStartStays,
    /// "`seen`, the newest observed \"active\", which never moves a start."
    SeenMovesStart,
    /// "`cancelled` withdraws the start or sets end to none."
    CancelledTerminationIgnored,
    /// "An end that names no employment ends every employment of that source begun by then."
    NamelessEndEndsNamelessOnly,
    /// "Any end also ends its source's nameless employment."
    NamedEndSparesNameless,
    /// "End < s: running, unless end is newer in version and no standing start precedes it."
    NoShowRuns,
    /// "`seen` revives an ended employment only if later than it by `revival_grace`."
    NoRevivalGrace,
    /// "And so does a start said later and dated after it."
    AnyStartRestores,
    /// "Those effective before a gap without employment do not count after it."
    MembershipsSurviveGap,
    /// "For a termination it is the last day worked."
    LastDayNotWorked,
    /// "A tombstone stays whose version is a floor for every register."
    TombstoneForgotten,
    /// "The next instant at which the answer changes is a timer that survives restarts."
    NoTimer,

    /// I6: "A committed offset is never ahead of the durable state that reflects its event."
    CommitBeforeWrite,
    /// I6: the committed offset skips a record that was not taken.
    OffsetAhead,
    /// "A call starts only while the last commit that was accepted is younger than `lease`."
    NoLease,
    /// "On revoke start nothing, wait for calls in flight."
    NoCleanHandover,
    /// "A fenced owner's commit is refused": here the owner goes on as if it had not been.
    FencingIgnored,

    /// ADR 0011: "Every call is announced."
    NoAnnouncement,
    /// I3: "At most one operation in flight."
    LaneTwiceInFlight,
    /// "An answer that never came may still take effect": here it surely did not.
    UnsureIsTakenBack,
    /// "Asserted once more after the provider's longest call time."
    NoReassertion,
    /// I11: "A removal leaves the retry loop only by success or by a named human decision."
    RemovalGivesUp,
    /// "No later step's failure delays or undoes" the lock.
    UnregisterFirstAndWait,
    /// "A changed plan ignores a dead mark."
    DeadMarkOutlivesPlan,
    /// "Outcomes are per person."
    BatchOutcomeForAll,
    /// I10: "Counted from the removal times in the records (a restart refills nothing)."
    GuardInMemoryOnly,
    /// "A worker with a lower generation makes no call for it."
    LowerGenerationCalls,
    /// "Attempt count, next attempt and last error class survive restarts."
    BackoffLostAtRestart,
}

#[cfg(any(test, feature = "mutations"))]
mod switch {
    use std::cell::Cell;

    use super::Mutation;

    thread_local! {
        static ON: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    /// Whether this fault is on in this thread.
    pub fn is_on(mutation: Mutation) -> bool {
        ON.get() == Some(mutation)
    }

    /// Does something with a fault on, in this thread.
    pub fn with<T>(mutation: Mutation, run: impl FnOnce() -> T) -> T {
        ON.set(Some(mutation));
        let result = run();
        ON.set(None);
        result
    }
}

#[cfg(any(test, feature = "mutations"))]
pub use switch::{is_on, with};

/// Whether this fault is on: never, where it was not compiled in.
#[cfg(not(any(test, feature = "mutations")))]
pub const fn is_on(_: Mutation) -> bool {
    false
}
