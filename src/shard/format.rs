//! The forms of durable records: which this program reads, and which it may be told to write.

use std::ops::RangeInclusive;

/// The forms that this program can write; it reads all of them.
///
/// One number for all that a stage keeps: the people's records, the workers' states and the
/// notes beside offsets. A release that needs another form adds its number here and goes on
/// writing the one that the release before it writes, until `shard.state_format` is raised.
pub const FORMATS: RangeInclusive<u32> = 1..=1;

/// The newest form that this program knows.
pub const NEWEST: u32 = *FORMATS.end();
