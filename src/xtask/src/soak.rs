//! `cargo xtask soak [ROUNDS]`: the kill test of the server, a thousand times instead of fifty.

use crate::{
    command::{Failure, cargo, run as execute},
    demo,
};

const ROUNDS: &str = "1000";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    demo::build_workspace()?;
    let rounds = arguments.first().map_or(ROUNDS, String::as_str);
    let mut test = cargo(&[
        "test",
        "--workspace",
        "--locked",
        "--test",
        "product",
        "killed_server_keeps_what_it_acknowledged",
        "--",
        "--nocapture",
    ]);
    test.env("STOA_SOAK_ROUNDS", rounds);
    execute(test)
}
