//! From a call to the one request that carries it. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::target::Program;
use super::wire::{
    Employee, Field, PROGRAM_EMPLOYEES, ProgramEmployees, SYNC_EMPLOYEES, Scope, Status,
    SyncEmployees,
};
use crate::id::EmployeeId;
use crate::provider::{Call, Failure, Operation, Profile, Target};

/// What was asked of the platform: what an answer means depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To add or update this many employees.
    Sync {
        /// How many.
        people: usize,
    },
    /// To change a program's employees.
    Program {
        /// How many to register.
        joins: usize,
        /// How many to unregister.
        leaves: usize,
    },
}

/// One request: the body is serialised once, and these bytes are signed and sent.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) path: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) asked: Asked,
}

/// What bounds and completes a request.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) profile_id: String,
    pub(super) sync_batch_max: usize,
    pub(super) program_batch_max: usize,
}

impl Shape {
    /// The request for a call with at least one person.
    ///
    /// # Errors
    /// [`Failure::TooLarge`] when the call does not fit one request (more people than it
    /// takes, one person twice, operations of different kinds or targets): cut smaller, it
    /// does. [`Failure::UnknownTarget`] with status 0 when the target names no program.
    pub(super) fn request(&self, call: &Call) -> Result<Request, Failure> {
        let ids: BTreeSet<_> = call.people.iter().map(|(id, _)| id).collect();
        if ids.len() != call.people.len() {
            return Err(Failure::TooLarge);
        }
        let target = call.people.iter().find_map(|(_, step)| step.registration());
        match target {
            Some(target) => self.program(call, target),
            None => self.sync(call),
        }
    }

