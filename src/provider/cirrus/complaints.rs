//! What is wrong with the settings of a Cirrus tenant. Pure.

use super::fields;
use super::settings::{CirrusSettings, EXTERNAL_ID};
use crate::nearest::nearest;
use crate::secret::REDACTED;
use crate::settings::Complaint;

/// Fields without which nobody can be added.
const REQUIRED: [&str; 3] = ["FirstName", "LastName", "Email"];

/// The most requests that one call takes: two paths for known users and a look at the schedule,
/// a look before a repeated addition, and two additions with a look after each.
const MOST_REQUESTS: f64 = 8.0;

/// Everything that is wrong; `prefix` is `providers.cirrus`.
pub(super) fn of(settings: &CirrusSettings, prefix: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if let Err(reason) = settings.address() {
        let key = format!("{prefix}.base_url");
        complaints.push(of_address(key, &settings.base_url, reason));
    }
    if let Err(complaint) = settings.token(prefix) {
        complaints.push(complaint);
    } else if !is_a_header(settings, prefix) {
        complaints.push(Complaint::new(
            format!("{prefix}.secret"),
            REDACTED,
            "must be printable ASCII: it is sent in a header",
        ));
    }
    if let Err(reason) = settings.site() {
        let shown = settings.links_base.as_deref().unwrap_or_default();
        complaints.push(of_address(format!("{prefix}.links_base"), shown, reason));
    }
    complaints.extend(of_fields(settings, prefix));
    complaints.extend(of_limits(settings, prefix));
    complaints
}

fn is_a_header(settings: &CirrusSettings, prefix: &str) -> bool {
    let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    settings
        .token(prefix)
        .is_ok_and(|token| token.expose().bytes().all(printable))
}

fn of_address(key: String, value: &str, reason: &str) -> Complaint {
    match value {
        "" => Complaint::missing(key, reason),
        // A password may be in it.
        value if value.contains('@') => Complaint::new(key, REDACTED, reason),
        value => Complaint::new(key, value, reason),
    }
}

fn of_fields(settings: &CirrusSettings, prefix: &str) -> Vec<Complaint> {
    let key = format!("{prefix}.candidate_fields");
    let mut complaints = Vec::new();
    for (field, attribute) in &settings.candidate_fields {
        let reason = if !fields::names().any(|name| name == field) {
            not_a_field(field)
        } else if attribute.trim().is_empty() {
            "the attribute must not be empty".to_owned()
        } else {
            continue;
        };
        let shown = format_args!("{field:?} = {attribute:?}");
        complaints.push(Complaint::new(key.clone(), shown, reason));
    }
    for field in REQUIRED {
        if !settings.candidate_fields.contains_key(field) {
            let reason = format!("{field} is required: Cirrus adds nobody without it");
            complaints.push(Complaint::missing(key.clone(), reason));
        }
    }
    complaints
}

fn not_a_field(field: &str) -> String {
    match field {
        "CandidateExtId" => "CandidateExtId is always the employee's id".to_owned(),
        "Password" => "passwords are never sent".to_owned(),
        _ => {
            let meant = nearest(field, fields::names());
            let hint = meant.map_or_else(
                || {
                    let known: Vec<_> = fields::names().collect();
                    format!("there are {}", known.join(", "))
                },
                |meant| format!("did you mean {meant:?}?"),
            );
            format!("is no field of a candidate: {hint}")
        }
    }
}

