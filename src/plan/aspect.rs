//! What of a person one operation is about: the account, or one registration.

use serde::{Deserialize, Serialize};

use crate::provider::{Operation, Target};

/// What of a person one operation is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Aspect {
    /// The account.
    Account,
    /// The registration at one target.
    Target(Target),
}

/// The account's name among those of targets, which always have a colon.
const ACCOUNT: &str = "account";

impl From<String> for Aspect {
    fn from(name: String) -> Self {
        if name == ACCOUNT {
            Self::Account
        } else {
            Self::Target(Target(name))
        }
    }
}

impl From<Aspect> for String {
    fn from(aspect: Aspect) -> Self {
        match aspect {
            Aspect::Account => ACCOUNT.to_owned(),
            Aspect::Target(Target(name)) => name,
        }
    }
}

impl Aspect {
    /// Everything an operation may change: registering may make the account too.
    pub fn all_of(operation: &Operation) -> Vec<Self> {
        let own = Self::from(operation);
        let account = matches!(operation, Operation::Join { profile, .. } if profile.is_some());
        if account {
            vec![own, Self::Account]
        } else {
            vec![own]
        }
    }
}

impl From<&Operation> for Aspect {
    fn from(operation: &Operation) -> Self {
        match operation {
            Operation::Lock { .. } | Operation::Activate { .. } => Self::Account,
            Operation::Join { target, .. } | Operation::Leave { target } => {
                Self::Target(target.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aspect_is_a_word_that_is_read_back() {
        let target = Aspect::Target(Target("program:p".to_owned()));
        for (aspect, word) in [(Aspect::Account, "account"), (target, "program:p")] {
            let json = serde_json::to_string(&aspect).unwrap();
            assert_eq!(json, format!("{word:?}"));
            assert_eq!(serde_json::from_str::<Aspect>(&json).unwrap(), aspect);
        }
    }
}
