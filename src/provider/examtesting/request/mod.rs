//! From one person's operation to the parameters that carry it. Pure.

use std::fmt;

use super::checks::Credentials;
use super::password::Passwords;
use super::settings::{ExamTestingSettings, ParamLocation, UpdateKey, UpdatePassword};
use super::template::{Ingredient, InvalidTemplate, Template};
use super::wire::{Action, GROUP, PARAMETERS, PATH, encoded};
use crate::id::EmployeeId;
use crate::provider::http::Url;
use crate::provider::{Failure, Profile};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) action: Action,
    /// The parameter `Status`.
    pub(super) is_enabled: bool,
    /// Whether the group is named, if it is known.
    pub(super) names_group: bool,
}

impl Asked {
    /// To make an account that is enabled.
    pub(super) const ADD: Self = Self::enabling(Action::Add);
    /// To change one, and to enable it.
    pub(super) const CHANGE: Self = Self::enabling(Action::Update);
    /// To disable one.
    pub(super) const LOCK: Self = Self {
        is_enabled: false,
        ..Self::CHANGE
    };

    const fn enabling(action: Action) -> Self {
        Self {
            action,
            is_enabled: true,
            names_group: true,
        }
    }
}

/// One request. It holds credentials, a password and personal data.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) body: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} bytes)", self.body.len())
    }
}

/// What completes and bounds a request.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    address: Url,
    location: ParamLocation,
    user_name: Template,
    student_id: Template,
    adds_student_id: bool,
    key: UpdateKey,
    update_password: UpdatePassword,
    passwords: Passwords,
    max_len: usize,
}

/// What a person's parameters are: absent ones are left out.
type Value = Result<Option<String>, Failure>;

impl Shape {
    /// The shape for sound settings.
    pub(super) fn new(
        settings: &ExamTestingSettings,
        address: Url,
        passwords: Passwords,
    ) -> Result<Self, InvalidTemplate> {
        Ok(Self {
            address,
            location: settings.param_location,
            user_name: Template::parse(&settings.username_template)?,
            student_id: Template::parse(&settings.stusid_template)?,
            adds_student_id: settings.send_stusid_on_add,
            key: settings.update_key,
            update_password: settings.update_sends_password,
            passwords,
            max_len: settings.max_len,
        })
    }

    /// The request for one person.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when the platform would refuse what is known of the person, so
    /// nothing is sent. A lock is sent without what is missing or too long; only what it is
    /// found by must be there.
    pub(super) fn request(
        &self,
        asked: Asked,
        credentials: &Credentials,
        id: &EmployeeId,
        profile: &Profile,
    ) -> Result<Request, Failure> {
        let person = Person {
            shape: self,
            asked,
            id: id.as_str(),
            profile,
        };
        let mut parameters = Vec::with_capacity(PARAMETERS.len());
        for name in PARAMETERS {
            let value = match name {
                "Institutionid" => Some(credentials.institution.clone()),
                "Apikey" => Some(credentials.key.expose().to_owned()),
                "ApiPass" => Some(credentials.pass.expose().to_owned()),
                name => person.value(name)?,
            };
            parameters.extend(value.map(|value| (name, value)));
        }
        let sent = parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let action = ("action", asked.action.word());
        let (query, body) = match self.location {
            ParamLocation::Form => (encoded([action]), encoded(sent)),
            ParamLocation::Query => (encoded([action].into_iter().chain(sent)), String::new()),
        };
        let mut url = self.address.clone();
        url.set_path(PATH);
        url.set_query(Some(&query));
        Ok(Request { url, body })
    }
}

/// One person as a request shows them.
struct Person<'a> {
    shape: &'a Shape,
    asked: Asked,
    id: &'a str,
    profile: &'a Profile,
}

impl Person<'_> {
    /// A parameter's value; none: it is left out.
    fn value(&self, name: &'static str) -> Value {
        let is_add = self.asked.action == Action::Add;
        match name {
            "stusID" => match (is_add, self.shape.key) {
                (true, _) if self.shape.adds_student_id => self.named(name, self.student_id()),
                (false, UpdateKey::StudentId) => self.named(name, self.student_id()),
                (true, _) | (false, UpdateKey::UserName) => Ok(None),
            },
            "username" => self.named(name, self.user_name()),
            "password" => match (is_add, self.shape.update_password) {
                (true, _) | (false, UpdatePassword::Same) => Ok(self.password()),
                (false, UpdatePassword::Omit) => Ok(None),
            },
            "Status" => Ok(Some(
                if self.asked.is_enabled {
                    "True"
                } else {
                    "False"
                }
                .to_owned(),
            )),
            GROUP if self.asked.names_group => self.group(),
            GROUP => Ok(None),
            "email" => self.checked(name, self.field(name).map(str::to_owned), true),
            name => self.checked(name, self.field(name).map(str::to_owned), false),
        }
    }

    /// Configuration, not the person, says how long the name of a group is.
    fn group(&self) -> Value {
        match self.field(GROUP) {
            None if self.asked.is_enabled => Err(invalid(GROUP, "is missing")),
            group => Ok(group.map(str::to_owned)),
        }
    }

    /// Something that says who the person is. Without what it is found by, there is no lock.
    fn named(&self, name: &'static str, value: Option<String>) -> Value {
        let is_key = match self.shape.key {
            UpdateKey::StudentId => name == "stusID",
            UpdateKey::UserName => name == "username",
        };
        match self.checked(name, value, true) {
            Ok(None) if is_key => Err(invalid(name, UNFIT_KEY)),
            other => other,
        }
    }

    /// What may be sent of a value. What a lock has to leave out, it leaves out.
    fn checked(&self, name: &'static str, value: Option<String>, is_mandatory: bool) -> Value {
        let is_long = |value: &String| self.shape.max_len < value.chars().count();
        match value {
            None if is_mandatory && self.asked.is_enabled => Err(invalid(name, "is missing")),
            Some(value) if is_long(&value) && self.asked.is_enabled => {
                Err(invalid(name, "is longer than max_len"))
            }
            Some(value) if is_long(&value) => Ok(None),
            value => Ok(value),
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.profile.0.iter();
        let (_, value) = fields.find(|(field, value)| field == name && !value.is_empty())?;
        Some(value)
    }

    fn rendered(&self, template: &Template) -> Option<String> {
        template.render(self.id, |attribute| {
            self.field(&Ingredient(attribute).to_string())
        })
    }

    fn student_id(&self) -> Option<String> {
        self.rendered(&self.shape.student_id)
    }

    fn user_name(&self) -> Option<String> {
        self.rendered(&self.shape.user_name)
    }

    fn password(&self) -> Option<String> {
        let user = self.user_name()?;
        Some(self.shape.passwords.of(&user).expose().to_owned())
    }
}

/// Why a lock cannot be sent: what the person is found by is missing or too long.
const UNFIT_KEY: &str = "is missing or longer than max_len, and nobody is found without it";

const fn invalid(field: &'static str, reason: &'static str) -> Failure {
    Failure::Invalid { field, reason }
}

#[cfg(test)]
mod tests;
