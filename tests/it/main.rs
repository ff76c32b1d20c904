//! Everything that is tested from outside: one binary, one module a part.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod admin;
mod generated;
mod layers;
