//! What a group means at StartExam, and what contradicts itself in it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::plan::Assignment;
use crate::provider::Target;
use crate::provider::startexam::{Program, Registration, StartExamSettings};
use crate::settings::Complaint;

/// What a group means at StartExam.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StartExamAssignment {
    /// Programs by StartExam's own id (GUID).
    pub programs: Vec<String>,
    /// Programs by the external id they were given in StartExam.
    pub external_programs: Vec<String>,
    /// For programs in manual mode: the GUIDs of the module tests to register for, by the
    /// program's id as it stands in one of the lists above. A program that is not named here is
    /// registered with all of its tests.
    pub module_tests: BTreeMap<String, Vec<String>>,
    /// Sessions, as `[providers.startexam.sessions]` names them.
    pub sessions: Vec<String>,
}

impl StartExamAssignment {
    /// What it means, as targets.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        let own = self.programs.iter();
        let own = own.map(|id| self.target(id, format!("program:{id}")));
        let external = self.external_programs.iter();
        let external = external.map(|id| self.target(id, format!("program-external:{id}")));
        let sessions = self.sessions.iter();
        let sessions = sessions.map(|name| Target(format!("session:{name}")));
        own.chain(external).chain(sessions)
    }

    /// A program as a target, with its tests if only some of them are meant.
    fn target(&self, id: &str, program: String) -> Target {
        let tests = self.module_tests.get(id).and_then(|tests| {
            let parsed: Result<_, _> = tests.iter().map(|test| Uuid::try_parse(test)).collect();
            parsed.ok().filter(|tests: &Vec<Uuid>| !tests.is_empty())
        });
        let program_and_tests = tests.zip(program.parse::<Program>().ok());
        program_and_tests.map_or(Target(program), |(tests, program)| {
            Target::from(&Registration::tests(program, tests))
        })
    }

    fn complaints(&self, prefix: &str, settings: Option<&StartExamSettings>) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let known: BTreeSet<_> = self
            .programs
            .iter()
            .chain(&self.external_programs)
            .collect();
        for (program, tests) in &self.module_tests {
            let key = format!("{prefix}.module_tests.{program}");
            if !known.contains(program) {
                let reason = "must be named in programs or external_programs too";
                complaints.push(Complaint::new(&key, format!("{tests:?}"), reason));
            }
            if tests.is_empty() {
                let reason = "must name at least one test; leave the program out for all of them";
                complaints.push(Complaint::new(&key, "[]", reason));
            }
            for test in tests.iter().filter(|test| Uuid::try_parse(test).is_err()) {
                complaints.push(Complaint::new(&key, test, "must be a GUID"));
            }
        }
        for name in &self.sessions {
            if !settings.is_some_and(|settings| settings.sessions.contains_key(name)) {
                let reason = format!("must be configured: [providers.startexam.sessions.{name}]");
                complaints.push(Complaint::new(format!("{prefix}.sessions"), name, reason));
            }
        }
        complaints
    }
}

/// What contradicts itself in the assignments or does not agree with the settings; `prefix` is
/// `assignments`.
pub fn complaints(
    assignments: &[Assignment],
    settings: Option<&StartExamSettings>,
    prefix: &str,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut seen: Vec<(String, Registration)> = Vec::new();
    for (index, assignment) in assignments.iter().enumerate() {
        let Some(part) = &assignment.startexam else {
            continue;
        };
        let key = format!("{prefix}[{index}].startexam");
        complaints.extend(part.complaints(&key, settings));
        for registration in part
            .targets()
            .filter_map(|one| Registration::try_from(&one).ok())
        {
            let differs = |(_, other): &&(String, Registration)| {
                registration != *other && registration.overlaps(other)
            };
            if let Some((elsewhere, other)) = seen.iter().find(differs) {
                let reason = format!(
                    "overlaps {other} of {elsewhere}: whoever leaves one would lose tests of the \
                     other; name the same tests in both, or none that both have"
                );
                complaints.push(Complaint::new(
                    format!("{key}.module_tests"),
                    registration,
                    reason,
                ));
            } else {
                seen.push((key.clone(), registration));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::startexam::SessionSettings;

    const ONE: &str = "4ebdd1bf-410a-4212-ad54-de6592dbcd1d";
    const TWO: &str = "eede017b-67a8-47a4-a3d4-6181bf215ba0";

    fn assignment(toml: &str) -> Assignment {
        Assignment {
            group: "Sales".to_owned(),
            startexam: Some(toml::from_str(toml).unwrap()),
            ..Assignment::default()
        }
    }

    fn said(parts: &[&str]) -> Vec<String> {
        let settings = StartExamSettings {
            sessions: [("onboarding".to_owned(), SessionSettings::default())].into(),
            ..StartExamSettings::default()
        };
        let assignments: Vec<_> = parts.iter().map(|part| assignment(part)).collect();
        let complaints = complaints(&assignments, Some(&settings), "assignments");
        complaints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_program_test_and_session_becomes_one_target() {
        let part: StartExamAssignment = toml::from_str(&format!(
            "programs = ['p']\nexternal_programs = ['sales', 'support']\nsessions = ['onboarding']\n\
             module_tests = {{ sales = ['{TWO}', '{ONE}'] }}"
        ))
        .unwrap();
        let targets: Vec<_> = part.targets().map(|target| target.0).collect();
        let tests = format!("tests:{ONE},{TWO}@program-external:sales");
        assert_eq!(
            targets,
            [
                "program:p",
                &tests,
                "program-external:support",
                "session:onboarding"
            ]
        );
    }

    #[test]
    fn assignments_that_agree_have_no_complaint() {
        let one = format!("external_programs = ['sales']\nmodule_tests = {{ sales = ['{ONE}'] }}");
        let two = format!("external_programs = ['sales']\nmodule_tests = {{ sales = ['{TWO}'] }}");
        assert_eq!(
            said(&[&one, &one, &two, "sessions = ['onboarding']"]),
            [""; 0]
        );
    }

    #[test]
    fn what_contradicts_itself_is_named_with_key_value_and_reason() {
        for (part, expected) in [
            (
                "sessions = ['x']",
                "assignments[0].startexam.sessions = x: must be configured",
            ),
            (
                "module_tests = { sales = ['one'] }",
                "assignments[0].startexam.module_tests.sales = [\"one\"]: must be named in",
            ),
            (
                "external_programs = ['sales']\nmodule_tests = { sales = [] }",
                "assignments[0].startexam.module_tests.sales = []: must name at least one",
            ),
            (
                "external_programs = ['sales']\nmodule_tests = { sales = ['one'] }",
                "assignments[0].startexam.module_tests.sales = one: must be a GUID",
            ),
        ] {
            let said = said(&[part]);
            assert!(said[0].starts_with(expected), "{said:?}");
        }
    }

    #[test]
    fn groups_must_not_share_tests_of_a_program_unless_they_share_all() {
        let of = |tests: &str| {
            format!("external_programs = ['sales']\nmodule_tests = {{ sales = [{tests}] }}")
        };
        let (one, both) = (of(&format!("'{ONE}'")), of(&format!("'{ONE}', '{TWO}'")));
        for parts in [
            [one.as_str(), both.as_str()],
            ["external_programs = ['sales']", &one],
        ] {
            let said = said(&parts);
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with("assignments[1].startexam.module_tests = tests:"));
            assert!(said[0].contains("of assignments[0].startexam"), "{said:?}");
        }
    }
}
