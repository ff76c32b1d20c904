//! Deterministic simulation: roster, worker, log and platform under one seeded clock.
//!
//! Random histories of HR facts run through the relay's own cores while everything around
//! them goes wrong. At rest the platform must be what a reference, written from the design
//! alone, makes of the set of facts; what must hold at every step is watched at every step.
//! `docs/simulation.md` says how to run it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    clippy::missing_docs_in_private_items,
    reason = "tests"
)]

mod arguments;
mod brake;
mod company;
mod crowd;
mod facts;
mod history;
mod log;
mod many;
mod mutations;
mod owner;
mod owners;
mod provider;
mod reference;
mod rest;
mod shrink;
mod stages;
mod watch;
mod words;
mod world;

use std::process::ExitCode;

use arguments::{Arguments, Test};

fn main() -> ExitCode {
    let arguments = Arguments::read();
    let mut is_well = true;
    for test in arguments.tests() {
        if arguments.list {
            println!("{}: test", test.name());
            continue;
        }
        is_well &= match test {
            Test::Histories => many::histories(&arguments),
            Test::Mutations => many::mutations(&arguments),
        };
    }
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
