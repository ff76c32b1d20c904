//! `check-config`: what is configured, and what it would do to the people there are.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use super::arguments::{Configured, Output};
use super::process::load;
use super::{CommandError, print};
use crate::app::{open_log_read_only, worker};
use crate::clock::Clock;
use crate::config::{self, Loaded, Settings};
use crate::id::Provider;
use crate::operator::rehearsal::{Rehearsal, Step, rehearse};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hris-relay check-config --config relay.toml                  every key, with where its value comes from
  hris-relay check-config --against-state --config new.toml    the calls a new configuration would make first
  hris-relay check-config --against-state --people 20 --config new.toml    and whom they are about

`--against-state` reads the log and writes nothing, also beside a running `serve`. It plays the start of
each platform's worker with this configuration, as if every call were accepted at once.")]
pub(super) struct CheckConfig {
    #[command(flatten)]
    configured: Configured,
    /// Prints the calls that workers with this configuration would make first.
    #[arg(long)]
    against_state: bool,
    /// Names up to so many people of each kind of step.
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 0,
        requires = "against_state"
    )]
    people: usize,
    /// How the calls are written.
    #[arg(long, value_enum, default_value_t, requires = "against_state")]
    output: Output,
}

pub(super) async fn run(
    arguments: &CheckConfig,
    clock: Arc<dyn Clock>,
) -> Result<(), CommandError> {
    let Loaded { settings, origins } = load(&arguments.configured)?;
    if !arguments.against_state {
        print::line(config::effective(&settings, &origins).trim_end());
        return Ok(());
    }
    // Nothing is logged: what a rehearsed worker says has not happened.
    let rehearsed = against_state(&settings, &clock).await?;
    match arguments.output {
        Output::Json => {
            let documents: Vec<Value> = rehearsed
                .iter()
                .map(|(provider, rehearsal)| document(*provider, rehearsal, arguments.people))
                .collect();
            print::line(format!("{:#}", json!(documents)));
        }
        Output::Text => {
            for (provider, rehearsal) in &rehearsed {
                for line in lines(*provider, rehearsal, arguments.people) {
                    print::line(line);
                }
            }
        }
    }
    Ok(())
}

async fn against_state(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<(Provider, Rehearsal)>> {
    let log =
        open_log_read_only(settings, Arc::clone(clock)).context("the log cannot be opened")?;
    let mut rehearsed = Vec::new();
    for provider in settings.providers.configured() {
        let (rules, _) = worker(settings, provider, Arc::clone(clock))?;
        let rehearsal = rehearse(log.as_deref(), rules, clock.now()).await;
        let context = || format!("what {provider} would be told cannot be said");
        rehearsed.push((provider, rehearsal.with_context(context)?));
    }
    if let Some(log) = log {
        log.close().await;
    }
    Ok(rehearsed)
}

fn named(step: &Step) -> String {
    let verb = step.verb.as_str();
    step.target
        .as_ref()
        .map_or_else(|| verb.to_owned(), |target| format!("{verb} {target}"))
}

fn lines(provider: Provider, rehearsal: &Rehearsal, most: usize) -> Vec<String> {
    let mut lines = vec![format!(
        "{provider}: {} calls would be made first, with {} people known",
        rehearsal.calls, rehearsal.people
    )];
    for (step, people) in &rehearsal.steps {
        lines.push(counted(people.len(), &named(step), people, most));
    }
    if !rehearsal.held.is_empty() {
        let held = &rehearsal.held;
        let what = "held by the guard until an operator decides";
        lines.push(counted(held.len(), what, held, most));
    }
    let books = rehearsal.books.iter().filter(|(_, people)| **people > 0);
    let books: Vec<String> = books
        .map(|(book, people)| format!("{people} {book}"))
        .collect();
    if !books.is_empty() {
        lines.push(format!("      then {}", books.join(", ")));
    }
    lines
}

/// How many people, what of them, and the first of them by id.
fn counted(
    people: usize,
    what: &str,
    ids: impl IntoIterator<Item = impl AsRef<str>>,
    most: usize,
) -> String {
    let mut line = format!("{people:>9} people {what}");
    for id in ids.into_iter().take(most) {
        line.push_str("  ");
        line.push_str(id.as_ref());
    }
    if most > 0 && people > most {
        line.push_str("  ...");
    }
    line
}

fn document(provider: Provider, rehearsal: &Rehearsal, most: usize) -> Value {
    let step = |(step, people): (&Step, &Vec<String>)| {
        json!({
            "step": step.verb.as_str(),
            "target": step.target,
            "people": people.len(),
            "named": people.iter().take(most).collect::<Vec<_>>(),
        })
    };
    json!({
        "provider": provider.as_str(),
        "people": rehearsal.people,
        "calls": rehearsal.calls,
        "steps": rehearsal.steps.iter().map(step).collect::<Vec<_>>(),
        "held": {
            "people": rehearsal.held.len(),
            "named": rehearsal.held.iter().take(most).collect::<Vec<_>>(),
        },
        "books": rehearsal.books,
    })
}
