//! hris-relay keeps exam platforms in step with a company's HR system.
//!
//! The folders are the stages of the pipeline, in the order the data flows:
//! `receiver` -> `log` -> `roster` -> `log` -> `worker` -> `provider`.
//! `docs/architecture.md` tells the story; `tests/it/layers` proves that
//! imports go one way.

pub mod admin;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
pub mod event;
pub mod health;
pub mod id;
pub mod log;
pub mod metrics;
pub mod mutation;
pub mod nearest;
pub mod operator;
pub mod person;
pub mod plan;
pub mod provider;
pub mod receiver;
mod registry;
pub mod roster;
pub mod secret;
pub mod settings;
pub mod shard;
pub mod shutdown;
pub mod simulator;
pub mod telemetry;
pub mod traces;
pub mod worker;
