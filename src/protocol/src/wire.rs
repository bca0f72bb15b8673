//! MessagePack encoding of reliable messages. A frame on a stream is a big-endian `u32` length and that many bytes;
//! the `network` crate reads and checks the length, this module turns the bytes into values.

use serde::{Serialize, de::DeserializeOwned};

/// Why bytes are not a message, or a message cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The message is longer than the limit that the caller named.
    #[error("a message of {actual} bytes is over the limit of {limit}")]
    TooLong {
        /// Length of the message in bytes.
        actual: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not MessagePack, not of this type, or nested too deep.
    #[error("a message cannot be read: {0}")]
    Malformed(String),
    /// Bytes are left over after the message.
    #[error("a message has {0} bytes too many")]
    Trailing(usize),
}

/// Encodes a message; structs become maps, so that fields can be added.
///
/// # Errors
/// [`WireError::TooLong`] when the result is over `limit` bytes.
pub fn encode_message<T: Serialize>(message: &T, limit: usize) -> Result<Vec<u8>, WireError> {
    let bytes = rmp_serde::to_vec_named(message)
        .map_err(|error| WireError::Malformed(error.to_string()))?;
    if bytes.len() > limit {
        return Err(WireError::TooLong {
            actual: bytes.len(),
            limit,
        });
    }
    Ok(bytes)
}

/// Decodes one message from untrusted bytes.
///
/// # Errors
/// [`WireError`] when the bytes are too many, not exactly one message, or nested deeper than
/// [`MAX_MESSAGE_DEPTH`](crate::limits::MAX_MESSAGE_DEPTH).
pub fn decode_message<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLong {
            actual: bytes.len(),
            limit,
        });
    }
    let mut decoder = rmp_serde::Deserializer::from_read_ref(bytes);
    decoder.set_max_depth(crate::limits::MAX_MESSAGE_DEPTH);
    let message =
        T::deserialize(&mut decoder).map_err(|error| WireError::Malformed(error.to_string()))?;
    let rest = decoder.get_ref().len();
    if rest > 0 {
        Err(WireError::Trailing(rest))
    } else {
        Ok(message)
    }
}
