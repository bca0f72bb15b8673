//! What becomes of a glTF or GLB.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scene::{NoSideFiles, Purpose};

fuzz_target!(|bytes: &[u8]| {
    drop(scene::load_bytes(bytes, &NoSideFiles, Purpose::World));
});
