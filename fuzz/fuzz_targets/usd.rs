//! A USD of any kind.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| importer::fuzz_usd(bytes));
