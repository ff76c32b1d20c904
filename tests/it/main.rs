//! The integration tests: whatever needs sockets or processes, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod startexam_wire;
