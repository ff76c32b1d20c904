//! What several commands do to the process: load, log, listen for the end.

use anyhow::Context;

use super::CommandError;
use super::arguments::Configured;
use crate::config::{self, Loaded, ProcessEnvironment, Settings};
use crate::shutdown::asked_to_stop;
use crate::telemetry::{self, LogSettings};

/// Loads the configuration of a command.
pub(super) fn load(configured: &Configured) -> Result<Loaded<Settings>, CommandError> {
    let file = configured.config.as_deref();
    Ok(config::load(file, &ProcessEnvironment)?)
}

/// Starts logging to standard error.
pub(super) fn start_logging(settings: &LogSettings) -> anyhow::Result<()> {
    telemetry::start(settings).context("logging cannot be started")
}

/// Resolves when the process is asked to stop.
pub(super) async fn until_asked_to_stop() {
    if let Err(error) = asked_to_stop().await {
        tracing::error!(%error, "Signals cannot be listened to; stopping");
    }
}
