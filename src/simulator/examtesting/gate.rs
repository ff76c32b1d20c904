//! What a request must be before the account is asked: address, parameters, credentials.
//! Pure.

use std::collections::BTreeMap;

use super::settings::{ParamsFrom, SimulatorSettings};
use crate::provider::examtesting::wire::{Action, FORM, PARAMETERS, PATH, decoded};
use crate::simulator::shared::Request;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// By HTTP status: the address or the method is wrong.
    Status(u16),
    /// By a code of the page.
    Code(u16),
    /// Because a parameter is missing, unknown or there twice.
    Validation(String),
}

impl Refusal {
    /// The message of a code, as the page has it.
    pub(super) const fn message(code: u16) -> &'static str {
        match code {
            1001 => "Action is invalid",
            1002 => "Institution Id is invalid",
            1003 => "Invalid Api Credentials",
            1004 => "Student ID is invalid",
            1005 => "Group Name is invalid",
            1006 => "Status is invalid",
            1007 => "Username already exist",
            1008 => "Maximum Student count is reached. You cannot add more students",
            _ => "Unknown error",
        }
    }
}

/// The parameters of a request, each there once and none of them empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// A parameter; none if it is left out or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| Refusal::Validation(format!("{name} is required")))
    }
}

/// Lets a request in.
pub(super) fn admit(
    rules: &SimulatorSettings,
    request: &Request<'_>,
) -> Result<(Action, Parameters), Refusal> {
    if request.path != PATH {
        return Err(Refusal::Status(404));
    }
    if !["POST", "GET"].contains(&request.method) {
        return Err(Refusal::Status(405));
    }
    let action = action(request)?;
    let mut parameters = BTreeMap::new();
    for (name, value) in sent(rules.params_from, request) {
        if !PARAMETERS.contains(&name.as_str()) {
            return Err(Refusal::Validation(format!("{name} is not a parameter")));
        }
        if parameters.insert(name.clone(), value).is_some() {
            return Err(Refusal::Validation(format!("{name} is there twice")));
        }
    }
    parameters.retain(|_, value| !value.is_empty());
    let parameters = Parameters(parameters);
    if parameters.required("Institutionid")? != rules.institution_id {
        return Err(Refusal::Code(1002));
    }
    let key = parameters.required("Apikey")?;
    let pass = parameters.required("ApiPass")?;
    if key != rules.api_key.expose() || pass != rules.api_pass.expose() {
        return Err(Refusal::Code(1003));
    }
    Ok((action, parameters))
}

/// The address has it; the page writes it `add` and `Add`.
fn action(request: &Request<'_>) -> Result<Action, Refusal> {
    let mut actions = decoded(request.query)
        .into_iter()
        .filter(|(name, _)| name == "action");
    let (_, word) = actions.next().ok_or(Refusal::Code(1001))?;
    if actions.next().is_some() {
        return Err(Refusal::Validation("action is there twice".to_owned()));
    }
    [Action::Add, Action::Update]
        .into_iter()
        .find(|action| word.eq_ignore_ascii_case(action.word()))
        .ok_or(Refusal::Code(1001))
}

/// The parameters that the account reads, in their order; those elsewhere it never sees.
pub(super) fn sent(from: ParamsFrom, request: &Request<'_>) -> Vec<(String, String)> {
    let query = decoded(request.query).into_iter();
    let query = query.filter(|(name, _)| name != "action");
    let media_type = request.header("content-type").unwrap_or_default();
    let is_form = media_type.split(';').next() == Some(FORM);
    let form = if is_form {
        decoded(&String::from_utf8_lossy(request.body))
    } else {
        Vec::new()
    };
    match from {
        ParamsFrom::Query => query.collect(),
        ParamsFrom::Form => form,
        ParamsFrom::Both => query.chain(form).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str =
        "Institutionid=4711&Apikey=simulated-api-key&ApiPass=simulated-api-pass";

    fn admitted(
        from: ParamsFrom,
        query: &str,
        body: &str,
    ) -> Result<(Action, Parameters), Refusal> {
        let rules = SimulatorSettings {
            params_from: from,
            ..SimulatorSettings::default()
        };
        let request = Request {
            method: "POST",
            path: PATH,
            query,
            headers: &[(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )],
            body: body.as_bytes(),
        };
        admit(&rules, &request)
    }

    #[test]
    fn parameters_come_from_where_the_switch_says() {
        let both = format!("action=Add&{CREDENTIALS}");
        for (from, query, body, comes_in) in [
            (ParamsFrom::Form, "action=add", CREDENTIALS, true),
            (ParamsFrom::Form, both.as_str(), "", false),
            (ParamsFrom::Query, "action=add", CREDENTIALS, false),
            (ParamsFrom::Query, both.as_str(), "", true),
            (ParamsFrom::Both, "action=add", CREDENTIALS, true),
            (ParamsFrom::Both, both.as_str(), "", true),
        ] {
            assert_eq!(
                admitted(from, query, body).is_ok(),
                comes_in,
                "{from:?} {query}"
            );
        }
        let (action, parameters) = admitted(
            ParamsFrom::Both,
            "action=UPDATE",
            &format!("{CREDENTIALS}&zip=&city=Ulm+1"),
        )
        .unwrap();
        assert_eq!(action, Action::Update);
        assert_eq!(
            (parameters.get("zip"), parameters.get("city")),
            (None, Some("Ulm 1"))
        );
    }

    #[test]
    fn whatever_the_page_does_not_name_is_refused() {
        let wrong_pass = CREDENTIALS.replace("ApiPass=s", "ApiPass=S");
        let wrong_case = CREDENTIALS.replace("Apikey", "ApiKey");
        let twice = format!("{CREDENTIALS}&Apikey=simulated-api-key");
        let other = CREDENTIALS.replace("4711", "4712");
        let validation = |text: &str| Refusal::Validation(text.to_owned());
        for (query, body, refusal) in [
            ("", CREDENTIALS, Refusal::Code(1001)),
            ("action=delete", CREDENTIALS, Refusal::Code(1001)),
            ("Action=add", CREDENTIALS, Refusal::Code(1001)),
            ("action=add", other.as_str(), Refusal::Code(1002)),
            ("action=add", wrong_pass.as_str(), Refusal::Code(1003)),
            (
                "action=add",
                wrong_case.as_str(),
                validation("ApiKey is not a parameter"),
            ),
            (
                "action=add",
                twice.as_str(),
                validation("Apikey is there twice"),
            ),
            (
                "action=add&action=add",
                CREDENTIALS,
                validation("action is there twice"),
            ),
            (
                "action=add",
                "Institutionid=4711",
                validation("Apikey is required"),
            ),
            ("action=add", "", validation("Institutionid is required")),
        ] {
            assert_eq!(
                admitted(ParamsFrom::Both, query, body),
                Err(refusal),
                "{query} {body}"
            );
        }
        for (method, path, status) in [("POST", "/managecandidate.aspx", 404), ("PUT", PATH, 405)] {
            let request = Request {
                method,
                path,
                query: "action=add",
                headers: &[],
                body: b"",
            };
            let refused = admit(&SimulatorSettings::default(), &request);
            assert_eq!(refused, Err(Refusal::Status(status)));
        }
    }
}
