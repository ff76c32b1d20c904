//! `simulate`: a platform's stand-in on a port of its own.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::process::{start_logging, until_asked_to_stop};
use super::{CommandError, print};
use crate::clock::Clock;
use crate::config::{self, Consistent};
use crate::secret::{REDACTED, Secret};
use crate::settings::Complaint;
use crate::simulator::shared::{Fault, Running, SimulatorError, Stand};
use crate::simulator::{cirrus, startexam};
use crate::telemetry::LogSettings;

#[derive(Debug, Subcommand)]
pub(super) enum Simulate {
    /// StartExam's API, as its contract says.
    #[command(
        name = "startexam",
        after_help = "\
Examples:
  hris-relay simulate startexam --listen 127.0.0.1:8090
  hris-relay simulate startexam --script faults.json --settings switches.toml
  curl -s 127.0.0.1:8090/_sim/state       who is active, in which program
  curl -s 127.0.0.1:8090/_sim/journal     every request, and calls that overlapped
  curl -s 127.0.0.1:8090/_sim/faults -H 'content-type: application/json' \\
    -d '[{ \"action\": { \"do\": \"drop_after_commit\" } }]'

What the contract leaves open is a switch: --switches shows them. A file of them:
  [simulator]
  unregister_unknown = \"400\"
  batch_atomic = false"
    )]
    StartExam(SimulateStartExam),
    /// Cirrus' API, as its contract says.
    #[command(after_help = "\
Examples:
  hris-relay simulate cirrus --listen 127.0.0.1:8091
  hris-relay simulate cirrus --script faults.json --settings switches.toml
  curl -s 127.0.0.1:8091/_sim/state       who may log in, in which schedule
  curl -s 127.0.0.1:8091/_sim/journal     every request, and calls that overlapped

What the contract leaves open is a switch: --switches shows them. A file of them:
  [simulator]
  schedule_activated = true")]
    Cirrus(Simulated),
}

/// What every simulator is started with.
#[derive(Debug, Args)]
pub(super) struct Simulated {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Faults to play from the start: JSON, as docs/simulators.md describes it.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The account and its switches: TOML, a section `[simulator]`.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Prints every switch with its default and its meaning, and ends.
    #[arg(long)]
    switches: bool,
}

#[derive(Debug, Args)]
pub(super) struct SimulateStartExam {
    #[command(flatten)]
    simulated: Simulated,
    /// The account's number.
    #[arg(long)]
    account: Option<u64>,
    /// The account's secret, which the relay must be configured with too; without this and
    /// without settings it is `simulator-secret`.
    #[arg(long)]
    secret: Option<String>,
    /// The profile's GUID.
    #[arg(long)]
    profile: Option<String>,
    /// A program that exists, by GUID; may be repeated.
    #[arg(long = "program", value_name = "GUID")]
    programs: Vec<String>,
}

/// The file that `--settings` names.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[serde(bound(deserialize = "T: Default + Deserialize<'de>"))]
struct SettingsFile<T: Default + Serialize> {
    /// The simulated account.
    simulator: T,
}

/// The settings of a simulator.
trait Switches: Default + std::fmt::Debug + Serialize + DeserializeOwned + JsonSchema {
    fn complaints(&self, prefix: &str) -> Vec<Complaint>;
}

impl Switches for startexam::SimulatorSettings {
    fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        Self::complaints(self, prefix)
    }
}

impl Switches for cirrus::SimulatorSettings {
    fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        Self::complaints(self, prefix)
    }
}

impl<T: Switches> Consistent for SettingsFile<T> {
    fn complaints(&self) -> Vec<Complaint> {
        self.simulator.complaints("simulator")
    }
}

pub(super) async fn run(platform: Simulate, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    match platform {
        Simulate::StartExam(arguments) => {
            let Some(mut settings) = switches(&arguments.simulated)? else {
                return Ok(());
            };
            arguments.change(&mut settings)?;
            let programs = settings.programs.iter();
            let programs: Vec<_> = programs.map(|program| program.id.to_string()).collect();
            let title = format!("StartExam, programs {}", programs.join(", "));
            let start = |addr| startexam::Simulator::start(settings, addr, clock);
            serve(arguments.simulated, &title, start).await
        }
        Simulate::Cirrus(simulated) => {
            let Some(settings) = switches::<cirrus::SimulatorSettings>(&simulated)? else {
                return Ok(());
            };
            let schedules = settings.schedules.iter();
            let schedules: Vec<_> = schedules.map(|schedule| schedule.id.as_str()).collect();
            let title = format!("Cirrus, schedules {}", schedules.join(", "));
            let start = |addr| cirrus::Simulator::start(settings, addr, clock);
            serve(simulated, &title, start).await
        }
    }
}

