//! The simulated account: groups and students, and what each request does to them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::gate::{Parameters, Refusal};
use super::settings::{GroupSemantics, SimulatorSettings};
use crate::provider::examtesting::UpdateKey;
use crate::provider::examtesting::wire::{GROUP, PERSONAL};
use crate::secret::Secret;

/// The first `StudentId`: the ids run through the page's error codes, so that a client that
/// takes one for the other is found out.
const FIRST_ID: u64 = 1001;

/// A student of the account.
#[derive(Debug, Clone, Serialize)]
pub struct Student {
    /// The account's own id: the page's `StudentId`.
    #[serde(rename = "student_id")]
    pub id: u64,
    /// The id that the caller gave.
    pub stus_id: Option<String>,
    /// The groups the student is in.
    pub groups: BTreeSet<String>,
    /// Whether the student can take exams.
    pub is_enabled: bool,
    /// Personal data by the page's parameter names.
    pub data: BTreeMap<String, String>,
    /// The password; never shown.
    pub password: Secret,
    /// How often the password has changed since.
    pub password_changes: u64,
}

/// Everything the account holds: what `GET /_sim/state` answers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Account {
    /// The names of the groups.
    pub groups: BTreeSet<String>,
    /// By user name.
    pub students: BTreeMap<String, Student>,
    #[serde(skip)]
    ids_given: u64,
}

impl Account {
    /// An account without students.
    pub(super) fn with_groups(groups: &BTreeSet<String>) -> Self {
        Self {
            groups: groups.clone(),
            ..Self::default()
        }
    }

    /// The student whom a caller or the account knows by this id.
    pub fn by_id(&self, id: &str) -> Option<&Student> {
        let name = self.name_of(id)?;
        self.students.get(&name)
    }

    /// `action=add`: answers the new `StudentId`.
    pub(super) fn add(
        &mut self,
        rules: &SimulatorSettings,
        parameters: &Parameters,
    ) -> Result<u64, Refusal> {
        for name in [GROUP, "email", "username", "password"] {
            parameters.required(name)?;
        }
        let (name, password) = (
            parameters.required("username")?,
            parameters.required("password")?,
        );
        let is_enabled = status(parameters)?.unwrap_or(true);
        let group = self.group(parameters)?;
        if self.students.contains_key(name) {
            return Err(Refusal::Code(1007));
        }
        let stus_id = parameters.get("stusID");
        if stus_id.is_some_and(|id| self.name_of(id).is_some()) {
            return Err(Refusal::Code(1004));
        }
        if rules
            .student_cap
            .is_some_and(|cap| cap <= self.students.len())
        {
            return Err(Refusal::Code(1008));
        }
        let id = FIRST_ID + self.ids_given;
        self.ids_given += 1;
        let student = Student {
            id,
            stus_id: stus_id.map(str::to_owned),
            groups: group.map(str::to_owned).into_iter().collect(),
            is_enabled,
            data: personal(parameters),
            password: Secret::new(password),
            password_changes: 0,
        };
        self.students.insert(name.to_owned(), student);
        Ok(id)
    }

    /// `action=update`: answers the `StudentId`. What is left out stays as it is.
    pub(super) fn update(
        &mut self,
        rules: &SimulatorSettings,
        parameters: &Parameters,
    ) -> Result<u64, Refusal> {
        let found = match rules.update_key {
            UpdateKey::StudentId => parameters.get("stusID").and_then(|id| self.name_of(id)),
            UpdateKey::UserName => parameters.get("username").map(str::to_owned),
        };
        let found = found
            .filter(|found| self.students.contains_key(found))
            .ok_or(Refusal::Code(1004))?;
        let asked = [
            (GROUP, rules.update_requires_group),
            ("email", true),
            ("username", true),
            ("password", rules.update_requires_password),
        ];
        for (name, _) in asked.into_iter().filter(|(_, is_required)| *is_required) {
            parameters.required(name)?;
        }
        let name = parameters.required("username")?.to_owned();
        let is_enabled = status(parameters)?;
        let group = self.group(parameters)?.map(str::to_owned);
        if found != name && self.students.contains_key(&name) {
            return Err(Refusal::Code(1007));
        }
        let mut student = self.students.remove(&found).ok_or(Refusal::Code(1004))?;
        if let Some(group) = group {
            if rules.group_semantics == GroupSemantics::Replace {
                student.groups.clear();
            }
            student.groups.insert(group);
        }
        student.is_enabled = is_enabled.unwrap_or(student.is_enabled);
        student.data.extend(personal(parameters));
        if let Some(password) = parameters.get("password")
            && password != student.password.expose()
        {
            student.password = Secret::new(password);
            student.password_changes += 1;
        }
        let id = student.id;
        self.students.insert(name, student);
        Ok(id)
    }

    fn group<'a>(&self, parameters: &'a Parameters) -> Result<Option<&'a str>, Refusal> {
        match parameters.get(GROUP) {
            Some(group) if !self.groups.contains(group) => Err(Refusal::Code(1005)),
            group => Ok(group),
        }
    }

    /// The user name of a student whom a caller or the account knows by this id.
    fn name_of(&self, id: &str) -> Option<String> {
        let known = |student: &Student| {
            student.stus_id.as_deref() == Some(id) || student.id.to_string() == id
        };
        let mut students = self.students.iter();
        let (name, _) = students.find(|(_, student)| known(student))?;
        Some(name.clone())
    }
}

fn status(parameters: &Parameters) -> Result<Option<bool>, Refusal> {
    match parameters.get("Status") {
        None => Ok(None),
        Some("True") => Ok(Some(true)),
        Some("False") => Ok(Some(false)),
        Some(_) => Err(Refusal::Code(1006)),
    }
}

fn personal(parameters: &Parameters) -> BTreeMap<String, String> {
    let named = |name: &str| Some((name.to_owned(), parameters.get(name)?.to_owned()));
    PERSONAL.into_iter().filter_map(named).collect()
}
