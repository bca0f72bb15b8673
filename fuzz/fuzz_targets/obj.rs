//! An OBJ; what follows the first byte of zero is its material library. As with `fbx`, its decoder runs in the fuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| importer::fuzz_obj(bytes));
