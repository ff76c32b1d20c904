//! Who writes and reads which topic: a table of the roles.

use self::Action::{Follows, Looks, Writes, WritesDecisions, WritesFacts};
use super::channels::ANY;
use crate::log::topic::{Group, Topic};

/// What one role does with one topic.
pub(super) struct Does {
    pub(super) id: &'static str,
    pub(super) role: &'static str,
    pub(super) action: Action,
    pub(super) topic: Topic,
    pub(super) summary: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Writes,
    /// It writes facts and no commands.
    WritesFacts,
    /// It writes operators' commands, and states that were imported.
    WritesDecisions,
    /// It reads what is new, as this group.
    Follows(Group),
    /// It reads what is there, as no group.
    Looks,
}

impl Action {
    /// Whether it writes or reads a message of its topic.
    pub(super) fn is_about(self, message: &str) -> bool {
        let is_command = matches!(message, "redrive" | "release" | "reject" | "reconcile");
        match self {
            Self::WritesFacts => !is_command,
            Self::WritesDecisions => is_command || message == "snapshot",
            Self::Writes | Self::Follows(_) | Self::Looks => true,
        }
    }
}

/// What every role does with every topic, in the order the data flows.
pub(super) const ROLES: [Does; 20] = [
    does(
        "receiverTakesFacts",
        "receiver",
        WritesFacts,
        Topic::Events,
        "What came over HTTP and is an event; answered once every in-sync replica has it.",
    ),
    does(
        "receiverKeepsAside",
        "receiver",
        Writes,
        Topic::Quarantine,
        "What is authentic and no event.",
    ),
    does(
        "intakeFollowsInbox",
        "roster",
        Follows(Group::Intake),
        Topic::Inbox,
        "Reads what other producers wrote.",
    ),
    does(
        "intakeTakesFacts",
        "roster",
        WritesFacts,
        Topic::Events,
        "Each fact under its employee id, exactly once, with where it came from.",
    ),
    does(
        "intakeGivesUp",
        "roster",
        Writes,
        Topic::InboxDeadLetters,
        "What is no event of a known source.",
    ),
    does(
        "operatorsDecide",
        "operator",
        WritesDecisions,
        Topic::Events,
        "Commands, and the states that `hris-relay import` read.",
    ),
    does(
        "rosterFollowsFacts",
        "roster",
        Follows(Group::Roster),
        Topic::Events,
        "Folds every fact into the person's record.",
    ),
    does(
        "rosterRestoresPeople",
        "roster",
        Looks,
        Topic::People,
        "Reads everybody of a partition it was given.",
    ),
    does(
        "rosterWritesPeople",
        "roster",
        Writes,
        Topic::People,
        "The person's whole record, in one transaction with the offset of the fact.",
    ),
    does(
        "rosterGivesUp",
        "roster",
        Writes,
        Topic::EventsDeadLetters,
        "What cannot be folded.",
    ),
    does(
        "workerFollowsPeople",
        "worker",
        Follows(Group::Worker(ANY)),
        Topic::People,
        "Reads whose record changed, and plans.",
    ),
    does(
        "workerRestoresPeople",
        "worker",
        Looks,
        Topic::People,
        "Reads everybody of a partition it was given.",
    ),
    does(
        "workerRestoresState",
        "worker",
        Looks,
        Topic::State(ANY),
        "Reads what it knows of everybody of a partition it was given.",
    ),
    does(
        "workerWritesState",
        "worker",
        Writes,
        Topic::State(ANY),
        "Announces every call before it is made, and what came of it.",
    ),
    does(
        "workerTellsOutcomes",
        "worker",
        Writes,
        Topic::Outcomes(ANY),
        "What is in force.",
    ),
    does(
        "workerGivesUp",
        "worker",
        Writes,
        Topic::DeadLetters(ANY),
        "What the platform refuses for one person.",
    ),
    does(
        "workerPassesLinks",
        "worker",
        Writes,
        Topic::Links(ANY),
        "What lets the person in.",
    ),
    does(
        "operatorsLookAtPeople",
        "operator",
        Looks,
        Topic::People,
        "`import`, `reconcile`, `command` and `check-config --against-state` read everybody.",
    ),
    does(
        "operatorsLookAtState",
        "operator",
        Looks,
        Topic::State(ANY),
        "The same, of what is applied.",
    ),
    does(
        "operatorsLookAtOutcomes",
        "operator",
        Looks,
        Topic::Outcomes(ANY),
        "`reconcile` reports where the platform differed.",
    ),
];

const fn does(
    id: &'static str,
    role: &'static str,
    action: Action,
    topic: Topic,
    summary: &'static str,
) -> Does {
    Does {
        id,
        role,
        action,
        topic,
        summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::channels;

    #[test]
    fn every_stage_is_said_to_touch_what_it_needs_and_no_topic_is_left_out() {
        let touched = |topic: &Topic| ROLES.iter().any(|does| does.topic == *topic);
        for topic in channels::kinds() {
            assert!(touched(&topic), "{topic}");
        }
        for group in [Group::Intake, Group::Roster, Group::Worker(ANY)] {
            let follows = ROLES
                .iter()
                .find(|does| matches!(does.action, Follows(followed) if followed == group));
            let role = follows.unwrap().role;
            for topic in group.topics() {
                let is_said = |does: &Does| does.role == role && does.topic == topic;
                assert!(ROLES.iter().any(is_said), "{group}: {topic}");
            }
        }
    }
}
