//! An FBX. Its decoder is C and runs in the fuzzer itself, without its coverage.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| importer::fuzz_fbx(bytes));
