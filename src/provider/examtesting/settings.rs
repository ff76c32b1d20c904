//! How to reach an ExamTesting account, and what its page leaves open.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::class::{Class, defaults};
use crate::secret::Secret;

/// Where the parameters of a request are, `action` aside, which is always in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParamLocation {
    /// In the body, as a form: credentials and passwords stay out of addresses, which
    /// servers and proxies log.
    #[default]
    Form,
    /// In the address: only for an account whose server reads no form.
    Query,
}

/// What an update finds somebody by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum UpdateKey {
    /// The student id, which the relay gives when it adds somebody.
    #[default]
    #[serde(rename = "stusID")]
    StudentId,
    /// The user name; the student id is then left out of updates.
    #[serde(rename = "username")]
    UserName,
}

/// Whether an update carries the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdatePassword {
    /// It does not: for an account whose updates must leave passwords alone.
    Omit,
    /// The same one as when the person was added: an update puts back a password that the
    /// person has changed.
    #[default]
    Same,
}

/// One ExamTesting account: `[providers.examtesting]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExamTestingSettings {
    /// Scheme and host of the API. The page documents plain HTTP; whether the host also
    /// speaks HTTPS must be tried out.
    pub base_url: String,
    /// Allows `http://` in `base_url`: credentials, passwords and personal data then travel
    /// unprotected.
    pub allow_insecure_http: bool,
    /// The account's `Institutionid`.
    pub institution_id: String,
    /// The account's `Apikey`. Instead of it, `api_key_file` may be set.
    pub api_key: Option<Secret>,
    /// A file that holds it; read again when ExamTesting rejects the credentials.
    pub api_key_file: Option<PathBuf>,
    /// The account's `ApiPass`. Instead of it, `api_pass_file` may be set.
    pub api_pass: Option<Secret>,
    /// A file that holds it; read again when ExamTesting rejects the credentials.
    pub api_pass_file: Option<PathBuf>,
    /// Where the parameters of a request are: `form` or `query`.
    pub param_location: ParamLocation,
    /// Personal data that is sent: the page's parameter name -> attribute name in events.
    /// Every attribute named here is sent each time, if the person has it; beside the
    /// attributes of the templates, nothing else is ever sent. `email` must be there.
    pub fields: BTreeMap<String, String>,
    /// The `username` of a person: text with `{id}`, the employee id, and `{attribute}`, an
    /// attribute of events. It should never change for a person.
    pub username_template: String,
    /// The `stusID` of a person, in the same form. It must never change for a person if
    /// `update_key` is `stusID`.
    pub stusid_template: String,
    /// Whether `stusID` is sent when somebody is added. Without it ExamTesting makes one up,
    /// which the relay does not learn when an answer is lost, so `update_key` must then be
    /// `username`.
    pub send_stusid_on_add: bool,
    /// What an update finds somebody by: `stusID` or `username`.
    pub update_key: UpdateKey,
    /// Whether an update carries the password: `same` or `omit`.
    pub update_sends_password: UpdatePassword,
    /// The secret that passwords are derived from. It must never change: a new one resets
    /// the password of everybody who is updated. Instead of it, `password_secret_file` may be
    /// set.
    pub password_secret: Option<Secret>,
    /// A file that holds it; read at start only.
    pub password_secret_file: Option<PathBuf>,
    /// Characters in a password, 8 to 64.
    pub password_length: usize,
    /// The most characters of a parameter about a person; the page names no limit. Whoever
    /// has more is not sent and becomes a dead letter; a lock is sent without the parameter.
    pub max_len: usize,
    /// What an error means: its code, or a pattern of its message where it has no code (case
    /// does not matter, `*` stands for any text, the longest that matches counts) -> class.
    /// Signals that are not named here mean what the page says; an error that matches none
    /// is `refused`.
    pub classes: BTreeMap<String, Class>,
    /// Requests a second.
    pub max_rps: f64,
    /// Requests at the same time, never two about one person.
    pub max_in_flight: usize,
    /// Time to get a connection; must be shorter than `call_timeout`.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// Time of one call, from connecting to the last byte of the answer.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub call_timeout: Duration,
}

impl Default for ExamTestingSettings {
    fn default() -> Self {
        let fields = [
            ("firstname", "first_name"),
            ("lastname", "last_name"),
            ("email", "email"),
        ];
        Self {
            base_url: "https://api.examtesting.com".to_owned(),
            allow_insecure_http: false,
            institution_id: String::new(),
            api_key: None,
            api_key_file: None,
            api_pass: None,
            api_pass_file: None,
            param_location: ParamLocation::default(),
            fields: fields
                .map(|(field, attribute)| (field.to_owned(), attribute.to_owned()))
                .into(),
            username_template: "{id}".to_owned(),
            stusid_template: "{id}".to_owned(),
            send_stusid_on_add: true,
            update_key: UpdateKey::default(),
            update_sends_password: UpdatePassword::default(),
            password_secret: None,
            password_secret_file: None,
            password_length: 20,
            max_len: 100,
            classes: defaults(),
            max_rps: 1.0,
            max_in_flight: 1,
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
        }
    }
}
