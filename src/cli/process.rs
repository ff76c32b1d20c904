//! What several commands do to the process: load, log, listen for the end.

use anyhow::Context;

use super::CommandError;
use super::arguments::Configured;
use crate::config::{self, Loaded, ProcessEnvironment, Settings};
use crate::receiver::settings::SourceSettings;
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

/// Logs only what somebody must act on: the command itself says the rest.
pub(super) fn start_quiet_logging(settings: &Settings) -> anyhow::Result<()> {
    start_logging(&LogSettings {
        level: "warn".to_owned(),
        ..settings.log.clone()
    })
}

/// The settings of a source that is named on the command line.
pub(super) fn known_source<'a>(
    settings: &'a Settings,
    name: &str,
) -> Result<&'a SourceSettings, CommandError> {
    settings.sources.get(name).ok_or_else(|| {
        let known: Vec<&str> = settings.sources.keys().map(String::as_str).collect();
        CommandError::Usage(format!(
            "source `{name}` is not configured: expected one of [{}] (is --config missing?)",
            known.join(", ")
        ))
    })
}

/// Who decides: whoever is named, else the user this process runs as.
pub(super) fn operator(named: Option<&str>) -> Result<String, CommandError> {
    let user = || config::user_name(&ProcessEnvironment);
    named
        .map(str::to_owned)
        .or_else(user)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| CommandError::Usage("nobody decides: add --operator NAME".to_owned()))
}

/// Listens from now on; resolves when the process is asked to stop. Called before anything
/// starts, so that nobody is cut off who is asked at once.
pub(super) fn until_asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    asked_to_stop().context("signals cannot be listened to")
}