fn of_limits(settings: &CirrusSettings, prefix: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (key, value) in [
        ("batch_max", settings.batch_max),
        ("max_in_flight", settings.max_in_flight),
    ] {
        if value == 0 {
            complaints.push(Complaint::new(
                format!("{prefix}.{key}"),
                value,
                "must be at least 1",
            ));
        }
    }
    if !(settings.max_rps.is_finite() && 0.0 < settings.max_rps) {
        let key = format!("{prefix}.max_rps");
        complaints.push(Complaint::new(key, settings.max_rps, "must be more than 0"));
    } else if settings.call_timeout.as_secs_f64() * settings.max_rps <= MOST_REQUESTS {
        complaints.push(Complaint::new(
            format!("{prefix}.max_rps"),
            settings.max_rps,
            format!(
                "so few requests leave a call that takes {MOST_REQUESTS} no time within \
                 {prefix}.call_timeout ({})",
                humantime::format_duration(settings.call_timeout)
            ),
        ));
    }
    let (connect, call) = (settings.connect_timeout, settings.call_timeout);
    if connect.is_zero() || call <= connect {
        complaints.push(Complaint::new(
            format!("{prefix}.connect_timeout"),
            humantime::format_duration(connect),
            format!(
                "must be more than 0 and shorter than {prefix}.call_timeout ({})",
                humantime::format_duration(call)
            ),
        ));
    }
    let path = &settings.path_put_candidates;
    if !(path.starts_with('/') && path.matches(EXTERNAL_ID).count() == 1 && !path.contains('?')) {
        complaints.push(Complaint::new(
            format!("{prefix}.path_put_candidates"),
            path,
            "must begin with / and hold {externalId} once",
        ));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::Secret;

    fn valid() -> CirrusSettings {
        CirrusSettings {
            base_url: "https://api.cirrusplatform.com/api/v1/integrations".to_owned(),
            secret: Some(Secret::new("hunter2")),
            ..CirrusSettings::default()
        }
    }

    fn complaints_of(change: impl FnOnce(&mut CirrusSettings)) -> Vec<String> {
        let mut settings = valid();
        change(&mut settings);
        let complaints = of(&settings, "providers.cirrus");
        complaints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_address_and_token_have_no_default() {
        assert_eq!(complaints_of(|_| ()), [""; 0]);
        let keys: Vec<_> = of(&CirrusSettings::default(), "p")
            .into_iter()
            .map(|complaint| complaint.key)
            .collect();
        assert_eq!(keys, ["p.base_url", "p.secret"]);
    }

    #[test]
    fn a_misspelt_field_is_told_the_nearest() {
        let misspelt = |field: &'static str| {
            complaints_of(|s| {
                s.candidate_fields.insert(field.to_owned(), "x".to_owned());
            })
        };
        for (field, said) in [
            ("PhoneNummber", "did you mean \"PhoneNumber\"?"),
            ("Salary", "there are UserName, FirstName"),
            ("Password", "passwords are never sent"),
            ("CandidateExtId", "always the employee's id"),
        ] {
            let complaints = misspelt(field);
            assert_eq!(complaints.len(), 1, "{complaints:?}");
            assert!(complaints[0].contains(said), "{complaints:?}");
        }
    }

    #[test]
    fn fields_that_cirrus_requires_must_be_mapped() {
        let complaints = complaints_of(|s| {
            s.candidate_fields.remove("Email");
        });
        assert_eq!(complaints.len(), 1);
        assert!(
            complaints[0].contains("Email is required"),
            "{complaints:?}"
        );
    }

    #[test]
    fn every_contradiction_is_named() {
        type Change = fn(&mut CirrusSettings);
        let cases: [(Change, &str); 14] = [
            (
                |s| "http://a.example".clone_into(&mut s.base_url),
                "base_url",
            ),
            (
                |s| "ftp://a.example".clone_into(&mut s.base_url),
                "base_url",
            ),
            (
                |s| "https://a.example/?b=c".clone_into(&mut s.base_url),
                "base_url",
            ),
            (|s| s.secret = Some(Secret::new("a\nb")), "secret"),
            (|s| s.publish_links = true, "links_base"),
            (
                |s| {
                    s.publish_links = true;
                    s.links_base = Some("https://a.example/path".to_owned());
                },
                "links_base",
            ),
            (|s| s.batch_max = 0, "batch_max"),
            (|s| s.max_in_flight = 0, "max_in_flight"),
            (|s| s.max_rps = f64::NAN, "max_rps"),
            (|s| s.max_rps = 0.25, "max_rps"),
            (|s| s.connect_timeout = s.call_timeout, "connect_timeout"),
            (|s| s.connect_timeout = Duration::ZERO, "connect_timeout"),
            (
                |s| s.path_put_candidates = "/schedule".to_owned(),
                "path_put_candidates",
            ),
            (
                |s| s.path_put_candidates = "{externalId}".to_owned(),
                "path_put_candidates",
            ),
        ];
        for (change, key) in cases {
            let complaints = complaints_of(change);
            assert_eq!(complaints.len(), 1, "{key}: {complaints:?}");
            let expected = format!("providers.cirrus.{key} = ");
            assert!(complaints[0].starts_with(&expected), "{complaints:?}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let shown = complaints_of(|s| "https://me:hunter2@host".clone_into(&mut s.base_url));
        assert!(shown[0].contains(REDACTED) && !shown[0].contains("hunter2"));
    }
}
