//! A file read, tidied and written: what was accepted is accepted again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scene::{ErrorKind, NoSideFiles, Purpose, writer::Draft};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut draft) = Draft::open(bytes, &NoSideFiles, Purpose::Prop) else {
        return;
    };
    draft.weld(None);
    draft.merge();
    let glb = draft.write(None).expect("what was read can be written");
    if let Err(error) = scene::load_bytes(&glb, &NoSideFiles, Purpose::Prop) {
        // What fills a limit about may go over it once nothing is shared any more.
        assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
    }
});
