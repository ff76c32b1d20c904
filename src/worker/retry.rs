//! What follows a failure: a pure decision from who must act, age and a draw.

use std::time::Duration;

use super::settings::WorkerSettings;
use crate::mutation::{Mutation, is_on};
use crate::provider::{Blame, Failure, Operation};

/// A refused lock is tried again after this long; it stays pending and is paged.
const REFUSED_LOCK: Duration = Duration::from_hours(1);
/// A refused tidying step is tried again after this long.
const REFUSED_LEAVE: Duration = Duration::from_hours(24);
/// Once waits have grown to the longest, an operation is tried this often.
const HOURLY: Duration = Duration::from_hours(1);

/// A failed try.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    /// What was tried.
    pub(super) operation: &'a Operation,
    /// How many people shared the call.
    pub(super) people: usize,
    /// Which try it was, from 1.
    pub(super) number: u32,
    /// The sum of the waits it was given.
    pub(super) age: Duration,
    /// A draw from 0 to 1000: the caller owns the randomness.
    pub(super) draw: u32,
}

/// A wait before the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    /// What counts towards the operation's age.
    pub(super) own: Duration,
    /// What the platform asks for: its gate is closed, which ages nobody.
    pub(super) asked: Duration,
}

impl Wait {
    const fn own(own: Duration) -> Self {
        let asked = Duration::ZERO;
        Self { own, asked }
    }

    /// How long it is. What the platform asks for never shortens it.
    pub(super) fn length(self) -> Duration {
        self.own.max(self.asked)
    }
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try again after a wait.
    Retry(Wait),
    /// Somebody in the call is to blame: cut it in two.
    Split,
    /// Never again, unless the plan changes.
    Dead,
    /// It has failed for too long.
    Expired,
    /// The target must be mended in our configuration: wait with everything on it.
    CloseTarget,
    /// Our credentials or clock must be mended: wait with everything.
    CloseProvider,
    /// Nothing: whatever is wrong is known, and not the person's fault.
    StandStill,
}

impl Verdict {
    /// The stable word for what follows a failure: the failure's own, unless it was given up
    /// for its age.
    pub(super) const fn code(self, failure: &Failure) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Retry(_)
            | Self::Split
            | Self::Dead
            | Self::CloseTarget
            | Self::CloseProvider
            | Self::StandStill => failure.code(),
        }
    }
}

/// Decides what follows a failure.
///
/// A provider's own hint may lengthen a wait, never shorten it. Removals never expire and
/// never die (I11).
pub(super) fn judge(
    attempt: &Attempt<'_>,
    failure: &Failure,
    settings: &WorkerSettings,
) -> Verdict {
    if matches!(failure, Failure::TargetStarted { .. }) {
        return at_started_target(attempt.operation);
    }
    let is_full = matches!(failure, Failure::AccountsFull { .. });
    match (failure.blame(), attempt.operation) {
        (Blame::Us, _) => Verdict::CloseProvider,
        (Blame::Target, Operation::Activate { target: None, .. }) if !is_full => {
            Verdict::CloseProvider
        }
        (Blame::Target, Operation::Lock { .. }) => Verdict::Retry(Wait::own(REFUSED_LOCK)),
        (
            Blame::Target,
            Operation::Activate { .. } | Operation::Join { .. } | Operation::Leave { .. },
        ) => Verdict::CloseTarget,
        (Blame::Event, _) if attempt.people > 1 && !failure.is_unsent() => Verdict::Split,
        (_, Operation::Lock { .. } | Operation::Leave { .. })
            if is_on(Mutation::RemovalGivesUp) && attempt.number >= 3 =>
        {
            Verdict::Dead
        }
        (Blame::Event, Operation::Lock { .. }) => Verdict::Retry(Wait::own(REFUSED_LOCK)),
        (Blame::Event, Operation::Leave { .. }) => Verdict::Retry(Wait::own(REFUSED_LEAVE)),
        (Blame::Event, Operation::Activate { .. } | Operation::Join { .. }) => Verdict::Dead,
        (Blame::Provider, Operation::Activate { .. } | Operation::Join { .. })
            if attempt.age >= settings.retry_for =>
        {
            Verdict::Expired
        }
        (Blame::Provider, _) => {
            let own = wait(attempt.number, attempt.draw, settings);
            let asked = failure.retry_after().unwrap_or_default();
            Verdict::Retry(Wait { own, asked })
        }
    }
}

/// What is refused because an exam has started concerns everybody there alike, so nobody is
/// looked for by cutting the call in two. Whoever is to leave is locked out already.
const fn at_started_target(operation: &Operation) -> Verdict {
    match operation {
        Operation::Lock { .. } | Operation::Leave { .. } => Verdict::Retry(Wait::own(REFUSED_LOCK)),
        Operation::Activate { .. } | Operation::Join { .. } => Verdict::CloseTarget,
    }
}

