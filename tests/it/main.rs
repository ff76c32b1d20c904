//! Tests that need sockets, processes or a real log: one binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::cognitive_complexity,
    clippy::string_slice,
    unreachable_pub,
    reason = "tests"
)]

mod admin;
mod against_state;
mod cirrus_errors;
mod cirrus_wire;
mod commands;
mod contract;
mod deciding;
mod examtesting_wire;
mod first_installation;
mod forgetting;
mod fourth_provider;
mod generated;
mod idle;
mod importing;
mod intake;
mod kills;
mod layers;
mod log_claims;
mod log_conformance;
mod log_kafka;
mod log_sqlite;
mod lost_state;
mod promises;
mod receiver;
mod restoring;
mod schemas;
mod simulating;
mod simulators;
mod stages;
mod startexam_errors;
mod startexam_sessions;
mod startexam_wire;
mod support;
mod three_platforms;
mod traces;
mod whole;
