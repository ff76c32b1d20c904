//! Passwords that are derived from a secret: the same person always gets the same one, so
//! none is ever stored.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The classes of characters, each of which every password has. Left out are letters and
/// digits that look alike, and whatever an address, a form or a page would read as its own.
const CLASSES: [&str; 4] = [
    "abcdefghijkmnpqrstuvwxyz",
    "ABCDEFGHJKLMNPQRSTUVWXYZ",
    "23456789",
    "!$*-_=+?@",
];

/// Derives the passwords of one account of the platform.
///
/// The recipe is published (`docs/providers.md`): whoever has the secret can tell a person
/// their password, and nobody else can.
#[derive(Clone)]
pub struct Passwords {
    keyed: Hmac<Sha256>,
    tenant: String,
    length: usize,
}

impl Passwords {
    /// The shortest: one character of each class, twice.
    pub const SHORTEST: usize = 8;
    /// The longest.
    pub const LONGEST: usize = 64;

    /// Passwords of `length` characters for the users of an institution.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HMAC takes keys of every length"
    )]
    pub fn new(secret: &Secret, institution: &str, length: usize) -> Self {
        let keyed = Hmac::new_from_slice(secret.expose().as_bytes());
        Self {
            keyed: keyed.expect("HMAC takes keys of every length"),
            tenant: institution.to_owned(),
            length: length.clamp(Self::SHORTEST, Self::LONGEST),
        }
    }

    /// The password of a user.
    ///
    /// The n-th draw is the n-th group of four bytes, read as a number with its greatest byte
    /// first, of the blocks `HMAC-SHA256(secret, "examtesting/<institution>/<user>/<block>")`
    /// with `<block>` counted from 0. One character is drawn from each class in turn, the
    /// others from all classes together; then the last is swapped with a drawn one, the last
    /// but one, and so on to the second.
    pub fn of(&self, user: &str) -> Secret {
        let mut draws = self.draws(user, 2 * self.length).into_iter();
        let mut draw = |among: usize| {
            let next = draws.next().unwrap_or_default();
            let number = usize::try_from(next).unwrap_or_default();
            number.checked_rem(among).unwrap_or_default()
        };
        let all = CLASSES.concat();
        let from = CLASSES.into_iter().chain(std::iter::repeat(all.as_str()));
        let mut password: Vec<u8> = from
            .take(self.length)
            .filter_map(|class| class.as_bytes().get(draw(class.len())).copied())
            .collect();
        for last in (1..password.len()).rev() {
            password.swap(last, draw(last + 1));
        }
        Secret::new(String::from_utf8_lossy(&password))
    }

    fn draws(&self, user: &str, count: usize) -> Vec<u32> {
        let tenant = &self.tenant;
        let mut draws = Vec::with_capacity(count);
        let mut block = 0_u32;
        while draws.len() < count {
            let bytes = self.block(&format!("examtesting/{tenant}/{user}/{block}"));
            let (words, _) = bytes.as_chunks();
            draws.extend(words.iter().map(|word| u32::from_be_bytes(*word)));
            block += 1;
        }
        draws
    }

    fn block(&self, message: &str) -> [u8; 32] {
        let mut tag = self.keyed.clone();
        tag.update(message.as_bytes());
        tag.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn password(secret: &str, institution: &str, user: &str, length: usize) -> String {
        let passwords = Passwords::new(&Secret::new(secret), institution, length);
        passwords.of(user).expose().to_owned()
    }

    /// Computed by another program, after the recipe.
    #[test]
    fn the_published_recipe_gives_these_passwords() {
        for (secret, institution, user, length, expected) in [
            ("correct horse", "4711", "e-17", 20, "4G!$HGaQ3f9Q@tmb9DJW"),
            ("correct horse", "4711", "e-18", 20, "Q+s6=Gc@=xD23h4-FacY"),
            ("correct horse", "4712", "e-17", 20, "C5-Z+zGUAe6!R!ZDZ-dJ"),
            ("battery staple", "4711", "e-17", 20, "NPhYeDkm_CMeG48+naGG"),
            ("correct horse", "4711", "Zoë Иванова", 8, "yFSK!8gM"),
            (
                "correct horse",
                "4711",
                "e-17",
                64,
                "wnaFf@Ab+?Q!7g!b?GiG-FJd?M3swhWH!HQDm7vWC934a-JmtPE?bh@q29ks*j$G",
            ),
        ] {
            assert_eq!(password(secret, institution, user, length), expected);
        }
    }

    proptest! {
        #[test]
        fn every_password_has_every_class(user: String, length in 8..=64_usize) {
            let password = password("correct horse", "4711", &user, length);
            prop_assert_eq!(password.len(), length);
            for class in CLASSES {
                prop_assert!(password.contains(|character| class.contains(character)));
            }
        }
    }

    #[test]
    fn neither_secret_nor_password_shows_in_debug() {
        let passwords = Passwords::new(&Secret::new("correct horse"), "4711", 20);
        let shown = format!("{passwords:?} {:?}", passwords.of("e-17"));
        assert_eq!(shown, "Passwords { length: 20, .. } [redacted]");
    }
}
