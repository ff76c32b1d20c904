//! Where each configured value comes from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the configuration file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// An argument of the command.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// The origin of every value that is not a default, by dotted key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Where the value of a key comes from: its own origin, else that of the list or table it
    /// was written in, else that of the first value below it.
    pub fn of(&self, key: &str) -> Origin {
        let mut above = Some(key);
        while let Some(candidate) = above {
            if let Some(origin) = self.0.get(candidate) {
                return origin.clone();
            }
            above = candidate
                .rfind(['.', '['])
                .and_then(|end| candidate.get(..end));
        }
        self.below(key)
            .next()
            .map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// Every recorded key at or below a key, with its origin.
    pub(super) fn below<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (&'a str, &'a Origin)> {
        self.0
            .iter()
            .filter(move |(candidate, _)| is_within(candidate, key))
            .map(|(candidate, origin)| (candidate.as_str(), origin))
    }

    /// Records where a value comes from; what stood at or below its key is forgotten.
    pub(super) fn record(&mut self, key: String, origin: Origin) {
        self.0.retain(|candidate, _| !is_within(candidate, &key));
        self.0.insert(key, origin);
    }
}

/// Whether a dotted key is another one or stands below it.
pub(super) fn is_within(key: &str, outer: &str) -> bool {
    key.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']) || outer.is_empty())
}

/// The environment of a process; tests bring a map.
pub trait Environment {
    /// Every variable, in any order.
    fn variables(&self) -> Vec<(String, OsString)>;
}

/// The environment this process was started with.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variables(&self) -> Vec<(String, OsString)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect()
    }
}

/// Where this machine keeps what may be gone tomorrow.
pub fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
}

/// The name of the user a process runs as, as its environment tells.
pub fn user_name(environment: &impl Environment) -> Option<String> {
    let variables = environment.variables();
    let value = |wanted: &str| {
        let found = variables.iter().find(|(name, _)| name == wanted);
        found.and_then(|(_, value)| value.to_str().map(str::to_owned))
    };
    value("LOGNAME").or_else(|| value("USER"))
}

impl Environment for BTreeMap<String, String> {
    fn variables(&self) -> Vec<(String, OsString)> {
        self.iter()
            .map(|(name, value)| (name.clone(), value.into()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Origin {
        Origin::Variable(name.to_owned())
    }

    #[test]
    fn an_origin_is_found_at_above_or_below_its_key() {
        let mut origins = Origins::default();
        origins.record("a.list".to_owned(), variable("LIST"));
        origins.record("b.x".to_owned(), variable("X"));
        assert_eq!(origins.of("a.list"), variable("LIST"));
        assert_eq!(origins.of("a.list[3].name"), variable("LIST"));
        assert_eq!(origins.of("b"), variable("X"));
        assert_eq!(origins.of("b.y"), Origin::Default);
        assert_eq!(origins.of("a.lis"), Origin::Default);
    }

    #[test]
    fn a_value_hides_the_origins_of_what_it_replaces() {
        let mut origins = Origins::default();
        origins.record("a.list[0].x".to_owned(), variable("OLD"));
        origins.record("a.list".to_owned(), variable("NEW"));
        assert_eq!(origins.of("a.list[0].x"), variable("NEW"));
    }
}
