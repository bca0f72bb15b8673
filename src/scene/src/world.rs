//! A world on disk: a glTF file, or a folder with one and a `world.toml`.

use crate::{
    Purpose,
    description::scene::Scene,
    error::{ErrorKind, Issue, SceneError},
    limits::MAX_WARNINGS,
    reader::{document, humanoid},
    source::files::{self, FolderFiles, NoSideFiles},
    things::{THING_KEYS, ThingRules},
    wear::{AVATAR_KEYS, AvatarRules},
};
use serde::Deserialize;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Name of the file beside a world's main file that says what its host decides.
pub const MANIFEST_FILE: &str = "world.toml";

/// Largest such file in bytes.
const MAX_MANIFEST_BYTES: u64 = 64 * 1024;

/// What `world.toml` says; every key may be absent.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct WorldManifest {
    /// Name to show.
    pub title: String,
    /// A sentence or two.
    pub description: String,
    /// Who made it.
    pub author: String,
    /// SPDX expression.
    pub licence: String,
    /// BCP 47 tag of the language spoken there.
    pub language: String,
    /// `everyone`, `teen` or `adult`.
    pub content_rating: String,
    /// Most people at once.
    pub capacity: u32,
    /// Metres a second squared, downwards.
    pub gravity: f32,
    /// Main file, relative; the only glTF of the folder when absent.
    pub main: Option<String>,
    /// Rules in the host's words.
    pub rules: String,
    /// Names of the animations that play; what the file says when absent.
    pub animations: Option<Vec<String>>,
    /// Sky and light.
    pub sky: Sky,
    /// What visitors may place.
    pub things: ThingRules,
    /// Which avatars visitors may bring.
    pub avatars: AvatarRules,
}

/// Sky and light of a world.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Sky {
    /// How the sky is drawn.
    pub kind: SkyKind,
    /// Hours from 0 to 24; decides height and colour of the sun.
    pub time_of_day: f32,
    /// Direction of the sun at noon, degrees clockwise from -Z (north).
    pub sun_azimuth: f32,
    /// Height of the sun in degrees, -90 to 90; from `time_of_day` when absent.
    pub sun_elevation: Option<f32>,
    /// Colour straight up, linear RGB; from the time of day when absent.
    pub top_color: Option<[f32; 3]>,
    /// Colour at the horizon, linear RGB.
    pub horizon_color: Option<[f32; 3]>,
    /// Colour straight down, linear RGB.
    pub bottom_color: Option<[f32; 3]>,
    /// Steps brighter or darker than the default exposure, -8 to 8.
    pub exposure_steps: f32,
    /// Share of the sky under clouds, 0 to 1.
    pub clouds: f32,
    /// Metres at which haze hides half of what is there; 0 is clear.
    pub haze_metres: f32,
}

/// How the sky is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SkyKind {
    /// Scattering of sunlight in air.
    #[default]
    Physical,
    /// Between the three colours.
    Gradient,
}

impl Default for WorldManifest {
    fn default() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            author: String::new(),
            licence: String::new(),
            language: "en".to_owned(),
            content_rating: "everyone".to_owned(),
            capacity: 64,
            gravity: 9.81,
            main: None,
            rules: String::new(),
            animations: None,
            sky: Sky::default(),
            things: ThingRules::default(),
            avatars: AvatarRules::default(),
        }
    }
}

impl Default for Sky {
    fn default() -> Self {
        Self {
            kind: SkyKind::Physical,
            time_of_day: 11.0,
            sun_azimuth: 150.0,
            sun_elevation: None,
            top_color: None,
            horizon_color: None,
            bottom_color: None,
            exposure_steps: 0.0,
            clouds: 0.25,
            haze_metres: 900.0,
        }
    }
}

