//! The text beside a world.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scene::WorldManifest;

fuzz_target!(|bytes: &[u8]| {
    drop(WorldManifest::parse(&String::from_utf8_lossy(bytes)));
});
