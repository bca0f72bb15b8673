//! A datagram from a server.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    replication::fuzz_snapshot(bytes);
});
