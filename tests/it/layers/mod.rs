//! The architecture is a test: which stage may import which, which crate stays where, and
//! what a reader may expect of every file and document.

mod documents;
mod hygiene;
mod imports;
pub(crate) mod operations;
mod registry;
mod rust;
mod source;
mod table;
