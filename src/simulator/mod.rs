//! The platforms' stand-ins: servers that keep the contract strictly, with scripted faults.
//!
//! In come the calls of a provider's client over HTTP, out come the answers the contract
//! promises. They must never be more forgiving than the platform, and never be mistaken for
//! it: nothing falls back to a simulator.
//!
//! A simulator is one folder with the rules of its account and the contract, as a
//! [`shared::Stand`]; faults, journal, `/_sim/` and the server are `shared`.

pub mod cirrus;
pub mod examtesting;
pub mod shared;
pub mod startexam;
