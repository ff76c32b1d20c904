//! Stand-ins and harnesses of the integration tests.

pub(crate) mod captured;
pub(crate) mod memory_log;
pub(crate) mod test_receiver;
