//! The gate of one provider: how many calls, how fast, and whether any at all.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::kind::Kind;

/// What a provider can take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Calls a second, on average.
    pub calls_per_second: f64,
    /// Calls that may start at once after a quiet time, before the rate counts.
    pub burst: u32,
    /// Calls at the same time.
    pub in_flight: usize,
    /// People in one call that locks or activates.
    pub accounts: usize,
    /// People joining, and people leaving, in one call for a target.
    pub registrations: usize,
    /// The longest a call takes, answered or not.
    pub call_timeout: Duration,
}

/// A burst that lets a person's lock and registrations go without a wait.
pub const BURST: u32 = 4;

impl Limits {
    /// The part of one of several partitions: their owners, in whatever process, together
    /// keep the provider's limits. Each may have one call at a time.
    #[must_use]
    pub fn shared_by(self, partitions: u32) -> Self {
        let partitions = partitions.max(1);
        let many = usize::try_from(partitions).unwrap_or(usize::MAX);
        Self {
            calls_per_second: self.calls_per_second / f64::from(partitions),
            in_flight: (self.in_flight / many).max(1),
            burst: (self.burst / partitions).max(1),
            ..self
        }
    }
}
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
    /// Calls in a row that failed as a whole by the provider's fault.
    failures: u32,
    /// While set, one call at a time tries whether the provider works again.
    is_probing: bool,
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
            failures: 0,
            is_probing: false,
        }
    }

    /// From when a call may start; none: when another call is over.
    pub(super) fn opens_at(&self) -> Option<Timestamp> {
        let most = if self.is_probing {
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
        Some(by_rate.max(self.closed_until))
    }

    /// Counts a call that starts.
    pub(super) fn start(&mut self, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_add(1);
        let from = self.next_slot.max(now);
        self.next_slot = from.checked_add(self.interval).unwrap_or(from);
    }

    /// Counts a call that is over.
    pub(super) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The provider did what it was asked.
    pub(super) fn works(&mut self) {
        self.failures = 0;
        self.is_probing = false;
    }

    /// A whole call failed by the provider's fault: pause, longer every time.
    pub(super) fn fails(&mut self, now: Timestamp, hint: Option<Duration>) {
        let pause = PAUSE
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST_PAUSE)
            .max(hint.unwrap_or_default());
        self.failures = self.failures.saturating_add(1);
        self.is_probing = true;
        self.close(now, pause);
    }

    /// Closes for everything; then one call at a time until one works.
    pub(super) fn quarantine(&mut self, now: Timestamp, probe_every: Duration) {
        self.is_probing = true;
        self.close(now, probe_every);
    }

    fn close(&mut self, now: Timestamp, wait: Duration) {
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        self.closed_until = self.closed_until.max(until);
    }
}

#[cfg(test)]
mod tests {
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
            now = now.max(gate.opens_at().unwrap());
            gate.start(now);
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
        gate.start(at(0));
        assert_eq!(gate.opens_at(), None);
        gate.end();
        assert!(gate.opens_at().unwrap() <= at(0));
    }

    #[test]
    fn a_failing_provider_gets_longer_pauses_and_one_probe_at_a_time() {
        let mut gate = gate();
        let pauses: Vec<i64> = (0..7)
            .map(|_| {
                gate.fails(gate.closed_until.max(at(0)), None);
                gate.opens_at().unwrap().as_second()
            })
            .collect();
        assert_eq!(pauses, [1, 3, 7, 15, 31, 61, 91]);
        gate.start(at(91_000));
        assert_eq!(gate.opens_at(), None);
        gate.end();
        gate.works();
        gate.start(at(92_000));
        assert!(gate.opens_at().is_some());
    }

    #[test]
    fn a_hint_of_the_provider_lengthens_the_pause() {
        let mut gate = gate();
        gate.fails(at(0), Some(Duration::from_secs(77)));
        assert_eq!(gate.opens_at(), Some(at(77_000)));
    }
}
