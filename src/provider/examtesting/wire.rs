//! The one request of the page: its address, its parameters in the page's order, their form.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The address of the one request, without its query.
pub const PATH: &str = "/ManageCandidate.aspx";

/// The media type of parameters in the body.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Every parameter but `action`, in the case and the order of the page's table.
pub const PARAMETERS: [&str; 18] = [
    "Institutionid",
    "Apikey",
    "ApiPass",
    "stusID",
    "groupName",
    "Status",
    "firstname",
    "lastname",
    "street",
    "city",
    "state",
    "zip",
    "country",
    "mobile",
    "phone",
    "email",
    "username",
    "password",
];

/// The parameter that names the person's group.
pub const GROUP: &str = "groupName";

/// The parameters that say who a person is, as the page names them.
pub const PERSONAL: [&str; 10] = [
    "firstname",
    "lastname",
    "street",
    "city",
    "state",
    "zip",
    "country",
    "mobile",
    "phone",
    "email",
];

/// What a request does: the parameter `action`, which is always in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Makes an account.
    Add,
    /// Changes one.
    Update,
}

impl Action {
    /// Its word in the address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Update => "update",
        }
    }
}

/// What stays as it is in a form (WHATWG URL, form-urlencoded percent-encode set). A space
/// becomes `%20`, which readers of forms and of queries understand alike.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// Parameters as a form's body or an address's query writes them.
pub fn encoded<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        let between = if text.is_empty() { "" } else { "&" };
        let name = utf8_percent_encode(name, ESCAPED);
        let value = utf8_percent_encode(value, ESCAPED);
        // Writing to a `String` cannot fail.
        let _infallible = write!(text, "{between}{name}={value}");
    }
    text
}

/// The parameters of a form's body or an address's query, in their order.
pub fn decoded(text: &str) -> Vec<(String, String)> {
    let plain = |raw: &str| {
        let spaced = raw.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_form_is_written_as_forms_are() {
        let pairs = [("groupName", "Class A"), ("firstname", "Zoë & Co=+")];
        assert_eq!(
            encoded(pairs),
            "groupName=Class%20A&firstname=Zo%C3%AB%20%26%20Co%3D%2B"
        );
        assert_eq!(
            decoded("groupName=Class+A&Status=True&email&&zip="),
            [
                ("groupName", "Class A"),
                ("Status", "True"),
                ("email", ""),
                ("zip", "")
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(pairs: Vec<(String, String)>) {
            let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| !name.is_empty()).collect();
            let text = encoded(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            prop_assert!(text.is_ascii());
            prop_assert_eq!(decoded(&text), pairs);
        }
    }
}
