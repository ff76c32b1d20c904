//! One owner a group: a lock on a file, which the operating system frees when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;

use crate::log::{ConsumeError, Group};

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a group and writes this process's id into it.
    ///
    /// # Errors
    /// `Held` with the id of the process that holds it.
    pub(super) fn take(folder: &Path, group: Group) -> Result<Self, ConsumeError> {
        let path = folder.join(format!("{group}.lock"));
        let unreadable = |error: std::io::Error| {
            ConsumeError::Unreadable(format!("{}: {error}", path.display()))
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unreadable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = std::fs::read_to_string(&path).unwrap_or_default();
                return Err(ConsumeError::Held {
                    role: group.to_string(),
                    holder: if holder.is_empty() {
                        "(unknown)".to_owned()
                    } else {
                        holder
                    },
                });
            }
            Err(TryLockError::Error(error)) => return Err(unreadable(error)),
        }
        let mut name_holder = || -> std::io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())
        };
        name_holder().map_err(unreadable)?;
        Ok(Self { _file: file })
    }
}
