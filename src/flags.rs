//! Flags of the desktop program; stable, since people and scripts rely on them.

use anyhow::ensure;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// Walk into shared worlds. Without a command: the home world, on this machine, without an account.
#[derive(Parser, Debug)]
#[command(name = "stoa", version)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// How much to log on standard error: error, warn, info, debug, trace.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        default_value = "warn,wgpu=error,wgpu_hal::vulkan::instance=off,naga=error,bevy_render=error,bevy_ecs::world::command_queue=error"
    )]
    pub(crate) log: String,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Host a glTF file or a folder with one in this process, and enter it; files of other formats are converted.
    Open {
        /// A .glb, .gltf, .vrm, .vrma, .fbx, .obj, .stl, .ply, .usdz, .usdc, .usda, .usd or .zip file, or a folder.
        world: PathBuf,
    },
    /// Enter a world elsewhere.
    Join {
        /// `stoa://HOST[:PORT]/WORLD[#SPAWN]`
        address: String,
    },
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// Name that others see; without it the one that was chosen before.
    #[arg(long, global = true)]
    pub(crate) name: Option<String>,
    /// What you look like: a VRM 1.0 file, or the name of an avatar that comes with Stoa.
    #[arg(long, global = true, value_name = "FILE.vrm|NAME")]
    pub(crate) avatar: Option<PathBuf>,
    /// Let others get the avatar's file without being asked, where the world takes it and its licence allows it.
    #[arg(long, global = true)]
    pub(crate) share_avatar: bool,
    /// Folder for identity, settings and cache.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Folder with worlds, avatars and animations.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) assets: Option<PathBuf>,
    /// Look to choose among those that the world file offers (KHR_materials_variants).
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Language of the screens; without it the chosen one, else the system's.
    #[arg(long, global = true, value_enum)]
    pub(crate) locale: Option<Locale>,
    /// Let others join a world that this process hosts, at this UDP address.
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// No window: pictures are drawn into memory.
    #[arg(long, global = true)]
    pub(crate) offscreen: bool,
    /// Size of pictures without a window; 320x180 when not stated.
    #[arg(long, global = true, value_name = "WxH")]
    pub(crate) size: Option<String>,
    /// Draw the world alone, without any screens over it.
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// Pictures to draw without a window after everything is loaded, then end.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) frames: Option<u32>,
    /// Write the last picture without a window to this file.
    #[arg(long, global = true, value_name = "FILE.png")]
    pub(crate) screenshot: Option<PathBuf>,
    /// Timed inputs.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// Write figures of the visit to this file at exit.
    #[arg(long, global = true, value_name = "FILE.json")]
    pub(crate) stats: Option<PathBuf>,
    /// Measure without a window which share of the last picture the world's own surfaces cover, floor and sky not
    /// counted; `covered_share` in the figures.
    #[arg(long, global = true)]
    pub(crate) coverage: bool,
    /// Record the state datagrams of the visit into this file, to be replayed by `stoa-bench`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Print what was seen, at exit.
    #[arg(long, global = true)]
    pub(crate) summary: bool,
    /// Marked bots that stroll in a world that this process hosts.
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub(crate) bots: u32,
}

/// Languages of the screens.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locale {
    En,
    Zh,
}

impl Flags {
    /// Nothing that was asked for is silently left out.
    ///
    /// # Errors
    /// A flag that means nothing beside the others, and what to do.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let common = &self.common;
        let without_window = [
            ("--size", common.size.is_some()),
            ("--frames", common.frames.is_some()),
            ("--screenshot", common.screenshot.is_some()),
            ("--coverage", common.coverage),
        ];
        for (flag, is_given) in without_window {
            ensure!(
                common.offscreen || !is_given,
                "{flag} is for pictures without a window: add --offscreen"
            );
        }
        ensure!(
            common.bots == 0 || !matches!(self.command, Some(Command::Join { .. })),
            "--bots is for a world that this process hosts: leave it out, or send bots there with stoa-bots"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<(), String> {
        let flags = Flags::parse_from(format!("stoa {line}").split_whitespace());
        flags.check().map_err(|error| error.to_string())
    }

    #[test]
    fn flags_for_pictures_without_a_window_say_so_when_there_is_one() {
        for flag in [
            "--size 9x9",
            "--frames 3",
            "--screenshot a.png",
            "--coverage",
        ] {
            let name = flag.split(' ').next().unwrap();
            let fault = check(&format!("open a.glb {flag}")).unwrap_err();
            assert!(
                fault.contains(name) && fault.contains("--offscreen"),
                "{fault}"
            );
            assert_eq!(check(&format!("--offscreen open a.glb {flag}")), Ok(()));
        }
        for flag in [
            "--stats a.json",
            "--summary",
            "--record a.bin",
            "--script a.txt",
        ] {
            assert_eq!(check(flag), Ok(()), "{flag} works with a window, too");
        }
    }

    #[test]
    fn bots_stroll_where_this_process_hosts() {
        assert!(check("join stoa://a/b --bots 3").is_err());
        assert_eq!(check("join stoa://a/b --bots 0"), Ok(()));
        assert_eq!(check("open a.glb --bots 3"), Ok(()));
        assert_eq!(check("--bots 3"), Ok(()));
    }
}
