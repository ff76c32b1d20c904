//! What people read on standard output and standard error.

use std::fmt::Display;
use std::io::Write;

/// Prints a line. A reader that has gone away (`| head`) is no failure of ours.
pub(crate) fn line(text: impl Display) {
    let _reader_gone = writeln!(std::io::stdout().lock(), "{text}");
}

/// Says what is wrong.
pub(super) fn problem(text: &str) {
    let _reader_gone = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
}
