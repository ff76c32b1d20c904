//! The names by which Cirrus finds things: external ids, schedules, groups.

use std::fmt;
use std::str::FromStr;

use crate::provider::{Profile, Target};

/// The longest external id: 64 for schedules and groups (page "Add candidates to existing
/// schedule extended") and for users (page "Add user"), though the first page says 500 there.
const LONGEST_ID: usize = 64;

/// The longest name of a group: its title when it is made (page "Add a group").
const LONGEST_NAME: usize = 100;

/// Whether a text can be an external id: 1 to 64 letters of the Latin alphabet, digits and dashes.
///
/// Such a text means itself in a path, too.
pub fn is_external_id(raw: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST_ID).contains(&raw.len()) && raw.bytes().all(is_allowed)
}

/// Whether a text can be the name of a group.
pub fn is_group_name(raw: &str) -> bool {
    let fits = (1..=LONGEST_NAME).contains(&raw.chars().count());
    fits && !raw.trim().is_empty() && !raw.chars().any(char::is_control)
}

/// A schedule people are added to: `schedule:<ScheduleExtId>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Schedule(String);

impl Schedule {
    /// Its external id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The group in whose hierarchy somebody is placed who is made by being added to a schedule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Its external id.
    pub id: String,
    /// Its name; a group that Cirrus does not know is made with it.
    pub name: String,
}

/// The group in a profile: no fields of a candidate, but part of what makes somebody.
const GROUP_ID: &str = "GroupExtId";
const GROUP_NAME: &str = "GroupName";

impl Group {
    /// A profile that also says in which group somebody is made.
    #[must_use]
    pub fn making(&self, profile: &Profile) -> Profile {
        let group = [(GROUP_ID, &self.id), (GROUP_NAME, &self.name)];
        let group = group.map(|(name, value)| (name.to_owned(), value.clone()));
        let fields = profile.0.iter().cloned();
        Profile(fields.chain(group).collect())
    }

    /// The group that a profile says.
    pub(super) fn of(profile: &Profile) -> Option<Self> {
        let value = |name: &str| {
            let mut fields = profile.0.iter();
            let found = fields.find(|(field, _)| field == name);
            found.map(|(_, value)| value.clone())
        };
        let (id, name) = (value(GROUP_ID)?, value(GROUP_NAME)?);
        Some(Self { id, name })
    }
}

/// The text names no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected \"schedule:<ScheduleExtId>\", the id of 1 to 64 letters, digits and dashes")]
pub struct InvalidTarget;

impl FromStr for Schedule {
    type Err = InvalidTarget;

    fn from_str(raw: &str) -> Result<Self, InvalidTarget> {
        match raw.split_once(':') {
            Some(("schedule", id)) if is_external_id(id) => Ok(Self(id.to_owned())),
            Some(_) | None => Err(InvalidTarget),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schedule:{}", self.0)
    }
}

impl TryFrom<&Target> for Schedule {
    type Error = InvalidTarget;

    fn try_from(target: &Target) -> Result<Self, InvalidTarget> {
        target.0.parse()
    }
}

impl From<&Schedule> for Target {
    fn from(schedule: &Schedule) -> Self {
        Self(schedule.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_a_schedule() {
        let target = Target("schedule:ScEXT-1".to_owned());
        let schedule = Schedule::try_from(&target).unwrap();
        assert_eq!(schedule.as_str(), "ScEXT-1");
        assert_eq!(Target::from(&schedule), target);
    }

    #[test]
    fn anything_else_is_no_target() {
        let long = format!("schedule:{}", "x".repeat(65));
        for refused in [
            "",
            "ScEXT1",
            "schedule:",
            "schedule:a b",
            "schedule:a/../b",
            "schedule:Prüfung",
            "program:ScEXT1",
            long.as_str(),
        ] {
            assert_eq!(refused.parse::<Schedule>(), Err(InvalidTarget), "{refused}");
        }
    }

    #[test]
    fn a_profile_says_in_which_group_somebody_is_made() {
        let group = Group {
            id: "GrEXT1".to_owned(),
            name: "Group_ext_1".to_owned(),
        };
        let plain = Profile(vec![("Email".to_owned(), "a@b".to_owned())]);
        assert_eq!(Group::of(&plain), None);
        let making = group.making(&plain);
        assert_eq!(making.0[0], plain.0[0]);
        assert_eq!(Group::of(&making), Some(group));
    }

    #[test]
    fn names_of_groups_are_short_and_printable() {
        for (name, fits) in [
            ("Group_ext_1", true),
            ("Vertrieb Süd", true),
            ("", false),
            ("  ", false),
            ("a\nb", false),
        ] {
            assert_eq!(is_group_name(name), fits, "{name:?}");
        }
        assert!(is_group_name(&"ü".repeat(100)));
        assert!(!is_group_name(&"u".repeat(101)));
    }
}
