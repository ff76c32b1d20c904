//! From an authentic body to events: pure, one file a sender.
//!
//! What cannot be mapped is said with a reason and never guessed; only attributes that the
//! configuration lets in leave an adapter.

pub(crate) mod bamboohr;
mod form;
pub(crate) mod standard_webhooks;

use crate::event::Event;
use crate::id::EventId;

/// What an authentic body came to. Part of a batch may be events while the rest is not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mapped {
    pub(crate) events: Vec<Event>,
    /// Why the body goes to quarantine as well.
    pub(crate) unmappable: Option<Unmappable>,
}

/// Why a body, or part of it, is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmappable {
    /// A stable word.
    pub(crate) code: &'static str,
    /// The same for people, without a value of the body.
    pub(crate) reason: String,
    /// The id the sender gave the webhook.
    pub(crate) event_id: Option<EventId>,
}

impl Mapped {
    /// A body that is no event at all.
    pub(crate) fn unmappable(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            events: Vec::new(),
            unmappable: Some(Unmappable {
                code,
                reason: reason.into(),
                event_id: None,
            }),
        }
    }
}
