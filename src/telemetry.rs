//! What the process says about itself on its standard error: log lines, and where it panicked.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::settings::Complaint;

/// What is logged, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogSettings {
    /// The least severe level that is logged (`error`, `warn`, `info`, `debug`, `trace`), or
    /// such a level for a module: `info,hris_relay::worker=debug`.
    pub level: String,
    /// How a line is written.
    pub format: LogFormat,
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for log stores.
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: "info,actix_server=warn".to_owned(),
            format: LogFormat::Text,
        }
    }
}

impl LogSettings {
    /// A level that is none.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        match self.filter() {
            Ok(_) => Vec::new(),
            Err(_) => vec![Complaint::new(
                format!("{prefix}.level"),
                &self.level,
                "expected a level, like \"info\", or levels by module, like \
                 \"info,hris_relay::worker=debug\"",
            )],
        }
    }

    fn filter(&self) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
        EnvFilter::builder()
            .with_regex(false)
            .parse(self.level.trim())
    }
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is none.
    #[error("log.level is not a level")]
    Level(#[source] tracing_subscriber::filter::ParseError),
    /// It was set up before in this process.
    #[error("logging is already set up")]
    Twice(#[source] tracing::subscriber::SetGlobalDefaultError),
}

/// Starts logging to standard error, panics included. Once a process.
///
/// # Errors
/// When the level is none, or logging was set up before.
pub fn start(settings: &LogSettings) -> Result<(), TelemetryError> {
    let colours = std::io::stderr().is_terminal();
    let subscriber =
        subscriber(settings, std::io::stderr, colours).map_err(TelemetryError::Level)?;
    tracing::subscriber::set_global_default(subscriber).map_err(TelemetryError::Twice)?;
    std::panic::set_hook(Box::new(report_panic));
    Ok(())
}

fn subscriber<W>(
    settings: &LogSettings,
    writer: W,
    colours: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, tracing_subscriber::filter::ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt()
        .with_env_filter(settings.filter()?)
        .with_writer(writer);
    Ok(match settings.format {
        LogFormat::Text => Box::new(lines.with_ansi(colours).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}

/// Says where a panic happened and never with what message: a message may hold the values
/// that were handled, and those may be personal data or secrets.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(
        panic.place = place.as_deref().unwrap_or("unknown"),
        panic.thread = std::thread::current().name().unwrap_or("unnamed"),
        "A thread panicked"
    );
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(buf)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, work: impl FnOnce()) -> String {
        let lines = Lines::default();
        let settings = LogSettings {
            level: level.to_owned(),
            format,
        };
        let writer = lines.clone();
        let subscriber = subscriber(&settings, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, work);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_carries_its_fields_at_the_top() {
        let line = logged(LogFormat::Json, "info", || {
            tracing::info!(event.id = "evt-9", "Event accepted");
        });
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["event.id"], "evt-9");
        assert_eq!(line["message"], "Event accepted");
    }

    #[test]
    fn a_level_below_the_filter_is_silent() {
        let line = logged(LogFormat::Text, "warn,hris_relay=info", || {
            tracing::debug!("Too much");
            tracing::info!("Enough");
        });
        assert!(
            line.contains("Enough") && !line.contains("Too much"),
            "{line}"
        );
    }

    #[test]
    fn a_level_that_is_none_is_refused_by_name() {
        let settings = LogSettings {
            level: "hris_relay=loud".to_owned(),
            ..LogSettings::default()
        };
        let complaints = settings.complaints("log");
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].key, "log.level");
        assert!(LogSettings::default().complaints("log").is_empty());
    }

    #[test]
    fn a_panic_is_reported_by_its_place_and_not_by_its_message() {
        let line = logged(LogFormat::Text, "error", || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(report_panic));
            let caught = std::panic::catch_unwind(|| panic!("jane@example.com has no group"));
            std::panic::set_hook(before);
            assert!(caught.is_err());
        });
        assert!(line.contains("src/telemetry.rs:"), "{line}");
        assert!(!line.contains("jane"), "{line}");
    }
}
