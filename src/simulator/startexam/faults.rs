//! Scripted faults: which requests go wrong, and how. Pure.
//!
//! A script is a JSON list. The first fault that matches a request and is still due acts on
//! it; those after it do not count that request.
//!
//! ```json
//! [
//!   { "match": { "path": "/v1/employees" }, "times": 2,
//!     "action": { "do": "status", "status": 429, "message": "slow down", "retry_after": "2" } },
//!   { "match": { "person": "e-17", "nth": 3 }, "action": { "do": "drop_after_commit" } },
//!   { "match": { "program": "95a6e267-1765-4a93-98b1-c6ca5ef2cd61" },
//!     "action": { "do": "delay", "lasting": "40s" } }
//! ]
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One scripted fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests; an empty match is every request.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// How many matching requests in a row go wrong; default 1.
    #[serde(default = "one")]
    pub times: u64,
    /// How.
    pub action: Action,
}

/// Which requests a fault is for: all that is named must be so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Match {
    /// The path of the request, as sent.
    pub path: Option<String>,
    /// The id of an employee the request is about.
    pub person: Option<String>,
    /// The program the request names, by either of its ids.
    pub program: Option<String>,
    /// The first matching request that goes wrong, counted from 1; default 1.
    pub nth: Option<u64>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Nothing is done; this status is answered.
    Status {
        /// HTTP status.
        status: u16,
        /// The `message` of the JSON body; none: an empty body.
        #[serde(default)]
        message: Option<String>,
        /// The `Retry-After` header: seconds or an HTTP date.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// The request is done and answered only after this time, even if nobody waits by then.
    Delay {
        /// How long, with its unit: `"40s"`.
        #[serde(with = "crate::settings::duration")]
        lasting: Duration,
    },
    /// Nothing is done; the connection is closed without an answer.
    DropBefore,
    /// The request is done; the connection is closed without an answer.
    DropAfterCommit,
    /// The request is done; the answer is 200 with a body that is no JSON.
    GarbageBody,
    /// The request is done; the body of the answer takes this long to come.
    Slow {
        /// How long, with its unit: `"3s"`.
        #[serde(with = "crate::settings::duration")]
        lasting: Duration,
    },
}

impl Action {
    /// The word of this action, for the journal.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::DropBefore => "drop_before",
            Self::DropAfterCommit => "drop_after_commit",
            Self::GarbageBody => "garbage_body",
            Self::Slow { .. } => "slow",
        }
    }
}

const fn one() -> u64 {
    1
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Subject {
    pub(super) path: String,
    pub(super) people: Vec<String>,
    pub(super) program: Option<String>,
}

impl Subject {
    /// Reads it from a body, as far as it can be read: faults and the journal must not
    /// depend on a request being sound.
    pub(super) fn of(path: &str, body: &[u8]) -> Self {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let list = |member: &str| body.get(member).and_then(|list| list.as_array());
        let synced = list("employees").into_iter().flatten();
        let people = synced
            .filter_map(|employee| employee.get("id"))
            .chain(list("registerEmployees").into_iter().flatten())
            .chain(list("unregisterEmployees").into_iter().flatten())
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        let program = ["programId", "programExternalId"]
            .iter()
            .find_map(|member| body.get(member)?.as_str().map(str::to_owned));
        Self {
            path: path.to_owned(),
            people,
            program,
        }
    }
}

/// A script and how far it has been played.
#[derive(Debug, Default)]
pub(super) struct Script {
    faults: Vec<(Fault, u64)>,
}

impl Script {
    /// A script from its beginning.
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        let faults = faults.into_iter().map(|fault| (fault, 0)).collect();
        Self { faults }
    }

    /// What goes wrong with this request.
    pub(super) fn act(&mut self, subject: &Subject) -> Option<Action> {
        for (fault, seen) in &mut self.faults {
            if !fault.matching.holds(subject) {
                continue;
            }
            *seen += 1;
            let first = fault.matching.nth.unwrap_or(1);
            if (first..first.saturating_add(fault.times)).contains(seen) {
                return Some(fault.action.clone());
            }
        }
        None
    }
}

impl Match {
    fn holds(&self, subject: &Subject) -> bool {
        let path = self.path.as_ref().is_none_or(|path| *path == subject.path);
        let person = self
            .person
            .as_ref()
            .is_none_or(|person| subject.people.contains(person));
        let program = self.program.is_none() || self.program == subject.program;
        path && person && program
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn script(faults: serde_json::Value) -> Script {
        Script::new(serde_json::from_value(faults).unwrap())
    }

    fn words(script: &mut Script, subjects: &[Subject]) -> Vec<Option<&'static str>> {
        subjects
            .iter()
            .map(|subject| script.act(subject).map(|action| action.word()))
            .collect()
    }

    fn about(people: &[&str]) -> Subject {
        Subject {
            path: "/v1/employees".to_owned(),
            people: people.iter().map(|&id| id.to_owned()).collect(),
            program: None,
        }
    }

    #[test]
    fn a_subject_is_read_from_either_body() {
        let sync = json!({ "employees": [{ "id": "a" }, { "id": "b" }] }).to_string();
        assert_eq!(
            Subject::of("/v1/employees", sync.as_bytes()),
            about(&["a", "b"])
        );
        let program = json!({ "programId": null, "programExternalId": "sales",
            "registerEmployees": ["a"], "unregisterEmployees": ["b"] });
        let program = Subject::of("/v1/program/employees", program.to_string().as_bytes());
        assert_eq!(program.people, ["a", "b"]);
        assert_eq!(program.program.as_deref(), Some("sales"));
        assert_eq!(Subject::of("/v1/employees", b"<html>"), about(&[]));
    }

    #[test]
    fn a_fault_acts_from_the_nth_match_for_so_many_times() {
        let mut script = script(json!([
            { "match": { "person": "a", "nth": 2 }, "times": 2, "action": { "do": "drop_before" } },
        ]));
        let (a, b) = (about(&["a", "c"]), about(&["b"]));
        let subjects = [a.clone(), b, a.clone(), a.clone(), a];
        let drop = Some("drop_before");
        assert_eq!(
            words(&mut script, &subjects),
            [None, None, drop, drop, None]
        );
    }

    #[test]
    fn the_first_fault_that_is_due_acts_alone() {
        let mut script = script(json!([
            { "action": { "do": "status", "status": 500 } },
            { "match": { "path": "/v1/employees" }, "action": { "do": "slow", "lasting": "1s" } },
            { "match": { "program": "sales" }, "action": { "do": "garbage_body" } },
        ]));
        let subjects = [about(&[]), about(&[]), about(&[])];
        let expected = [Some("status"), Some("slow"), None];
        assert_eq!(words(&mut script, &subjects), expected);
    }

    #[test]
    fn a_misspelt_fault_is_refused() {
        for refused in [
            json!([{ "match": { "persons": "a" }, "action": { "do": "drop_before" } }]),
            json!([{ "action": { "do": "explode" } }]),
            json!([{ "action": { "do": "delay", "lasting": 3 } }]),
        ] {
            assert!(serde_json::from_value::<Vec<Fault>>(refused).is_err());
        }
    }
}
