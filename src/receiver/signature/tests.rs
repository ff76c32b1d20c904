//! The published vectors, good and bad, and what must never be believed.

use actix_web::http::header::{HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use serde_json::Value;

use super::standard_webhooks::{ID, Key};
use super::*;

const DAY: Duration = Duration::from_hours(24);

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::try_from(*value).unwrap(),
        );
    }
    map
}

/// The vectors of a file, each with its headers and the instant of its timestamp.
fn vectors(lines: &str) -> Vec<(Value, HeaderMap, Timestamp)> {
    let read = |line| {
        let vector: Value = serde_json::from_str(line).unwrap();
        let pairs: Vec<(&str, &str)> = vector["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let headers = headers(&pairs);
        let seconds = vector["vars"]["ts"].as_str().unwrap().parse().unwrap();
        let now = Timestamp::from_second(seconds).unwrap();
        (vector, headers, now)
    };
    lines.lines().map(read).collect()
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap()
}

#[test]
fn every_bamboohr_vector_gets_its_verdict() {
    let vectors = vectors(include_str!("vectors/bamboohr.jsonl"));
    assert_eq!(vectors.len(), 6);
    for (vector, headers, now) in vectors {
        let keys = [HmacKey::from_text(&Secret::new(text(&vector, "secret"))).unwrap()];
        let body = text(&vector, "body").as_bytes();
        let verdict = bamboohr::verify(&headers, body, &keys, DAY, now);
        let wanted = if vector["valid"] == true {
            Ok(now)
        } else {
            Err(SignatureError::Mismatch)
        };
        assert_eq!(verdict, wanted, "{}", vector["name"]);
    }
}

#[test]
fn every_standard_webhooks_vector_gets_its_verdict() {
    let vectors = vectors(include_str!("vectors/standard_webhooks.jsonl"));
    assert_eq!(vectors.len(), 3);
    for (vector, headers, now) in vectors {
        let keys = [Key::parse(&Secret::new(text(&vector, "secret"))).unwrap()];
        let body = text(&vector, "body").as_bytes();
        let verdict = standard_webhooks::verify(&headers, body, &keys, CLOCK_SKEW, now);
        assert_eq!(verdict.is_ok(), vector["valid"] == true, "{verdict:?}");
        assert_eq!(verdict, Ok(vector["vars"]["id"].as_str().unwrap()));
    }
}

const SHARED: &str = "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LTAx";
const NEWER: &str = "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LTAy";

fn now() -> Timestamp {
    Timestamp::from_second(1_772_355_600).unwrap()
}

fn signed(secret: &str, body: &[u8]) -> HeaderMap {
    let pairs = sign_standard_webhook(&Secret::new(secret), "msg_1", now(), body).unwrap();
    headers(
        &pairs
            .each_ref()
            .map(|(name, value)| (*name, value.as_str())),
    )
}

fn keys(secrets: &[&str]) -> Vec<Key> {
    let parse = |secret: &&str| Key::parse(&Secret::new(*secret)).unwrap();
    secrets.iter().map(parse).collect()
}

#[test]
fn either_secret_of_a_rotation_is_believed_and_no_other() {
    let headers = signed(SHARED, b"{}");
    let verify = |secrets: &[&str]| {
        standard_webhooks::verify(&headers, b"{}", &keys(secrets), CLOCK_SKEW, now()).is_ok()
    };
    assert!(verify(&[SHARED]));
    assert!(verify(&[NEWER, SHARED]));
    assert!(!verify(&[NEWER]));
    assert!(!verify(&[]));
}

#[test]
fn a_webhook_signed_too_long_ago_or_ahead_is_refused() {
    let headers = signed(SHARED, b"{}");
    let at = |seconds: i64| {
        let now = now() + jiff::SignedDuration::from_secs(seconds);
        standard_webhooks::verify(&headers, b"{}", &keys(&[SHARED]), CLOCK_SKEW, now).err()
    };
    assert_eq!(at(300), None);
    assert_eq!(at(-300), None);
    assert_eq!(at(301), Some(SignatureError::TooOld));
    assert_eq!(at(-301), Some(SignatureError::TooNew));
}

#[test]
fn a_bamboohr_webhook_may_be_hours_old_but_not_minutes_ahead() {
    let secret = Secret::new("test_bamboo_private_key");
    let pairs = sign_bamboohr(&secret, now(), b"{}").unwrap();
    let headers = headers(
        &pairs
            .each_ref()
            .map(|(name, value)| (*name, value.as_str())),
    );
    let keys = [HmacKey::from_text(&secret).unwrap()];
    let at = |seconds: i64| {
        let now = now() + jiff::SignedDuration::from_secs(seconds);
        bamboohr::verify(&headers, b"{}", &keys, DAY, now).err()
    };
    assert_eq!(at(86_400), None);
    assert_eq!(at(86_401), Some(SignatureError::TooOld));
    assert_eq!(at(-300), None);
    assert_eq!(at(-301), Some(SignatureError::TooNew));
}

#[test]
fn a_header_missing_twice_or_malformed_is_refused() {
    let verify = |map: &HeaderMap| {
        standard_webhooks::verify(map, b"{}", &keys(&[SHARED]), CLOCK_SKEW, now()).err()
    };
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut map = signed(SHARED, b"{}");
        let value = map.get(name).unwrap().clone();
        map.append(HeaderName::from_static(name), value);
        assert!(matches!(verify(&map), Some(SignatureError::Duplicated(_))));
        map.remove(name);
        assert!(matches!(verify(&map), Some(SignatureError::Missing(_))));
    }
    for timestamp in [
        "",
        "-1",
        "+1772355600",
        "1772355600.0",
        "1e9",
        "9999999999999",
    ] {
        let mut map = signed(SHARED, b"{}");
        map.insert(
            HeaderName::from_static("webhook-timestamp"),
            HeaderValue::from_str(timestamp).unwrap(),
        );
        assert!(matches!(verify(&map), Some(SignatureError::Malformed(_))));
    }
    let mut map = signed(SHARED, b"{}");
    map.insert(
        HeaderName::from_static("webhook-signature"),
        HeaderValue::from_str(&"v1,AAAA ".repeat(17)).unwrap(),
    );
    assert!(matches!(verify(&map), Some(SignatureError::Malformed(_))));
}

