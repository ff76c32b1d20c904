//! The gate of one provider: how many calls, how fast, and whether any at all.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::kind::Kind;
use super::limits::Limits;

/// The first pause after a call that failed as a whole by the provider's fault; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest such pause: how late a recovery may be noticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How many people the next call may be for: with locks, and without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admitted {
    pub(super) locks: usize,
    pub(super) rest: usize,
}

impl Admitted {
    #[cfg(test)]
    pub(super) const EVERYTHING: Self = Self {
        locks: usize::MAX,
        rest: usize::MAX,
    };

    pub(super) const fn people(self, kind: &Kind) -> usize {
        if kind.is_lock() {
            self.locks
        } else {
            self.rest
        }
    }
}

/// Why calls are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The provider fails.
    Failing,
    /// It rejects us; the code of the failure says how.
    Rejected(&'static str),
}

/// Decides whether a call may start.
#[derive(Debug)]
pub(super) struct Gate {
    limits: Limits,
    interval: SignedDuration,
    in_flight: usize,
    /// When the next call would start if calls were evenly spaced (the generic cell rate
    /// algorithm's theoretical arrival time).
    next_slot: Timestamp,
    /// Nothing starts before this.
    closed_until: Timestamp,
    /// When it was closed last: a call from before says nothing of what came after.
    closed_at: Timestamp,
    /// Calls in a row that failed as a whole by the provider's fault.
    failures: u32,
    /// While set, one call at a time, for one person, tries whether the provider works again.
    trouble: Option<Trouble>,
    /// While set, nothing but locks goes, and one other call from then on.
    flooded_until: Option<Timestamp>,
}

impl Gate {
    pub(super) fn new(limits: Limits) -> Self {
        let interval = Duration::try_from_secs_f64(limits.calls_per_second.recip())
            .ok()
            .and_then(|interval| SignedDuration::try_from(interval).ok())
            .unwrap_or_default();
        Self {
            limits,
            interval,
            in_flight: 0,
            next_slot: Timestamp::MIN,
            closed_until: Timestamp::MIN,
            closed_at: Timestamp::MIN,
            failures: 0,
            trouble: None,
            flooded_until: None,
        }
    }

    /// From when a call that locks may start, or any other; none: when another call is over.
    pub(super) fn opens_at(&self, locks: bool) -> Option<Timestamp> {
        let most = if self.trouble.is_some() {
            1
        } else {
            self.limits.in_flight
        };
        if self.in_flight >= most {
            return None;
        }
        let ahead = i32::try_from(self.limits.burst.saturating_sub(1)).unwrap_or(i32::MAX);
        let burst = self.interval.saturating_mul(ahead);
        let by_rate = self.next_slot.checked_sub(burst).unwrap_or(Timestamp::MIN);
        let flooded = self.flooded_until.filter(|_| !locks);
        let closed = self.closed_until.max(flooded.unwrap_or(Timestamp::MIN));
        Some(by_rate.max(closed))
    }

    /// How many people a call that starts at `now` may be for; none: nothing may start.
    pub(super) fn admits(&self, now: Timestamp) -> Option<Admitted> {
        self.opens_at(true).filter(|at| *at <= now)?;
        let most = if self.trouble.is_some() {
            1
        } else {
            usize::MAX
        };
        let rest = match self.flooded_until {
            None => most,
            Some(until) if until <= now => 1,
            Some(_) => 0,
        };
        Some(Admitted { locks: most, rest })
    }

    /// Counts a call that starts; in a flood the next one but locks may at `then`.
    pub(super) fn start(&mut self, kind: &Kind, now: Timestamp, then: Timestamp) {
        self.in_flight = self.in_flight.saturating_add(1);
        let from = self.next_slot.max(now);
        self.next_slot = from.checked_add(self.interval).unwrap_or(from);
        if self.flooded_until.is_some() && !kind.is_lock() {
            self.flooded_until = Some(then);
        }
    }

