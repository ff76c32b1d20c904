//! What operators do: send a sample webhook. Commands are events like any other.

pub mod sender;