impl WorldManifest {
    /// Reads the text of a `world.toml`. Unknown keys are reported, values out of range are refused.
    ///
    /// # Errors
    /// [`SceneError`] that names the key.
    pub fn parse(text: &str) -> Result<(Self, Vec<Issue>), SceneError> {
        let fault = |text: String| SceneError::new(ErrorKind::Invalid, "world.toml", text);
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| fault(error.message().to_owned()))?;
        let mut issues = unread_keys(&table, &MANIFEST_KEYS, "");
        if let Some(sky) = table.get("sky").and_then(toml::Value::as_table) {
            issues.extend(unread_keys(sky, &SKY_KEYS, "sky."));
        }
        if let Some(things) = table.get("things").and_then(toml::Value::as_table) {
            issues.extend(unread_keys(things, &THING_KEYS, "things."));
        }
        if let Some(avatars) = table.get("avatars").and_then(toml::Value::as_table) {
            issues.extend(unread_keys(avatars, &AVATAR_KEYS, "avatars."));
        }
        let manifest: Self = table
            .try_into()
            .map_err(|error: toml::de::Error| fault(error.message().to_owned()))?;
        if !(1..=2048).contains(&manifest.capacity) {
            return Err(fault(format!(
                "capacity is {}, but must be from 1 to 2048",
                manifest.capacity
            )));
        }
        if !(0.0..=100.0).contains(&manifest.gravity) {
            return Err(fault(format!(
                "gravity is {}, but must be from 0 to 100 metres a second squared",
                manifest.gravity
            )));
        }
        if !["everyone", "teen", "adult"].contains(&manifest.content_rating.as_str()) {
            return Err(fault(format!(
                "content_rating is `{}`, but must be everyone, teen or adult",
                manifest.content_rating
            )));
        }
        manifest.sky.check().map_err(fault)?;
        manifest.things.check().map_err(fault)?;
        Ok((manifest, issues))
    }
}

/// Keys of `world.toml`.
const MANIFEST_KEYS: [&str; 14] = [
    "title",
    "description",
    "author",
    "licence",
    "language",
    "content_rating",
    "capacity",
    "gravity",
    "main",
    "rules",
    "animations",
    "sky",
    "things",
    "avatars",
];

/// Keys of its table `sky`.
const SKY_KEYS: [&str; 10] = [
    "kind",
    "time_of_day",
    "sun_azimuth",
    "sun_elevation",
    "top_color",
    "horizon_color",
    "bottom_color",
    "exposure_steps",
    "clouds",
    "haze_metres",
];

fn unread_keys(table: &toml::Table, known: &[&str], prefix: &str) -> Vec<Issue> {
    let unknown = table.keys().filter(|key| !known.contains(&key.as_str()));
    unknown
        .take(MAX_WARNINGS)
        .map(|key| {
            Issue::warning(
                "STOA_MANIFEST_KEY",
                format!("/{}{key}", prefix.replace('.', "/")),
                format!("world.toml: the key `{prefix}{key}` is not read"),
            )
        })
        .collect()
}

impl Sky {
    /// The fault of the first value that is out of range.
    fn check(&self) -> Result<(), String> {
        let color = |color: Option<[f32; 3]>| {
            color.is_none_or(|color| color.iter().all(|share| (0.0..=100.0).contains(share)))
        };
        let rules = [
            (
                (0.0..=24.0).contains(&self.time_of_day),
                "time_of_day must be from 0 to 24 hours",
            ),
            (
                self.sun_azimuth.abs() <= 360.0,
                "sun_azimuth must be from -360 to 360 degrees",
            ),
            (
                self.sun_elevation
                    .is_none_or(|height| (-90.0..=90.0).contains(&height)),
                "sun_elevation must be from -90 to 90 degrees",
            ),
            (
                (0.0..=1.0).contains(&self.clouds),
                "clouds must be from 0 to 1",
            ),
            (
                (0.0..=1.0e6).contains(&self.haze_metres),
                "haze_metres must be from 0 to 1000000",
            ),
            (
                self.exposure_steps.abs() <= 8.0,
                "exposure_steps must be from -8 to 8",
            ),
            (
                color(self.top_color) && color(self.horizon_color) && color(self.bottom_color),
                "a colour must be three numbers from 0 to 100",
            ),
        ];
        match rules.iter().find(|(is_met, _)| !is_met) {
            Some((_, rule)) => Err(format!("[sky] {rule}")),
            None => Ok(()),
        }
    }
}

