//! What operators do: send a sample webhook, import a roster, decide by command.
//!
//! In come files and decisions, out come events on the log, like any other: ordered, durable
//! and audited. Nothing here calls a platform or writes a record of a stage.

mod appending;
pub mod decision;
pub mod import;
pub mod reconcile;
pub mod rehearsal;
pub mod sender;
pub mod topics;
