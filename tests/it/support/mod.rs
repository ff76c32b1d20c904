//! What the tests share.

pub mod balancer;
pub mod binary;
pub mod broker;
pub mod captured;
pub mod collected;
pub mod collector;
pub mod container;
pub mod kafka;
pub mod logs;
pub mod memory_log;
pub mod platform;
pub mod recorder;
pub mod relay;
pub mod said;
pub mod sender;
pub mod size;
pub mod stages;
pub mod test_receiver;
