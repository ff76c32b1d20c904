//! The words StartExam refuses with, as far as they can be guessed: the patterns' defaults.
//!
//! One message is published, that of an old `Date` (help page "Responses"); the others cover
//! the forms in which such a message is commonly worded.

pub(super) const UNKNOWN_EMPLOYEE: &[&str] = &[
    "employee*not found",
    "employee*not exist",
    "employee*doesn't exist",
    "unknown employee",
];

pub(super) const UNKNOWN_TARGET: &[&str] = &[
    "program*not found",
    "program*does not exist",
    "program*doesn't exist",
    "program*not exist",
    "unknown program",
    "invalid program",
    "test*not found",
    "test*not exist",
    "test*is unknown",
    "unknown test",
    "invalid test",
    "center*not found",
    "center*not exist",
    "unknown center",
    "invalid center",
    "manual mode",
    "proctoring*not enabled",
];

pub(super) const SETUP: &[&str] = &[
    "no http resource",
    "'authorization'",
    "signature",
    "profile*not found",
    "profile*not exist",
    "not found in*profile",
    "not exist in*profile",
    "unknown profile",
    "invalid profile",
];

pub(super) const CLOCK: &[&str] = &["'date'", "date header", "older than"];

pub(super) fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|&text| text.to_owned()).collect()
}
