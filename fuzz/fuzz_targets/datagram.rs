//! A datagram from a client.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    replication::fuzz_client_datagram(bytes);
});
