//! Scripted faults: which requests go wrong, and how. Pure.
//!
//! A script is a JSON list (docs/simulators.md shows one of each kind). The first fault that
//! matches a request and is still due acts on it; those after it do not count that request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::stand::Subject;

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
    /// The HTTP method of the request, upper case.
    pub method: Option<String>,
    /// The path of the request, as the journal shows it.
    pub path: Option<String>,
    /// The id of a person the request is about.
    pub person: Option<String>,
    /// A program, schedule, group or test the request names, by any of its names.
    #[serde(alias = "program")]
    pub target: Option<String>,
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
    /// The request is done for its first people only, as if the platform had failed midway.
    Partial {
        /// For how many.
        people: usize,
        /// The status that is answered; none: the connection is closed without an answer.
        #[serde(default)]
        status: Option<u16>,
        /// The `message` of the JSON body; none: an empty body.
        #[serde(default)]
        message: Option<String>,
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
            Self::Partial { .. } => "partial",
        }
    }
}

const fn one() -> u64 {
    1
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
    pub(super) fn act(&mut self, method: &str, subject: &Subject) -> Option<Action> {
        for (fault, seen) in &mut self.faults {
            if !fault.matching.holds(method, subject) {
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
    fn holds(&self, method: &str, subject: &Subject) -> bool {
        let wants = |wanted: &Option<String>, found: &dyn Fn(&String) -> bool| {
            wanted.as_ref().is_none_or(found)
        };
        wants(&self.method, &|wanted| wanted == method)
            && wants(&self.path, &|path| *path == subject.path)
            && wants(&self.person, &|person| subject.people.contains(person))
            && wants(&self.target, &|target| subject.targets.contains(target))
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
            .map(|subject| script.act("POST", subject).map(|action| action.word()))
            .collect()
    }

    fn about(people: &[&str]) -> Subject {
        Subject {
            path: "/v1/employees".to_owned(),
            people: people.iter().map(|&id| id.to_owned()).collect(),
            targets: Vec::new(),
        }
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
            { "match": { "target": "sales" }, "action": { "do": "garbage_body" } },
        ]));
        let subjects = [about(&[]), about(&[]), about(&[])];
        let expected = [Some("status"), Some("slow"), None];
        assert_eq!(words(&mut script, &subjects), expected);
    }

    #[test]
    fn a_fault_is_for_requests_of_which_all_that_it_names_is_so() {
        let of_sales = Subject {
            targets: vec!["sales".to_owned()],
            ..about(&["a"])
        };
        for (matching, is_met) in [
            (json!({}), true),
            (json!({ "method": "POST", "path": "/v1/employees" }), true),
            (json!({ "method": "PUT" }), false),
            (json!({ "path": "/v1/program" }), false),
            (json!({ "person": "a", "target": "sales" }), true),
            (json!({ "person": "a", "program": "sales" }), true),
            (json!({ "person": "b", "target": "sales" }), false),
            (json!({ "person": "a", "target": "support" }), false),
        ] {
            let fault = json!([{ "match": matching, "action": { "do": "drop_before" } }]);
            let acted = script(fault).act("POST", &of_sales);
            assert_eq!(acted.is_some(), is_met, "{matching}");
        }
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
