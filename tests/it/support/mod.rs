//! What the tests share.

pub mod container;
pub mod kafka;
pub mod logs;
pub mod said;
