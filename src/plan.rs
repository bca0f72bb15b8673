//! From flags to what is started: a server or none, and the client's configuration.

use crate::flags::{Command, Flags, Locale};
use anyhow::{Context, anyhow, bail};
use client::{ClientConfig, Display, Offscreen};
use protocol::{AvatarChoice, DisplayName, SHIPPED_AVATARS, WorldAddress};
use server::{RunningServer, Server, ServerConfig, StartError, StoreError};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// World that one is in without a command.
const HOME_WORLD: &str = "plaza";
/// The same bots take the same ways each time.
const STROLLERS_SEED: u64 = 7;
/// Largest picture without a window, pixels on a side.
const MAX_PICTURE_SIDE: u32 = 8_192;

/// What is to be started.
pub(crate) struct Plan {
    /// A server in this process, when the world is a local one.
    pub(crate) host: Option<ServerConfig>,
    /// Where to, otherwise.
    pub(crate) address: WorldAddress,
    assets: PathBuf,
}

pub(crate) fn make(flags: &Flags) -> anyhow::Result<Plan> {
    let assets = assets(flags)?;
    let nowhere = WorldAddress {
        host: "127.0.0.1".to_owned(),
        port: protocol::DEFAULT_PORT,
        world: String::new(),
        spawn: None,
        fingerprint: None,
    };
    let (world, address) = match &flags.command {
        Some(Command::Join { address }) => (None, address.parse()?),
        Some(Command::Open { world }) => (Some(world.clone()), nowhere),
        None => (Some(assets.join("worlds").join(HOME_WORLD)), nowhere),
    };
    let listen = flags
        .common
        .listen
        .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    // A file that one only looks at leaves nothing behind, unless a folder is named.
    let data = match &flags.command {
        None => data(flags),
        Some(_) => flags.common.data.clone(),
    }
    .map(|folder| folder.join("hosted"));
    let host = world.map(|world| ServerConfig {
        worlds: vec![world],
        listen,
        data,
        ..ServerConfig::default()
    });
    Ok(Plan {
        host,
        address,
        assets,
    })
}

/// Starts the server of a local world. When another Stoa has the home world open, this one starts it afresh beside
/// that, and keeps nothing.
pub(crate) fn start_server(
    plan: &Plan,
    flags: &Flags,
) -> Result<Option<RunningServer>, StartError> {
    let Some(host) = &plan.host else {
        return Ok(None);
    };
    match Server::start(host) {
        Err(StartError::Data(StoreError::InUse(_))) if flags.common.data.is_none() => {
            tracing::warn!(
                "another Stoa has the home world open: what happens in this one is not kept"
            );
            let config = ServerConfig {
                data: None,
                ..host.clone()
            };
            Server::start(&config).map(Some)
        }
        outcome => outcome.map(Some),
    }
}

/// Address of the world that this process hosts.
pub(crate) fn here(server: &RunningServer) -> anyhow::Result<WorldAddress> {
    let mut address = server
        .addresses()
        .first()
        .cloned()
        .ok_or_else(|| anyhow!("the server hosts no world"))?;
    address.host = Ipv4Addr::LOCALHOST.to_string();
    address.fingerprint = Some(server.fingerprint());
    Ok(address)
}

/// Bots that stroll while this value lives.
pub(crate) fn start_bots(
    flags: &Flags,
    address: &WorldAddress,
) -> anyhow::Result<Option<bots::Strollers>> {
    let count = flags.common.bots;
    if count == 0 {
        return Ok(None);
    }
    bots::stroll(address, count, STROLLERS_SEED)
        .map(Some)
        .context("the bots cannot be started")
}

impl Plan {
    /// The client's configuration.
    pub(crate) fn client(
        &self,
        flags: &Flags,
        address: WorldAddress,
    ) -> anyhow::Result<ClientConfig> {
        let common = &flags.common;
        let (avatar, avatar_file) = avatar(common.avatar.as_deref())?;
        let script = common
            .script
            .as_ref()
            .map(|file| {
                std::fs::read_to_string(file)
                    .with_context(|| format!("the script {} cannot be read", file.display()))
            })
            .transpose()?;
        Ok(ClientConfig {
            address,
            name: DisplayName::new(common.name.as_deref().unwrap_or("Guest"))?,
            avatar,
            avatar_file,
            data: data(flags),
            assets: self.assets.clone(),
            variant: common.variant.clone(),
            locale: match common.locale {
                Locale::En => client::Locale::English,
                Locale::Zh => client::Locale::Chinese,
            },
            has_screens: !common.plain,
            display: display(flags)?,
            script,
            stats: common.stats.clone(),
            is_summarising: common.summary,
            pin_unknown: true,
        })
    }
}

/// Where identity, settings and the home world live: temporary without a window, unless a folder is named.
fn data(flags: &Flags) -> Option<PathBuf> {
    if flags.common.data.is_some() || flags.common.offscreen {
        return flags.common.data.clone();
    }
    let home = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    home("XDG_DATA_HOME")
        .or_else(|| home("HOME").map(|home| home.join(".local/share")))
        .or_else(|| home("APPDATA"))
        .map(|folder| folder.join("stoa"))
}

/// A VRM file by path, or one of the shipped avatars by name.
fn avatar(wished: Option<&Path>) -> anyhow::Result<(AvatarChoice, Option<Vec<u8>>)> {
    let Some(wished) = wished else {
        return Ok((AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()), None));
    };
    if !wished.exists() && wished.extension().is_none() {
        return Ok((
            AvatarChoice::Shipped(wished.to_string_lossy().into_owned()),
            None,
        ));
    }
    let bytes = std::fs::read(wished)
        .with_context(|| format!("the avatar {} cannot be read", wished.display()))?;
    let hash = protocol::ContentHash(*blake3::hash(&bytes).as_bytes());
    Ok((
        AvatarChoice::File {
            hash,
            bytes: bytes.len() as u64,
        },
        Some(bytes),
    ))
}

fn display(flags: &Flags) -> anyhow::Result<Display> {
    let common = &flags.common;
    if !common.offscreen {
        return Ok(Display::Window);
    }
    let sides: Vec<u32> = common
        .size
        .split('x')
        .filter_map(|side| side.parse().ok())
        .collect();
    let [width, height] = sides[..] else {
        bail!(
            "`{}` is not a size: write WIDTHxHEIGHT, for example 640x360",
            common.size
        )
    };
    if !(1..=MAX_PICTURE_SIDE).contains(&width) || !(1..=MAX_PICTURE_SIDE).contains(&height) {
        bail!(
            "`{}` is not a size that can be drawn: each side must be from 1 to {MAX_PICTURE_SIDE}",
            common.size
        );
    }
    Ok(Display::Offscreen(Offscreen {
        width,
        height,
        frames: common.frames,
        screenshot: common.screenshot.clone(),
    }))
}

/// The folder of assets: as the flag says, else beside the program, else in the checkout.
fn assets(flags: &Flags) -> anyhow::Result<PathBuf> {
    if let Some(folder) = &flags.common.assets {
        return Ok(folder.clone());
    }
    let program = std::env::current_exe().context("the program does not know where it is")?;
    let candidates = program
        .ancestors()
        .skip(1)
        .take(4)
        .map(|folder| folder.join("assets"))
        .chain([Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")]);
    let found = candidates
        .into_iter()
        .find(|folder| folder.join("worlds").is_dir() || folder.join("avatars").is_dir());
    Ok(found.unwrap_or_else(|| PathBuf::from("assets")))
}
