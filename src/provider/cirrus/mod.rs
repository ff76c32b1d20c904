//! Cirrus: its settings, its requests, its three shapes of answers, its client.
//!
//! In comes a [`Call`](super::Call), out go the few requests it takes, back comes what became
//! of each person of the call. Sources are the pages of Cirrus' help centre, named by title.
//! It must never log the token, a body, a link or the platform's words.

mod classify;
mod client;
mod complaints;
mod envelope;
mod exchange;
mod fields;
mod ids;
mod registering;
mod request;
mod settings;
mod sorting;
pub mod wire;

pub use client::Cirrus;
pub use ids::{Group, InvalidTarget, Schedule, is_external_id, is_group_name};
pub use settings::CirrusSettings;
