//! A zip archive with a model in it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| importer::fuzz_archive(bytes));
