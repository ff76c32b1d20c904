//! Why a configuration is refused: everything that is wrong with it, a line each.

use std::fmt;
use std::path::PathBuf;

use toml::Value;

use super::origin::Origin;
use crate::secret::REDACTED;
use crate::settings::Complaint;

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The file is not TOML.
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Where in the line, from 1.
        column: usize,
        /// What was expected there.
        reason: String,
    },
    /// A key is unknown, or its value cannot be.
    Key {
        /// Which, and why.
        complaint: Complaint,
        /// Where the value comes from.
        origin: Origin,
    },
}

impl Refusal {
    /// Where it stands in a list: in the order of the file, then the other origins.
    pub(super) fn rank(&self) -> (u8, usize) {
        match self {
            Self::Syntax { line, .. } => (0, *line),
            Self::Key { origin, .. } => match origin {
                Origin::File { line, .. } => (0, *line),
                Origin::Variable(_) => (1, 0),
                Origin::Default => (2, 0),
                Origin::CommandLine => (3, 0),
            },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax {
                path,
                line,
                column,
                reason,
            } => write!(f, "{}:{line}:{column}: {reason}", path.display()),
            Self::Key { complaint, origin } => write!(f, "{complaint} (from {origin})"),
        }
    }
}

/// A configuration that is refused, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refused(pub Vec<Refusal>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, refusal) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{refusal}")?;
        }
        Ok(())
    }
}

/// The longest value, in characters, that is shown in full.
const LONGEST_SHOWN: usize = 80;

/// A value as a complaint shows it: in TOML's notation, never a secret, never a whole table.
pub(super) fn shown(value: &Value, is_secret: bool) -> String {
    if is_secret {
        return REDACTED.to_owned();
    }
    if value.is_table() {
        return "{ .. }".to_owned();
    }
    let text = value.to_string();
    if text.chars().count() <= LONGEST_SHOWN {
        return text;
    }
    let start: String = text.chars().take(LONGEST_SHOWN).collect();
    format!("{start}..")
}
