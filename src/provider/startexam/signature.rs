//! The SharedKey signature that authenticates every request (help page "Authorization").

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::secret::Secret;

/// How the secret's text becomes the key of the signature.
///
/// The page does not say; two public clients use the text as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretEncoding {
    /// The key is the UTF-8 bytes of the text.
    #[default]
    Utf8,
    /// The text is Base64; the key is what it encodes.
    Base64,
}

/// The secret is not the Base64 text it was said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not base64")]
pub struct InvalidSecret;

/// What is signed: method, path, date and length of one request, with single spaces.
///
/// `date` and `length` must be the very texts of the `Date` and `Content-Length` headers;
/// neither query nor body is signed.
pub fn string_to_sign(method: &str, path: &str, date: &str, length: usize) -> String {
    let method = method.to_uppercase();
    let path = path.to_lowercase();
    format!("{method} {path} {date} {length}")
}

/// Signs requests with one account's key.
#[derive(Clone)]
pub struct Signer {
    account: u64,
    keyed: Hmac<Sha256>,
}

impl Signer {
    /// A signer for an account and its secret.
    ///
    /// # Errors
    /// When the secret should be Base64 and is not.
    pub fn new(
        account: u64,
        secret: &Secret,
        encoding: SecretEncoding,
    ) -> Result<Self, InvalidSecret> {
        let text = secret.expose();
        let keyed = match encoding {
            SecretEncoding::Utf8 => Hmac::new_from_slice(text.as_bytes()),
            SecretEncoding::Base64 => {
                let key = BASE64_STANDARD.decode(text).map_err(|_| InvalidSecret)?;
                Hmac::new_from_slice(&key)
            }
        };
        let keyed = keyed.map_err(|_| InvalidSecret)?;
        Ok(Self { account, keyed })
    }

    /// The value of the `Authorization` header for a [`string_to_sign`].
    pub fn authorization(&self, signed: &str) -> String {
        let tag = self.tag(signed).finalize().into_bytes();
        let signature = BASE64_STANDARD.encode(tag);
        format!("SharedKey {}:{signature}", self.account)
    }

    /// Whether an `Authorization` header is ours for a [`string_to_sign`]; takes the same
    /// time wherever the signatures differ.
    pub fn accepts(&self, signed: &str, authorization: &str) -> bool {
        let parsed = authorization
            .strip_prefix("SharedKey ")
            .and_then(|rest| rest.split_once(':'));
        let Some((account, signature)) = parsed else {
            return false;
        };
        let Ok(signature) = BASE64_STANDARD.decode(signature) else {
            return false;
        };
        account == self.account.to_string() && self.tag(signed).verify_slice(&signature).is_ok()
    }

