//! The command line: one binary, a role a process.
//!
//! In come arguments, out come an exit code and what people read: 0 done or drained, 1
//! failed, 2 wrong usage, 65 done except for bad lines, 78 refused configuration, before any port is bound.

mod arguments;
mod check_config;
mod command;
mod commands;
mod import;
mod print;
mod process;
mod progress;
mod reconcile;
mod schemas;
mod send;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

use crate::config::Refused;
use crate::settings::Complaint;
use arguments::Arguments;

/// Wrong usage, as clap says it too.
const USAGE: u8 = 2;
/// `EX_DATAERR` of `sysexits.h`.
const DATA: u8 = 65;
/// `EX_CONFIG` of `sysexits.h`.
const CONFIG: u8 = 78;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The configuration is refused.
    #[error(transparent)]
    Config(#[from] Refused),
    /// The configuration lacks what the command needs.
    #[error(transparent)]
    Lacking(#[from] Complaint),
    /// The arguments contradict the configuration.
    #[error("{0}")]
    Usage(String),
    /// Done, except for what was wrong with the input.
    #[error("{0}")]
    Partly(String),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(commands::run(arguments));
            // A log that hangs while it closes must not keep the process.
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            outcome
        }
        Err(error) => Err(CommandError::Failed(error.into())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError::Config(refused)) => {
            print::problem(&refused.to_string());
            ExitCode::from(CONFIG)
        }
        Err(CommandError::Lacking(complaint)) => {
            print::problem(&complaint.to_string());
            ExitCode::from(CONFIG)
        }
        Err(CommandError::Usage(problem)) => {
            print::problem(&problem);
            ExitCode::from(USAGE)
        }
        Err(CommandError::Partly(problem)) => {
            print::problem(&problem);
            ExitCode::from(DATA)
        }
        Err(CommandError::Failed(error)) => {
            print::problem(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
