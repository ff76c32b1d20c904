//! From the HR system: webhooks and CloudEvents in, durable events out.
mod adapter;
pub mod settings;
pub mod signature;
mod source;
