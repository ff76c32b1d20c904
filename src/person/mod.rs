//! The person as HR sees them: registers, their fold, and "active at t". Pure.
//!
//! In come events of one person, in any order and any number of times; out comes one
//! record, always the same, and from it the [`Standing`] at any instant. It must never
//! read a clock, and never compare versions of two sources (design section 4).

mod access;
mod command;
mod course;
mod employment;
mod fold;
mod groups;
mod hearing;
mod record;
mod register;
mod removal;
mod rules;
mod standing;
mod when;

#[cfg(test)]
mod tests;

pub use command::Decision;
pub use fold::{Folded, fold};
pub use record::{FORMAT, Person};
pub use register::{Stamp, Version};
pub use removal::{Overruled, removes};
pub use rules::{Rules, SourceRules};
pub use standing::{Presence, Standing, standing};
