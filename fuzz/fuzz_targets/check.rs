//! The report on a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scene::{NoSideFiles, Purpose};

fuzz_target!(|bytes: &[u8]| {
    let report = scene::check_bytes(bytes, &NoSideFiles, Purpose::World);
    for issue in &report.issues {
        assert!(!issue.message.contains('\n') && !issue.message.is_empty());
        assert!(issue.remedy().ends_with('.'), "{}", issue.code);
    }
});
