//! `simulate`: a platform's stand-in on a port of its own.

use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::arguments::Simulate;
use super::process::{start_logging, until_asked_to_stop};
use super::{CommandError, print};
use crate::clock::Clock;
use crate::secret::Secret;
use crate::simulator::startexam::{ProgramSettings, Simulator, SimulatorSettings};
use crate::telemetry::LogSettings;

pub(super) async fn run(platform: Simulate, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    let Simulate::StartExam(arguments) = platform;
    start_logging(&LogSettings::default())?;
    let mut settings = SimulatorSettings {
        account_id: arguments.account,
        secret: Secret::new(arguments.secret),
        profile_id: arguments.profile,
        ..SimulatorSettings::default()
    };
    for raw in &arguments.programs {
        let id = Uuid::parse_str(raw)
            .map_err(|_| CommandError::Usage(format!("--program {raw}: expected a GUID")))?;
        settings.programs.retain(|program| program.id != id);
        settings.programs.push(ProgramSettings {
            id,
            external_id: None,
            module_tests: vec![Uuid::now_v7(), Uuid::now_v7()],
            manual: false,
        });
    }
    let programs: Vec<String> = settings
        .programs
        .iter()
        .map(|program| program.id.to_string())
        .collect();
    let asked_to_stop = until_asked_to_stop()?;
    let running = Simulator::start(settings, arguments.listen, clock)
        .context("the simulator cannot be started")?;
    print::line(format!(
        "simulated StartExam on http://{}, programs {}; state at /_sim/state",
        running.addr(),
        programs.join(", ")
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
