//! What became of a request, as the metric has it: few words, whatever the detail.

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    NoFact,
    Quarantined,
    PartlyQuarantined,
    BadSignature,
    UnknownSource,
    TooLarge,
    BrokenBody,
    Invalid,
    Unconfirmed,
}

impl Outcome {
    /// What can become of a webhook of a configured source.
    pub(crate) const OF_WEBHOOKS: &[Self] = &[
        Self::Accepted,
        Self::NoFact,
        Self::Quarantined,
        Self::PartlyQuarantined,
        Self::BadSignature,
        Self::TooLarge,
        Self::BrokenBody,
        Self::Unconfirmed,
    ];
    /// What can become of a request to `/events` once its source is known.
    pub(crate) const OF_CLOUDEVENTS: &[Self] = &[
        Self::Accepted,
        Self::NoFact,
        Self::Invalid,
        Self::TooLarge,
        Self::Unconfirmed,
    ];
    /// What can become of a request of nobody we know.
    pub(crate) const OF_NOBODY: &[Self] = &[
        Self::UnknownSource,
        Self::BadSignature,
        Self::TooLarge,
        Self::BrokenBody,
    ];

    /// The word in the metric.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NoFact => "no_fact",
            Self::Quarantined => "quarantined",
            Self::PartlyQuarantined => "partly_quarantined",
            Self::BadSignature => "bad_signature",
            Self::UnknownSource => "unknown_source",
            Self::TooLarge => "too_large",
            Self::BrokenBody => "broken_body",
            Self::Invalid => "invalid",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}
