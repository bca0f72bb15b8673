//! Which thread goes first where cores are short. A tick that comes late is felt by everybody in a world at once, and what
//! it would have sent waits with it; a packet that waits for a moment is felt by nobody.

/// Niceness that world threads ask for.
#[cfg(target_os = "linux")]
const WORLD_NICENESS: i32 = -10;

/// Asks the system to let the calling thread go before others, as the thread of a world does. Systems give that only to
/// those whom they trust; it then goes on as before.
pub(crate) fn go_first() {
    #[cfg(target_os = "linux")]
    match rustix::process::setpriority_process(None, WORLD_NICENESS) {
        Ok(()) => tracing::info!("this world goes before other programs when cores are short"),
        Err(error) => tracing::info!(
            "this world has no precedence over other programs, which makes its ticks late when cores are short: {error}"
        ),
    }
}