    fn tag(&self, signed: &str) -> Hmac<Sha256> {
        let mut tag = self.keyed.clone();
        tag.update(signed.as_bytes());
        tag
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer(account {})", self.account)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "c3RhcnRleGFtLXRlc3Qta2V5LTMyYnl0ZXMtISEhISE=";

    /// Computed with two other implementations of HMAC: what is signed, then the signature
    /// with the secret's text as the key, then with what the text encodes.
    const VECTORS: [(&str, &str, &str); 6] = [
        (
            "POST /v1/participants Sun, 19 Jan 2014 09:55:37 GMT 1045",
            "pBPHEMgMyrL95mGjEXw4pghV7VNzE8Bc/AN1IgwK7hU=",
            "eKP4okuvGJ3ix5BCc76xsx+F86ARU02J+5bh8xtk7rk=",
        ),
        (
            "POST /v1/program/employees Tue, 31 Mar 2026 01:21:33 GMT 191",
            "8VWsEilsBF3LuUksVN1oBfKfWWLK2N5GTgExivZVyxY=",
            "qloY9h59y4+im3WbWGyT0N1DrvDhgHQpSXJmB62onFU=",
        ),
        (
            "POST /v1/employees Sat, 30 Jan 2016 06:25:19 GMT 192",
            "oWVtCQwt9AjBzS7jtOdhGiEX1pIcz7gHSkDk608crcs=",
            "2LA9sykdCYU3W4QL6ARoXxN2hyS+iD9vgIKJsqPqpMk=",
        ),
        (
            "GET /v2/sessions Thu, 16 Jan 2025 05:09:11 GMT 0",
            "tOdaKhq88fp7ySF35Z95HwbJ2SpV/ym1ytnvCz5nLL8=",
            "RFW7ghYMk1Uks8GnKbWDVdL5etLQc097FhJGnyoM8fY=",
        ),
        (
            "POST /v1/program/employees Tue, 31 Mar 2026 01:21:33 GMT 237",
            "207rIRExpLOvEp8u5HVfbmwfZR9yQlQ59KwdP/Maa/o=",
            "AOZIoHC9zJiDB89M8VD813UA9tc9YVSvZdBGNBxp+5E=",
        ),
        (
            "POST /v2/employees-participants Tue, 31 Mar 2026 02:56:25 GMT 217",
            "RBIiG1f1hbbCpow+JieBiuj5/lYbvhm3TS7TuiEalbY=",
            "H+I07sWMqX+c/eeWxlYyZqvys3S/qF6MrhMnTZN7kr8=",
        ),
    ];

    fn signer(encoding: SecretEncoding) -> Signer {
        Signer::new(99, &Secret::new(SECRET), encoding).unwrap()
    }

    #[test]
    fn every_vector_is_signed_and_accepted_in_both_encodings() {
        for (signed, utf8, base64) in VECTORS {
            for (encoding, signature) in [
                (SecretEncoding::Utf8, utf8),
                (SecretEncoding::Base64, base64),
            ] {
                let signer = signer(encoding);
                let expected = format!("SharedKey 99:{signature}");
                assert_eq!(signer.authorization(signed), expected);
                assert!(signer.accepts(signed, &expected));
            }
            let swapped = format!("SharedKey 99:{base64}");
            assert!(!signer(SecretEncoding::Utf8).accepts(signed, &swapped));
        }
    }

    #[test]
    fn the_digests_in_hex_are_those_of_the_vectors() {
        for (vector, hex) in [
            (
                VECTORS[0],
                "a413c710c80ccab2fde661a3117c38a60855ed537313c05cfc0375220c0aee15",
            ),
            (
                VECTORS[1],
                "f155ac12296c045dcbb9492c54dd6805f29f5962cad8de464e01318af655cb16",
            ),
        ] {
            let tag = signer(SecretEncoding::Utf8).tag(vector.0).finalize();
            let bytes = bytes::Bytes::copy_from_slice(&tag.into_bytes());
            assert_eq!(format!("{bytes:x}"), hex);
        }
    }

    #[test]
    fn the_string_to_sign_is_the_pages_own_sample() {
        let date = "Sun, 19 Jan 2014 09:55:37 GMT";
        assert_eq!(
            string_to_sign("post", "/V1/Participants", date, 1045),
            VECTORS[0].0
        );
        assert_eq!(
            string_to_sign("GET", "/v2/sessions", "Thu, 16 Jan 2025 05:09:11 GMT", 0),
            VECTORS[3].0
        );
    }

    #[test]
    fn another_account_scheme_or_shape_is_refused() {
        let (text, signature, _) = VECTORS[1];
        let signer = signer(SecretEncoding::Utf8);
        for refused in [
            format!("SharedKey 98:{signature}"),
            format!("SharedKey 099:{signature}"),
            format!("SharedKey :{signature}"),
            format!("sharedkey 99:{signature}"),
            format!("Bearer 99:{signature}"),
            format!("SharedKey 99 {signature}"),
            "SharedKey 99:".to_owned(),
            "SharedKey 99:not base64".to_owned(),
            String::new(),
        ] {
            assert!(!signer.accepts(text, &refused), "{refused}");
        }
    }

    #[test]
    fn a_secret_that_is_not_base64_is_refused_and_never_shown() {
        let secret = Secret::new("hunter2!");
        let refused = Signer::new(99, &secret, SecretEncoding::Base64).unwrap_err();
        assert_eq!(refused, InvalidSecret);
        let signer = Signer::new(99, &secret, SecretEncoding::Utf8).unwrap();
        assert_eq!(format!("{signer:?}"), "Signer(account 99)");
    }

    proptest! {
        #[test]
        fn any_flipped_bit_fails(vector in 0_usize..6, byte in 0_usize..32, bit in 0_u8..8) {
            let (signed, signature, _) = VECTORS[vector];
            let mut tag = BASE64_STANDARD.decode(signature).unwrap();
            tag[byte] ^= 1 << bit;
            let forged = format!("SharedKey 99:{}", BASE64_STANDARD.encode(tag));
            prop_assert!(!signer(SecretEncoding::Utf8).accepts(signed, &forged));
        }

        #[test]
        fn any_changed_byte_of_what_is_signed_fails(vector in 0_usize..6, at in 0_usize..60) {
            let (signed, signature, _) = VECTORS[vector];
            let mut changed = signed.as_bytes().to_vec();
            let at = at % changed.len();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            let header = format!("SharedKey 99:{signature}");
            prop_assert!(!signer(SecretEncoding::Utf8).accepts(&changed, &header));
        }
    }
}
