//! What the simulated platform ended up with, person by person.

use std::collections::BTreeSet;
use std::fmt;

use super::Stage;
use super::history::{Expected, History, TEAMS, Team};
use crate::provider::startexam::wire::Status;
use crate::simulator::startexam::Account;

/// What the platform ended up with.
#[derive(Debug)]
pub(super) struct Actual {
    account: Account,
}

impl Actual {
    pub(super) fn of(stage: &Stage) -> Self {
        Self {
            account: stage.simulator.simulator().account(),
        }
    }

    /// How a person is at the platform: in the programs of a team, locked out, or neither.
    pub(super) fn state_of(&self, id: &str) -> State {
        let Some(employee) = self.account.employees.get(id) else {
            return State::Absent;
        };
        let programs: BTreeSet<String> =
            employee.programs.iter().map(ToString::to_string).collect();
        let is_team = |team: &&Team| {
            let of_team: BTreeSet<String> = team.programs.iter().map(ToString::to_string).collect();
            programs == of_team
        };
        match employee.status {
            Status::Active => TEAMS
                .iter()
                .find(is_team)
                .map_or(State::Mixed, |t| State::Active(*t)),
            Status::Hidden if programs.is_empty() => State::LockedOut,
            Status::Hidden => State::Mixed,
        }
    }
}

/// How a person is at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Active(Team),
    LockedOut,
    Absent,
    Mixed,
}

impl State {
    pub(super) fn of(expected: Expected) -> Self {
        expected.map_or(Self::LockedOut, Self::Active)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active(team) => {
                let programs = team.programs.len();
                let plural = if programs == 1 { "" } else { "s" };
                write!(f, "{}: active, in {programs} program{plural}", team.group)
            }
            Self::LockedOut => f.write_str("left: hidden, in no program"),
            Self::Absent => f.write_str("unknown to the platform"),
            Self::Mixed => f.write_str("neither in nor out"),
        }
    }
}

/// The people who are not as HR says.
pub(super) fn difference(history: &History, actual: &Actual) -> Vec<String> {
    let differs =
        |(id, expected): &(&String, &Expected)| actual.state_of(id) != State::of(**expected);
    let people = history.expected.iter().filter(differs);
    people.map(|(id, _)| id.clone()).collect()
}
