//! `reconcile`: everything planned at a platform is asserted again, and drift is told.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};

use super::arguments::provider_parser;
use super::arguments::{Configured, Output};
use super::process::{load, operator, start_quiet_logging, until_asked_to_stop};
use super::progress::Progress;
use super::{CommandError, print};
use crate::app::open_log;
use crate::clock::Clock;
use crate::id::Provider;
use crate::log::Log;
use crate::operator::reconcile::{Reconciliation, Stand, Watch};

/// How often the workers' records are looked at.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hris-relay reconcile startexam --dry-run --config relay.toml
  hris-relay reconcile startexam --reason 'accounts were changed by hand' --config relay.toml
  hris-relay reconcile startexam --person e-17 --person e-18 --no-wait --config relay.toml

One command a person is written as an event; the worker obeys when it arrives and asserts account and
registrations in full batches: 25,000 people are some 50 calls, and 50 more a program. It runs beside
`serve`, which must be running for anything to happen. What was otherwise at the platform than the relay
thought is counted, as far as the platform tells.")]
pub(super) struct Reconcile {
    /// The platform.
    #[arg(value_parser = provider_parser())]
    provider: Provider,
    /// About whom, by employee id; may be repeated. Otherwise about everybody.
    #[arg(long = "person", value_name = "ID")]
    people: Vec<String>,
    /// Why; it is kept with the events.
    #[arg(long, default_value = "reconciliation")]
    reason: String,
    /// Who asks for it; otherwise the name of the user this runs as.
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Says how many people it is about, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Writes the commands and does not wait for the workers.
    #[arg(long)]
    no_wait: bool,
    /// Waits no longer once nothing has moved for so long.
    #[arg(long, default_value = "2m", value_parser = humantime::parse_duration)]
    patience: Duration,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    configured: Configured,
}

pub(super) async fn run(arguments: &Reconcile, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    let settings = load(&arguments.configured)?.settings;
    start_quiet_logging(&settings)?;
    if !settings
        .providers
        .configured()
        .contains(&arguments.provider)
    {
        let provider = arguments.provider;
        let problem = format!("{provider} is not configured: add [providers.{provider}]");
        return Err(CommandError::Usage(problem));
    }
    let reconciliation = Reconciliation {
        provider: arguments.provider,
        people: arguments.people.clone(),
        operator: operator(arguments.operator.as_deref())?,
        reason: arguments.reason.clone(),
    };
    let log = open_log(&settings, Arc::clone(&clock)).context("the log cannot be opened")?;
    let asked = until_asked_to_stop()?;
    let outcome = tokio::select! {
        biased;
        outcome = reconcile(arguments, &reconciliation, &*log, &*clock) => outcome,
        () = asked => Err(anyhow::anyhow!("stopped; what was commanded is done all the same").into()),
    };
    log.close().await;
    outcome
}

async fn reconcile(
    arguments: &Reconcile,
    reconciliation: &Reconciliation,
    log: &dyn Log,
    clock: &dyn Clock,
) -> Result<(), CommandError> {
    let people = reconciliation.people(log).await.context("not reconciled")?;
    let all = people.len();
    if arguments.dry_run {
        print::line(format!(
            "{all} people would be asserted at {}",
            arguments.provider
        ));
        return Ok(());
    }
    let mut progress = Progress::default();
    let mut tell = |written| progress.show("commanded", number(written), number(all));
    let commanded = reconciliation.command(log, people, clock, &mut tell).await;
    let mut watch = commanded.context("not everything is commanded")?;
    let is_over = if arguments.no_wait {
        true
    } else {
        let waited = wait(&mut watch, arguments, (log, clock), &mut progress).await;
        waited.context("the workers cannot be watched")?
    };
    progress.finish();
    match arguments.output {
        Output::Json => print::line(format!("{:#}", document(arguments, all, &watch))),
        Output::Text => lines(arguments, all, &watch).iter().for_each(print::line),
    }
    let is_whole = all == watch.stands().get(&Stand::Asserted).copied().unwrap_or(0);
    if !is_over {
        let problem = "nothing moves any more: is the worker running, the platform well?";
        Err(anyhow::anyhow!(problem).into())
    } else if is_whole || arguments.no_wait {
        Ok(())
    } else {
        Err(anyhow::anyhow!("somebody needs a decision: see docs/operations.md").into())
    }
}

/// Follows the workers until nothing more happens by itself; says whether it came to that.
async fn wait(
    watch: &mut Watch,
    arguments: &Reconcile,
    (log, clock): (&dyn Log, &dyn Clock),
    progress: &mut Progress,
) -> anyhow::Result<bool> {
    let mut moved_at = clock.elapsed();
    while !watch.is_over() {
        tokio::time::sleep(LOOK).await;
        let now = clock.elapsed();
        if watch.look(log).await? {
            moved_at = now;
        } else if now.saturating_sub(moved_at) > arguments.patience {
            return Ok(false);
        }
        let stands = watch.stands();
        let all = stands.values().sum();
        let left: usize = stands
            .iter()
            .filter(|(stand, _)| !stand.is_final())
            .map(|(_, people)| people)
            .sum();
        progress.show(
            "asserted",
            number(all).saturating_sub(number(left)),
            number(all),
        );
    }
    Ok(true)
}

fn number(people: usize) -> u64 {
    u64::try_from(people).unwrap_or(u64::MAX)
}

fn lines(arguments: &Reconcile, all: usize, watch: &Watch) -> Vec<String> {
    if arguments.no_wait {
        return vec![format!("{all} people are commanded")];
    }
    let mut lines: Vec<String> = watch
        .stands()
        .into_iter()
        .map(|(stand, people)| format!("{people:>9} people {}", stand.as_str()))
        .collect();
    for (what, drift) in watch.drift() {
        lines.push(format!(
            "{what}: of {} people {} were otherwise, {} of them unknown there",
            drift.counted, drift.changed, drift.created
        ));
    }
    lines
}

fn document(arguments: &Reconcile, all: usize, watch: &Watch) -> Value {
    let stands = watch.stands().into_iter();
    let stands = stands.map(|(stand, people)| (stand.as_str().to_owned(), json!(people)));
    let drift = watch.drift().iter().map(|(what, drift)| {
        let counted = json!({
            "people": drift.counted, "changed": drift.changed, "created": drift.created,
        });
        (what.clone(), counted)
    });
    json!({
        "provider": arguments.provider.as_str(),
        "people": all,
        "stands": stands.collect::<Map<_, _>>(),
        "drift": drift.collect::<Map<_, _>>(),
    })
}
