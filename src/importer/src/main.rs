//! `stoa-import`: everything is in the library beside it, where tests and fuzzers find it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    importer::run()
}
