//! A VRMA.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scene::NoSideFiles;

fuzz_target!(|bytes: &[u8]| {
    drop(scene::load_avatar_clip(bytes, &NoSideFiles));
});
