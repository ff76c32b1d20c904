//! Who may come in: the two headers that every page asks of all requests. Pure.

use super::answers::Refusal;
use super::settings::SimulatorSettings;
use crate::simulator::shared::Request;

/// Lets a request in.
pub(super) fn admit(rules: &SimulatorSettings, request: &Request<'_>) -> Result<(), Refusal> {
    let expected = format!("EAPI {}", rules.secret.expose());
    if request.header("authorization") != Some(expected.as_str()) {
        return Err(Refusal::new(403, "Not allowed to use external API"));
    }
    let media_type = request.header("content-type").unwrap_or_default();
    match media_type.split(';').next() {
        Some("application/json") => Ok(()),
        _ => Err(Refusal::bad("Content-type must be application/json")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(headers: &[(&str, &str)]) -> Option<u16> {
        let request = Request {
            method: "GET",
            path: "/",
            query: "",
            headers,
            body: b"",
        };
        let refused = admit(&SimulatorSettings::default(), &request).err();
        refused.map(|refusal| refusal.status)
    }

    #[test]
    fn a_request_needs_the_token_and_a_media_type() {
        let token = ("authorization", "EAPI simulated-eapi-token");
        let json = ("content-type", "application/json");
        for (headers, refused) in [
            (vec![token, json], None),
            (
                vec![token, ("content-type", "application/json; charset=utf-8")],
                None,
            ),
            (vec![json], Some(403)),
            (vec![json, ("authorization", "EAPI other")], Some(403)),
            (
                vec![json, ("authorization", "Bearer simulated-eapi-token")],
                Some(403),
            ),
            (vec![token], Some(400)),
            (vec![token, ("content-type", "text/plain")], Some(400)),
        ] {
            assert_eq!(status(&headers), refused, "{headers:?}");
        }
    }
}
