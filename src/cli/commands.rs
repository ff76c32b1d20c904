//! What each command does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::arguments::{Arguments, Command, Configured, Topics};
use super::process::{load, start_logging, until_asked_to_stop};
use super::{
    CommandError, check_config, command, import, print, reconcile, schemas, send, simulate,
};
use crate::app::demo::{self, Options};
use crate::app::{Relay, Role, open_log};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Loaded, Settings};
use crate::log::Topic;
use crate::telemetry::LogSettings;

/// How long a health check waits for an answer.
const PROBE: Duration = Duration::from_secs(2);

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    match arguments.command {
        Command::Demo(options) => {
            let options = Options {
                people: options.people,
                keep: options.keep,
            };
            play(options, clock).await
        }
        Command::Serve(configured) => relay(&configured, Role::all, clock).await,
        Command::Receiver(configured) => relay(&configured, |_| vec![Role::Receiver], clock).await,
        Command::Roster(configured) => {
            relay(&configured, |_| vec![Role::Intake, Role::Roster], clock).await
        }
        Command::Worker {
            provider,
            configured,
        } => relay(&configured, |_| vec![Role::Worker(provider)], clock).await,
        Command::Simulate { platform } => simulate::run(platform, clock).await,
        Command::Send(send) => send::run(&send, clock).await,
        Command::Import(import) => import::run(&import, clock).await,
        Command::Reconcile(arguments) => reconcile::run(&arguments, clock).await,
        Command::Decide(decide) => command::run(&decide, clock).await,
        Command::Topics {
            action: Topics::Create(configured),
        } => create_topics(&configured, clock).await,
        Command::CheckConfig(check) => check_config::run(&check, clock).await,
        Command::Schemas(arguments) => schemas::run(&arguments),
        Command::Healthcheck {
            configured,
            ready,
            admin,
        } => {
            let admin = match admin {
                Some(admin) => admin,
                None => load(&configured)?.settings.admin.listen.to_string(),
            };
            is_well(&admin, ready, clock.as_ref())
        }
    }
}

/// Asks a running process whether it is alive, or can take work.
fn is_well(admin: &str, ready: bool, clock: &dyn Clock) -> Result<(), CommandError> {
    let question = if ready { "ready" } else { "live" };
    let url = format!("http://{admin}/health/{question}");
    let well = crate::admin::probe(&url, PROBE, clock);
    well.with_context(|| format!("{url} is not well"))?;
    Ok(())
}

async fn relay(
    configured: &Configured,
    roles: impl FnOnce(&Settings) -> Vec<Role>,
    clock: Arc<dyn Clock>,
) -> Result<(), CommandError> {
    let Loaded { settings, origins } = load(configured)?;
    let roles = roles(&settings);
    if let Some(complaint) = roles.iter().find_map(|role| role.lacks(&settings)) {
        return Err(complaint.into());
    }
    start_logging(&settings.log)?;
    tracing::info!(
        "Effective configuration:\n{}",
        config::effective(&settings, &origins).trim_end()
    );
    let asked_to_stop = until_asked_to_stop()?;
    let log = open_log(&settings, Arc::clone(&clock)).context("the log cannot be opened")?;
    let relay = Relay::start(&settings, &roles, log, clock)?;
    relay.run(asked_to_stop).await?;
    Ok(())
}

async fn play(options: Options, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    // Only what somebody must act on: the table tells the rest.
    start_logging(&LogSettings {
        level: "error".to_owned(),
        ..LogSettings::default()
    })?;
    let agrees = demo::run(
        options,
        clock,
        &|text| print::line(text),
        until_asked_to_stop()?,
    )
    .await?;
    if agrees {
        Ok(())
    } else {
        Err(anyhow::anyhow!("the platform does not agree with HR").into())
    }
}

async fn create_topics(configured: &Configured, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    let settings = load(configured)?.settings;
    start_logging(&settings.log)?;
    let log = open_log(&settings, clock).context("the log cannot be opened")?;
    let topics = Topic::all(&settings.providers.configured());
    let done = log.create_topics(&topics).await;
    log.close().await;
    for line in done.context("the topics cannot be created")? {
        print::line(line);
    }
    Ok(())
}