/// A file that belongs to a world.
#[derive(Clone, Debug)]
pub struct WorldFile {
    /// Relative path, `/` as separator.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A world, read and checked.
#[derive(Clone, Debug)]
pub struct LoadedWorld {
    /// What `world.toml` says, or the defaults; the title is never empty.
    pub manifest: WorldManifest,
    /// The scene.
    pub scene: Scene,
    /// Every file that somebody needs to load it, the main file first.
    pub files: Vec<WorldFile>,
    /// Id for addresses: the stem of the file or folder, in ASCII letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// What is worth telling.
    pub issues: Vec<Issue>,
}

/// Reads a world from a `.glb`, `.gltf`, or a folder with one and perhaps a `world.toml`.
///
/// # Errors
/// [`SceneError`] with the file, the place and the fault.
pub fn load_world(path: &Path) -> Result<LoadedWorld, SceneError> {
    read_world(path, None)
}

/// The same for whoever has work to do meanwhile: `told` hears of a scene with nothing but images, samplers, textures and materials,
/// as they will be in the end, before what takes longer is read. It hears of none where they may yet change.
///
/// # Errors
/// As [`load_world`]; what was told then comes to nothing.
pub fn load_world_telling(
    path: &Path,
    told: &mut dyn FnMut(Scene),
) -> Result<LoadedWorld, SceneError> {
    read_world(path, Some(told))
}

fn read_world(path: &Path, told: Option<&mut dyn FnMut(Scene)>) -> Result<LoadedWorld, SceneError> {
    let unreadable = |text: String| SceneError::new(ErrorKind::Unreadable, "", text);
    let shown = path.display();
    let metadata = std::fs::metadata(path)
        .map_err(|error| unreadable(format!("the world {shown} cannot be opened: {error}")))?;
    let folder = if metadata.is_dir() {
        path.to_path_buf()
    } else {
        path.parent().unwrap_or(Path::new("")).to_path_buf()
    };
    let mut files = Vec::new();
    let (mut manifest, mut issues) = (WorldManifest::default(), Vec::new());
    let mut said = Said::default();
    if metadata.is_dir()
        && let Some(file) = read_manifest_file(&folder)?
    {
        let text = text_of_manifest(&file, &folder)?;
        (manifest, issues) = WorldManifest::parse(text)
            .map_err(|error| error.in_file(&folder.display().to_string()))?;
        said = Said::of(text);
        files.push(file);
    }
    let main = if metadata.is_dir() {
        main_of_folder(&folder, &manifest)?
    } else {
        path.to_path_buf()
    };
    let main_bytes = files::read_bounded(&main, Purpose::World.limit()).map_err(unreadable)?;
    let main_folder = main.parent().unwrap_or(Path::new(""));
    let side_files = FolderFiles::new(main_folder);
    let limit = Purpose::World.limit();
    let mut loaded = document::load_telling(&main_bytes, &side_files, limit, told)
        .map_err(|error| error.in_file(&main.display().to_string()))?;
    issues.extend(std::mem::take(&mut loaded.issues));
    said.settle(&mut manifest, &mut loaded.scene);
    issues.extend(choose_animations(&manifest, &mut loaded.scene));
    let text = |name: Option<&std::ffi::OsStr>| {
        name.map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let main_name = text(main.file_name());
    files.insert(
        0,
        WorldFile {
            path: main_name,
            bytes: main_bytes,
        },
    );
    for (side, bytes) in loaded.side_files {
        files.push(WorldFile {
            path: with_slashes(&side),
            bytes: bytes.to_vec(),
        });
    }
    let stem = if metadata.is_dir() {
        folder.file_name()
    } else {
        main.file_stem()
    };
    let stem = text(stem);
    if manifest.title.is_empty() {
        manifest.title.clone_from(&stem);
    }
    Ok(LoadedWorld {
        manifest,
        scene: loaded.scene,
        files,
        id: world_id(&stem),
        issues,
    })
}

/// Refuses a file that is not what its ending says: an avatar that cannot be worn, an animation that no avatar can perform.
///
/// # Errors
/// [`SceneError`] with the file, the place and the fault.
pub fn require_what_it_is_called(path: &Path) -> Result<(), SceneError> {
    let path = main_file(path)?;
    let purpose = Purpose::of_file(&path);
    if !matches!(purpose, Purpose::Avatar | Purpose::AnimationClip) {
        return Ok(());
    }
    let bytes = files::read_bounded(&path, purpose.limit())
        .map_err(|text| SceneError::new(ErrorKind::Unreadable, "", text))?;
    let read = match purpose {
        Purpose::Avatar => humanoid::load_avatar(&bytes, &NoSideFiles).map(drop),
        _ => humanoid::load_avatar_clip(&bytes, &NoSideFiles).map(drop),
    };
    read.map_err(|error| error.in_file(&path.display().to_string()))
}

/// The glTF file of a world: the file itself, or that of a folder with one and perhaps a `world.toml`. It need not be there.
///
/// # Errors
/// [`SceneError`] when the folder or its `world.toml` does not say which file it is.
pub fn main_file(path: &Path) -> Result<PathBuf, SceneError> {
    folder_of_world(path).map(|(main, ..)| main)
}

/// The same, with the `world.toml` and what is wrong with it.
pub(crate) fn folder_of_world(
    path: &Path,
) -> Result<(PathBuf, WorldManifest, Vec<Issue>), SceneError> {
    if !path.is_dir() {
        return Ok((path.to_path_buf(), WorldManifest::default(), Vec::new()));
    }
    let (manifest, issues) = match read_manifest_file(path)? {
        Some(file) => WorldManifest::parse(text_of_manifest(&file, path)?)?,
        None => (WorldManifest::default(), Vec::new()),
    };
    Ok((main_of_folder(path, &manifest)?, manifest, issues))
}

fn text_of_manifest<'a>(file: &'a WorldFile, folder: &Path) -> Result<&'a str, SceneError> {
    std::str::from_utf8(&file.bytes).map_err(|error| {
        let fault = format!("{}: world.toml: {error}", folder.display());
        SceneError::new(ErrorKind::Unreadable, "", fault)
    })
}

