//! Values that must never be seen: a type that prints `[redacted]`.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::settings::Complaint;

/// A secret text: prints and serialises as `[redacted]`, and is wiped when dropped.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

/// What stands in a secret's place wherever it is shown.
pub const REDACTED: &str = "[redacted]";

impl Secret {
    /// Wraps a secret.
    pub fn new(raw: impl Into<String>) -> Self {
        Self(SecretString::from(raw.into()))
    }

    /// The secret itself: for signing, comparing and sending only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Where a secret comes from: written in the configuration (or its environment variable),
/// or a file that is read again when the platform stops accepting it.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// The value itself.
    Inline(Secret),
    /// A file; surrounding white space is not part of the secret.
    File(PathBuf),
}

impl SecretSource {
    /// Takes the one of `<key>` and `<key>_file` that is set.
    ///
    /// # Errors
    /// When neither or both are set, or the file cannot be read or is empty now.
    pub fn choose(
        key: &str,
        inline: Option<&Secret>,
        file: Option<&Path>,
    ) -> Result<Self, Complaint> {
        let source = match (inline, file) {
            (Some(secret), None) => Self::Inline(secret.clone()),
            (None, Some(path)) => Self::File(path.to_owned()),
            (None, None) => {
                return Err(Complaint::missing(
                    key,
                    format!("required: set it, or {key}_file, or its environment variable"),
                ));
            }
            (Some(_), Some(path)) => {
                return Err(Complaint::new(
                    format!("{key}_file"),
                    path.display(),
                    format!("{key} is set as well: keep one of the two"),
                ));
            }
        };
        source.read(key).map(|_| source)
    }

    /// The secret as it is at this moment.
    ///
    /// # Errors
    /// When the file cannot be read or is empty.
    pub fn read(&self, key: &str) -> Result<Secret, Complaint> {
        let secret = match self {
            Self::Inline(secret) => secret.clone(),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Secret::new(text.trim()),
                Err(error) => {
                    return Err(Complaint::new(
                        format!("{key}_file"),
                        path.display(),
                        format!("cannot be read: {error}"),
                    ));
                }
            },
        };
        if secret.expose().is_empty() {
            return Err(Complaint::new(key, REDACTED, "must not be empty"));
        }
        Ok(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "writeOnly": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_neither_in_debug_nor_in_json() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), REDACTED);
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"[redacted]\"");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_secret_comes_from_its_value_or_its_file_but_not_both() {
        let inline = Secret::new("hunter2");
        let file = Path::new("/nowhere/token");
        assert!(SecretSource::choose("a.secret", Some(&inline), None).is_ok());
        for (value, path, said) in [
            (
                None,
                None,
                "a.secret = (not set): required: set it, or a.secret_file, or its environment variable",
            ),
            (
                Some(&inline),
                Some(file),
                "a.secret_file = /nowhere/token: a.secret is set as well: keep one of the two",
            ),
        ] {
            let complaint = SecretSource::choose("a.secret", value, path).unwrap_err();
            assert_eq!(complaint.to_string(), said);
        }
        let unreadable = SecretSource::choose("a.secret", None, Some(file)).unwrap_err();
        assert!(
            unreadable
                .to_string()
                .starts_with("a.secret_file = /nowhere/token: cannot be read")
        );
    }
}
