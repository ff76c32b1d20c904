//! StartExam in the demo: a team is a set of programs.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use uuid::Uuid;

use super::super::actual::State;
use super::super::history::{PROGRAMS, TEAMS, Team};
use super::{Platform, Simulated};
use crate::clock::Clock;
use crate::provider::startexam::wire::Status;
use crate::simulator::startexam::{Account, ProgramSettings, Simulator, SimulatorSettings};

pub(super) fn start(
    addr: SocketAddr,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Box<dyn Simulated>> {
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
    let running = Simulator::start(account.clone(), addr, Arc::clone(clock))?;
    let section = format!(
        r#"[providers.startexam]
base_url = "http://{addr}"
allow_insecure_http = true
account_id = {account_id}
secret = {secret:?}
profile_id = {profile:?}
max_rps = 50.0
"#,
        addr = running.addr(),
        account_id = account.account_id,
        secret = account.secret.expose(),
        profile = account.profile_id,
    );
    Ok(Box::new(Platform {
        name: "StartExam",
        running,
        section,
        assignment: |team| format!("startexam = {{ programs = {:?} }}", team.programs),
        state_of,
    }))
}

fn state_of(account: &Account, id: &str) -> State {
    let Some(employee) = account.employees.get(id) else {
        return State::Out;
    };
    let programs: BTreeSet<String> = employee.programs.iter().map(ToString::to_string).collect();
    let is_team = |team: &&Team| {
        let of_team = team.programs.iter().map(ToString::to_string);
        programs == of_team.collect()
    };
    match employee.status {
        Status::Active => TEAMS
            .iter()
            .find(is_team)
            .map_or(State::Mixed, |team| State::In(*team)),
        Status::Hidden if programs.is_empty() => State::Out,
        Status::Hidden => State::Mixed,
    }
}
