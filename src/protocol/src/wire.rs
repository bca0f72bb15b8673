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
    let mut decoder = rmp_serde::Deserializer::new(bytes);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{
        MAX_MESSAGE_BYTES, MAX_NAME_BYTES, MAX_THING_TITLE_BYTES, MAX_THINGS, MAX_WELCOME_BYTES,
    };
    use crate::{
        BulkRequest, BulkResponse, ClientMessage, ContentHash, EntityId, HandPose, PlacedThing,
        ServerMessage,
    };
    use proptest::prelude::*;

    #[test]
    fn messages_survive_a_round_trip() {
        for message in [
            ClientMessage::Ready,
            ClientMessage::Emote("wave".to_owned()),
            ClientMessage::Release {
                request: 7,
                entity: EntityId(9),
                velocity: [1.0, -2.0, 0.5],
                hand: None,
            },
        ] {
            let bytes = encode_message(&message, MAX_MESSAGE_BYTES).unwrap();
            let back: ClientMessage = decode_message(&bytes, MAX_MESSAGE_BYTES).unwrap();
            assert_eq!(back, message);
        }
    }

    #[test]
    fn the_documented_examples_are_right() {
        is_documented(&ClientMessage::Chat {
            request: 7,
            text: "hi".to_owned(),
        });
        is_documented(&ClientMessage::Release {
            request: 8,
            entity: EntityId(3),
            velocity: [0.0, 2.0, -8.0],
            hand: Some(HandPose {
                position: [1.0, 1.5, -2.0],
                rotation: [0.0, 0.0, 0.0, 1.0],
                spin: [0.0; 3],
            }),
        });
        is_documented(&ClientMessage::Place {
            request: 9,
            hash: ContentHash([7; 32]),
            title: "Lamp".to_owned(),
            position: [1.0, 0.0, -2.0],
            yaw: 0.5,
        });
    }

    fn is_documented(message: &ClientMessage) {
        let document = include_str!("../../../docs/PROTOCOL.md");
        let body = encode_message(message, MAX_MESSAGE_BYTES).unwrap();
        let hex = |bytes: &[u8]| -> String {
            let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            pairs.join(" ")
        };
        let length = (body.len() as u32).to_be_bytes();
        let line = format!("{}  {}", hex(&length), hex(&body));
        assert!(document.contains(&line), "docs/PROTOCOL.md lacks: {line}");
    }

    fn thing() -> PlacedThing {
        PlacedThing {
            thing: 3,
            hash: ContentHash([7; 32]),
            bytes: 1_000,
            title: "Lamp".to_owned(),
            from: "Ada".to_owned(),
            did: "did:key:z6Mk".to_owned(),
            position: [1.0, f32::MAX, f32::NEG_INFINITY],
            yaw: -0.0,
            unix_secs: u64::MAX,
        }
    }

    #[test]
    fn things_survive_a_round_trip_whatever_their_numbers() {
        for message in [
            ServerMessage::ThingPlaced(thing()),
            ServerMessage::ThingTakenAway(u64::MAX),
        ] {
            let bytes = encode_message(&message, MAX_MESSAGE_BYTES).unwrap();
            let back: ServerMessage = decode_message(&bytes, MAX_MESSAGE_BYTES).unwrap();
            assert_eq!(back, message);
        }
    }

    #[test]
    fn a_welcome_full_of_things_is_far_from_its_limit() {
        let largest = PlacedThing {
            title: "x".repeat(MAX_THING_TITLE_BYTES),
            from: "x".repeat(MAX_NAME_BYTES),
            did: "x".repeat(100),
            hash: ContentHash([255; 32]),
            ..thing()
        };
        let all = vec![largest; MAX_THINGS];
        let bytes = encode_message(&all, MAX_WELCOME_BYTES).unwrap();
        assert!(bytes.len() < MAX_WELCOME_BYTES / 10);
    }

    #[test]
    fn values_are_written_as_documented() {
        let encoded = |message: &ServerMessage| encode_message(message, 1000).unwrap();
        let ready = encode_message(&ClientMessage::Ready, 1000).unwrap();
        assert_eq!(ready, b"\xa5Ready");
        let nothing = encoded(&ServerMessage::Holding(None));
        assert_eq!(nothing, b"\x81\xa7Holding\xc0");
        let left = encoded(&ServerMessage::PersonLeft(crate::PersonId(5)));
        assert_eq!(left, b"\x81\xaaPersonLeft\x05");
        let nonce = vec![1, 2];
        let challenge = encoded(&ServerMessage::Challenge { nonce });
        assert_eq!(challenge, b"\x81\xa9Challenge\x81\xa5nonce\xc4\x02\x01\x02");
        let hash = encode_message(&ContentHash([9; 32]), 1000).unwrap();
        assert_eq!(hash[..3], [0xdc, 0, 32]);
    }

    #[test]
    fn a_release_without_a_hand_is_understood() {
        let mut old = b"\x81\xa7Release\x83\xa7request\x01\xa6entity\x02\xa8velocity\x93".to_vec();
        old.extend_from_slice(&[0xca, 0, 0, 0, 0].repeat(3));
        let message = decode_message::<ClientMessage>(&old, MAX_MESSAGE_BYTES).unwrap();
        let expected = ClientMessage::Release {
            request: 1,
            entity: EntityId(2),
            velocity: [0.0; 3],
            hand: None,
        };
        assert_eq!(message, expected);
    }

    #[test]
    fn bytes_beyond_the_message_are_an_error() {
        let mut bytes = encode_message(&ClientMessage::Ready, MAX_MESSAGE_BYTES).unwrap();
        bytes.push(0);
        let error = decode_message::<ClientMessage>(&bytes, MAX_MESSAGE_BYTES).unwrap_err();
        assert!(matches!(error, WireError::Trailing(1)));
    }

    #[test]
    fn the_limit_holds_both_ways() {
        let message = ClientMessage::Emote("x".repeat(100));
        assert!(matches!(
            encode_message(&message, 50),
            Err(WireError::TooLong { limit: 50, .. })
        ));
        let bytes = encode_message(&message, 200).unwrap();
        assert!(decode_message::<ClientMessage>(&bytes, 50).is_err());
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let bytes = vec![0x91; 10_000];
        assert!(decode_message::<ClientMessage>(&bytes, MAX_MESSAGE_BYTES).is_err());
    }

    #[test]
    fn the_largest_file_list_of_a_chunked_file_fits() {
        use crate::limits::{CHUNK_BYTES, MAX_WORLD_FILE_BYTES};
        let count = MAX_WORLD_FILE_BYTES as usize / CHUNK_BYTES;
        let response = BulkResponse::File {
            bytes: MAX_WORLD_FILE_BYTES,
            chunks: vec![ContentHash([0xff; 32]); count],
        };
        assert!(encode_message(&response, MAX_WELCOME_BYTES).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _client = decode_message::<ClientMessage>(&bytes, MAX_MESSAGE_BYTES);
            let _server = decode_message::<ServerMessage>(&bytes, MAX_MESSAGE_BYTES);
            let _request = decode_message::<BulkRequest>(&bytes, MAX_MESSAGE_BYTES);
            let _response = decode_message::<BulkResponse>(&bytes, MAX_MESSAGE_BYTES);
        }

        #[test]
        fn damaged_messages_do_not_panic(place in 0usize..256, byte in any::<u8>()) {
            let note = ClientMessage::PinNote { request: 70_000, text: "a note for all".to_owned() };
            let thing = ClientMessage::Place {
                request: 1,
                hash: ContentHash([200; 32]),
                title: "Lamp".to_owned(),
                position: [1.0; 3],
                yaw: 1.0,
            };
            for message in [note, thing] {
                let mut bytes = encode_message(&message, MAX_MESSAGE_BYTES).unwrap();
                let place = place % bytes.len();
                bytes[place] = byte;
                let _message = decode_message::<ClientMessage>(&bytes, MAX_MESSAGE_BYTES);
            }
        }
    }
}
