//! Integration tests: everything that needs a file, a socket or a process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod receiver;
mod schemas;
mod support;