    /// Counts a call that is over.
    pub(super) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The provider answered as it should to a call from `started`; says whether it had
    /// rejected us until then.
    pub(super) fn works(&mut self, started: Timestamp) -> bool {
        if started < self.closed_at {
            return false;
        }
        self.failures = 0;
        matches!(self.trouble.take(), Some(Trouble::Rejected(_)))
    }

    /// A whole call failed by the provider's fault: pause, longer every time.
    pub(super) fn fails(&mut self, now: Timestamp, hint: Option<Duration>) {
        let pause = PAUSE
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST_PAUSE)
            .max(hint.unwrap_or_default());
        self.failures = self.failures.saturating_add(1);
        self.close(now, pause);
        self.trouble.get_or_insert(Trouble::Failing);
    }

    /// Closes for everything, since the provider rejects us; says whether that is new.
    pub(super) fn quarantine(
        &mut self,
        code: &'static str,
        now: Timestamp,
        probe_every: Duration,
    ) -> bool {
        self.close(now, probe_every);
        let new = Trouble::Rejected(code);
        self.trouble.replace(new) != Some(new)
    }

    fn close(&mut self, now: Timestamp, wait: Duration) {
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        self.closed_until = self.closed_until.max(until);
        self.closed_at = self.closed_at.max(now);
    }

    /// Whether the next call only tries whether the provider works again.
    pub(super) const fn is_trying(&self) -> bool {
        self.trouble.is_some()
    }

    /// Closes for everything but locks.
    pub(super) fn flood(&mut self, now: Timestamp, until: Timestamp) {
        self.flooded_until = Some(until);
        self.closed_at = self.closed_at.max(now);
    }

    /// Whether nothing but locks goes.
    pub(super) const fn is_flooded(&self) -> bool {
        self.flooded_until.is_some()
    }

    /// Somebody was taken in a call from `started`; says whether that ends a flood.
    pub(super) fn ebb(&mut self, started: Timestamp) -> bool {
        started >= self.closed_at && self.flooded_until.take().is_some()
    }

    /// What it shows: its state, and why.
    pub(super) fn sign(&self, now: Timestamp) -> (&'static str, &'static str) {
        let reason = match (self.trouble, self.flooded_until) {
            (Some(Trouble::Rejected(code)), _) => code,
            (Some(Trouble::Failing), _) => "provider_failing",
            (None, Some(_)) => "dead_letters",
            (None, None) => return ("open", "none"),
        };
        let closed_until = self.closed_until.max(self.flooded_until.unwrap_or(now));
        let state = if closed_until <= now {
            "probing"
        } else if self.closed_until <= now {
            "locks_only"
        } else {
            "closed"
        };
        (state, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::BURST;
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    fn gate() -> Gate {
        Gate::new(Limits {
            calls_per_second: 2.0,
            burst: BURST,
            in_flight: 100,
            accounts: 500,
            mixes: true,
            registrations: 500,
            call_timeout: Duration::from_secs(30),
        })
    }

    #[test]
    fn after_a_short_burst_calls_are_spaced_by_the_rate() {
        let mut gate = gate();
        let mut starts = Vec::new();
        let mut now = at(0);
        for _ in 0..7 {
            now = now.max(gate.opens_at(true).unwrap());
            gate.start(&Kind::Lock, now, now);
            starts.push(now.as_millisecond());
        }
        assert_eq!(starts, [0, 0, 0, 0, 500, 1000, 1500]);
    }

    #[test]
    fn partitions_together_keep_the_limits_of_the_provider() {
        let whole = gate().limits;
        let part = whole.shared_by(4);
        assert!((part.calls_per_second - 0.5).abs() < f64::EPSILON);
        assert_eq!((part.in_flight, part.burst), (25, 1));
        let tiny = whole.shared_by(1000);
        assert_eq!((tiny.in_flight, tiny.burst), (1, 1));
        assert_eq!(whole.shared_by(0), whole);
    }

    #[test]
    fn a_full_gate_opens_when_a_call_is_over() {
        let mut gate = gate();
        gate.limits.in_flight = 1;
        gate.start(&Kind::Lock, at(0), at(0));
        assert_eq!(gate.opens_at(true), None);
        gate.end();
        assert!(gate.opens_at(true).unwrap() <= at(0));
    }

    #[test]
    fn a_failing_provider_gets_longer_pauses_and_one_probe_at_a_time() {
        let mut gate = gate();
        let pauses: Vec<i64> = (0..7)
            .map(|_| {
                gate.fails(gate.closed_until.max(at(0)), None);
                gate.opens_at(true).unwrap().as_second()
            })
            .collect();
        assert_eq!(pauses, [1, 3, 7, 15, 31, 61, 91]);
        gate.start(&Kind::Lock, at(91_000), at(91_000));
        assert_eq!(gate.opens_at(true), None);
        gate.end();
        gate.works(at(91_000));
        gate.start(&Kind::Lock, at(92_000), at(92_000));
        assert!(gate.opens_at(true).is_some());
    }

    #[test]
    fn a_hint_of_the_provider_lengthens_the_pause() {
        let mut gate = gate();
        gate.fails(at(0), Some(Duration::from_secs(77)));
        assert_eq!(gate.opens_at(true), Some(at(77_000)));
    }

    #[test]
    fn half_open_one_call_for_one_person_tries() {
        let mut gate = gate();
        assert_eq!(gate.admits(at(0)), Some(Admitted::EVERYTHING));
        gate.fails(at(0), None);
        assert_eq!(gate.admits(at(999)), None);
        let one = Admitted { locks: 1, rest: 1 };
        assert_eq!(gate.admits(at(1000)), Some(one));
        gate.start(&Kind::Activate, at(1000), at(1000));
        assert_eq!(gate.admits(at(5000)), None, "one at a time");
    }

    #[test]
    fn an_answer_to_a_call_from_before_opens_nothing() {
        let mut gate = gate();
        gate.quarantine("credentials_rejected", at(5), PAUSE);
        assert!(!gate.works(at(4)));
        assert!(gate.is_trying());
        assert!(gate.works(at(1005)));
        assert!(!gate.is_trying());
    }

    #[test]
    fn in_a_flood_locks_go_and_one_other_call_at_a_time_tries() {
        let mut gate = gate();
        gate.flood(at(0), at(1000));
        let admitted = |gate: &Gate, now| gate.admits(at(now)).unwrap();
        assert_eq!(
            admitted(&gate, 1),
            Admitted {
                rest: 0,
                ..Admitted::EVERYTHING
            }
        );
        assert_eq!(gate.opens_at(false), Some(at(1000)));
        assert_eq!(admitted(&gate, 1000).rest, 1);
        gate.start(&Kind::Activate, at(1000), at(2000));
        assert_eq!(admitted(&gate, 1999).rest, 0);
        assert!(!gate.ebb(at(0).min(at(-1))), "started before");
        assert!(gate.ebb(at(1000)));
        assert_eq!(admitted(&gate, 1999), Admitted::EVERYTHING);
    }

    #[test]
    fn the_gate_shows_its_state_and_why() {
        let mut gate = gate();
        assert_eq!(gate.sign(at(0)), ("open", "none"));
        gate.flood(at(0), at(1000));
        assert_eq!(gate.sign(at(0)), ("locks_only", "dead_letters"));
        assert_eq!(gate.sign(at(1000)), ("probing", "dead_letters"));
        gate.fails(at(1000), None);
        assert_eq!(gate.sign(at(1000)), ("closed", "provider_failing"));
        assert_eq!(gate.sign(at(2000)), ("probing", "provider_failing"));
        gate.quarantine("clock_rejected", at(2000), PAUSE);
        assert_eq!(gate.sign(at(2000)), ("closed", "clock_rejected"));
    }
}
