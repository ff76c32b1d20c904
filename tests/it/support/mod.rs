//! What the tests share.

pub mod logs;
pub mod said;
