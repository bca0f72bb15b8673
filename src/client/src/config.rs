//! What the program wants of a client: one value, made from flags.

use crate::{Converted, SettingsFile};
use identity::Key;
use protocol::{AvatarChoice, DisplayName, WorldAddress};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Name of the file in the data folder that keeps the person's key.
pub const KEY_FILE: &str = "identity.key";

/// Everything that a client needs to know.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Where to.
    pub address: WorldAddress,
    /// How the person wants to be called.
    pub name: DisplayName,
    /// What they look like.
    pub avatar: AvatarChoice,
    /// Bytes of an own VRM file.
    pub avatar_file: Option<Vec<u8>>,
    /// The person agrees that others get such a file, where the world takes it and its licence allows it.
    pub is_sharing_avatar: bool,
    /// Identity, settings and cache live here; `None` makes temporary ones.
    pub data: Option<PathBuf>,
    /// Folder with `worlds`, `avatars`, `animations`.
    pub assets: PathBuf,
    /// Name of the look that is chosen among those that the world file offers.
    pub variant: Option<String>,
    /// Language of the screens.
    pub locale: crate::Locale,
    /// Draw screens over the world; without them a picture shows the world alone.
    pub has_screens: bool,
    /// Where pictures go.
    pub display: Display,
    /// Timed inputs.
    pub script: Option<String>,
    /// Where figures are written at exit.
    pub stats: Option<PathBuf>,
    /// Where the state datagrams of the visit are recorded.
    pub record: Option<PathBuf>,
    /// Print what was seen at exit.
    pub is_summarising: bool,
    /// Trust a server that was never seen before without asking.
    pub pin_unknown: bool,
    /// What there is before and after a visit.
    pub surroundings: Surroundings,
}

/// What there is around a visit: settings, and a world at home. Without any of it a visit is all there is.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Settings, and the file that keeps them.
    pub settings: SettingsFile,
    /// Who one is where no data folder keeps a key; without it, somebody new at each visit.
    pub key: Option<Key>,
    /// Ask for name and avatar before the first visit.
    pub is_first_start: bool,
    /// The world that this program hosts now, when it hosts one.
    pub hosted: Option<HostedWorld>,
    /// How to get home.
    pub home: Option<Home>,
    /// How to look at a file that is dropped on the window; without it nothing comes of that.
    pub opener: Option<Opener>,
    /// What is looked at from the beginning: its report is shown beside it.
    pub opened: Option<Opened>,
    /// Where the program is that converts files of other formats than glTF.
    pub importer: PathBuf,
}

/// A file or folder that is looked at.
#[derive(Clone, Debug)]
pub enum Opened {
    /// As it is.
    Itself(PathBuf),
    /// A file of another format, by what it became.
    Converted(Converted),
}

impl Opened {
    /// What the person opened.
    #[must_use]
    pub fn source(&self) -> &Path {
        match self {
            Self::Itself(file) => file,
            Self::Converted(converted) => converted.source(),
        }
    }

    /// What is hosted, checked and placed of it.
    #[must_use]
    pub fn world(&self) -> PathBuf {
        match self {
            Self::Itself(file) => file.clone(),
            Self::Converted(converted) => converted.glb(),
        }
    }

    pub(crate) fn converted(&self) -> Option<&Converted> {
        match self {
            Self::Itself(_) => None,
            Self::Converted(converted) => Some(converted),
        }
    }
}

/// A world that this program hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedWorld {
    /// For oneself, over loopback, with the certificate's fingerprint.
    pub address: WorldAddress,
    /// For others; `None` when it listens on loopback alone.
    pub invitation: Option<WorldAddress>,
    /// The command that hosts the same world for others, where it listens on loopback alone.
    pub open_to_others: String,
}

impl HostedWorld {
    /// True for this world, and for the others that its server has beside it.
    pub(crate) fn serves(&self, address: &WorldAddress) -> bool {
        self.address.is_same_server(address)
    }
}

/// Opens the home world, or says in one line why it cannot. Called on a thread that may wait.
#[derive(Clone)]
pub struct Home(Arc<dyn Fn() -> Result<HostedWorld, String> + Send + Sync>);

impl Home {
    /// A way home.
    pub fn new(open: impl Fn() -> Result<HostedWorld, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    pub(crate) fn open(&self) -> Result<HostedWorld, String> {
        (self.0)()
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Home")
    }
}

/// Hosts a file or folder in this program, or says in one line why it cannot. Called on a thread that may wait. What it
/// has opened stays open at least until the next one but one.
#[derive(Clone)]
pub struct Opener(Arc<dyn Fn(&Opened) -> Result<HostedWorld, String> + Send + Sync>);

impl Opener {
    /// A way to open files.
    pub fn new(
        open: impl Fn(&Opened) -> Result<HostedWorld, String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(open))
    }

    pub(crate) fn open(&self, opened: &Opened) -> Result<HostedWorld, String> {
        (self.0)(opened)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opener")
    }
}

/// Where pictures go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Display {
    /// A window on the desktop.
    Window,
    /// An image; nothing needs to be attached to the machine.
    Offscreen(Offscreen),
}

/// A run without a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offscreen {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pictures to draw after everything is loaded; `None` goes on until a script quits.
    pub frames: Option<u32>,
    /// Where the last picture is written.
    pub screenshot: Option<PathBuf>,
    /// Measure at the end which share of the picture the world's own surfaces cover.
    pub is_measuring_coverage: bool,
}

impl Offscreen {
    /// Pictures of a size, for as long as somebody asks for them.
    #[must_use]
    pub const fn of_size(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            frames: None,
            screenshot: None,
            is_measuring_coverage: false,
        }
    }
}

/// Why a client ended badly; one line each.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nothing can draw: exit code 3.
    #[error(
        "there is no graphics adapter that can draw: install a Vulkan driver (without a graphics card, mesa-vulkan-drivers)"
    )]
    NoAdapter,
    /// The visit failed.
    #[error("{0}")]
    Visit(String),
    /// A pipeline or device error while drawing.
    #[error("the picture could not be drawn: {0}")]
    Drawing(String),
    /// A script has a fault.
    #[error("{0}")]
    Script(String),
    /// A file cannot be written or read.
    #[error("{0}")]
    File(String),
}