#[test]
fn digits_cannot_move_from_the_bamboohr_timestamp_into_the_body() {
    let secret = Secret::new("test_bamboo_private_key");
    let keys = [HmacKey::from_text(&secret).unwrap()];
    for (body, timestamp) in [
        ("type=x", "1772355600"),
        ("type=x", "2026-03-01T09:00:00+0000"),
        ("type=x", "2026-03-01T09:00:00.25Z"),
    ] {
        let code = bamboohr::hex(&keys[0].code(&[body.as_bytes(), timestamp.as_bytes()]));
        let whole = format!("{body}{timestamp}");
        for at in 0..whole.len() {
            let (body_part, timestamp_part) = whole.split_at(at);
            let headers = headers(&[
                (bamboohr::TIMESTAMP, timestamp_part),
                (bamboohr::SIGNATURE, &code),
            ]);
            let verdict = bamboohr::verify(&headers, body_part.as_bytes(), &keys, DAY, now());
            assert_eq!(verdict.is_ok(), body_part == body, "{timestamp_part}");
        }
    }
}

#[test]
fn only_whole_keys_are_keys() {
    for refused in [
        "secret",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_not base64",
        "whpk_AAAA",
        "whpk_b2xkLXNlY3JldC1vbGQtc2VjcmV0LTAx",
    ] {
        assert!(Key::parse(&Secret::new(refused)).is_err(), "{refused}");
    }
    assert!(HmacKey::from_text(&Secret::new("fifteen letters")).is_err());
    assert_eq!(format!("{:?}", keys(&[SHARED])), "[[redacted]]");
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// Every header with one bit of one of them flipped, where a header can hold it.
fn with_flipped_header(map: &HeaderMap, which: usize, bit: usize) -> Option<HeaderMap> {
    let mut pairs: Vec<(HeaderName, HeaderValue)> = map
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    pairs.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    let which = which % pairs.len();
    let changed = flipped(pairs[which].1.as_bytes(), bit);
    pairs[which].1 = HeaderValue::from_bytes(&changed).ok()?;
    Some(pairs.into_iter().collect())
}

proptest! {
    #[test]
    fn any_flipped_bit_of_a_standard_webhook_fails(
        body in prop::collection::vec(any::<u8>(), 1..60),
        which in 0_usize..3,
        bit in any::<u16>().prop_map(usize::from),
        asymmetric in any::<bool>(),
    ) {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let mut map = signed(SHARED, &body);
        let mut trusted = keys(&[SHARED]);
        if asymmetric {
            let whole = [b"msg_1.1772355600.".as_slice(), &body].concat();
            let signature = STANDARD.encode(signer.sign(&whole).to_bytes());
            map.insert(
                HeaderName::from_static("webhook-signature"),
                HeaderValue::try_from(format!("v1a,{signature}")).unwrap(),
            );
            let public = STANDARD.encode(signer.verifying_key().to_bytes());
            trusted = keys(&[&format!("whpk_{public}")]);
        }
        let verify = |map: &HeaderMap, body: &[u8]| {
            standard_webhooks::verify(map, body, &trusted, CLOCK_SKEW, now()).is_ok()
        };
        prop_assert!(verify(&map, &body));
        prop_assert!(!verify(&map, &flipped(&body, bit)));
        if let Some(changed) = with_flipped_header(&map, which, bit) {
            prop_assert!(!verify(&changed, &body));
        }
        prop_assert_eq!(map.get(ID).unwrap(), "msg_1");
    }

    #[test]
    fn any_flipped_bit_of_a_bamboohr_webhook_fails(
        body in prop::collection::vec(any::<u8>(), 1..60),
        which in 0_usize..2,
        bit in any::<u16>().prop_map(usize::from),
    ) {
        let secret = Secret::new("test_bamboo_private_key");
        let trusted = [HmacKey::from_text(&secret).unwrap()];
        let pairs = sign_bamboohr(&secret, now(), &body).unwrap();
        let map = headers(&pairs.each_ref().map(|(name, value)| (*name, value.as_str())));
        let verify = |map: &HeaderMap, body: &[u8]| {
            bamboohr::verify(map, body, &trusted, DAY, now()).is_ok()
        };
        prop_assert!(verify(&map, &body));
        prop_assert!(!verify(&map, &flipped(&body, bit)));
        if let Some(changed) = with_flipped_header(&map, which, bit) {
            prop_assert!(!verify(&changed, &body));
        }
    }
}
