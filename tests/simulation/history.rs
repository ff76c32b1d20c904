//! Histories: what HR says and what goes wrong, step by step, all from one seed.

use fastrand::Rng;
use hris_relay::event::{CommandKind, Event};
use hris_relay::id::EmployeeId;
use jiff::{SignedDuration, Timestamp};

use crate::company::SHARE;
use crate::crowd::Crowd;
use crate::facts::Teller;
use crate::provider::Trouble;

/// Which of the two stages something happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Roster,
    Worker,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The receiver accepts an event.
    Tell(Box<Event>),
    /// The owner dies, and another one is back after this long.
    Crash(Which, SignedDuration),
    /// The partition is taken away in good order.
    Revoke(Which),
    /// The owner's process stands still for this long.
    Freeze(Which, SignedDuration),
    /// The owner is cut off from the log for this long.
    Cut(Which, SignedDuration),
    /// For this long commits are not confirmed; they may have been taken all the same.
    Unconfirmed(Which, SignedDuration),
    /// For this long the platform misbehaves.
    Trouble(Trouble, SignedDuration),
    /// The log forgets what compaction lets it forget.
    Compact,
    /// An operator looks at somebody's facts and decides whether they go.
    Decide(CommandKind, EmployeeId),
}

/// What happens, when.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) seed: u64,
    pub(crate) people: Vec<EmployeeId>,
    pub(crate) steps: Vec<(Timestamp, Step)>,
    pub(crate) unregister_first: bool,
    pub(crate) kind: Kind,
}

/// Which configuration a history needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Too few people for the guard, and one generation of assignments.
    Plain,
    /// So tight a guard that it holds back a few people: at most so many go in an hour.
    Guarded(usize),
    /// Workers with old and with new assignments, in turns.
    Rollout,
}

/// When every history begins: two days before the clocks change in Berlin.
pub(crate) fn beginning() -> Timestamp {
    "2026-03-27T08:00:00Z".parse().unwrap()
}

/// What a history is mostly about; rare things meet only where they are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    /// HR alone.
    Facts,
    /// Owners that die, stand still, are cut off or replaced.
    Owners,
    /// A platform whose answers are lost or late.
    Answers,
    /// A platform that refuses people and programs, for long.
    Refusals,
    /// All of it.
    Everything,
}

const THEMES: [Theme; 6] = [
    Theme::Facts,
    Theme::Owners,
    Theme::Answers,
    Theme::Refusals,
    Theme::Everything,
    Theme::Everything,
];

/// Longer than any history.
pub(crate) const FOR_EVER: SignedDuration = SignedDuration::from_hours(24 * 365);

impl History {
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (kind, theme) = match (seed % 16, THEMES[rng.usize(0..THEMES.len())]) {
            (10, _) => (Kind::Rollout, Theme::Owners),
            (5, _) => return Self::of_crowd(seed, &mut rng),
            (_, theme) => (Kind::Plain, theme),
        };
        let is_erasable = seed % 2 == 1;
        let many = if theme == Theme::Facts {
            1
        } else {
            rng.usize(1..4)
        };
        let people: Vec<_> = (1..=many).map(name).collect();
        let mut tellers: Vec<_> = people
            .iter()
            .map(|id| Teller::new(id.clone(), is_erasable))
            .collect();
        let mut now = beginning();
        let mut steps = Vec::new();
        let faults = if theme == Theme::Facts {
            0
        } else {
            rng.u8(1..5)
        };
        for number in 0..rng.usize(3..16) {
            let step = if rng.u8(0..8) < faults {
                now += moment(&mut rng);
                fault(&mut rng, theme, &people)
            } else {
                now += if theme == Theme::Answers {
                    pause_of_seconds(&mut rng)
                } else {
                    pause(&mut rng)
                };
                let teller = rng.usize(0..many);
                Step::Tell(Box::new(tellers[teller].tell(&mut rng, now, number)))
            };
            steps.push((now, step));
        }
        let unregister_first = rng.u8(0..3) == 0;
        Self {
            seed,
            people,
            steps,
            unregister_first,
            kind,
        }
    }

    fn of_crowd(seed: u64, rng: &mut Rng) -> Self {
        let many = rng.usize(4..8);
        let people: Vec<_> = (1..=many).map(name).collect();
        let mut crowd = Crowd {
            people: &people,
            rng,
        };
        let mut steps = crowd.hires();
        let mut now = beginning() + SignedDuration::from_mins(20);
        for number in 1..crowd.rng.usize(4..16) {
            now += crowd.pause();
            let next = if crowd.rng.u8(0..4) == 0 {
                vec![fault(crowd.rng, Theme::Everything, crowd.people)]
            } else {
                crowd.next(now, number)
            };
            steps.extend(next.into_iter().map(|step| (now, step)));
        }
        let unregister_first = rng.u8(0..3) == 0;
        Self {
            seed,
            people,
            steps,
            unregister_first,
            kind: Kind::Guarded(many.div_ceil(usize::from(SHARE))),
        }
    }

    /// When nothing goes wrong any more.
    pub(crate) fn calm_at(&self) -> Timestamp {
        let last = self.steps.last().map_or(beginning(), |(at, _)| *at);
        last + SignedDuration::from_mins(3)
    }
}

