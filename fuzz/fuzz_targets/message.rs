//! Everything that travels on a reliable stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{
    BulkRequest, BulkResponse, ClientMessage, ServerMessage, decode_message,
    limits::MAX_MESSAGE_BYTES,
};

fuzz_target!(|bytes: &[u8]| {
    drop(decode_message::<ClientMessage>(bytes, MAX_MESSAGE_BYTES));
    drop(decode_message::<ServerMessage>(bytes, MAX_MESSAGE_BYTES));
    drop(decode_message::<BulkRequest>(bytes, MAX_MESSAGE_BYTES));
    drop(decode_message::<BulkResponse>(bytes, MAX_MESSAGE_BYTES));
});
