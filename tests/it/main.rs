//! Integration tests: everything that needs a file, a socket or a process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod schemas;
