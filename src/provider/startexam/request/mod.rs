//! From a call to the one request that carries it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::session::Session;
use super::target::{Program, Registration};
use super::wire::{
    Employee, Field, PROGRAM_EMPLOYEES, ProgramEmployees, REGISTER_EMPLOYEES, SYNC_EMPLOYEES,
    Scope, Status, SyncEmployees,
};
use crate::id::EmployeeId;
use crate::provider::{Call, Done, Failure, Operation, Profile, Target};

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
    /// To register employees for the tests of a session.
    Session {
        /// How many sessions that makes at most: one for each employee and test.
        most: usize,
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
    pub(super) sessions: BTreeMap<String, Session>,
}

impl Shape {
    /// The request for a call with at least one person.
    ///
    /// # Errors
    /// [`Failure::TooLarge`] when the call does not fit one request (more people than it
    /// takes, one person twice, operations of different kinds or targets): cut smaller, it
    /// does. [`Failure::UnknownTarget`] with status 0 when the target names nothing that
    /// people can be registered to, or a session that is not configured.
    pub(super) fn request(&self, call: &Call, now: Timestamp) -> Result<Request, Failure> {
        let ids: BTreeSet<_> = call.people.iter().map(|(id, _)| id).collect();
        if ids.len() != call.people.len() {
            return Err(Failure::TooLarge);
        }
        let target = call.people.iter().find_map(|(_, step)| step.registration());
        let Some(target) = target else {
            return self.sync(call);
        };
        let people = Sides::of(call, target)?;
        if self.program_batch_max < people.joins.len().max(people.leaves.len()) {
            return Err(Failure::TooLarge);
        }
        let registration = Registration::try_from(target);
        match registration.map_err(|invalid| unknown(invalid.to_string()))? {
            Registration::Program(program) => people.program(program, None),
            Registration::Tests { program, tests } => people.program(program, Some(&tests)),
            Registration::Session(name) => self.session(&name, call, now),
        }
    }

    /// What is over for the people of a call before anything is sent; none: to be sent.
    pub(super) fn settled(&self, call: &Call) -> Vec<Option<Result<Done, Failure>>> {
        let people = call.people.iter();
        let settled = people.map(|(_, operation)| {
            let session = self.session_of(operation.registration()?)?;
            match operation {
                Operation::Join { .. } => session.forbids(operation).map(Err),
                // There is no such call: whoever is not to come is locked out of the account.
                Operation::Leave { .. } => Some(Ok(Done::Applied)),
                Operation::Lock { .. } | Operation::Activate { .. } => None,
            }
        });
        settled.collect()
    }

    /// The session of a target.
    pub(super) fn session_of(&self, target: &Target) -> Option<&Session> {
        match Registration::try_from(target).ok()? {
            Registration::Session(name) => self.sessions.get(&name),
            Registration::Program(_) | Registration::Tests { .. } => None,
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

    fn session(&self, name: &str, call: &Call, now: Timestamp) -> Result<Request, Failure> {
        let session = self.sessions.get(name);
        let session = session.ok_or_else(|| unknown("no session of this name is configured"))?;
        let people = call.people.len();
        if session.has_links && people > 1 {
            return Err(Failure::TooLarge);
        }
        let heard = call.people.iter().filter_map(|(_, step)| match step {
            Operation::Join { heard, .. } => *heard,
            Operation::Lock { .. } | Operation::Activate { .. } | Operation::Leave { .. } => None,
        });
        let ids = call.people.iter().map(|(id, _)| text(id));
        let query = session.query(ids, heard, now);
        let most = people.saturating_mul(session.tests());
        request(REGISTER_EMPLOYEES, &query, Asked::Session { most })
    }
}

/// Who joins and who leaves a target.
struct Sides {
    joins: Vec<String>,
    leaves: Vec<String>,
}

impl Sides {
    fn of(call: &Call, target: &Target) -> Result<Self, Failure> {
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
        Ok(Self { joins, leaves })
    }

    fn program(self, program: Program, tests: Option<&[Uuid]>) -> Result<Request, Failure> {
        let asked = Asked::Program {
            joins: self.joins.len(),
            leaves: self.leaves.len(),
        };
        let (program_id, program_external_id) = match program {
            Program::Id(id) => (Some(id.to_string()), None),
            Program::External(id) => (None, Some(id)),
        };
        let query = ProgramEmployees {
            program_id,
            program_external_id,
            module_tests_scope: tests.map_or(Scope::All, |_| Scope::Selected),
            module_tests: tests.map(|tests| tests.iter().map(Uuid::to_string).collect()),
            register_employees: self.joins,
            unregister_employees: self.leaves,
        };
        request(PROGRAM_EMPLOYEES, &query, asked)
    }
}

fn unknown(said: impl Into<String>) -> Failure {
    Failure::UnknownTarget {
        status: 0,
        said: said.into(),
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
mod tests;
