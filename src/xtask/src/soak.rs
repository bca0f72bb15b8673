//! `cargo xtask soak [ROUNDS]`: the kill test of the server, a thousand times instead of fifty.

use crate::{
    command::{Failure, cargo, run as execute},
    demo,
};

const ROUNDS: u32 = 1000;
const TEST: &str = "killed_server_keeps_what_it_acknowledged";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let rounds = rounds(arguments.first())?;
    demo::build_workspace()?;
    let mut test = cargo(&[
        "test",
        "--workspace",
        "--locked",
        "--test",
        "product",
        TEST,
        "--",
        "--nocapture",
    ]);
    test.env("STOA_SOAK_ROUNDS", rounds.to_string());
    execute(test)
}

/// How often; no round at all would show nothing.
fn rounds(argument: Option<&String>) -> Result<u32, Failure> {
    let Some(text) = argument else {
        return Ok(ROUNDS);
    };
    text.parse()
        .ok()
        .filter(|rounds| *rounds > 0)
        .ok_or_else(|| Failure::new(format!("`{text}` is no number of rounds")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_has_rounds_and_a_test_to_run() {
        assert_eq!(rounds(None).unwrap(), ROUNDS);
        assert_eq!(rounds(Some(&"7".to_owned())).unwrap(), 7);
        for nothing in ["0", "-1", "many", ""] {
            assert!(rounds(Some(&nothing.to_owned())).is_err(), "{nothing}");
        }
        // A name that fits no test runs none, and passes.
        let tests = include_str!("../../../tests/kill.rs");
        assert!(tests.contains(&format!("fn {TEST}()")));
    }
}
