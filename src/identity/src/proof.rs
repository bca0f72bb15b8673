//! The entry proof: a signature over the exporter value of one TLS connection and a nonce of the server.
//! Because the exporter value differs on each connection, nobody who receives a proof can use it elsewhere.

use crate::did::Did;
use crate::key::Key;
use ed25519_dalek::Signature;
use protocol::PROOF_CONTEXT;

/// Bytes of the TLS exporter value (RFC 8446 section 7.5) that a proof covers.
pub const EXPORTER_BYTES: usize = 32;
/// Bytes of the server's nonce.
pub const NONCE_BYTES: usize = 32;
/// Bytes of a proof.
pub const SIGNATURE_BYTES: usize = 64;

/// Why a proof does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The signature has another length than [`SIGNATURE_BYTES`].
    #[error("the signature is not {SIGNATURE_BYTES} bytes long")]
    Length,
    /// The signature was made by another key, on another connection or for another nonce.
    #[error("the signature does not fit this key, connection and nonce")]
    Mismatch,
    /// The system gave no random numbers for a nonce.
    #[error("the system gives no random numbers")]
    Random,
}

/// A fresh nonce for one challenge.
///
/// # Errors
/// [`ProofError::Random`].
pub fn new_nonce() -> Result<[u8; NONCE_BYTES], ProofError> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).or(Err(ProofError::Random))?;
    Ok(nonce)
}

/// Signs that the holder of `key` enters on the connection with this exporter value.
#[must_use]
pub fn prove(
    key: &Key,
    exporter: &[u8; EXPORTER_BYTES],
    nonce: &[u8; NONCE_BYTES],
) -> [u8; SIGNATURE_BYTES] {
    key.sign(&message(exporter, nonce))
}

/// Checks a proof strictly: canonical signatures by keys of large order only.
///
/// # Errors
/// [`ProofError`] when the signature does not count.
pub fn verify(
    did: &Did,
    exporter: &[u8; EXPORTER_BYTES],
    nonce: &[u8; NONCE_BYTES],
    signature: &[u8],
) -> Result<(), ProofError> {
    let signature = Signature::from_slice(signature).or(Err(ProofError::Length))?;
    did.verifying_key()
        .verify_strict(&message(exporter, nonce), &signature)
        .or(Err(ProofError::Mismatch))
}

fn message(exporter: &[u8; EXPORTER_BYTES], nonce: &[u8; NONCE_BYTES]) -> Vec<u8> {
    [PROOF_CONTEXT, exporter, nonce].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_proof_counts_for_its_key_connection_and_nonce_only() {
        let (key, other) = (Key::from_seed(&[1; 32]), Key::from_seed(&[2; 32]));
        let signature = prove(&key, &[3; 32], &[4; 32]);
        assert_eq!(verify(&key.did(), &[3; 32], &[4; 32], &signature), Ok(()));
        let mismatch = Err(ProofError::Mismatch);
        assert_eq!(
            verify(&other.did(), &[3; 32], &[4; 32], &signature),
            mismatch
        );
        assert_eq!(verify(&key.did(), &[5; 32], &[4; 32], &signature), mismatch);
        assert_eq!(verify(&key.did(), &[3; 32], &[5; 32], &signature), mismatch);
    }

    #[test]
    fn the_documented_test_vector_is_right() {
        let document = include_str!("../../../docs/PROTOCOL.md");
        let key = Key::from_seed(&[1; 32]);
        let signature: String = prove(&key, &[2; 32], &[3; 32])
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for line in [
            format!("did        {}", key.did()),
            format!("signature  {signature}"),
        ] {
            assert!(document.contains(&line), "docs/PROTOCOL.md lacks: {line}");
        }
    }

    #[test]
    fn nonces_differ() {
        assert_ne!(new_nonce().unwrap(), new_nonce().unwrap());
    }

    proptest! {
        #[test]
        fn no_signature_bytes_panic_or_count(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let did = Key::from_seed(&[1; 32]).did();
            prop_assert!(verify(&did, &[3; 32], &[4; 32], &bytes).is_err());
        }

        #[test]
        fn one_changed_bit_breaks_it(bit in 0usize..512) {
            let key = Key::from_seed(&[1; 32]);
            let mut signature = prove(&key, &[3; 32], &[4; 32]);
            signature[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify(&key.did(), &[3; 32], &[4; 32], &signature).is_err());
        }
    }
}
