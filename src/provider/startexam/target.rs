//! What a target means at StartExam: a program, by its GUID or by the company's own id.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::provider::Target;

/// A program people are registered to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// `program:<guid>`: StartExam's own id.
    Id(Uuid),
    /// `program-external:<id>`: the company's id.
    External(String),
}

/// The text names no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected \"program:<guid>\" or \"program-external:<id>\"")]
pub struct InvalidTarget;

impl FromStr for Program {
    type Err = InvalidTarget;

    fn from_str(raw: &str) -> Result<Self, InvalidTarget> {
        let (kind, id) = raw.split_once(':').ok_or(InvalidTarget)?;
        let is_plain = !id.trim().is_empty() && !id.chars().any(char::is_control);
        match kind {
            "program" => Uuid::try_parse(id).map(Self::Id).map_err(|_| InvalidTarget),
            "program-external" if is_plain => Ok(Self::External(id.to_owned())),
            _ => Err(InvalidTarget),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "program:{id}"),
            Self::External(id) => write!(f, "program-external:{id}"),
        }
    }
}

impl TryFrom<&Target> for Program {
    type Error = InvalidTarget;

    fn try_from(target: &Target) -> Result<Self, InvalidTarget> {
        target.0.parse()
    }
}

impl From<&Program> for Target {
    fn from(program: &Program) -> Self {
        Self(program.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_a_program_by_either_id() {
        let guid = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
        for (raw, shown) in [
            (format!("program:{guid}"), format!("program:{guid}")),
            (
                format!("program:{}", guid.to_uppercase()),
                format!("program:{guid}"),
            ),
            (
                "program-external:sales: north".to_owned(),
                "program-external:sales: north".to_owned(),
            ),
        ] {
            let program = Program::try_from(&Target(raw)).unwrap();
            assert_eq!(Target::from(&program), Target(shown));
        }
    }

    #[test]
    fn anything_else_is_no_target() {
        for refused in [
            "",
            "95a6e267-1765-4a93-98b1-c6ca5ef2cd61",
            "program:",
            "program:sales",
            "program-external:",
            "program-external: ",
            "program-external:a\nb",
            "schedule:95a6e267-1765-4a93-98b1-c6ca5ef2cd61",
        ] {
            assert_eq!(refused.parse::<Program>(), Err(InvalidTarget), "{refused}");
        }
    }
}
