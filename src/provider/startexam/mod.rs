//! StartExam: its settings, its signature, its wire types, what its answers mean, its client.
//!
//! In comes a [`Call`](super::Call), out goes one signed request, back comes what the answer
//! means for the people of the call. Sources are the pages of `api.startexam.com`, named by
//! method. It must never log the `Authorization` header, a body or the platform's words.

mod classify;
mod client;
mod request;
mod session;
mod settings;
pub mod signature;
mod target;
pub mod wire;
mod words;

pub use client::StartExam;
pub use session::SessionSettings;
pub use settings::{RemovalOrder, SecretEncoding, StartExamSettings};
pub use target::{InvalidTarget, Program, Registration};
