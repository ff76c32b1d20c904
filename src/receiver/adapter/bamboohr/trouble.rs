//! Why a body or an item of it is no fact, or not the whole of one.

/// Why something authentic is not, or not wholly, a fact. `Display` goes behind "the body"
/// or "item 3" and repeats no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("says that it is a form and is none")]
    NotForm,
    #[error("has neither `employees` nor `type`")]
    UnknownShape,
    #[error(
        "says who changed but not what: use a field-based webhook that posts the mapped fields"
    )]
    NeedsRead,
    #[error("has no employee id of 1 to 250 characters where the source's settings look for it")]
    NoEmployeeId,
    #[error("has no `timestamp` with its offset")]
    NoTime,
    #[error("has an `action` other than Created, Updated and Deleted")]
    UnknownAction,
    #[error("has none of the fields that the source's settings map")]
    NoMappedField,
    #[error("has a date that is not like 2026-03-31")]
    BadDate,
    #[error("has a status word that is neither in active_values nor in inactive_values")]
    UnknownStatus,
    #[error("has a group of more than 250 characters or with control characters")]
    BadGroup,
    #[error("has some of the group_fields but not all: let the webhook post all of them")]
    GroupsIncomplete,
    #[error("has items with different troubles")]
    Several,
}

impl Trouble {
    /// The stable word for it.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NotForm => "not_form",
            Self::UnknownShape => "unknown_shape",
            Self::NeedsRead => "needs_read",
            Self::NoEmployeeId => "no_employee_id",
            Self::NoTime => "no_time",
            Self::UnknownAction => "unknown_action",
            Self::NoMappedField => "no_mapped_field",
            Self::BadDate => "bad_date",
            Self::UnknownStatus => "unknown_status",
            Self::BadGroup => "bad_group",
            Self::GroupsIncomplete => "groups_incomplete",
            Self::Several => "several",
        }
    }
}
