//! ExamTesting in the demo: a team is a student group.

use std::net::SocketAddr;
use std::sync::Arc;

use super::super::actual::State;
use super::super::history::{TEAMS, Team};
use super::{Platform, Simulated};
use crate::clock::Clock;
use crate::simulator::examtesting::{Account, Simulator, SimulatorSettings};

pub(super) fn start(
    addr: SocketAddr,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Box<dyn Simulated>> {
    let account = SimulatorSettings {
        groups: TEAMS.map(class).into(),
        ..SimulatorSettings::default()
    };
    let running = Simulator::start(account.clone(), addr, Arc::clone(clock))?;
    let section = format!(
        r#"[providers.examtesting]
base_url = "http://{addr}"
allow_insecure_http = true
institution_id = {institution:?}
api_key = {key:?}
api_pass = {pass:?}
password_secret = "nobody takes an exam here"
max_rps = 100.0
max_in_flight = 4
"#,
        addr = running.addr(),
        institution = account.institution_id,
        key = account.api_key.expose(),
        pass = account.api_pass.expose(),
    );
    Ok(Box::new(Platform {
        name: "ExamTesting",
        running,
        section,
        assignment,
        state_of,
    }))
}

fn class(team: Team) -> String {
    format!("{} class", team.group)
}

fn assignment(team: Team) -> String {
    format!("examtesting = {{ group = {:?} }}", class(team))
}

/// Whoever is locked out stays in their group.
fn state_of(account: &Account, id: &str) -> State {
    let Some(student) = account.students.get(id).filter(|one| one.is_enabled) else {
        return State::Out;
    };
    let is_team = |team: &&Team| student.groups.iter().eq([&class(**team)]);
    TEAMS
        .iter()
        .find(is_team)
        .map_or(State::Mixed, |team| State::In(*team))
}
