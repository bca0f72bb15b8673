//! From flags to what is started: a server or none, and the client's configuration.

use crate::{
    flags::{Command, Common, Flags},
    host::{Dropped, Host},
    own_key::OwnKey,
    persona,
};
use anyhow::{Context, bail};
use client::{
    ClientConfig, Conversion, Display, Home, HostedWorld, Offscreen, Opened, Opener, SettingsFile,
    Surroundings,
};
use protocol::WorldAddress;
use server::ServerConfig;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Worlds of the home server: first the one that one is in without a command, then those that its portals lead to.
const HOME_WORLDS: [&str; 2] = ["plaza", "workshop"];
/// Folders of what is kept, in the data folder: of the home world, and of worlds that a command opens.
const HOME_FOLDER: &str = "hosted";
const OPENED_FOLDER: &str = "opened";
/// The same bots take the same ways each time.
const STROLLERS_SEED: u64 = 7;
/// Size of pictures without a window, when none is stated.
const PICTURE_SIZE: &str = "320x180";
/// Largest picture without a window, pixels on a side.
const MAX_PICTURE_SIDE: u32 = 8_192;

/// What is to be started.
pub(crate) struct Plan {
    /// The world to be in at first, when it is a local one.
    pub(crate) host: Option<Arc<Host>>,
    /// The world that one can always go to.
    home: Arc<Host>,
    /// Worlds of files that are dropped on the window.
    dropped: Arc<Dropped>,
    key: OwnKey,
    /// What a command opens.
    opened: Option<Opened>,
    /// The program that converts files of other formats.
    importer: PathBuf,
    /// Where to, otherwise.
    address: Option<WorldAddress>,
    assets: PathBuf,
}

pub(crate) fn make(flags: &Flags) -> anyhow::Result<Plan> {
    let assets = assets(flags)?;
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listen = flags.common.listen.unwrap_or(here);
    let host = |worlds: Vec<PathBuf>, listen: SocketAddr, data: Option<PathBuf>| ServerConfig {
        worlds,
        listen,
        data,
        ..ServerConfig::default()
    };
    // Where a command hosts a world, address and folder are that world's, and the home world stays out of its way.
    let is_home_meant = !matches!(flags.command, Some(Command::Open { .. }));
    let home = host(
        HOME_WORLDS
            .map(|name| assets.join("worlds").join(name))
            .to_vec(),
        if is_home_meant { listen } else { here },
        data(flags).map(|folder| folder.join(HOME_FOLDER)),
    );
    let key = OwnKey::of(data(flags).as_deref());
    let is_home_named = flags.command.is_none() && flags.common.data.is_some();
    let home = Arc::new(Host::new(
        home,
        Some(key.clone()),
        !is_home_named,
        open_to_others(&flags.common, None),
    ));
    let importer = beside("stoa-import")?;
    let opened = match &flags.command {
        Some(Command::Open { world }) => Some(open(world, &importer)?),
        _ => None,
    };
    let (host, address) = match &flags.command {
        None => (Some(Arc::clone(&home)), None),
        Some(Command::Join { address }) => (None, Some(address.parse()?)),
        // A file that one only looks at leaves nothing behind, unless a folder is named.
        Some(Command::Open { world }) => {
            let data = flags.common.data.as_ref();
            let config = ServerConfig {
                follow: true,
                ..host(
                    opened.iter().map(Opened::world).collect(),
                    listen,
                    data.map(|folder| folder.join(OPENED_FOLDER)),
                )
            };
            let others = open_to_others(&flags.common, Some(world));
            let host = Host::new(config, Some(key.clone()), false, others);
            (Some(Arc::new(host)), None)
        }
    };
    Ok(Plan {
        host,
        home,
        dropped: Arc::default(),
        key,
        opened,
        importer,
        address,
        assets,
    })
}

