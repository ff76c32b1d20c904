//! A platform in memory that takes calls, and does to them what real platforms do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use hris_relay::provider::{Answer, Call, Done, Failure, Operation, Profile, Target};
use jiff::{SignedDuration, Timestamp};

/// The longest a call takes, answered or not.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(8);
/// How long after its start a call may still take effect, in milliseconds: just within the
/// worker's `reassert_after`, twice the timeout.
const LATE: i64 = 15_900;

/// What the platform does wrong for a while.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Trouble {
    /// Nobody can connect.
    Unreachable,
    /// It fails on its own side, before or after it has acted.
    Faults,
    /// The answer never comes; it has acted, or acts in time, or not at all.
    LosesAnswers,
    /// The answer never comes, and it acts long after we gave up waiting.
    ActsLate,
    /// The answer cannot be read.
    Garbles,
    /// It is slow, but answers in time.
    IsSlow,
    Throttles,
    RejectsCredentials,
    RejectsClock,
    /// It takes no call of more than this many people.
    Refuses(usize),
    /// It tells people apart, and fails some of them.
    FailsSome,
    /// It refuses every call with this person in it.
    RefusesPerson(String),
    /// It refuses only registrations of this person.
    RefusesJoins(String),
    /// It fails on every call with this person in it.
    FaultsOnPerson(String),
    /// It does not know this program.
    MissesTarget(String),
}

/// One person's account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) is_active: bool,
    pub(crate) profile: Vec<(String, String)>,
    pub(crate) targets: BTreeSet<String>,
}

/// What becomes of a call: when it acts for whom, and when it is over, with which answer.
#[derive(Debug)]
pub(crate) struct Fate {
    pub(crate) acts: Vec<(Timestamp, String, Operation)>,
    pub(crate) over_at: Timestamp,
    pub(crate) answer: Answer,
}

/// The accounts.
#[derive(Debug, Default)]
pub(crate) struct Platform {
    pub(crate) accounts: BTreeMap<String, Account>,
}

impl Platform {
    pub(crate) fn act(&mut self, person: &str, operation: &Operation) {
        let account = self.accounts.entry(person.to_owned()).or_default();
        match operation {
            Operation::Lock { .. } => account.is_active = false,
            Operation::Activate {
                profile: Profile(fields),
                ..
            } => {
                account.is_active = true;
                account.profile.clone_from(fields);
            }
            Operation::Join {
                target: Target(target),
                ..
            } => {
                account.targets.insert(target.clone());
            }
            Operation::Leave {
                target: Target(target),
            } => {
                account.targets.remove(target);
            }
        }
    }
}

/// Decides what becomes of a call that starts at `now`: the first trouble that concerns it.
pub(crate) fn fate(call: &Call, troubles: &[&Trouble], now: Timestamp, rng: &mut Rng) -> Fate {
    let takes = if troubles.contains(&&Trouble::IsSlow) {
        1000..7900
    } else {
        1..80
    };
    let over_at = later(now, rng.i64(takes));
    let mut case = Case {
        call,
        now,
        over_at,
        rng,
    };
    for trouble in troubles {
        if let Some(fate) = case.befalls(trouble) {
            return fate;
        }
    }
    let acts = case.everybody();
    Fate {
        acts,
        over_at,
        answer: Answer::Applied,
    }
}

fn later(at: Timestamp, milliseconds: i64) -> Timestamp {
    at + SignedDuration::from_millis(milliseconds)
}

/// A call that meets troubles.
struct Case<'a> {
    call: &'a Call,
    now: Timestamp,
    over_at: Timestamp,
    rng: &'a mut Rng,
}

type Acts = Vec<(Timestamp, String, Operation)>;

