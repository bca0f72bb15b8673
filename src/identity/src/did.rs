//! `did:key` for Ed25519: `did:key:z` and base58btc of the multicodec prefix and the public key.
//! Source: the did:key method of the W3C Credentials Community Group, and the multicodec table (`ed25519-pub`, 0xed).

use ed25519_dalek::VerifyingKey;
use std::{fmt, str::FromStr};

/// Multicodec prefix of an Ed25519 public key: 0xed as an unsigned varint.
const MULTICODEC_ED25519: [u8; 2] = [0xed, 0x01];
/// What every Ed25519 `did:key` text starts with; `z` says base58btc.
const PREFIX: &str = "did:key:z";
/// Longest text that can be one: 34 bytes in base58 and the prefix.
const MAX_DID_BYTES: usize = 64;

/// An Ed25519 public key that names a participant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Did(VerifyingKey);

/// Why a text is not an Ed25519 `did:key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Another method, another key type or not base58.
    #[error("this is not a did:key of an Ed25519 key: it must look like did:key:z6Mk...")]
    Form,
    /// Not a point of the curve, not its canonical form, or one of the few keys that anybody can sign for.
    #[error("the did:key holds no usable Ed25519 public key")]
    Key,
}

impl Did {
    /// From the 32 bytes of a public key (RFC 8032 section 5.1.5).
    ///
    /// # Errors
    /// [`DidError::Key`] when they are not the canonical form of a point of large order.
    pub fn from_public_key(bytes: [u8; 32]) -> Result<Self, DidError> {
        if !is_canonical(&bytes) {
            return Err(DidError::Key);
        }
        let key = VerifyingKey::from_bytes(&bytes).or(Err(DidError::Key))?;
        if key.is_weak() {
            return Err(DidError::Key);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub(crate) fn verifying_key(&self) -> &VerifyingKey {
        &self.0
    }

    pub(crate) fn of(key: VerifyingKey) -> Self {
        Self(key)
    }
}

/// True when the y coordinate is below the field's prime 2^255 - 19: each key has one text only.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    bytes[31] & 0x7f != 0x7f || bytes[1..31].iter().any(|byte| *byte != 0xff) || bytes[0] < 0xed
}

impl fmt::Display for Did {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&MULTICODEC_ED25519);
        bytes[2..].copy_from_slice(self.0.as_bytes());
        write!(formatter, "{PREFIX}{}", bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::hash::Hash for Did {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.as_bytes().hash(state);
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        if text.len() > MAX_DID_BYTES {
            return Err(DidError::Form);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(DidError::Form)?;
        let mut bytes = [0; 34];
        let length = bs58::decode(encoded)
            .onto(&mut bytes[..])
            .or(Err(DidError::Form))?;
        if length != bytes.len() || bytes[..2] != MULTICODEC_ED25519 {
            return Err(DidError::Form);
        }
        let mut key = [0; 32];
        key.copy_from_slice(&bytes[2..]);
        Self::from_public_key(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Example of the did:key specification.
    const EXAMPLE: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    #[test]
    fn example_of_the_specification_survives_a_round_trip() {
        assert_eq!(EXAMPLE.parse::<Did>().unwrap().to_string(), EXAMPLE);
    }

    #[test]
    fn other_methods_and_key_types_are_refused() {
        for text in [
            "",
            "did:web:example.org",
            "did:key:6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
            "did:key:z0OIl",
            &EXAMPLE[..EXAMPLE.len() - 1],
        ] {
            assert_eq!(text.parse::<Did>(), Err(DidError::Form), "{text}");
        }
    }

    #[test]
    fn keys_that_anybody_can_sign_for_are_refused() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(Did::from_public_key(neutral), Err(DidError::Key));
        let mut above_the_prime = [0xff; 32];
        above_the_prime[0] = 0xee;
        above_the_prime[31] = 0x7f;
        assert_eq!(Did::from_public_key(above_the_prime), Err(DidError::Key));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(did:key:z)?[ -~]{0,80}") {
            if let Ok(did) = text.parse::<Did>() {
                prop_assert_eq!(did.to_string(), text);
            }
        }
    }
}
