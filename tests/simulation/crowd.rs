//! Histories of a crowd that the guard holds back: many go at once, and operators decide.

use fastrand::Rng;
use hris_relay::event::{
    Attributes, CommandKind, Event, Fact, GroupChange, Groups, Hire, Moment, Phase, Termination,
    When,
};
use hris_relay::id::{EmployeeId, EventId, GroupId, SourceId};
use jiff::{SignedDuration, Timestamp};

use crate::history::{Step, beginning};

/// Everybody is hired, and then they go by twos and threes.
pub(crate) struct Crowd<'a> {
    pub(crate) people: &'a [EmployeeId],
    pub(crate) rng: &'a mut Rng,
}

impl Crowd<'_> {
    /// The first minutes: the worker knows everybody before anybody goes.
    pub(crate) fn hires(&mut self) -> Vec<(Timestamp, Step)> {
        let now = beginning();
        let hire = |(number, id): (usize, &EmployeeId)| {
            let group = ["Sales", "Support"][number % 2];
            (now, told(id, now, number, hired(now, group)))
        };
        self.people.iter().enumerate().map(hire).collect()
    }

    /// What HR or an operator does next; several at once go one by one.
    pub(crate) fn next(&mut self, now: Timestamp, number: usize) -> Vec<Step> {
        match self.rng.u8(0..10) {
            0..4 => {
                let from = self.rng.usize(0..self.people.len());
                let leavers = self.people.iter().cycle().skip(from);
                let leavers = leavers.take(self.rng.usize(1..self.people.len()));
                let each = leavers
                    .enumerate()
                    .map(|(place, id)| told(id, now, number * 10 + place, terminated(false)));
                each.collect()
            }
            4 => vec![self.one(now, number, hired(now, "Sales"))],
            5 => vec![self.one(now, number, terminated(true))],
            6 => {
                let groups = Groups::all([group("Support")]);
                let movers = self.people.iter().take(self.rng.usize(1..4));
                let move_one = |(place, id): (usize, &EmployeeId)| {
                    let change = GroupChange {
                        employment: None,
                        effective: None,
                        phase: Phase::Effective,
                        groups: groups.clone(),
                    };
                    told(id, now, number * 10 + place, Fact::GroupChanged(change))
                };
                movers.enumerate().map(move_one).collect()
            }
            7 if self.rng.u8(0..3) == 0 => vec![self.one(now, number, Fact::Erased)],
            _ => {
                let kind = if self.rng.u8(0..3) > 0 {
                    CommandKind::Release
                } else {
                    CommandKind::Reject
                };
                let who = self.anybody();
                vec![Step::Decide(kind, who)]
            }
        }
    }

    /// Mostly within the hour that the guard counts.
    pub(crate) fn pause(&mut self) -> SignedDuration {
        match self.rng.u8(0..8) {
            0 | 1 => SignedDuration::from_millis(self.rng.i64(0..2000)),
            2..5 => SignedDuration::from_secs(self.rng.i64(2..300)),
            5 | 6 => SignedDuration::from_mins(self.rng.i64(5..59)),
            _ => SignedDuration::from_mins(self.rng.i64(61..200)),
        }
    }

    fn anybody(&mut self) -> EmployeeId {
        self.people[self.rng.usize(0..self.people.len())].clone()
    }

    fn one(&mut self, now: Timestamp, number: usize, fact: Fact) -> Step {
        let who = self.anybody();
        told(&who, now, number * 10, fact)
    }
}

fn group(name: &str) -> GroupId {
    GroupId::try_from(name).unwrap()
}

fn hired(now: Timestamp, into: &str) -> Fact {
    Fact::Hired(Hire {
        employment: None,
        start: When {
            moment: Moment::Instant(now),
            zone: None,
        },
        phase: Phase::Effective,
        attributes: Attributes::new(),
        groups: Groups::all([group(into)]),
    })
}

fn terminated(is_rescinded: bool) -> Fact {
    Fact::Terminated(Termination {
        employment: None,
        end: None,
        phase: if is_rescinded {
            Phase::Cancelled
        } else {
            Phase::Effective
        },
        reason: None,
    })
}

fn told(who: &EmployeeId, now: Timestamp, number: usize, fact: Fact) -> Step {
    Step::Tell(Box::new(Event {
        id: EventId::try_from(format!("crowd-{number:03}")).unwrap(),
        source: SourceId::try_from("hr").unwrap(),
        subject: who.clone(),
        time: Some(now),
        received_time: Some(now),
        sequence: None,
        fact,
    }))
}
