//! What HR says in the tests' histories.

use super::*;
use crate::event::{
    Command, CommandKind, Fact, GroupChange, Groups, Hire, Phase, Termination, Update, When,
};
use crate::id::FactVersion;

impl World {
    pub(super) fn hired(&mut self, who: &str, day: &str, group: &str) {
        let first_name = ("first_name".to_owned(), Some(who.to_uppercase()));
        self.tell(
            who,
            Fact::Hired(Hire {
                employment: None,
                start: When::day(day.parse().unwrap()),
                phase: Phase::Effective,
                attributes: BTreeMap::from([first_name]),
                groups: Groups::all([GroupId::try_from(group).unwrap()]),
            }),
        );
    }

    pub(super) fn moved(&mut self, who: &str, group: &str) {
        self.tell(
            who,
            Fact::GroupChanged(GroupChange {
                employment: None,
                effective: None,
                phase: Phase::Effective,
                groups: Groups::all([GroupId::try_from(group).unwrap()]),
            }),
        );
    }

    pub(super) fn renamed(&mut self, who: &str, name: &str) {
        let first_name = ("first_name".to_owned(), Some(name.to_owned()));
        self.tell(
            who,
            Fact::Updated(Update {
                effective: None,
                phase: Phase::Effective,
                attributes: BTreeMap::from([first_name]),
            }),
        );
    }

    pub(super) fn terminated(&mut self, who: &str, last_day: Option<&str>) {
        self.terminates(who, last_day, Phase::Effective);
    }

    pub(super) fn termination_rescinded(&mut self, who: &str) {
        self.terminates(who, None, Phase::Cancelled);
    }

    pub(super) fn terminates(&mut self, who: &str, last_day: Option<&str>, phase: Phase) {
        self.tell(
            who,
            Fact::Terminated(Termination {
                employment: None,
                end: last_day.map(|day| When::day(day.parse().unwrap())),
                phase,
                reason: None,
            }),
        );
    }

    pub(super) fn erased(&mut self, who: &str) {
        self.tell(who, Fact::Erased);
    }

    /// A fact that changes nothing the platform is told.
    pub(super) fn paid(&mut self, who: &str, salary: &str) {
        let salary = ("salary".to_owned(), Some(salary.to_owned()));
        self.tell(
            who,
            Fact::Updated(Update {
                effective: None,
                phase: Phase::Effective,
                attributes: BTreeMap::from([salary]),
            }),
        );
    }

    /// The version of the facts about somebody.
    pub(super) fn version(&self, who: &str) -> FactVersion {
        self.people[&EmployeeId::try_from(who).unwrap()].fact_version()
    }

    /// An operator decides about somebody.
    pub(super) fn decides(&mut self, kind: CommandKind, who: &str, about: Option<FactVersion>) {
        self.tell(
            who,
            Fact::Command(Command {
                kind,
                provider: Provider::STARTEXAM,
                fact_version: about,
                operator: "an operator".to_owned(),
                reason: "a reason".to_owned(),
            }),
        );
    }
}