    fn sync(&self, call: &Call) -> Result<Request, Failure> {
        let employees = call
            .people
            .iter()
            .map(|(id, operation)| match operation {
                Operation::Lock { profile, .. } => Ok(employee(id, Status::Hidden, profile)),
                Operation::Activate { profile, .. } => Ok(employee(id, Status::Active, profile)),
                Operation::Join { .. } | Operation::Leave { .. } => Err(Failure::TooLarge),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let people = employees.len();
        if self.sync_batch_max < people {
            return Err(Failure::TooLarge);
        }
        let query = SyncEmployees {
            profile_id: self.profile_id.clone(),
            employees,
        };
        request(SYNC_EMPLOYEES, &query, Asked::Sync { people })
    }

    fn program(&self, call: &Call, target: &Target) -> Result<Request, Failure> {
        let program = Program::try_from(target).map_err(|invalid| Failure::UnknownTarget {
            status: 0,
            said: invalid.to_string(),
        })?;
        let (mut joins, mut leaves) = (Vec::new(), Vec::new());
        for (id, operation) in &call.people {
            match operation {
                Operation::Join { target: other, .. } if other == target => joins.push(text(id)),
                Operation::Leave { target: other } if other == target => leaves.push(text(id)),
                Operation::Join { .. }
                | Operation::Leave { .. }
                | Operation::Lock { .. }
                | Operation::Activate { .. } => return Err(Failure::TooLarge),
            }
        }
        if self.program_batch_max < joins.len().max(leaves.len()) {
            return Err(Failure::TooLarge);
        }
        let asked = Asked::Program {
            joins: joins.len(),
            leaves: leaves.len(),
        };
        let (program_id, program_external_id) = match program {
            Program::Id(id) => (Some(id.to_string()), None),
            Program::External(id) => (None, Some(id)),
        };
        let query = ProgramEmployees {
            program_id,
            program_external_id,
            module_tests_scope: Scope::All,
            module_tests: None,
            register_employees: joins,
            unregister_employees: leaves,
        };
        request(PROGRAM_EMPLOYEES, &query, asked)
    }
}

fn request(path: &'static str, query: &impl Serialize, asked: Asked) -> Result<Request, Failure> {
    // Structs of texts and lists always serialise; if they did not, nothing was sent.
    let body = serde_json::to_vec(query).map_err(|_| Failure::Unreachable)?;
    Ok(Request { path, body, asked })
}

fn employee(id: &EmployeeId, status: Status, profile: &Profile) -> Employee {
    let data = profile
        .0
        .iter()
        .map(|(name, value)| Field {
            name: name.clone(),
            value: value.clone(),
        })
        .collect();
    Employee {
        id: text(id),
        status,
        data,
    }
}

fn text(id: &EmployeeId) -> String {
    id.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "d51b5efd-fb21-4cb8-94e2-145014839465";
    const PROGRAM: &str = "program:95a6e267-1765-4a93-98b1-c6ca5ef2cd61";

    fn shape() -> Shape {
        Shape {
            profile_id: PROFILE.to_owned(),
            sync_batch_max: 3,
            program_batch_max: 2,
        }
    }

    fn target(name: &str) -> Target {
        Target(name.to_owned())
    }

    fn call(people: Vec<(&str, Operation)>) -> Call {
        let people = people
            .into_iter()
            .map(|(id, operation)| (EmployeeId::try_from(id).unwrap(), operation))
            .collect();
        Call { people }
    }

    fn join(name: &str) -> Operation {
        Operation::join(target(name))
    }

    fn leave(name: &str) -> Operation {
        Operation::leave(target(name))
    }

    fn lock() -> Operation {
        Operation::lock(Profile::default())
    }

    #[test]
    fn the_program_body_of_the_contract_is_built_byte_for_byte() {
        let call = call(vec![
            ("10584", join(PROGRAM)),
            ("11740", leave(PROGRAM)),
            ("10941", join(PROGRAM)),
        ]);
        let request = shape().request(&call).unwrap();
        assert_eq!(request.path, "/v1/program/employees");
        assert_eq!(
            String::from_utf8(request.body).unwrap(),
            r#"{"programId":"95a6e267-1765-4a93-98b1-c6ca5ef2cd61","programExternalId":null,"moduleTestsScope":"all","moduleTests":null,"registerEmployees":["10584","10941"],"unregisterEmployees":["11740"]}"#
        );
        let (joins, leaves) = (2, 1);
        assert_eq!(request.asked, Asked::Program { joins, leaves });
    }

    #[test]
    fn the_sync_body_of_the_contract_is_192_bytes_of_184_characters() {
        let profile = Profile(vec![
            ("First Name".to_owned(), "Zoë".to_owned()),
            ("Last Name".to_owned(), "Иванова".to_owned()),
        ]);
        let call = call(vec![("E-1001", Operation::activate(profile))]);
        let request = shape().request(&call).unwrap();
        assert_eq!(request.path, "/v1/employees");
        assert_eq!(request.body.len(), 192);
        let body = String::from_utf8(request.body).unwrap();
        assert_eq!(body.chars().count(), 184);
        assert_eq!(
            body,
            r#"{"profileId":"d51b5efd-fb21-4cb8-94e2-145014839465","employees":[{"id":"E-1001","status":"active","data":[{"name":"First Name","value":"Zoë"},{"name":"Last Name","value":"Иванова"}]}]}"#
        );
    }

    #[test]
    fn a_lock_without_a_known_profile_sends_empty_data() {
        let request = shape().request(&call(vec![("e-1", lock())])).unwrap();
        let body = String::from_utf8(request.body).unwrap();
        assert!(body.ends_with(r#"[{"id":"e-1","status":"hidden","data":[]}]}"#));
    }

    #[test]
    fn an_external_program_goes_by_the_companys_id() {
        let operation = join("program-external:sales");
        let request = shape().request(&call(vec![("e-1", operation)])).unwrap();
        let body = String::from_utf8(request.body).unwrap();
        assert!(body.starts_with(r#"{"programId":null,"programExternalId":"sales","#));
    }

    #[test]
    fn what_does_not_fit_one_request_must_be_cut_smaller() {
        for people in [
            vec![("a", lock()), ("b", lock()), ("c", lock()), ("d", lock())],
            vec![("a", lock()), ("a", lock())],
            vec![("a", lock()), ("b", join(PROGRAM))],
            vec![("a", join(PROGRAM)), ("b", join("program-external:x"))],
            vec![("a", join(PROGRAM)), ("a", leave(PROGRAM))],
            vec![
                ("a", leave(PROGRAM)),
                ("b", leave(PROGRAM)),
                ("c", leave(PROGRAM)),
            ],
        ] {
            let refused = shape().request(&call(people)).unwrap_err();
            assert_eq!(refused, Failure::TooLarge);
        }
        let most = call(vec![
            ("a", join(PROGRAM)),
            ("b", join(PROGRAM)),
            ("c", leave(PROGRAM)),
            ("d", leave(PROGRAM)),
        ]);
        assert!(shape().request(&most).is_ok());
    }

    #[test]
    fn a_target_that_names_no_program_is_an_unknown_target() {
        let refused = shape().request(&call(vec![("a", join("sales"))]));
        assert_eq!(refused.unwrap_err().code(), "target_unknown");
    }
}
