//! Who somebody is: Ed25519 keys, their `did:key` form, and the proof that a key enters on one TLS connection.
//! It must not know Bevy or the network; it takes bytes and a path and returns values.
//! Start reading at `proof.rs`, then `key.rs` and `did.rs`.

mod did;
mod key;
mod proof;
mod secret_file;

pub use did::{Did, DidError};
pub use key::{Key, KeyError};
pub use proof::{
    EXPORTER_BYTES, NONCE_BYTES, ProofError, SIGNATURE_BYTES, new_nonce, prove, verify,
};
pub use secret_file::{SecretFileError, create_secret_file, read_secret_file};