/// The file of a command, converted when it is of another format than glTF.
fn open(world: &Path, importer: &Path) -> anyhow::Result<Opened> {
    if !client::needs_conversion(world) {
        return Ok(Opened::Itself(world.to_path_buf()));
    }
    let shown = scene::printable(&world.display().to_string());
    eprintln!("stoa: making glTF of {shown}");
    let converted = Conversion::begin(world, importer).and_then(Conversion::wait);
    let converted = converted.with_context(|| format!("{shown} cannot be shown"))?;
    Ok(Opened::Converted(converted))
}

/// A program that is installed beside this one.
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the program does not know where it is")?;
    Ok(own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// The command that hosts the same world, the home world without a file, so that others can come in.
fn open_to_others(flags: &Common, file: Option<&Path>) -> String {
    let mut command = "stoa".to_owned();
    if let Some(file) = file {
        command = format!("{command} open {}", quoted(file));
    }
    if let Some(data) = &flags.data {
        command = format!("{command} --data {}", quoted(data));
    }
    if let Some(assets) = &flags.assets {
        command = format!("{command} --assets {}", quoted(assets));
    }
    format!("{command} --listen 0.0.0.0:{}", protocol::DEFAULT_PORT)
}

/// A path as one word of a command line, in which a shell finds nothing to run.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = if cfg!(windows) { "/\\:._-~" } else { "/:._-" };
    let is_plain = |letter: char| letter.is_alphanumeric() || plain.contains(letter);
    if text.chars().all(is_plain) {
        text
    } else if cfg!(windows) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Bots that stroll while this value lives.
pub(crate) fn start_bots(
    flags: &Flags,
    hosted: Option<&HostedWorld>,
) -> anyhow::Result<Option<bots::Strollers>> {
    let (count, Some(hosted)) = (flags.common.bots, hosted) else {
        return Ok(None);
    };
    if count == 0 {
        return Ok(None);
    }
    bots::stroll(&hosted.address, count, STROLLERS_SEED)
        .map(Some)
        .context("the bots cannot be started")
}

impl Plan {
    /// The client's configuration.
    pub(crate) fn client(
        &self,
        flags: &Flags,
        hosted: Option<HostedWorld>,
        system_language: Option<&str>,
    ) -> anyhow::Result<ClientConfig> {
        let common = &flags.common;
        let data = data(flags);
        let settings = data.as_deref().map(SettingsFile::load).unwrap_or_default();
        let persona = persona::choose(common, &settings.values, system_language)?;
        let script = common
            .script
            .as_ref()
            .map(|file| {
                std::fs::read_to_string(file)
                    .with_context(|| format!("the script {} cannot be read", file.display()))
            })
            .transpose()?;
        let address = match (&self.address, &hosted) {
            (Some(address), _) => address.clone(),
            (None, Some(hosted)) => hosted.address.clone(),
            (None, None) => bail!("there is no world to enter"),
        };
        let home = Arc::clone(&self.home);
        let open_home = move || home.open().map_err(|error| format!("{error:#}"));
        Ok(ClientConfig {
            address,
            name: persona.name,
            avatar: persona.avatar,
            avatar_file: persona.avatar_file,
            is_sharing_avatar: common.share_avatar,
            data,
            assets: self.assets.clone(),
            variant: common.variant.clone(),
            locale: persona.locale,
            has_screens: !common.plain,
            display: display(flags)?,
            script,
            stats: common.stats.clone(),
            record: common.record.clone(),
            is_summarising: common.summary,
            // Nobody can be asked where there is no window, no screen in it, or a script in the person's place.
            pin_unknown: common.offscreen || common.plain || common.script.is_some(),
            surroundings: Surroundings {
                key: self.key.passing(),
                is_first_start: persona::is_first_start(common, &settings.values),
                settings,
                hosted,
                home: Some(Home::new(open_home)),
                opener: Some(self.opener(flags)),
                opened: self.opened.clone(),
                importer: self.importer.clone(),
            },
        })
    }

    /// Hosts what is dropped on the window for this process alone; nothing of it is kept.
    fn opener(&self, flags: &Flags) -> Opener {
        let (dropped, flags) = (Arc::clone(&self.dropped), flags.common.clone());
        Opener::new(move |opened| {
            let config = ServerConfig {
                worlds: vec![opened.world()],
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                data: None,
                follow: true,
                ..ServerConfig::default()
            };
            let others = open_to_others(&flags, Some(opened.source()));
            let host = Host::new(config, None, false, others);
            let hosted = dropped.open(host, opened.clone());
            hosted.map_err(|error| format!("{error:#}"))
        })
    }

    /// Ends the servers of this process: everybody is told, everything is kept.
    pub(crate) fn stop(&self) {
        self.dropped.stop();
        for host in self.host.iter().chain([&self.home]) {
            host.stop();
        }
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

fn display(flags: &Flags) -> anyhow::Result<Display> {
    let common = &flags.common;
    if !common.offscreen {
        return Ok(Display::Window);
    }
    let size = common.size.as_deref().unwrap_or(PICTURE_SIZE);
    let sides: Vec<u32> = size
        .split('x')
        .filter_map(|side| side.parse().ok())
        .collect();
    let [width, height] = sides[..] else {
        bail!("`{size}` is not a size: write WIDTHxHEIGHT, for example 640x360")
    };
    if !(1..=MAX_PICTURE_SIDE).contains(&width) || !(1..=MAX_PICTURE_SIDE).contains(&height) {
        bail!(
            "`{size}` is not a size that can be drawn: each side must be from 1 to {MAX_PICTURE_SIDE}"
        );
    }
    Ok(Display::Offscreen(Offscreen {
        width,
        height,
        frames: common.frames,
        screenshot: common.screenshot.clone(),
        is_measuring_coverage: common.coverage,
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn plan(words: &[&str]) -> Plan {
        make(&Flags::parse_from(["stoa"].iter().chain(words))).unwrap()
    }

    #[test]
    fn an_opened_world_and_the_home_world_share_neither_address_nor_folder() {
        let words = ["open", "a.glb", "--listen", "0.0.0.0:7862", "--data", "d"];
        let plan = plan(&words);
        let opened = &plan.host.as_ref().unwrap().config;
        let home = &plan.home.config;
        assert_eq!(opened.listen.to_string(), "0.0.0.0:7862");
        assert_eq!(home.listen.to_string(), "127.0.0.1:0");
        assert_eq!(home.data.as_deref(), Some(Path::new("d/hosted")));
        assert_eq!(opened.data.as_deref(), Some(Path::new("d/opened")));
    }

    #[test]
    fn without_a_file_the_home_world_listens_where_the_flag_says() {
        for words in [
            &["--listen", "0.0.0.0:7862"][..],
            &["join", "stoa://a/b", "--listen", "0.0.0.0:7862"],
        ] {
            let listen = plan(words).home.config.listen;
            assert_eq!(listen.to_string(), "0.0.0.0:7862", "{words:?}");
        }
    }

    #[test]
    fn the_command_for_guests_hosts_the_same_world() {
        let plan = plan(&["open", "my world.glb", "--data", "kept"]);
        let quote = if cfg!(windows) { '"' } else { '\'' };
        assert_eq!(
            plan.host.unwrap().open_to_others,
            format!("stoa open {quote}my world.glb{quote} --data kept --listen 0.0.0.0:7862")
        );
        let flags = Flags::parse_from(["stoa", "--assets", "elsewhere"]);
        let command = open_to_others(&flags.common, None);
        assert_eq!(command, "stoa --assets elsewhere --listen 0.0.0.0:7862");
        #[cfg(not(windows))]
        assert_eq!(quoted(Path::new("a$(x)'b.glb")), r"'a$(x)'\''b.glb'");
        let flags = Flags::parse_from(["stoa"]);
        let home = make(&flags).unwrap().home;
        assert_eq!(home.open_to_others, "stoa --listen 0.0.0.0:7862");
    }
}
