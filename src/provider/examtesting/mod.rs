//! ExamTesting: its settings, its one request, what its answers mean, its client.
//!
//! In comes a [`Call`](super::Call) about one person, out goes one form post, back comes what
//! the answer means. The source is the platform's one public page, "Register New User In
//! Classroom"; what it leaves open is a setting. It must never log a parameter, an address
//! with its query, a body or the platform's words.

mod answer;
mod checks;
mod class;
mod classify;
mod client;
mod markup;
mod password;
mod request;
mod settings;
mod template;
pub mod wire;

pub use class::Class;
pub use client::ExamTesting;
pub use password::Passwords;
pub use settings::{ExamTestingSettings, ParamLocation, UpdateKey, UpdatePassword};
