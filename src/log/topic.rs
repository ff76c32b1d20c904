//! The topics: their names, keys and how long they keep what they hold.

use std::fmt;
use std::time::Duration;

use crate::id::Provider;

/// One topic of the event log (design section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// `CloudEvents` of other systems' producers, with any key.
    Inbox,
    /// What the intake could not read, with reason headers and the original bytes.
    InboxDeadLetters,
    /// Canonical events and commands, written by the relay alone; key: employee id.
    Events,
    /// Events the roster could not read.
    EventsDeadLetters,
    /// The person as HR sees them; key: employee id.
    People,
    /// What is applied at one provider, in flight, retried, dead; key: employee id.
    State(Provider),
    /// Dead letters of one provider; key: employee id.
    DeadLetters(Provider),
    /// What was done for whom, when, on which fact; key: employee id.
    Outcomes(Provider),
    /// Exam and start links that one provider returned, credentials; key: employee id.
    Links(Provider),
    /// Authentic webhook bodies that could not be mapped; key: source.
    Quarantine,
}

/// What a topic does with its old records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    /// Keeps the last record of each key.
    Compact,
    /// Keeps every record for this long.
    Delete(Duration),
}

const DAY: Duration = Duration::from_hours(24);

impl Topic {
    /// Every topic of an installation that serves these providers.
    pub fn all(providers: &[Provider]) -> Vec<Self> {
        let mut topics = vec![
            Self::Inbox,
            Self::InboxDeadLetters,
            Self::Events,
            Self::EventsDeadLetters,
            Self::People,
            Self::Quarantine,
        ];
        for &provider in providers {
            topics.extend([
                Self::State(provider),
                Self::DeadLetters(provider),
                Self::Outcomes(provider),
                Self::Links(provider),
            ]);
        }
        topics
    }

    /// Whether the relay alone writes it, so that the key of a record, a person, decides where
    /// it is.
    pub const fn is_keyed_by_person(self) -> bool {
        !matches!(
            self,
            Self::Inbox | Self::InboxDeadLetters | Self::Quarantine
        )
    }

    /// Whether a record of it belongs to the trace of the record it was made from.
    pub const fn is_traced(self) -> bool {
        match self {
            Self::InboxDeadLetters | Self::Events | Self::EventsDeadLetters | Self::People => true,
            // What workers write follows from calls, which are traces of their own.
            Self::State(_)
            | Self::DeadLetters(_)
            | Self::Outcomes(_)
            | Self::Links(_)
            | Self::Inbox
            | Self::Quarantine => false,
        }
    }

    /// How the topic forgets.
    pub const fn cleanup(self) -> Cleanup {
        match self {
            Self::People | Self::State(_) => Cleanup::Compact,
            Self::Inbox | Self::Links(_) => Cleanup::Delete(DAY.saturating_mul(7)),
            Self::Events => Cleanup::Delete(DAY.saturating_mul(30)),
            Self::InboxDeadLetters
            | Self::EventsDeadLetters
            | Self::DeadLetters(_)
            | Self::Outcomes(_)
            | Self::Quarantine => Cleanup::Delete(DAY.saturating_mul(90)),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbox => f.write_str("hris.inbox"),
            Self::InboxDeadLetters => f.write_str("hris.inbox.dlq"),
            Self::Events => f.write_str("hris.events"),
            Self::EventsDeadLetters => f.write_str("hris.events.dlq"),
            Self::People => f.write_str("hris.people"),
            Self::State(provider) => write!(f, "hris.{provider}.state"),
            Self::DeadLetters(provider) => write!(f, "hris.{provider}.dlq"),
            Self::Outcomes(provider) => write!(f, "hris.{provider}.outcomes"),
            Self::Links(provider) => write!(f, "hris.{provider}.links"),
            Self::Quarantine => f.write_str("hris.quarantine"),
        }
    }
}

/// The consumer group of a stage: `hris-relay.<stage>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Other producers' records made events.
    Intake,
    /// Facts folded into people.
    Roster,
    /// One provider's workers.
    Worker(Provider),
}

impl Group {
    /// The topics its stage writes or restores from; it cannot run without them.
    pub fn topics(self) -> Vec<Topic> {
        match self {
            Self::Intake => vec![Topic::Inbox, Topic::InboxDeadLetters, Topic::Events],
            Self::Roster => vec![Topic::Events, Topic::EventsDeadLetters, Topic::People],
            Self::Worker(provider) => vec![
                Topic::People,
                Topic::State(provider),
                Topic::DeadLetters(provider),
                Topic::Outcomes(provider),
                Topic::Links(provider),
            ],
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intake => f.write_str("hris-relay.intake"),
            Self::Roster => f.write_str("hris-relay.roster"),
            Self::Worker(provider) => write!(f, "hris-relay.{provider}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_named_as_the_design_says() {
        let names: Vec<String> = Topic::all(Provider::ALL)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(names.contains(&"hris.startexam.state".to_owned()));
        assert!(names.contains(&"hris.events.dlq".to_owned()));
        assert_eq!(Group::Roster.to_string(), "hris-relay.roster");
        assert_eq!(Group::Intake.to_string(), "hris-relay.intake");
    }

    #[test]
    fn state_is_compacted_and_facts_are_not() {
        assert_eq!(Topic::People.cleanup(), Cleanup::Compact);
        assert_eq!(Topic::Events.cleanup(), Cleanup::Delete(DAY * 30));
    }
}
