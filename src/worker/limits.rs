//! What a provider can take, and a partition's part of it.

use std::time::Duration;

use crate::provider::Capacity;

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
    /// Whether whoever joins and whoever leaves share one call.
    pub mixes: bool,
    /// The longest a call takes, answered or not.
    pub call_timeout: Duration,
}

impl Limits {
    /// The limits of a platform with this capacity.
    pub const fn new(capacity: Capacity, burst: u32) -> Self {
        Self {
            calls_per_second: capacity.calls_per_second,
            burst,
            in_flight: capacity.in_flight,
            accounts: capacity.accounts,
            registrations: capacity.registrations,
            mixes: capacity.mixes,
            call_timeout: capacity.call_timeout,
        }
    }
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