impl Case<'_> {
    fn befalls(&mut self, trouble: &Trouble) -> Option<Fate> {
        let (acts, failure) = match trouble {
            Trouble::LosesAnswers | Trouble::ActsLate => {
                return Some(self.unanswered(*trouble == Trouble::ActsLate));
            }
            Trouble::FailsSome => return Some(self.each()),
            Trouble::Garbles => (self.everybody(), Failure::Garbled { status: 200 }),
            Trouble::Faults => (self.some(), faulted()),
            Trouble::FaultsOnPerson(person) if self.has(person) => (self.some(), faulted()),
            Trouble::RefusesPerson(person) if self.has(person) => {
                let mut acts = self.some();
                acts.retain(|(_, who, _)| who != person);
                (acts, refused())
            }
            Trouble::RefusesJoins(person) if self.has_join(person) => (Acts::new(), refused()),
            Trouble::Refuses(most) if self.call.people.len() > *most => {
                (Acts::new(), Failure::TooLarge)
            }
            Trouble::MissesTarget(missing) if self.is_about(missing) => {
                let said = String::new();
                (Acts::new(), Failure::UnknownTarget { status: 404, said })
            }
            Trouble::Unreachable => (Acts::new(), Failure::Unreachable),
            Trouble::Throttles => (Acts::new(), self.throttled()),
            Trouble::RejectsCredentials => (Acts::new(), Failure::Unauthorized { status: 403 }),
            Trouble::RejectsClock => (Acts::new(), Failure::WrongClock),
            Trouble::IsSlow
            | Trouble::FaultsOnPerson(_)
            | Trouble::RefusesPerson(_)
            | Trouble::RefusesJoins(_)
            | Trouble::Refuses(_)
            | Trouble::MissesTarget(_) => return None,
        };
        let answer = Answer::Failed(failure);
        Some(Fate {
            acts,
            over_at: self.over_at,
            answer,
        })
    }

    fn acts(&self, at: Timestamp) -> Acts {
        let people = self.call.people.iter();
        people
            .map(|(id, operation)| (at, id.as_str().to_owned(), operation.clone()))
            .collect()
    }

    /// It acts for everybody some time before it answers.
    fn everybody(&mut self) -> Acts {
        let before = self.over_at.duration_since(self.now).as_millis();
        let at = later(self.now, self.rng.i64(0..=i64::try_from(before).unwrap()));
        self.acts(at)
    }

    /// It acts for some before it fails.
    fn some(&mut self) -> Acts {
        let mut acts = self.everybody();
        acts.retain(|_| self.rng.bool());
        acts
    }

    fn unanswered(&mut self, is_late: bool) -> Fate {
        let over_at = self.now + SignedDuration::try_from(CALL_TIMEOUT).unwrap();
        let takes = self.rng.i64(0..if is_late { LATE } else { 8000 });
        let mut acts = self.acts(later(self.now, takes));
        acts.retain(|_| is_late || self.rng.u8(0..4) > 0);
        Fate {
            acts,
            over_at,
            answer: Answer::Failed(Failure::Unanswered),
        }
    }

    fn each(&mut self) -> Fate {
        let mut acts = self.everybody();
        let each: Vec<_> = self.call.people.iter().map(|_| self.rng.u8(0..6)).collect();
        let mut outcomes = each.iter();
        acts.retain(|_| outcomes.next().is_some_and(|outcome| *outcome < 3));
        let each = each.iter().map(|outcome| match outcome {
            0..3 => Ok(Done::Applied),
            3 => Err(refused()),
            4 => Err(faulted()),
            _ => Err(Failure::Unreachable),
        });
        Fate {
            acts,
            over_at: self.over_at,
            answer: Answer::Each(each.collect()),
        }
    }

    fn throttled(&mut self) -> Failure {
        let seconds = self.rng.u64(0..90);
        let retry_after = (seconds > 30).then(|| Duration::from_secs(seconds));
        Failure::Throttled { retry_after }
    }

    fn has(&self, person: &str) -> bool {
        self.call.people.iter().any(|(id, _)| id.as_str() == person)
    }

    fn has_join(&self, person: &str) -> bool {
        let mut people = self.call.people.iter();
        people.any(|(id, operation)| {
            id.as_str() == person && matches!(operation, Operation::Join { .. })
        })
    }

    fn is_about(&self, missing: &str) -> bool {
        self.call
            .people
            .iter()
            .any(|(_, operation)| match operation {
                Operation::Join { target, .. } | Operation::Leave { target } => target.0 == missing,
                Operation::Lock { .. } | Operation::Activate { .. } => false,
            })
    }
}

fn refused() -> Failure {
    Failure::Refused {
        status: 400,
        said: "no".to_owned(),
    }
}

fn faulted() -> Failure {
    Failure::Faulted {
        status: 500,
        retry_after: None,
    }
}
