//! Everything that is tested from outside: one binary, one module a part.
#![expect(clippy::unwrap_used, reason = "tests")]

mod admin;
mod generated;