impl SimulateStartExam {
    /// What is named on the command line goes before the file.
    fn change(&self, settings: &mut startexam::SimulatorSettings) -> Result<(), CommandError> {
        if let Some(account) = self.account {
            settings.account_id = account;
        }
        match (&self.secret, &self.simulated.settings) {
            (Some(secret), _) => settings.secret = Secret::new(secret),
            (None, None) => settings.secret = Secret::new("simulator-secret"),
            (None, Some(_)) => {}
        }
        if let Some(profile) = &self.profile {
            settings.profile_id.clone_from(profile);
        }
        for raw in &self.programs {
            let id = Uuid::parse_str(raw)
                .map_err(|_| CommandError::Usage(format!("--program {raw}: expected a GUID")))?;
            settings.programs.retain(|program| program.id != id);
            settings.programs.push(startexam::ProgramSettings {
                id,
                external_id: None,
                module_tests: vec![Uuid::now_v7(), Uuid::now_v7()],
                manual: false,
            });
        }
        Ok(())
    }
}

/// The settings from the file, if one is named; none: they were only to be shown.
fn switches<T: Switches>(simulated: &Simulated) -> Result<Option<T>, CommandError> {
    if simulated.switches {
        print::line(shown::<T>());
        return Ok(None);
    }
    let nothing = BTreeMap::new();
    let loaded = config::load::<SettingsFile<T>>(simulated.settings.as_deref(), &nothing)?;
    Ok(Some(loaded.settings.simulator))
}

/// Every switch with its default and its meaning, as a file that changes nothing.
fn shown<T: Switches>() -> String {
    let schema = schemars::schema_for!(T).to_value();
    let defaults = toml::Table::try_from(T::default()).unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut file = "[simulator]\n".to_owned();
    for (name, property) in properties.into_iter().flatten() {
        let meaning = property.get("description").and_then(Value::as_str);
        let mut meaning = meaning.unwrap_or_default().replace('\n', "\n# ");
        let words = words(&schema, property);
        if !words.is_empty() {
            // Writing to a `String` cannot fail.
            let _infallible = write!(meaning, "\n# One of: {}", words.join(", "));
        }
        let default = defaults.get(name);
        let Some(default) = default.filter(|value| value.as_str() != Some(REDACTED)) else {
            // Writing to a `String` cannot fail.
            let _infallible = writeln!(file, "\n# {meaning}\n# {name} = ");
            continue;
        };
        // A list of tables is written in one line, which stands before every section.
        let _infallible = writeln!(file, "\n# {meaning}\n{name} = {default}");
    }
    file.trim_end().to_owned()
}

/// What a switch can be set to, if it is one of some words.
fn words(schema: &Value, property: &Value) -> Vec<String> {
    let named = property.get("$ref").and_then(Value::as_str);
    let named = named.and_then(|name| schema.pointer(name.strip_prefix('#')?));
    let one_of = named.and_then(|named| named.get("oneOf")?.as_array());
    let words = one_of.into_iter().flatten();
    words
        .filter_map(|word| word.get("const").map(Value::to_string))
        .collect()
}

/// Serves until the process is asked to stop.
async fn serve<S: Stand>(
    simulated: Simulated,
    title: &str,
    start: impl FnOnce(SocketAddr) -> Result<Running<S>, SimulatorError>,
) -> Result<(), CommandError> {
    start_logging(&LogSettings::default())?;
    let script = simulated.script.map(script).transpose()?;
    let asked_to_stop = until_asked_to_stop()?;
    let running = start(simulated.listen).context("the simulator cannot be started")?;
    running.simulator().script(script.unwrap_or_default());
    print::line(format!(
        "simulated {title} on http://{}; state at /_sim/state",
        running.addr()
    ));
    let stopping = CancellationToken::new();
    let asked = stopping.clone();
    let stop = async {
        asked_to_stop.await;
        asked.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = running.run(stopping) => ended.context("the simulator stopped")?,
        () = stop => {}
    }
    Ok(())
}

fn script(file: PathBuf) -> Result<Vec<Fault>, CommandError> {
    let shown = file.display().to_string();
    let text = std::fs::read(file).with_context(|| format!("--script {shown} cannot be read"))?;
    serde_json::from_slice(&text).map_err(|error| {
        CommandError::Usage(format!(
            "--script {shown}: {error}; docs/simulators.md describes the format"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back<T: Switches>() {
        let shown = shown::<T>();
        let file: SettingsFile<T> = toml::from_str(&shown).unwrap();
        let written = |settings: &T| toml::Table::try_from(settings).unwrap();
        assert_eq!(written(&file.simulator), written(&T::default()), "{shown}");
        for key in written(&T::default()).keys() {
            assert!(shown.contains(&format!("{key} = ")), "no {key}: {shown}");
        }
    }

    #[test]
    fn the_switches_shown_are_a_file_that_changes_nothing() {
        read_back::<startexam::SimulatorSettings>();
        read_back::<cirrus::SimulatorSettings>();
    }

    #[test]
    fn a_switch_says_what_it_can_be_and_a_secret_nothing() {
        let shown = shown::<startexam::SimulatorSettings>();
        assert!(shown.contains("One of: \"400\", \"404\", \"ignore\"\nregister_unknown = \"400\""));
        assert!(
            shown.contains("\n# secret = \n") && !shown.contains(REDACTED),
            "{shown}"
        );
    }
}
