//! What the tests share.

pub mod kafka;
pub mod logs;
pub mod said;
