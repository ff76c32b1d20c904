//! Every deliberate fault is noticed by some history.

use hris_relay::metrics::Metrics;
use hris_relay::mutation::{Mutation, with};

use crate::history::History;
use crate::shrink::broken;

pub(crate) const ALL: &[Mutation] = &[
    Mutation::DropTieBreak,
    Mutation::ClockAheadWins,
    Mutation::OneStartRegister,
    Mutation::MovedStartStays,
    Mutation::SeenMovesStart,
    Mutation::CancelledTerminationIgnored,
    Mutation::NamelessEndEndsNamelessOnly,
    Mutation::NamedEndSparesNameless,
    Mutation::NoShowRuns,
    Mutation::NoRevivalGrace,
    Mutation::AnyStartRestores,
    Mutation::MembershipsSurviveGap,
    Mutation::LastDayNotWorked,
    Mutation::TombstoneForgotten,
    Mutation::NoTimer,
    Mutation::CommitBeforeWrite,
    Mutation::OffsetAhead,
    Mutation::NoLease,
    Mutation::NoCleanHandover,
    Mutation::FencingIgnored,
    Mutation::NoAnnouncement,
    Mutation::LaneTwiceInFlight,
    Mutation::UnsureIsTakenBack,
    Mutation::NoReassertion,
    Mutation::RemovalGivesUp,
    Mutation::UnregisterFirstAndWait,
    Mutation::DeadMarkOutlivesPlan,
    Mutation::BatchOutcomeForAll,
    Mutation::GuardInMemoryOnly,
    Mutation::LowerGenerationCalls,
    Mutation::BackoffLostAtRestart,
];

/// After how many histories a fault is noticed, and how it shows.
pub(crate) fn noticed(mutation: Mutation, most: u64, metrics: &Metrics) -> Option<(u64, String)> {
    with(mutation, || {
        (0..most).find_map(|seed| {
            let end = broken(&History::of(seed), metrics)?;
            Some((seed + 1, end))
        })
    })
}
