//! The platform in memory: what it does with calls, and what can go wrong there.

use super::*;
use crate::provider::{Counted, Done};

/// What the platform does with the next call.
#[derive(Debug, Clone)]
pub(super) enum Does {
    /// What it is asked.
    Works,
    /// Nothing, and says why.
    Fails(Failure),
    /// What it is asked, but the answer is lost.
    LosesAnswer,
    /// Nothing, until long after nobody waits for its answer any more.
    ActsLate(Duration),
}

impl World {
    pub(super) fn perform(&mut self, call: &Call) -> Answer {
        self.calls.push(shown(call));
        let does = self.script.pop_front().unwrap_or(Does::Works);
        if let Does::Fails(failure) = does {
            return Answer::Failed(failure);
        }
        if let Some(failure) = self.refusal(call) {
            return Answer::Failed(failure);
        }
        if let Some(answer) = self.unsent(call) {
            return answer;
        }
        if let Does::ActsLate(after) = does {
            self.late
                .push((self.now.checked_add(after).unwrap(), call.clone()));
            return Answer::Failed(Failure::Unanswered);
        }
        let is_stranger = |(id, _): &&(EmployeeId, Operation)| self.strangers.contains(id.as_str());
        let strangers = call.people.iter().filter(is_stranger).count();
        let is_leave = |(_, step): &(_, _)| matches!(step, Operation::Leave { .. });
        if strangers > 0 && call.people.iter().all(is_leave) {
            return self.leave_strangers(call);
        }
        self.take_effect(call);
        match does {
            Does::LosesAnswer => Answer::Failed(Failure::Unanswered),
            Does::Works | Does::Fails(_) | Does::ActsLate(_) if strangers > 0 => {
                Answer::Counted(Counted {
                    created: u64::try_from(strangers).unwrap(),
                    changed: u64::try_from(call.people.len()).unwrap(),
                })
            }
            Does::Works | Does::Fails(_) | Does::ActsLate(_) => Answer::Applied,
        }
    }

    /// What comes of a call with people whom the client does not send.
    fn unsent(&mut self, call: &Call) -> Option<Answer> {
        let is_invalid = |(id, step): &(EmployeeId, Operation)| {
            matches!(step, Operation::Join { .. }) && self.invalid.contains(id.as_str())
        };
        if !call.people.iter().any(is_invalid) {
            return None;
        }
        let invalid = || Failure::Invalid {
            field: "Email",
            reason: "is missing",
        };
        let told = |one| is_invalid(one).then(invalid).map_or(Ok(Done::Applied), Err);
        let each = call.people.iter().map(told).collect();
        let sent = call.people.iter().filter(|one| !is_invalid(one)).cloned();
        let people = sent.collect();
        self.take_effect(&Call { people });
        Some(Answer::Each(each))
    }

    /// Why the platform does not take a call that reaches it.
    fn refusal(&self, call: &Call) -> Option<Failure> {
        let refused = |status: u16| Failure::Refused {
            status,
            said: "not like this".to_owned(),
        };
        for (id, operation) in &call.people {
            if self.refused.contains(id.as_str()) {
                return Some(refused(400));
            }
            let (word, Target(name)) = match operation {
                Operation::Join { target, .. } => ("join", target),
                Operation::Leave { target } => ("leave", target),
                Operation::Lock { .. } | Operation::Activate { .. } => continue,
            };
            let by = [
                format!("{word} {name}"),
                format!("{word} {name} {}", id.as_str()),
            ];
            if by.iter().any(|by| self.refused.contains(by)) {
                return Some(refused(409));
            }
            if self.missing.contains(name) {
                return Some(Failure::UnknownTarget {
                    status: 404,
                    said: "no such program".to_owned(),
                });
            }
        }
        None
    }

    fn leave_strangers(&mut self, call: &Call) -> Answer {
        if let [_one] = call.people.as_slice() {
            self.take_effect(call);
            return Answer::Each(vec![Ok(Done::NotFound)]);
        }
        Answer::Failed(Failure::Refused {
            status: 400,
            said: "who is that".to_owned(),
        })
    }

    pub(super) fn take_effect(&mut self, call: &Call) {
        for (id, operation) in &call.people {
            let who = id.as_str().to_owned();
            match operation {
                Operation::Lock { profile, .. } => {
                    self.locked_with.insert(who.clone(), profile.clone());
                    self.active.insert(who, false);
                }
                Operation::Activate { .. } => {
                    self.active.insert(who, true);
                }
                Operation::Join { target, .. } => {
                    self.members.insert((target.0.clone(), who));
                }
                Operation::Leave { target } => {
                    self.members.remove(&(target.0.clone(), who));
                }
            }
        }
    }
}

/// A call in a few words: `lock a b`, `register program:s +a -b`.
pub(super) fn shown(call: &Call) -> String {
    let mut text = String::new();
    for (id, operation) in &call.people {
        let id = id.as_str();
        let (verb, sign) = match operation {
            Operation::Lock { .. } => ("lock".to_owned(), ""),
            Operation::Activate { .. } => ("activate".to_owned(), ""),
            Operation::Join {
                target: Target(name),
                ..
            } => (name.clone(), "+"),
            Operation::Leave {
                target: Target(name),
            } => (name.clone(), "-"),
        };
        if text.is_empty() {
            text = verb;
        }
        text = format!("{text} {sign}{id}");
    }
    text
}
