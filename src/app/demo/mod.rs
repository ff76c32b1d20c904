//! The demo: a company's signed HR history, played against a simulated platform.
//!
//! Everything is real but the platform: receiver, embedded log, roster, worker, client. It
//! ends with a table of expected against actual, and fails if a single person differs.

mod actual;
mod history;
mod play;
mod report;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use uuid::Uuid;

use super::{Relay, Role, open_log};
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::simulator::startexam::{ProgramSettings, Running, Simulator, SimulatorSettings};
use history::{BAMBOOHR, PORTAL, PROGRAMS, TEAMS, Team};

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
    simulator: Running,
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
    stage.simulator.stop().await;
    Ok(agrees)
}

fn set_up(folder: &Path, clock: &Arc<dyn Clock>) -> anyhow::Result<Stage> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let programs = PROGRAMS.iter().filter_map(|id| {
        Some(ProgramSettings {
            id: Uuid::parse_str(id).ok()?,
            external_id: None,
            module_tests: vec![Uuid::now_v7(), Uuid::now_v7()],
            manual: false,
        })
    });
    let account = SimulatorSettings {
        programs: programs.collect(),
        ..SimulatorSettings::default()
    };
    let text = configuration(folder, &account);
    let simulator = Simulator::start(account, anywhere, Arc::clone(clock))?;
    let text = text.replace("SIMULATOR", &simulator.addr().to_string());
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
        simulator,
        relay,
        webhooks,
    })
}

/// The demo's configuration, as a company would write it.
fn configuration(folder: &Path, account: &SimulatorSettings) -> String {
    let assignments = TEAMS.map(|team| {
        let Team { group, programs } = team;
        format!("[[assignments]]\ngroup = {group:?}\nstartexam = {{ programs = {programs:?} }}\n")
    });
    format!(
        r#"# The demo's company: two HR systems, one exam platform.
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

# A quarter of this company leaves within a minute, and nobody sits there to approve it.
[worker.guard]
enabled = false

[providers.startexam]
base_url = "http://SIMULATOR"
allow_insecure_http = true
account_id = {account_id}
secret = {secret:?}
profile_id = {profile:?}
max_rps = 50.0

# Nobody flaps in this company, and somebody is watching.
[worker]
calm = "500ms"

{assignments}"#,
        assignments = assignments.join("\n"),
        data_dir = folder.join("data").display(),
        bamboohr = play::BAMBOOHR_SECRET,
        portal = play::PORTAL_SECRET,
        account_id = account.account_id,
        secret = account.secret.expose(),
        profile = account.profile_id,
    )
}
