//! Requests and answers, member for member as the method pages print them.

use serde::{Deserialize, Serialize};

/// Path of "Sync Employees".
pub const SYNC_EMPLOYEES: &str = "/v1/employees";
/// Path of "Register Program Employees".
pub const PROGRAM_EMPLOYEES: &str = "/v1/program/employees";

/// Path of "Register Employees".
pub const REGISTER_EMPLOYEES: &str = "/v2/employees-participants";

/// `Content-Type` and `Accept` of every sample.
pub const JSON: &str = "application/json; charset=utf-8";

/// "Sync Employees": adds or updates employees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncEmployees {
    /// The profile that says which fields are valid; a GUID.
    pub profile_id: String,
    /// No two with the same id.
    pub employees: Vec<Employee>,
}

/// One employee as the company's system knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employee {
    /// Up to 250 characters.
    pub id: String,
    /// Whether they can be tested.
    pub status: Status,
    /// Personal data; every name must exist in the profile.
    pub data: Vec<Field>,
}

/// Whether an employee can be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Active at StartExam.
    Active,
    /// Inactive at StartExam.
    Hidden,
}

/// One row of personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// As the profile names it.
    pub name: String,
    /// Valid according to the profile.
    pub value: String,
}

/// What "Sync Employees" did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Synced {
    /// Had not existed; also those that were created hidden.
    #[serde(rename = "employeesCreated")]
    pub created: u64,
    /// Existed, and their personal data changed.
    #[serde(rename = "employeesDataUpdated")]
    pub data_updated: u64,
    /// Existed, and became active.
    #[serde(rename = "employeesStatusChangedToActive")]
    pub became_active: u64,
    /// Existed, and became hidden.
    #[serde(rename = "employeesStatusChangedToHidden")]
    pub became_hidden: u64,
    /// Existed, and nothing changed.
    #[serde(rename = "employeesNotChanged")]
    pub not_changed: u64,
}

impl Synced {
    /// All counters together: at least the number of employees in the request, since each
    /// of them is in one counter, or in two when data and status changed.
    pub const fn total(&self) -> u64 {
        self.created
            .saturating_add(self.data_updated)
            .saturating_add(self.became_active)
            .saturating_add(self.became_hidden)
            .saturating_add(self.not_changed)
    }
}

/// "Register Program Employees": registers and unregisters employees for one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgramEmployees {
    /// The program as StartExam names it, a GUID; this or the external one.
    pub program_id: Option<String>,
    /// The program as the company names it.
    pub program_external_id: Option<String>,
    /// For which of its tests.
    pub module_tests_scope: Scope,
    /// GUIDs; only with [`Scope::Selected`] and a program in manual mode.
    pub module_tests: Option<Vec<String>>,
    /// At most 500.
    pub register_employees: Vec<String>,
    /// At most 500.
    pub unregister_employees: Vec<String>,
}

/// Which tests of a program a registration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All of them.
    All,
    /// Those named.
    Selected,
}

/// What "Register Program Employees" did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgramChanged {
    /// New employees in the program.
    pub employees_registered: u64,
    /// Attempts created.
    pub attempts_registered: u64,
    /// Employees removed from the program.
    pub employees_unregistered: u64,
    /// Attempts removed.
    pub attempts_unregistered: u64,
    /// Employees in the program after the operation.
    pub total_employees_in_program: u64,
}

/// "Register Employees": registers employees for tests, outside of programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterEmployees {
    /// The unique name of a center.
    pub center: String,
    /// When the links begin to work: UTC, ISO 8601.
    pub valid_from: String,
    /// When they end to work: UTC, ISO 8601.
    pub valid_till: String,
    /// Only for accounts with proctoring.
    #[serde(default)]
    pub proctoring: bool,
    /// Only with proctoring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proctoring_activation_parameters: Option<Vec<Field>>,
    /// Whether nobody is registered a second time for the same center and test.
    #[serde(default)]
    pub do_not_create_if_exist: bool,
    /// GUIDs, from 1 to 10.
    pub tests: Vec<String>,
    /// From 1 to 500.
    pub employees: Vec<EmployeeId>,
}

/// An employee, by id alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployeeId {
    /// As "Sync Employees" was told.
    pub id: String,
}

/// What "Register Employees" answers.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// GUIDs of the sessions; a link is made of each, so they are credentials.
    pub participant_ids: Vec<String>,
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registered({} ids)", self.participant_ids.len())
    }
}

/// What statuses 400, 403 and 404 carry (help page "Responses").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Free text; there are no codes.
    #[serde(alias = "Message")]
    pub message: String,
}
