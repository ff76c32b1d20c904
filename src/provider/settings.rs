//! What the settings of every platform can tell.

use std::fmt::Debug;
use std::time::Duration;

use super::http::BuildError;
use crate::settings::Complaint;

/// What a platform can take, by its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity {
    /// Requests a second.
    pub calls_per_second: f64,
    /// Requests at the same time.
    pub in_flight: usize,
    /// People in one call that locks or activates.
    pub accounts: usize,
    /// People joining, and people leaving, in one call for a target.
    pub registrations: usize,
    /// Whether whoever joins and whoever leaves share one request.
    pub mixes: bool,
    /// The longest a call takes, answered or not.
    pub call_timeout: Duration,
}

/// The settings of one platform.
pub trait PlatformSettings: Debug {
    /// Everything that is wrong with them; `prefix` is `providers.<name>`.
    fn complaints(&self, prefix: &str) -> Vec<Complaint>;

    /// What the platform can take.
    fn capacity(&self) -> Capacity;
}

/// Why there is no client for a platform.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings are wrong.
    #[error("the settings of the provider are wrong")]
    Settings(#[source] Complaint),
    /// The HTTP client could not be built.
    #[error("the provider cannot be called")]
    Http(#[source] BuildError),
}