/// What the host decided in `world.toml`: it goes before what the scene's file says.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    gravity: bool,
    sky: bool,
}

impl Said {
    fn of(manifest: &str) -> Self {
        let table: toml::Table = manifest.parse().unwrap_or_default();
        Self {
            gravity: table.contains_key("gravity"),
            sky: table.contains_key("sky"),
        }
    }

    fn settle(self, manifest: &mut WorldManifest, scene: &mut Scene) {
        if self.gravity {
            scene.physics.gravity = None;
        } else if let Some(gravity) = scene.physics.gravity {
            manifest.gravity = (-gravity.y).clamp(0.0, 100.0);
        }
        if self.sky {
            scene.sky = None;
        }
    }
}

/// Lets the animations play that a host names, and then no others; tells of names that none has.
pub(crate) fn choose_animations(manifest: &WorldManifest, scene: &mut Scene) -> Vec<Issue> {
    let mut issues = Vec::new();
    let Some(names) = &manifest.animations else {
        return issues;
    };
    let mut chosen = Vec::new();
    for name in names {
        let mut animations = scene.animations.iter();
        match animations.position(|animation| animation.name == *name) {
            Some(index) => chosen.push(index),
            None if issues.len() < MAX_WARNINGS => issues.push(Issue::warning(
                "STOA_MANIFEST_ANIMATION",
                "/animations".to_owned(),
                format!("world.toml: there is no animation `{name}` in the file"),
            )),
            None => {}
        }
    }
    scene.chosen_animations = Some(chosen);
    issues
}

fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn read_manifest_file(folder: &Path) -> Result<Option<WorldFile>, SceneError> {
    let Some(path) = found_in(folder, Path::new(MANIFEST_FILE))? else {
        return Ok(None);
    };
    let bytes = files::read_bounded(&path, MAX_MANIFEST_BYTES)
        .map_err(|text| SceneError::new(ErrorKind::Unreadable, "", text))?;
    Ok(Some(WorldFile {
        path: MANIFEST_FILE.to_owned(),
        bytes,
    }))
}

/// Where a file of a world's folder is, when it is there. Whoever visits the world is given the file: no link may lead from the
/// folder to another one of the host's.
fn found_in(folder: &Path, relative: &Path) -> Result<Option<PathBuf>, SceneError> {
    let fault = |text: &str| {
        let shown = folder.join(relative);
        SceneError::new(
            ErrorKind::Outside,
            "",
            format!("{}: {text}", shown.display()),
        )
    };
    match files::path_inside(folder, relative) {
        Ok(Some(path)) => Ok(Some(path)),
        Ok(None) => Err(fault("it is a link that leads outside of the folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SceneError {
            kind: ErrorKind::Unreadable,
            ..fault(&error.to_string())
        }),
    }
}

fn main_of_folder(folder: &Path, manifest: &WorldManifest) -> Result<PathBuf, SceneError> {
    let fault = |text: String| SceneError::new(ErrorKind::Unreadable, "", text);
    if let Some(name) = &manifest.main {
        let relative = files::inside_folder(name).ok_or_else(|| {
            fault(format!(
                "world.toml: main `{name}` is not a file inside the folder"
            ))
        })?;
        found_in(folder, &relative)?;
        return Ok(folder.join(relative));
    }
    let entries = std::fs::read_dir(folder)
        .map_err(|error| fault(format!("{}: {error}", folder.display())))?;
    let is_gltf = |path: &PathBuf| {
        path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("glb") || extension.eq_ignore_ascii_case("gltf")
        })
    };
    let mut candidates: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(is_gltf)
        .collect();
    candidates.sort();
    match candidates.len() {
        1 => {
            let main = candidates.remove(0);
            let name = main.file_name().unwrap_or_default();
            found_in(folder, Path::new(name))?;
            Ok(main)
        }
        0 => Err(fault(format!(
            "the folder {} holds no .glb or .gltf file",
            folder.display()
        ))),
        _ => Err(fault(format!(
            "the folder {} holds several glTF files: name one as `main` in world.toml",
            folder.display()
        ))),
    }
}

fn world_id(stem: &str) -> String {
    let id: String = stem
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() || "-_.".contains(character) {
                character
            } else {
                '-'
            }
        })
        .take(64)
        .collect();
    if id.is_empty() {
        "world".to_owned()
    } else {
        id
    }
}
