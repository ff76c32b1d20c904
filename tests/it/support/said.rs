//! Lines that are seen although the test harness captures the output of tests that pass.

use std::io::Write;

/// Writes a line to the terminal's error output.
pub fn say(line: &str) {
    let said = std::fs::OpenOptions::new()
        .append(true)
        .open("/dev/stderr")
        .and_then(|mut stderr| writeln!(stderr, "{line}"));
    if said.is_err() {
        eprintln!("{line}");
    }
}
