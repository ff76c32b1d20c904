//! What HR systems say: facts of one person, with everything that real senders do to them.

use fastrand::Rng;
use hris_relay::event::{
    AccessChange, Attributes, Event, Fact, GroupChange, Groups, Hire, Moment, ObservedEnd, Phase,
    Snapshot, Status, Termination, Update, When, Zone,
};
use hris_relay::id::{EmployeeId, EmploymentId, EventId, GroupId, SourceId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

const GROUPS: [&str; 6] = ["Sales", "Sales", "Support", "Support", "Berlin", "Unmapped"];
const ZONES: [&str; 3] = ["Pacific/Honolulu", "Europe/Berlin", "Pacific/Auckland"];

/// Says facts about one person; dates are used again and again, so that they meet.
///
/// An erasure covers what was said before it by the clock, so it asks of a source with
/// sequences that they do not run against its clock (where they do, it pages). Whoever may be
/// erased has sequences like that; those of the others run as they like.
pub(crate) struct Teller {
    subject: EmployeeId,
    is_erasable: bool,
    dates: Vec<When>,
    told: Vec<Event>,
}

impl Teller {
    pub(crate) const fn new(subject: EmployeeId, is_erasable: bool) -> Self {
        Self {
            subject,
            is_erasable,
            dates: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The next event that the relay receives at `now`.
    pub(crate) fn tell(&mut self, rng: &mut Rng, now: Timestamp, number: usize) -> Event {
        Says { teller: self, rng }.tell(now, number)
    }
}

/// A teller with the die that decides.
struct Says<'a> {
    teller: &'a mut Teller,
    rng: &'a mut Rng,
}

impl Says<'_> {
    fn tell(&mut self, now: Timestamp, number: usize) -> Event {
        if let Some(again) = self.tell_again(now, number) {
            return again;
        }
        let source = *self.pick(&["hr", "hr", "hr", "erp", "erp", "scim", "sso", "retired"]);
        let mut occurred = self.occurred(now);
        let is_in_order = self.teller.is_erasable && source == "erp";
        if is_in_order {
            occurred = occurred.min(now);
        }
        let has_sequence = source == "erp" && (!self.one_in(20) || is_in_order);
        let event = Event {
            id: id(number, self.rng),
            source: SourceId::try_from(source).unwrap(),
            subject: self.teller.subject.clone(),
            time: (source != "scim" || self.rng.bool()).then_some(occurred),
            received_time: Some(now),
            sequence: has_sequence.then(|| occurred.as_millisecond()),
            fact: self.fact(occurred),
        };
        self.teller.told.push(event.clone());
        event
    }

    /// A duplicate, received again; or the same fact restated as a new one.
    fn tell_again(&mut self, now: Timestamp, number: usize) -> Option<Event> {
        if self.teller.told.is_empty() || !self.one_in(6) {
            return None;
        }
        let mut event = self.rng.choice(&self.teller.told)?.clone();
        event.received_time = Some(now);
        if self.rng.bool() {
            let mut occurred = self.occurred(now);
            if self.teller.is_erasable && event.sequence.is_some() {
                occurred = occurred.min(now);
            }
            event.id = id(number, self.rng);
            event.time = event.time.map(|_| occurred);
            event.sequence = event.sequence.map(|_| occurred.as_millisecond());
            self.teller.told.push(event.clone());
        }
        Some(event)
    }

    /// Mostly now, often late, sometimes ahead of our clock, sometimes when something else was said.
    fn occurred(&mut self, now: Timestamp) -> Timestamp {
        if self.one_in(6)
            && let Some(other) = self.rng.choice(&self.teller.told)
        {
            return other.time.unwrap_or(now);
        }
        let delay = match self.rng.u8(0..10) {
            0..4 => SignedDuration::from_millis(self.rng.i64(0..3000)),
            4..6 => SignedDuration::from_mins(30 * self.rng.i64(0..24)),
            // On the hour, so that several facts have one version.
            6..9 => {
                let hours = SignedDuration::from_hours(6 * self.rng.i64(0..40));
                return midnight(now) - hours;
            }
            _ => SignedDuration::from_mins(-30 * self.rng.i64(0..10)),
        };
        now - delay
    }

    fn fact(&mut self, occurred: Timestamp) -> Fact {
        if self.teller.told.is_empty() && !self.one_in(4) {
            return Fact::Hired(Hire {
                employment: self.employment(),
                start: When::day(day(occurred) - self.rng.i64(0..9).days()),
                phase: Phase::Effective,
                attributes: self.attributes(),
                groups: Groups::all([self.group(), self.group()]),
            });
        }
        match self.rng.u8(0..112) {
            102.. => self.renewal(occurred),
            0..28 => Fact::Hired(Hire {
                employment: self.employment(),
                start: self.when(occurred),
                phase: self.phase(),
                attributes: self.attributes(),
                groups: self.groups(),
            }),
            28..50 => {
                let phase = self.phase();
                let has_date = phase == Phase::Scheduled || self.rng.bool();
                Fact::Terminated(Termination {
                    employment: self.employment(),
                    end: has_date.then(|| self.when(occurred)),
                    phase,
                    reason: None,
                })
            }
            50..72 => Fact::Snapshot(self.snapshot(occurred)),
            72..84 => {
                let (effective, phase) = self.dated(occurred);
                let mut groups = self.groups();
                if groups.is_empty() {
                    groups = Groups::all([self.group()]);
                }
                let employment = self.employment();
                Fact::GroupChanged(GroupChange {
                    employment,
                    effective,
                    phase,
                    groups,
                })
            }
            84..88 => {
                let (effective, phase) = self.dated(occurred);
                let attributes = self.attributes();
                Fact::Updated(Update {
                    effective,
                    phase,
                    attributes,
                })
            }
            88..95 => Fact::AccessRevoked(self.access(occurred)),
            99.. if self.teller.is_erasable => Fact::Erased,
            _ => Fact::AccessRestored(self.access(occurred)),
        }
    }

    /// A start still ahead, of an employment that was told of before.
    fn renewal(&mut self, occurred: Timestamp) -> Fact {
        let told = self
            .teller
            .told
            .iter()
            .rev()
            .find_map(|event| match &event.fact {
                Fact::Hired(hire) => Some(hire.employment.clone()),
                _ => None,
            });
        let start = When::day(day(occurred) + self.rng.i64(1..6).days());
        self.teller.dates.push(start.clone());
        Fact::Hired(Hire {
            employment: told.flatten(),
            start,
            phase: Phase::Effective,
            attributes: Attributes::new(),
            groups: Groups::default(),
        })
    }

    fn access(&mut self, occurred: Timestamp) -> AccessChange {
        let (effective, phase) = self.dated(occurred);
        AccessChange { effective, phase }
    }

    fn snapshot(&mut self, occurred: Timestamp) -> Snapshot {
        let status = self.rng.choice([
            None,
            Some(Status::Active),
            Some(Status::Active),
            Some(Status::Inactive),
        ]);
        let end = match self.rng.u8(0..4) {
            0 => ObservedEnd::On(self.when(occurred).moment),
            1 => ObservedEnd::Empty,
            _ => ObservedEnd::Unmapped,
        };
        let start = self.rng.bool().then(|| self.when(occurred).moment);
        let groups = if self.rng.bool() {
            Groups::default()
        } else {
            Groups::all(self.some_groups())
        };
        Snapshot {
            employment: self.employment(),
            zone: self.zone(),
            status: status.flatten(),
            start,
            end,
            attributes: self.attributes(),
            groups,
            import: None,
        }
    }

    /// A date that was used before, or a new one not far from `occurred`.
    fn when(&mut self, occurred: Timestamp) -> When {
        if !self.teller.dates.is_empty() && !self.one_in(3) {
            return self.rng.choice(&self.teller.dates).unwrap().clone();
        }
        let moment = match self.rng.u8(0..4) {
            0 => {
                let near = occurred + SignedDuration::from_secs(self.rng.i64(-5..60));
                Moment::Instant(near)
            }
            1 => {
                let hours = SignedDuration::from_hours(6 * self.rng.i64(-20..20));
                Moment::Instant(midnight(occurred) + hours)
            }
            _ => Moment::Day(day(occurred) + self.rng.i64(-8..6).days()),
        };
        let zone = self.zone();
        let when = When { moment, zone };
        self.teller.dates.push(when.clone());
        when
    }

    fn zone(&mut self) -> Option<Zone> {
        let name = *self.pick(&ZONES);
        self.one_in(6).then(|| name.parse().unwrap())
    }

    fn dated(&mut self, occurred: Timestamp) -> (Option<When>, Phase) {
        let phase = self.phase();
        let needs_date = phase != Phase::Effective;
        let has_date = needs_date || self.one_in(3);
        (has_date.then(|| self.when(occurred)), phase)
    }

    fn phase(&mut self) -> Phase {
        *self.pick(&[
            Phase::Effective,
            Phase::Effective,
            Phase::Scheduled,
            Phase::Cancelled,
        ])
    }

    fn employment(&mut self) -> Option<EmploymentId> {
        let name = *self.pick(&[None, None, None, Some("a"), Some("a"), Some("b")]);
        name.map(|name| EmploymentId::try_from(name).unwrap())
    }

    fn attributes(&mut self) -> Attributes {
        let mut attributes = Attributes::new();
        for name in ["first_name", "email"] {
            if self.one_in(3) {
                let value = *self.pick(&[None, Some("1"), Some("2"), Some("3")]);
                attributes.insert(name.to_owned(), value.map(str::to_owned));
            }
        }
        attributes
    }

    fn groups(&mut self) -> Groups {
        match self.rng.u8(0..4) {
            0 => Groups::all(self.some_groups()),
            1 => Groups::default(),
            _ => {
                let (joined, mut left) = (self.some_groups(), self.some_groups());
                left.retain(|group| !joined.contains(group));
                Groups {
                    joined: joined.into_iter().collect(),
                    left: left.into_iter().collect(),
                    current: None,
                }
            }
        }
    }

    fn group(&mut self) -> GroupId {
        GroupId::try_from(*self.pick(&GROUPS)).unwrap()
    }

    fn some_groups(&mut self) -> Vec<GroupId> {
        (0..self.rng.usize(0..3)).map(|_| self.group()).collect()
    }

    fn one_in(&mut self, many: u8) -> bool {
        self.rng.u8(0..many) == 0
    }

    fn pick<'b, T>(&mut self, all: &'b [T]) -> &'b T {
        &all[self.rng.usize(0..all.len())]
    }
}

/// Ids of the same length in no order, so that a tie does not follow the arrival.
fn id(number: usize, rng: &mut Rng) -> EventId {
    EventId::try_from(format!("{:02}-{number:03}", rng.u8(0..100))).unwrap()
}

fn day(t: Timestamp) -> Date {
    t.to_zoned(TimeZone::UTC).date()
}

fn midnight(t: Timestamp) -> Timestamp {
    day(t).to_zoned(TimeZone::UTC).unwrap().timestamp()
}
