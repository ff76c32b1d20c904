//! `command`: an operator's decision about one person, as an event.

use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::arguments::Configured;
use super::arguments::provider_parser;
use super::process::{load, operator, start_quiet_logging};
use super::{CommandError, print};
use crate::app::open_log;
use crate::clock::Clock;
use crate::event::CommandKind;
use crate::id::{EmployeeId, FactVersion, Provider};
use crate::operator::decision::{Decision, decide, present};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hris-relay command redrive --provider startexam --person e-17 --reason 'address mended' --dry-run
  hris-relay command redrive --provider startexam --person e-17 --fact-version 9c1f0e5ab27d4c31 --reason ...
  hris-relay command release --provider startexam --person e-17 --fact-version present --reason 'plant closed'
  hris-relay command reject  --provider startexam --person e-17 --fact-version present --reason 'export cut short'

A decision judges facts, and says which: `--dry-run` shows the person's present fact version and
writes nothing. Once anything newer is said of the person the decision has no effect. It is an
event like any other: ordered, durable and audited, obeyed by the worker when it arrives, also
beside a running `serve`.")]
pub(super) struct Decide {
    /// What the worker is asked to do.
    decision: Decided,
    /// At which platform.
    #[arg(long, value_parser = provider_parser())]
    provider: Provider,
    /// About whom, by employee id.
    #[arg(long, value_name = "ID")]
    person: String,
    /// The fact version that was judged, or `present`.
    #[arg(long, value_name = "VERSION", required_unless_present = "dry_run", value_parser = judged)]
    fact_version: Option<Judged>,
    /// Why; it is kept with the event.
    #[arg(long)]
    reason: String,
    /// Who decides; otherwise the name of the user this runs as.
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Shows the event and the person's present fact version, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    configured: Configured,
}

/// What can be decided about one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Decided {
    /// Tries again what was given up.
    Redrive,
    /// Lets a held removal go.
    Release,
    /// Refuses a held removal: the person stays as they are until something newer is said.
    Reject,
}

/// Which facts were judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    Present,
    Version(FactVersion),
}

fn judged(raw: &str) -> Result<Judged, String> {
    if raw == "present" {
        return Ok(Judged::Present);
    }
    let version = raw.parse().map(Judged::Version);
    version.map_err(|_| "expected 16 hexadecimal digits in lower case, or `present`".to_owned())
}

pub(super) async fn run(arguments: &Decide, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    let settings = load(&arguments.configured)?.settings;
    start_quiet_logging(&settings)?;
    let person = EmployeeId::try_from(arguments.person.as_str())
        .map_err(|invalid| CommandError::Usage(format!("--person: {invalid}")))?;
    let operator = operator(arguments.operator.as_deref())?;
    let log = open_log(&settings, Arc::clone(&clock)).context("the log cannot be opened")?;
    let at = present(&*log, &person).await.context("not decided")?;
    let decision = Decision {
        kind: match arguments.decision {
            Decided::Redrive => CommandKind::Redrive,
            Decided::Release => CommandKind::Release,
            Decided::Reject => CommandKind::Reject,
        },
        provider: arguments.provider,
        fact_version: Some(match arguments.fact_version {
            Some(Judged::Version(version)) => version,
            Some(Judged::Present) | None => at,
        }),
        operator,
        reason: arguments.reason.clone(),
    };
    if arguments.dry_run {
        let event = decision.event(person, clock.now()).to_json();
        print::line(format!("the person's facts are at {at}"));
        print::line(String::from_utf8_lossy(&event));
    } else {
        let said = decide(&*log, &decision, person, clock.now()).await;
        let event = said.context("not decided")?;
        print::line(format!("{} written", event.id.as_str()));
    }
    log.close().await;
    Ok(())
}
