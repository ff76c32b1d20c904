//! Cirrus in the demo: a team is a schedule and the group its candidates are made in.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use super::super::actual::State;
use super::super::history::{TEAMS, Team};
use super::{Platform, Simulated};
use crate::clock::Clock;
use crate::simulator::cirrus::{Account, ScheduleSettings, Simulator, SimulatorSettings};

pub(super) fn start(
    addr: SocketAddr,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Box<dyn Simulated>> {
    let schedules = TEAMS.map(|team| ScheduleSettings {
        id: schedule(team),
        is_activated: false,
    });
    let tenant = SimulatorSettings {
        schedules: schedules.to_vec(),
        ..SimulatorSettings::default()
    };
    let running = Simulator::start(tenant.clone(), addr, Arc::clone(clock))?;
    let section = format!(
        r#"[providers.cirrus]
base_url = "http://{addr}{path}"
allow_insecure_http = true
secret = {secret:?}
max_rps = 100.0
max_in_flight = 4
"#,
        addr = running.addr(),
        path = tenant.base_path,
        secret = tenant.secret.expose(),
    );
    Ok(Box::new(Platform {
        name: "Cirrus",
        running,
        section,
        assignment,
        state_of,
    }))
}

fn schedule(team: Team) -> String {
    format!("{}-2026", team.group)
}

fn assignment(team: Team) -> String {
    let (schedule, group) = (schedule(team), team.group);
    format!(
        "cirrus = {{ schedules = [{{ schedule = {schedule:?}, group = {group:?}, \
         group_name = {group:?} }}] }}"
    )
}

fn state_of(tenant: &Account, id: &str) -> State {
    let schedules = tenant.schedules.iter();
    let on: BTreeSet<&str> = schedules
        .filter(|(_, schedule)| schedule.candidates.contains_key(id))
        .map(|(name, _)| name.as_str())
        .collect();
    let lets_in = tenant
        .users
        .get(id)
        .is_some_and(|user| !user.login_disabled);
    let is_team = |team: &&Team| on.iter().copied().eq([schedule(**team).as_str()]);
    match (lets_in, TEAMS.iter().find(is_team)) {
        (true, Some(team)) => State::In(*team),
        (false, None) if on.is_empty() => State::Out,
        (true | false, _) => State::Mixed,
    }
}
