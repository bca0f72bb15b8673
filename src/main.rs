//! The desktop program: reads flags, hosts the world when it is a local one, and runs the client.
#![allow(clippy::print_stderr, reason = "a program speaks to its user")]

mod flags;
mod host;
mod own_key;
mod persona;
mod plan;

use clap::Parser;
use client::ClientError;
use std::process::ExitCode;

/// Exit code when nothing can draw.
const NO_ADAPTER: u8 = 3;

fn main() -> ExitCode {
    if let Some(code) = client::decode_apart() {
        return code;
    }
    match run(&flags::Flags::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stoa: {error:#}");
            let is_blind = error
                .downcast_ref()
                .is_some_and(|error| matches!(error, ClientError::NoAdapter));
            ExitCode::from(if is_blind { NO_ADAPTER } else { 1 })
        }
    }
}

fn run(flags: &flags::Flags) -> anyhow::Result<()> {
    flags.check()?;
    let filter = tracing_subscriber::EnvFilter::try_new(&flags.log)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let plan = plan::make(flags)?;
    let hosted = plan.host.as_ref().map(|host| host.open()).transpose()?;
    let strollers = plan::start_bots(flags, hosted.as_ref())?;
    let system_language = sys_locale::get_locale();
    let outcome = client::run(plan.client(flags, hosted, system_language.as_deref())?);
    drop(strollers);
    plan.stop();
    Ok(outcome?)
}
