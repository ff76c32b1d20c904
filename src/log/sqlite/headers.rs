//! A record's headers as the bytes of one column.

use bytes::Bytes;

use crate::log::Headers;

/// Each header as length and bytes of its name, then of its value; lengths are 32 bits,
/// big endian.
pub(super) fn encode(headers: &Headers) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers.iter() {
        for part in [name.as_bytes(), value] {
            // A record over 4 GiB is refused long before it gets here.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            encoded.extend_from_slice(&length.to_be_bytes());
            encoded.extend_from_slice(part);
        }
    }
    encoded
}

/// The headers in such bytes; none when they are not such bytes.
pub(super) fn decode(mut encoded: &[u8]) -> Option<Headers> {
    let mut headers = Headers::default();
    while !encoded.is_empty() {
        let name = String::from_utf8(part(&mut encoded)?.to_vec()).ok()?;
        let value = Bytes::copy_from_slice(part(&mut encoded)?);
        headers.push(name, value);
    }
    Some(headers)
}

fn part<'e>(encoded: &mut &'e [u8]) -> Option<&'e [u8]> {
    let (length, rest) = encoded.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (part, rest) = rest.split_at_checked(length)?;
    *encoded = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn headers_survive(pairs in proptest::collection::vec((".*", any::<Vec<u8>>()), 0..5)) {
            let headers = pairs
                .into_iter()
                .fold(Headers::default(), |headers, (name, value)| headers.with(name, value));
            prop_assert_eq!(decode(&encode(&headers)), Some(headers));
        }
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let encoded = encode(&Headers::default().with("attempt", "2"));
        assert_eq!(decode(&encoded[..encoded.len() - 1]), None);
    }
}
