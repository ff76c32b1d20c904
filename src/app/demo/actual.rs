//! How the simulated platforms have people, person by person, against what HR says.

use std::fmt;

use super::history::{Expected, History, Team};
use super::platforms::Simulated;

/// How a person is at a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// Active, registered to what the team means and to nothing else.
    In(Team),
    /// Unable to get in and registered to nothing, or never there.
    Out,
    /// Neither.
    Mixed,
}

impl State {
    pub(super) fn of(expected: Expected) -> Self {
        expected.map_or(Self::Out, Self::In)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(team) => write!(f, "{}: active, registered", team.group),
            Self::Out => f.write_str("left: locked out, in nothing"),
            Self::Mixed => f.write_str("neither in nor out"),
        }
    }
}

/// The people who are not at a platform as HR says.
pub(super) fn difference(history: &History, platform: &dyn Simulated) -> Vec<String> {
    let state_of = platform.look();
    let differs = |(id, expected): &(&String, &Expected)| state_of(id) != State::of(**expected);
    let people = history.expected.iter().filter(differs);
    people.map(|(id, _)| id.clone()).collect()
}