fn name(number: usize) -> EmployeeId {
    EmployeeId::try_from(format!("e-{number}")).unwrap()
}

fn pause(rng: &mut Rng) -> SignedDuration {
    match rng.u8(0..10) {
        0..3 => SignedDuration::ZERO,
        3..5 => SignedDuration::from_millis(rng.i64(1..200)),
        5..8 => SignedDuration::from_millis(rng.i64(200..30_000)),
        8 => SignedDuration::from_secs(rng.i64(30..4000)),
        _ => SignedDuration::from_mins(rng.i64(60..2000)),
    }
}

/// About as long as an answer that never comes takes.
fn pause_of_seconds(rng: &mut Rng) -> SignedDuration {
    SignedDuration::from_millis(if rng.bool() {
        rng.i64(0..2000)
    } else {
        rng.i64(2000..12_000)
    })
}

/// Mostly while what was said is on its way: it takes a quarter of a second to a call.
fn moment(rng: &mut Rng) -> SignedDuration {
    match rng.u8(0..4) {
        0 => pause(rng),
        _ => SignedDuration::from_millis(rng.i64(0..300)),
    }
}

fn a_while(rng: &mut Rng) -> SignedDuration {
    match rng.u8(0..4) {
        0 => SignedDuration::from_millis(rng.i64(1..1000)),
        1 | 2 => SignedDuration::from_millis(rng.i64(1000..60_000)),
        _ => SignedDuration::from_mins(rng.i64(1..600)),
    }
}

/// As often as not longer than a session.
fn absence(rng: &mut Rng) -> SignedDuration {
    SignedDuration::from_millis(if rng.bool() {
        rng.i64(1..20_000)
    } else {
        rng.i64(20_000..60_000)
    })
}

fn fault(rng: &mut Rng, theme: Theme, people: &[EmployeeId]) -> Step {
    let is_about_owners = match theme {
        Theme::Owners => rng.u8(0..8) > 0,
        Theme::Facts | Theme::Answers | Theme::Refusals => rng.u8(0..3) == 0,
        Theme::Everything => rng.bool(),
    };
    if !is_about_owners {
        let trouble = trouble(rng, theme, people);
        let lasts = match (&trouble, theme) {
            (Trouble::MissesTarget(_), _) if rng.bool() => FOR_EVER,
            (_, Theme::Answers) => SignedDuration::from_millis(rng.i64(1..9000)),
            (_, Theme::Refusals) => SignedDuration::from_mins(rng.i64(1..600)),
            _ => a_while(rng),
        };
        return Step::Trouble(trouble, lasts);
    }
    let which = if rng.u8(0..3) == 0 {
        Which::Roster
    } else {
        Which::Worker
    };
    match rng.u8(0..10) {
        0..3 => Step::Crash(which, SignedDuration::from_millis(rng.i64(0..3000))),
        3 => Step::Revoke(which),
        4..6 => Step::Freeze(which, absence(rng)),
        6 | 7 => Step::Cut(which, absence(rng)),
        8 => Step::Unconfirmed(which, absence(rng)),
        _ => Step::Compact,
    }
}

fn trouble(rng: &mut Rng, theme: Theme, people: &[EmployeeId]) -> Trouble {
    let person = people[rng.usize(0..people.len())].as_str().to_owned();
    let target = [
        "program:s",
        "program:t",
        "program:all",
        "program-external:b",
    ][rng.usize(0..4)];
    let which = match theme {
        Theme::Answers => rng.u8(0..7),
        Theme::Refusals => rng.u8(6..15),
        Theme::Facts | Theme::Owners | Theme::Everything => rng.u8(0..19),
    };
    match which {
        0 => Trouble::Faults,
        1 | 2 => Trouble::LosesAnswers,
        3 | 4 => Trouble::ActsLate,
        5 => Trouble::Garbles,
        6 => Trouble::FailsSome,
        7 | 8 => Trouble::RefusesPerson(person),
        9 => Trouble::RefusesJoins(person),
        10 => Trouble::FaultsOnPerson(person),
        11..14 => Trouble::MissesTarget(target.to_owned()),
        14 => Trouble::Refuses(rng.usize(1..3)),
        15 => Trouble::IsSlow,
        16 => Trouble::Throttles,
        17 => Trouble::Unreachable,
        _ if rng.bool() => Trouble::RejectsCredentials,
        _ => Trouble::RejectsClock,
    }
}
