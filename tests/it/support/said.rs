//! Lines that are seen although the test harness captures the output of tests that pass.

use std::io::Write;

/// Writes a line to standard error. The harness captures what the print macros write, and
/// nothing that is written to the stream itself.
pub fn say(line: &str) {
    let mut stderr = std::io::stderr().lock();
    // A reader that has gone away is no reason to fail a test.
    drop(writeln!(stderr, "{line}"));
}
