//! What a target means at StartExam: a program, some of its tests, or a session.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::provider::Target;

/// Something people are registered to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Registration {
    /// A program with all of its tests: `program:<guid>` or `program-external:<id>`.
    Program(Program),
    /// Some tests of a program in manual mode: `tests:<guid>,<guid>@program:<guid>`. The
    /// tests are in the name, so that they can be left when configuration names others.
    Tests {
        /// Of which program.
        program: Program,
        /// At least one, sorted.
        tests: Vec<Uuid>,
    },
    /// `session:<name>`: a center, tests and a window, as configuration names them.
    Session(String),
}

/// A program people are registered to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// `program:<guid>`: StartExam's own id.
    Id(Uuid),
    /// `program-external:<id>`: the company's id.
    External(String),
}

/// The text names nothing that people are registered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected \"program:<guid>\", \"program-external:<id>\", \"tests:<guid>,...@program...\" or \"session:<name>\""
)]
pub struct InvalidTarget;

impl Registration {
    /// Some tests of a program.
    pub fn tests(program: Program, mut tests: Vec<Uuid>) -> Self {
        tests.sort_unstable();
        tests.dedup();
        Self::Tests { program, tests }
    }

    /// Its program, if it is about one.
    pub const fn program(&self) -> Option<&Program> {
        match self {
            Self::Program(program) | Self::Tests { program, .. } => Some(program),
            Self::Session(_) => None,
        }
    }

    /// Whether taking somebody out of this takes something of the other from them.
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.program().is_none() || self.program() != other.program() {
            return self == other;
        }
        if let (Self::Tests { tests: own, .. }, Self::Tests { tests: others, .. }) = (self, other) {
            return own.iter().any(|test| others.contains(test));
        }
        // One of them is the whole program.
        true
    }
}

/// Whether a name can stand in a target.
fn is_plain(name: &str) -> bool {
    !name.trim().is_empty() && !name.chars().any(char::is_control)
}

impl FromStr for Registration {
    type Err = InvalidTarget;

    fn from_str(raw: &str) -> Result<Self, InvalidTarget> {
        if let Some(name) = raw.strip_prefix("session:") {
            let session = is_plain(name).then(|| Self::Session(name.to_owned()));
            return session.ok_or(InvalidTarget);
        }
        let Some(tests) = raw.strip_prefix("tests:") else {
            return raw.parse().map(Self::Program);
        };
        let (tests, program) = tests.split_once('@').ok_or(InvalidTarget)?;
        let tests: Result<_, _> = tests.split(',').map(Uuid::try_parse).collect();
        let tests = tests.map_err(|_| InvalidTarget)?;
        Ok(Self::tests(program.parse()?, tests))
    }
}

impl FromStr for Program {
    type Err = InvalidTarget;

    fn from_str(raw: &str) -> Result<Self, InvalidTarget> {
        let (kind, id) = raw.split_once(':').ok_or(InvalidTarget)?;
        match kind {
            "program" => Uuid::try_parse(id).map(Self::Id).map_err(|_| InvalidTarget),
            "program-external" if is_plain(id) => Ok(Self::External(id.to_owned())),
            _ => Err(InvalidTarget),
        }
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(program) => write!(f, "{program}"),
            Self::Tests { program, tests } => {
                let tests: Vec<_> = tests.iter().map(Uuid::to_string).collect();
                write!(f, "tests:{}@{program}", tests.join(","))
            }
            Self::Session(name) => write!(f, "session:{name}"),
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

impl TryFrom<&Target> for Registration {
    type Error = InvalidTarget;

    fn try_from(target: &Target) -> Result<Self, InvalidTarget> {
        target.0.parse()
    }
}

impl From<&Registration> for Target {
    fn from(registration: &Registration) -> Self {
        Self(registration.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
    const ONE: &str = "4ebdd1bf-410a-4212-ad54-de6592dbcd1d";
    const TWO: &str = "eede017b-67a8-47a4-a3d4-6181bf215ba0";

    #[test]
    fn a_target_is_read_and_written_in_one_form() {
        for (raw, shown) in [
            (format!("program:{GUID}"), format!("program:{GUID}")),
            (
                format!("program:{}", GUID.to_uppercase()),
                format!("program:{GUID}"),
            ),
            (
                "program-external:sales: north".to_owned(),
                "program-external:sales: north".to_owned(),
            ),
            (
                format!("tests:{TWO},{ONE},{ONE}@program:{GUID}"),
                format!("tests:{ONE},{TWO}@program:{GUID}"),
            ),
            (
                format!("tests:{ONE}@program-external:a@b,c"),
                format!("tests:{ONE}@program-external:a@b,c"),
            ),
            ("session:day one".to_owned(), "session:day one".to_owned()),
        ] {
            let registration = Registration::try_from(&Target(raw)).unwrap();
            assert_eq!(Target::from(&registration), Target(shown));
        }
    }

    #[test]
    fn anything_else_is_no_target() {
        for refused in [
            "",
            GUID,
            "program:",
            "program:sales",
            "program-external:",
            "program-external: ",
            "program-external:a\nb",
            "schedule:95a6e267-1765-4a93-98b1-c6ca5ef2cd61",
            "session:",
            "tests:@program-external:sales",
            "tests:4ebdd1bf-410a-4212-ad54-de6592dbcd1d",
            "tests:sales@program-external:sales",
            "tests:4ebdd1bf-410a-4212-ad54-de6592dbcd1d@session:a",
        ] {
            assert_eq!(
                refused.parse::<Registration>(),
                Err(InvalidTarget),
                "{refused}"
            );
        }
    }

    #[test]
    fn registrations_overlap_where_leaving_one_takes_from_the_other() {
        let whole = format!("program:{GUID}");
        let one = format!("tests:{ONE}@program:{GUID}");
        let two = format!("tests:{TWO}@program:{GUID}");
        let both = format!("tests:{ONE},{TWO}@program:{GUID}");
        let other = format!("tests:{ONE}@program-external:sales");
        let session = "session:a".to_owned();
        for (left, right, overlap) in [
            (&whole, &one, true),
            (&one, &both, true),
            (&one, &two, false),
            (&one, &other, false),
            (&whole, &session, false),
            (&session, &session, true),
        ] {
            let parsed = |raw: &String| raw.parse::<Registration>().unwrap();
            assert_eq!(
                parsed(left).overlaps(&parsed(right)),
                overlap,
                "{left} {right}"
            );
            assert_eq!(parsed(right).overlaps(&parsed(left)), overlap);
        }
    }
}
