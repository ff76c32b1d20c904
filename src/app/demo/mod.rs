//! The demo: a company's signed HR history, played against simulated platforms.
//!
//! Everything is real but the platforms: receiver, embedded log, roster, workers, clients. One
//! platform is down at first. It ends with a table of expected against actual, and fails if a
//! single person differs anywhere.

mod actual;
mod history;
mod platforms;
mod play;
mod report;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use uuid::Uuid;

use super::{Relay, Role, open_log};
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::simulator::shared::{Action, Fault, Match};
use history::{BAMBOOHR, PORTAL, TEAMS};
use platforms::Simulated;

/// How long the platform may take to agree, before the demo says who differs.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the demo is asked to do.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many people the company has.
    pub people: u32,
    /// Whether everything is left running.
    pub keep: bool,
}

/// The parts of a demo that runs.
#[derive(Debug)]
struct Stage {
    platforms: Vec<Box<dyn Simulated>>,
    relay: Relay,
    webhooks: SocketAddr,
}

/// Plays the demo; says whether everybody is as HR says.
///
/// # Errors
/// When a part cannot be started or ends by itself.
pub async fn run(
    options: Options,
    clock: Arc<dyn Clock>,
    print: &(dyn Fn(&str) + Send + Sync),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<bool> {
    let folder = config::temporary_folder().join(format!("hris-relay-demo-{}", Uuid::now_v7()));
    std::fs::create_dir_all(&folder).context("the demo's folder cannot be made")?;
    let outcome = play_in(&folder, options, clock, print, stop).await;
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        tracing::warn!(%error, "The demo's folder could not be removed");
    }
    outcome
}

async fn play_in(
    folder: &Path,
    options: Options,
    clock: Arc<dyn Clock>,
    print: &(dyn Fn(&str) + Send + Sync),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<bool> {
    let stage = set_up(folder, &clock)?;
    let history = history::write(options.people, clock.now());
    print(&report::opening(&history, &stage));
    let played = play::play(&stage, &history, &clock).await?;
    let report = report::Report::of(&stage, &history, &played);
    print(&report.to_string());
    let agrees = report.agrees();
    if options.keep {
        print(&report::keeping(&stage, folder));
        stage.relay.run(stop).await?;
    } else {
        stage.relay.run(std::future::ready(())).await?;
    }
    for platform in stage.platforms {
        platform.stop().await;
    }
    Ok(agrees)
}

fn set_up(folder: &Path, clock: &Arc<dyn Clock>) -> anyhow::Result<Stage> {
    let platforms = platforms::start(clock)?;
    if let Some(platform) = platforms.last() {
        platform.script(vec![outage()]);
    }
    let text = configuration(folder, &platforms);
    let file = folder.join("relay.toml");
    std::fs::write(&file, text).context("the demo's configuration cannot be written")?;
    let no_variables = std::collections::BTreeMap::<String, String>::new();
    let settings = config::load::<Settings>(Some(&file), &no_variables)?.settings;
    let log = open_log(&settings, Arc::clone(clock))?;
    let relay = Relay::start(&settings, &Role::all(&settings), log, Arc::clone(clock))?;
    let webhooks = relay
        .addresses()
        .receiver
        .context("the demo has a receiver")?;
    Ok(Stage {
        platforms,
        relay,
        webhooks,
    })
}

/// The last platform answers its first calls with 503, as during maintenance.
fn outage() -> Fault {
    Fault {
        matching: Match::default(),
        times: 3,
        action: Action::Status {
            status: 503,
            message: None,
            retry_after: None,
        },
    }
}

/// The demo's configuration, as a company would write it.
fn configuration(folder: &Path, platforms: &[Box<dyn Simulated>]) -> String {
    let assignments = TEAMS.map(|team| {
        let parts = platforms.iter().map(|platform| platform.assignment(team));
        let parts: Vec<_> = parts.collect();
        let group = team.group;
        format!("[[assignments]]\ngroup = {group:?}\n{}\n", parts.join("\n"))
    });
    let sections: Vec<_> = platforms
        .iter()
        .map(|platform| platform.section())
        .collect();
    format!(
        r#"# The demo's company: two HR systems and its exam platforms.
data_dir = "{data_dir}"

[receiver]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"

[sources.{BAMBOOHR}]
kind = "bamboohr"
secrets = ["{bamboohr}"]
time_zone = "UTC"
attributes = {{ first_name = "First Name", last_name = "Last Name", email = "Email" }}
group_fields = {{ Department = "" }}
status_field = "Status"
hire_date_field = "Hire Date"
termination_date_field = "Termination Date"

[sources.{PORTAL}]
kind = "standard_webhooks"
secrets = ["{portal}"]
time_zone = "UTC"
attributes = ["first_name", "last_name", "email"]

# Nobody flaps in this company, and somebody is watching.
[worker]
calm = "500ms"

# A quarter of this company leaves within a minute, and nobody sits there to approve it.
[worker.guard]
enabled = false

{sections}
{assignments}"#,
        sections = sections.join("\n"),
        assignments = assignments.join("\n"),
        data_dir = folder.join("data").display(),
        bamboohr = play::BAMBOOHR_SECRET,
        portal = play::PORTAL_SECRET,
    )
}