/// Exponential backoff with full jitter between the shortest and the longest wait, then
/// hourly.
pub(super) fn wait(number: u32, draw: u32, settings: &WorkerSettings) -> Duration {
    let doublings = number.saturating_sub(1).min(31);
    let ceiling = settings.retry_shortest.saturating_mul(1 << doublings);
    let part = |whole: Duration| whole.saturating_mul(draw.min(1000)) / 1000;
    if ceiling < settings.retry_longest {
        part(ceiling).max(settings.retry_shortest)
    } else {
        // Spread over a quarter, so that what failed together is not tried together.
        (HOURLY * 3 / 4 + part(HOURLY / 4)).max(settings.retry_longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Profile, Target};

    const MINUTE: Duration = Duration::from_mins(1);

    fn lock() -> Operation {
        Operation::lock(Profile::default())
    }

    fn activate() -> Operation {
        Operation::activate(Profile::default())
    }

    fn join() -> Operation {
        Operation::join(Target("program:p".to_owned()))
    }

    fn leave() -> Operation {
        Operation::leave(Target("program:p".to_owned()))
    }

    fn judged(operation: &Operation, people: usize, age: Duration, failure: &Failure) -> Verdict {
        let attempt = Attempt {
            operation,
            people,
            number: 3,
            age,
            draw: 1000,
        };
        judge(&attempt, failure, &WorkerSettings::default())
    }

    /// What follows for a lock, an activation, a registration, an unregistration.
    type Verdicts = [Verdict; 4];

    fn said(failure: impl Fn(u16, String) -> Failure) -> Failure {
        failure(400, String::new())
    }

    fn of_the_provider() -> Vec<(Failure, Verdicts)> {
        let own = Duration::from_secs(4);
        let again = Verdict::Retry(Wait::own(own));
        let asked = Verdict::Retry(Wait { own, asked: MINUTE });
        let (status, retry_after) = (500, None);
        let faulted = Failure::Faulted {
            status,
            retry_after,
        };
        let retry_after = Some(MINUTE);
        vec![
            (Failure::Unreachable, [again; 4]),
            (Failure::Unanswered, [again; 4]),
            (Failure::Garbled { status: 200 }, [again; 4]),
            (faulted, [again; 4]),
            (Failure::Throttled { retry_after }, [asked; 4]),
        ]
    }

    fn of_people() -> Vec<(Failure, Verdicts)> {
        let lock = Verdict::Retry(Wait::own(REFUSED_LOCK));
        let leave = Verdict::Retry(Wait::own(REFUSED_LEAVE));
        let given_up = [lock, Verdict::Dead, Verdict::Dead, leave];
        let invalid = Failure::Invalid {
            field: "Email",
            reason: "is missing",
        };
        let started = [lock, Verdict::CloseTarget, Verdict::CloseTarget, lock];
        vec![
            (
                said(|status, said| Failure::Refused { status, said }),
                given_up,
            ),
            (
                said(|status, said| Failure::AccountExists { status, said }),
                given_up,
            ),
            (invalid, given_up),
            (
                said(|status, said| Failure::TargetStarted { status, said }),
                started,
            ),
        ]
    }

    fn of_ours() -> Vec<(Failure, Verdicts)> {
        let lock = Verdict::Retry(Wait::own(REFUSED_LOCK));
        let (target, us) = (Verdict::CloseTarget, Verdict::CloseProvider);
        vec![
            (
                said(|status, said| Failure::UnknownTarget { status, said }),
                [lock, us, target, target],
            ),
            (
                said(|status, said| Failure::AccountsFull { status, said }),
                [lock, target, target, target],
            ),
            (Failure::Unauthorized { status: 403 }, [us; 4]),
            (Failure::WrongClock, [us; 4]),
        ]
    }

    #[test]
    fn every_failure_of_every_operation_has_its_next_step() {
        let failures = [of_the_provider(), of_people(), of_ours()];
        for (failure, verdicts) in failures.into_iter().flatten() {
            let operations = [lock(), activate(), join(), leave()];
            let got = operations
                .each_ref()
                .map(|operation| judged(operation, 1, MINUTE, &failure));
            assert_eq!(got, verdicts, "{failure}");
        }
    }

    #[test]
    fn a_refused_batch_is_cut_in_two() {
        for failure in [
            Failure::TooLarge,
            Failure::Refused {
                status: 400,
                said: String::new(),
            },
        ] {
            assert_eq!(judged(&lock(), 2, MINUTE, &failure), Verdict::Split);
        }
    }

    #[test]
    fn whoever_was_not_sent_is_found_already_and_the_call_is_not_cut() {
        let invalid = Failure::Invalid {
            field: "Email",
            reason: "is missing",
        };
        assert_eq!(judged(&join(), 2, MINUTE, &invalid), Verdict::Dead);
    }

    #[test]
    fn an_operation_expires_by_age_but_a_removal_never_does() {
        let old = Duration::from_hours(9 * 24);
        let verdicts = [lock(), activate(), join(), leave()]
            .map(|operation| judged(&operation, 1, old, &Failure::Unanswered));
        let again = Verdict::Retry(Wait::own(Duration::from_secs(4)));
        assert_eq!(verdicts, [again, Verdict::Expired, Verdict::Expired, again]);
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_hourly_from_then_on() {
        let settings = WorkerSettings::default();
        let waits = |draw: u32| {
            [1, 2, 5, 10, 11, 4_000_000_000].map(|n| wait(n, draw, &settings).as_secs())
        };
        assert_eq!(waits(1000), [1, 2, 16, 512, 3600, 3600]);
        assert_eq!(waits(0), [1, 1, 1, 1, 2700, 2700]);
    }
}
