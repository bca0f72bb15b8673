//! A sound file. Panics of foreign decoders are expected, and stopped in the process that decodes; one of ours is a finding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};

fn tell_own(panic: &PanicHookInfo<'_>) {
    let place = panic.location();
    if place.is_some_and(|place| place.file().contains("sound/src")) {
        eprintln!("{panic}");
        std::process::abort();
    }
}

fuzz_target!(
    init: panic::set_hook(Box::new(tell_own)),
    |bytes: &[u8]| {
        drop(catch_unwind(AssertUnwindSafe(|| sound::Clip::decode(bytes))));
    }
);
