//! What an error means: a class for each code of the page, and for messages without a code.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::pattern::any;

/// What an error of the platform means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It will never take this operation of this person.
    Refused,
    /// It does not know us: everything waits until the credentials are mended.
    Unauthorized,
    /// It does not know the person. Of somebody whom the relay never made or adopted, a lock
    /// counts as done and is listed; whatever else is refused.
    UnknownPerson,
    /// It does not know the group: everything that names the group waits.
    UnknownTarget,
    /// Somebody has the user name already: ours, if an earlier add got no answer.
    AccountExists,
    /// The plan has no room for more people: adds wait, locks and changes go on.
    AccountsFull,
    /// It is too busy: repeated later.
    Throttled,
    /// It failed on its own side: repeated later.
    Faulted,
}

/// The codes of the page, and its messages for answers that leave the code out.
const DEFAULTS: [(&str, Class); 15] = [
    ("1001", Class::Refused),
    ("1002", Class::Unauthorized),
    ("1003", Class::Unauthorized),
    ("1004", Class::UnknownPerson),
    ("1005", Class::UnknownTarget),
    ("1006", Class::Refused),
    ("1007", Class::AccountExists),
    ("1008", Class::AccountsFull),
    ("institution id is invalid", Class::Unauthorized),
    ("invalid api credentials", Class::Unauthorized),
    ("student id is invalid", Class::UnknownPerson),
    ("group name is invalid", Class::UnknownTarget),
    ("username already exist", Class::AccountExists),
    ("maximum student", Class::AccountsFull),
    ("cannot add more students", Class::AccountsFull),
];

/// The table of the page.
pub(super) fn defaults() -> BTreeMap<String, Class> {
    DEFAULTS
        .map(|(signal, class)| (signal.to_owned(), class))
        .into()
}

/// A table in use: what configuration says comes before what the page says.
#[derive(Debug, Clone)]
pub(super) struct Classes(BTreeMap<String, Class>);

impl Classes {
    /// The page's table with some signals otherwise.
    pub(super) fn new(configured: &BTreeMap<String, Class>) -> Self {
        let mut table = defaults();
        table.extend(configured.iter().map(|(s, class)| (s.clone(), *class)));
        Self(table)
    }

    /// What an error means: by its code, or else by the longest pattern that its message
    /// matches. Any other is about the request, so it is refused: a validation error has no
    /// code.
    pub(super) fn of(&self, code: Option<u16>, said: &str) -> Class {
        let by_code = code.and_then(|code| self.0.get(&code.to_string()));
        by_code.copied().unwrap_or_else(|| self.by_words(said))
    }

    fn by_words(&self, said: &str) -> Class {
        let patterns = self.0.iter().filter(|(signal, _)| !is_code(signal));
        patterns
            .filter(|(pattern, _)| any(std::slice::from_ref(*pattern), said))
            .max_by_key(|(pattern, _)| pattern.len())
            .map_or(Class::Refused, |(_, class)| *class)
    }
}

/// Whether a signal is a code; any other is a pattern of messages.
pub(super) fn is_code(signal: &str) -> bool {
    signal.chars().all(|character| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_message_of_the_page_has_its_class() {
        let page = Classes::new(&BTreeMap::new());
        for (code, message, class) in [
            (1001, "Action is invalid", Class::Refused),
            (1002, "Institution Id is invalid", Class::Unauthorized),
            (1003, "Invalid Api Credentials", Class::Unauthorized),
            (1004, "Student ID is invalid", Class::UnknownPerson),
            (1005, "Group Name is invalid", Class::UnknownTarget),
            (1006, "Status is invalid", Class::Refused),
            (1007, "Username already exist", Class::AccountExists),
            (
                1008,
                "Maximum Student count is reached. You cannot add more students",
                Class::AccountsFull,
            ),
        ] {
            assert_eq!(page.of(Some(code), ""), class, "{code}");
            assert_eq!(page.of(None, message), class, "{message}");
        }
        assert_eq!(page.of(None, "email is required"), Class::Refused);
        assert_eq!(page.of(Some(1009), "who knows"), Class::Refused);
    }

    #[test]
    fn configuration_changes_single_signals_and_adds_others() {
        let configured = [
            ("1006", Class::Faulted),
            ("1044", Class::Throttled),
            ("database*timeout", Class::Faulted),
            ("database", Class::Unauthorized),
        ];
        let configured = configured.map(|(signal, class)| (signal.to_owned(), class));
        let classes = Classes::new(&configured.into());
        for (code, said, class) in [
            (Some(1006), "Status is invalid", Class::Faulted),
            (Some(1005), "Group Name is invalid", Class::UnknownTarget),
            (Some(1044), "", Class::Throttled),
            // A code without a class leaves the word to the message; the longest pattern wins.
            (Some(1045), "Database: timeout", Class::Faulted),
            (None, "database is read-only", Class::Unauthorized),
        ] {
            assert_eq!(classes.of(code, said), class, "{said}");
        }
    }
}
