//! The arguments of every command, and the help that teaches them.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use super::check_config::CheckConfig;
use super::command::Decide;
use super::import::Import;
use super::reconcile::Reconcile;
use super::simulate::Simulate;
use crate::id::Provider;

const EXAMPLES: &str = "\
Examples:
  hris-relay demo                                  see it work, with nothing else running
  hris-relay check-config --config relay.toml      what is configured, and from where
  hris-relay serve --config relay.toml             everything in one process
  hris-relay worker startexam --config relay.toml  one role a process

Exit codes: 0 done or drained; 1 failed; 2 wrong usage; 65 done except for bad lines; 78
configuration refused.
Every key of the configuration can also be set in the environment:
HRIS_RELAY_<SECTION>__<KEY>, as docs/configuration.md lists them.";

/// Keeps exam platforms in step with a company's HR system.
#[derive(Debug, Parser)]
#[command(name = "hris-relay", version, after_help = EXAMPLES, propagate_version = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Which configuration a command goes by.
#[derive(Debug, Clone, Args)]
pub(super) struct Configured {
    /// The TOML file to read; without it, defaults and the environment alone.
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// Reads a platform's name, and lists them all in `--help`.
pub(super) fn provider_parser() -> impl TypedValueParser<Value = Provider> {
    let words = Provider::ALL.iter().map(|provider| provider.as_str());
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Provider>())
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Plays a signed HR history against simulated platforms and shows what came of it.
    Demo(Demo),
    /// Runs receiver, roster and workers in one process.
    Serve(Configured),
    /// Runs the receiver: verifies webhooks and writes events to the log.
    Receiver(Configured),
    /// Runs the roster: takes in what other producers wrote, folds events into one record per person.
    Roster(Configured),
    /// Runs the worker of one platform.
    Worker {
        /// The platform.
        #[arg(value_parser = provider_parser())]
        provider: Provider,
        #[command(flatten)]
        configured: Configured,
    },
    /// Runs a simulator that keeps a platform's contract, with scripted faults.
    Simulate {
        #[command(subcommand)]
        platform: Simulate,
    },
    /// Signs and sends a sample webhook of a configured source.
    Send(Send),
    /// Imports a roster from a file: people, employments, groups.
    Import(Import),
    /// Asserts everything at a platform again, and tells what was otherwise there.
    Reconcile(Reconcile),
    /// Decides about one person: redrive, release or reject.
    #[command(name = "command")]
    Decide(Decide),
    /// Sets up the log's topics.
    Topics {
        #[command(subcommand)]
        action: Topics,
    },
    /// Checks the configuration and prints it, with where each value comes from.
    CheckConfig(CheckConfig),
    /// Prints the contracts: JSON Schemas of the events, topics as AsyncAPI, HTTP as OpenAPI.
    Schemas(Schemas),
    /// Asks a running process whether it is well; for containers without a shell.
    Healthcheck {
        #[command(flatten)]
        configured: Configured,
        /// Asks whether it can take work, rather than whether it is alive.
        #[arg(long)]
        ready: bool,
        /// The admin address to ask, host and port; otherwise the configured one.
        #[arg(long, value_name = "HOST:PORT")]
        admin: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// How many people the company has.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u32).range(20..=25_000))]
    pub(super) people: u32,
    /// Leaves everything running and prints the addresses and lines to try.
    #[arg(long)]
    pub(super) keep: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hris-relay send portal hired e-17 --group Sales --config relay.toml
  hris-relay send portal terminated e-17 --day 2026-03-31 --config relay.toml
  hris-relay send bamboohr updated 12345 --field Status=Inactive --config relay.toml

The source must be configured: its kind decides the form, its first secret signs.")]
pub(super) struct Send {
    /// The configured source that speaks.
    pub(super) source: String,
    /// What it says.
    pub(super) fact: SentFact,
    /// Whom it is about.
    pub(super) employee: String,
    /// The first or last day worked; without it a hire starts today and a termination is at
    /// once.
    #[arg(long, value_name = "DATE")]
    pub(super) day: Option<jiff::civil::Date>,
    /// A group the person is in; may be repeated.
    #[arg(long = "group", value_name = "GROUP")]
    pub(super) groups: Vec<String>,
    /// A profile attribute; may be repeated.
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) attributes: Vec<(String, String)>,
    /// A field of a BambooHR employee; may be repeated.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) fields: Vec<(String, String)>,
    /// Takes the fact back.
    #[arg(long)]
    pub(super) cancel: bool,
    /// Prints the request instead of sending it.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Where the receiver listens; otherwise the configured address.
    #[arg(long, value_name = "URL")]
    pub(super) to: Option<String>,
    /// Keeps trying for this long while the receiver cannot take it.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    pub(super) patience: Duration,
    #[command(flatten)]
    pub(super) configured: Configured,
}

/// The facts `send` can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum SentFact {
    /// Somebody starts.
    Hired,
    /// Attributes changed.
    Updated,
    /// Memberships changed.
    GroupChanged,
    /// Somebody leaves.
    Terminated,
    /// Access is taken away.
    AccessRevoked,
    /// Access is given back.
    AccessRestored,
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON document on standard output.
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hris-relay schemas                                         the JSON Schemas of the events
  hris-relay schemas openapi > openapi.json                  one document that needs no other file
  hris-relay schemas asyncapi --config relay.toml            with the prefix and platforms of an installation
  hris-relay schemas --out contracts                         all of them, as files that refer to each other")]
pub(super) struct Schemas {
    /// Which document to print.
    #[arg(value_enum, default_value_t)]
    pub(super) document: Document,
    /// The folder to write all of them to.
    #[arg(long, value_name = "FOLDER", conflicts_with = "document")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) configured: Configured,
}

/// A document for those who write to the relay or read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Document {
    /// The JSON Schema of every event type.
    #[default]
    Events,
    /// The topics: AsyncAPI 3.1.
    Asyncapi,
    /// The HTTP surface: OpenAPI 3.1.
    Openapi,
}

#[derive(Debug, Subcommand)]
pub(super) enum Topics {
    /// Creates the topics that are missing and checks those that exist.
    Create(Configured),
}

pub(super) fn pair(raw: &str) -> Result<(String, String), String> {
    raw.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| "expected NAME=VALUE".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_pair_needs_a_name() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("=b").is_err() && pair("a").is_err());
    }
}
