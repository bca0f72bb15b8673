//! What a check says: findings, what the product does with the file, and what the file costs.

use super::{
    authorship::Authorship,
    costs::{self, Cost, Grade},
    find_issues,
    loading::{self, PackedBytes},
    mend,
    names::{self, NamedObject, Names},
    sink::{Found, Sink},
    unshown,
};
use crate::{
    Image, Loaded, Purpose,
    error::{ErrorKind, Issue, SceneError},
    limits::MAX_IMAGES,
    reader::{around::splat::SPLATS, document, humanoid, prop},
    source::{
        budget::Budget,
        files::{self, FolderFiles, SideFiles},
        json::{Item, Kind},
    },
    support::{self, Support},
    world::{WorldManifest, choose_animations, folder_of_world},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// What the product does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It loads.
    Load,
    /// It loads, and something is worth mending.
    Warn,
    /// It is refused.
    Reject,
}

impl Outcome {
    /// As it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }
}

/// What a file holds, as far as it costs something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Nodes.
    pub nodes: usize,
    /// Primitives drawn, of each node anew; instances of a node are drawn at once.
    pub draw_calls: u64,
    /// Triangles drawn, instances included.
    pub triangles: u64,
    /// Vertices in memory.
    pub vertices: u64,
    /// Materials.
    pub materials: usize,
    /// Images.
    pub images: usize,
    /// Bytes of all images decoded, four a pixel, or one where they stay compressed; without mipmaps.
    pub image_bytes: u64,
    /// Those of them that stay compressed.
    pub block_bytes: u64,
    /// Bytes of compressed geometry.
    pub packed_bytes: PackedBytes,
    /// Animations.
    pub animations: usize,
    /// Most joints of a skin.
    pub joints: usize,
    /// Most morph targets of a mesh.
    pub morph_targets: usize,
    /// Lights.
    pub lights: usize,
    /// Bytes of the file and those beside it.
    pub bytes: u64,
}

impl Summary {
    /// Bytes of all images on the graphics card, with a third more for their mipmaps.
    #[must_use]
    pub fn texture_bytes(&self) -> u64 {
        self.image_bytes / 3 * 4
    }

    /// Milliseconds until all of it can be drawn, as an estimate that is the same on every machine: a line of 50 Mbit/s, then one
    /// processor that decodes.
    #[must_use]
    pub fn load_millis(&self) -> u64 {
        loading::millis(self)
    }
}

/// An extension that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedExtension {
    /// Its name; any text.
    pub name: String,
    /// What is done with it.
    pub support: Support,
    /// What is missing, or what it becomes; empty when there is nothing to add.
    pub note: &'static str,
}

impl NamedExtension {
    fn of(name: String) -> Self {
        Self {
            support: support::support(&name),
            note: support::row(&name).map_or("", |row| row.note),
            name,
        }
    }
}

/// The report on a file.
#[derive(Clone, Debug)]
pub struct Report {
    /// Findings; each code of the validator once at each place.
    pub issues: Vec<Issue>,
    /// Findings that are not kept, by severity: mild ones give way to severe ones. One that recurs may count twice here.
    pub left_out: [usize; 4],
    /// True when there was more data than is looked into: what is wrong with the rest is not known.
    pub is_cut_short: bool,
    /// What the product does with the file.
    pub outcome: Outcome,
    /// Why it is refused, when it is.
    pub refusal: Option<SceneError>,
    /// True for a GLB, false for JSON.
    pub is_glb: bool,
    /// What it holds, when it loads.
    pub summary: Option<Summary>,
    /// What it costs for its purpose, when it loads.
    pub costs: Vec<Cost>,
    /// Extensions that it names, with what is done with each.
    pub extensions: Vec<NamedExtension>,
    /// Who made it and what may be done with it, when it loads.
    pub authorship: Option<Authorship>,
    names: Names,
    understood: BTreeSet<String>,
}

/// The severity of what is good to know.
const INFORMATION: u8 = 2;
/// What is told of a picture that cannot be read.
const UNREAD_PICTURE: &str = "STOA_IMAGE_NOT_READ";
/// What the validator says of pictures whose format it does not know.
const OF_PICTURES: [&str; 3] = [
    "IMAGE_UNRECOGNIZED_FORMAT",
    "VALUE_NOT_IN_LIST",
    "UNUSED_OBJECT",
];

impl Report {
    /// The object at or below which a finding is, when it has a name.
    #[must_use]
    pub fn object(&self, issue: &Issue) -> Option<&NamedObject> {
        self.names.get(names::key(&issue.pointer)?)
    }

    /// True when there were more findings than are kept, or more data than is looked into.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.is_cut_short || self.left_out != [0; 4]
    }

    /// The worst grade of all costs; nothing when it does not load.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        self.costs.iter().map(|cost| cost.grade).max()
    }

    /// True for a finding of the validator's that is none here: it does not know KTX 2 and DDS, which are read where textures name
    /// them by their extensions, nor the attributes of Gaussian splats.
    #[must_use]
    pub fn is_false_alarm(&self, issue: &Issue) -> bool {
        is_of_splats(issue)
            || OF_PICTURES.contains(&issue.code) && self.understood.contains(&issue.pointer)
    }

    /// How severe a finding is here, where a false alarm is information.
    #[must_use]
    pub fn severity(&self, issue: &Issue) -> u8 {
        match self.is_false_alarm(issue) {
            true => issue.severity.max(INFORMATION),
            false => issue.severity,
        }
    }

    /// As [`Self::count`], by [`Self::severity`].
    #[must_use]
    pub fn count_here(&self, severity: u8) -> usize {
        let is_moved = |issue: &&Issue| self.severity(issue) != issue.severity;
        let moved = || self.issues.iter().filter(is_moved);
        let from = moved().filter(|issue| issue.severity == severity).count();
        let to = moved().filter(|issue| self.severity(issue) == severity);
        self.count(severity) - from + to.count()
    }

    /// One sentence that says how to mend a finding.
    #[must_use]
    pub fn remedy(&self, issue: &Issue) -> &'static str {
        match self.is_false_alarm(issue) {
            true if is_of_splats(issue) => mend::UNDERSTOOD_SPLATS,
            true => mend::UNDERSTOOD,
            false => issue.remedy(),
        }
    }

    fn outcome_now(&self) -> Outcome {
        let is_worth_it = |issue: &Issue| is_worth_a_warning(issue) && !self.is_false_alarm(issue);
        match &self.refusal {
            Some(_) => Outcome::Reject,
            None if self.issues.iter().any(is_worth_it) => Outcome::Warn,
            None => Outcome::Load,
        }
    }

    /// Findings of a severity, with those that are not kept.
    #[must_use]
    pub fn count(&self, severity: u8) -> usize {
        let kept = self.issues.iter();
        let kept = kept.filter(|issue| issue.severity == severity).count();
        let left_out = self.left_out.get(usize::from(severity));
        kept + left_out.copied().unwrap_or(0)
    }
}

/// Checks a file and the files that it names inside its folder; or the world of a folder, with its `world.toml`.
///
/// # Errors
/// [`SceneError`] when no report can be made: the file cannot be read, or is over the size for its purpose; or a folder does not
/// say what its world is.
pub fn check_file(path: &Path, purpose: Purpose) -> Result<Report, SceneError> {
    let (main, manifest, said) = folder_of_world(path)?;
    let bytes = files::read_bounded(&main, purpose.limit())
        .map_err(|text| SceneError::new(ErrorKind::Unreadable, "", text))?;
    let folder = main.parent().unwrap_or(Path::new(""));
    let mut report = check_world(&bytes, &FolderFiles::new(folder), purpose, &manifest);
    let shown = main.display().to_string();
    report.refusal = report.refusal.map(|refusal| refusal.in_file(&shown));
    report.issues.splice(0..0, said);
    report.outcome = report.outcome_now();
    Ok(report)
}

/// Checks bytes; `files` gives what they name beside themselves. No bytes make it panic or exceed the limits.
#[must_use]
pub fn check_bytes(bytes: &[u8], files: &dyn SideFiles, purpose: Purpose) -> Report {
    check_world(bytes, files, purpose, &WorldManifest::default())
}

fn check_world(
    bytes: &[u8],
    files: &dyn SideFiles,
    purpose: Purpose,
    manifest: &WorldManifest,
) -> Report {
    let gate = load(bytes, files, purpose, manifest);
    let told: Vec<String> = match &gate {
        Ok(passed) => passed
            .issues
            .iter()
            .map(|issue| issue.pointer.clone())
            .collect(),
        Err(refusal) => vec![refusal.place.clone()],
    };
    let mut sink = Sink::default();
    find_issues(bytes, files, &told, &mut sink);
    let extensions = std::mem::take(&mut sink.extensions).into_iter();
    let Found {
        mut issues,
        left_out,
        is_cut_short,
        names,
    } = sink.finish();
    let (refusal, passed) = match gate {
        Ok(mut passed) => {
            let known: BTreeSet<_> = issues
                .iter()
                .map(|issue| (issue.code, issue.pointer.clone()))
                .collect();
            let is_fresh = |issue: &Issue| !known.contains(&(issue.code, issue.pointer.clone()));
            let found = std::mem::take(&mut passed.issues).into_iter();
            issues.extend(found.filter(is_fresh));
            (None, Some(passed))
        }
        Err(error) => {
            let refusal = refusal_issue(&error);
            // The validator has told in its words what is broken; ours follow as the refusal.
            let is_told = [INVALID, NOT_GLTF].contains(&refusal.code)
                && issues.iter().any(|issue| issue.severity == 0);
            if !is_told {
                issues.push(refusal);
            }
            (Some(error), None)
        }
    };
    let summary = passed.as_ref().map(|passed| passed.summary);
    let costs = summary.map(|summary| costs::costs(&summary, purpose));
    let mut report = Report {
        issues,
        left_out,
        is_cut_short,
        outcome: Outcome::Load,
        refusal,
        is_glb: bytes.starts_with(b"glTF"),
        summary,
        costs: costs.unwrap_or_default(),
        extensions: extensions.map(NamedExtension::of).collect(),
        names,
        understood: (passed.as_ref())
            .map(|passed| passed.understood.clone())
            .unwrap_or_default(),
        authorship: passed.map(|passed| passed.authorship),
    };
    report.outcome = report.outcome_now();
    report
}

/// What is known of a file that passes the gate.
struct Passed {
    issues: Vec<Issue>,
    summary: Summary,
    authorship: Authorship,
    understood: BTreeSet<String>,
}

/// Sends the file through the gate of its purpose.
fn load(
    bytes: &[u8],
    files: &dyn SideFiles,
    purpose: Purpose,
    manifest: &WorldManifest,
) -> Result<Passed, SceneError> {
    let (limit, budget) = (purpose.limit(), Budget::of_report());
    let mut loaded = document::load_within(bytes, files, limit, &budget, None)?;
    let mut summary = summarise(&loaded);
    let beside = loaded.side_files.iter().map(|(_, file)| file.len() as u64);
    summary.bytes = bytes.len() as u64 + beside.sum::<u64>();
    if let Some((name, _)) = loaded
        .side_files
        .first()
        .filter(|_| purpose != Purpose::World)
    {
        let fault = format!(
            "it needs {} beside it, but only worlds are more than one file",
            name.display()
        );
        return Err(SceneError::new(ErrorKind::SideFiles, "", fault));
    }
    let document = Arc::clone(&loaded.document);
    let root = Item::root(&document);
    let chosen = choose_animations(manifest, &mut loaded.scene);
    loaded.issues.extend(chosen);
    let mut unshown = unshown::of_scene(&root, &loaded.scene, purpose);
    let mut authorship = Authorship::of_scene(&loaded.scene);
    let mut issues = match purpose {
        Purpose::Avatar => {
            let avatar = humanoid::read_avatar(loaded)?;
            authorship = Authorship::of_avatar(&avatar.meta, &avatar.scene);
            unshown.extend(unshown::of_avatar(&root, &avatar));
            avatar.issues
        }
        Purpose::AnimationClip => humanoid::read_clip(loaded)?.issues,
        Purpose::Prop => {
            prop::measure(&loaded, summary.bytes)?;
            loaded.issues
        }
        Purpose::World => loaded.issues,
    };
    issues.extend(unshown);
    let mut understood = unknown_pictures(&root);
    for broken in issues.iter().filter(|issue| issue.code == UNREAD_PICTURE) {
        understood.remove(&broken.pointer);
    }
    Ok(Passed {
        issues,
        summary,
        authorship,
        understood,
    })
}

/// Extensions by which textures name pictures whose format the validator does not know, with its media type.
const UNKNOWN_PICTURES: [(&str, &str); 2] = [
    ("KHR_texture_basisu", "image/ktx2"),
    ("MSFT_texture_dds", "image/vnd-ms.dds"),
];

/// Pictures that textures name by those extensions and in no other way, and where their type stands.
fn unknown_pictures(root: &Item<'_>) -> BTreeSet<String> {
    let mut pointers = BTreeSet::new();
    let textures = root
        .get("textures")
        .filter(|list| list.kind() == Kind::Array);
    let Some(textures) = textures else {
        return pointers;
    };
    let number = |source: Item<'_>| source.index(MAX_IMAGES, "image").ok();
    let (mut named, mut otherwise) = (BTreeMap::new(), BTreeSet::new());
    for texture in (0..textures.count()).filter_map(|place| textures.element(place)) {
        for (extension, kind) in UNKNOWN_PICTURES {
            let source = texture
                .extension(extension)
                .and_then(|own| own.get("source"));
            named.extend(source.and_then(number).map(|image| (image, kind)));
        }
        otherwise.extend(texture.get("source").and_then(number));
    }
    named.retain(|image, _| !otherwise.contains(image));
    for (image, known) in named {
        pointers.insert(format!("/images/{image}"));
        let described = root
            .get("images")
            .and_then(|all| all.element(image as usize));
        let kind = described.and_then(|own| own.get("mimeType"));
        if kind.and_then(|kind| kind.as_text()) == Some(known) {
            pointers.insert(format!("/images/{image}/mimeType"));
        }
    }
    pointers
}

/// What the validator says of attributes that splats have.
fn is_of_splats(issue: &Issue) -> bool {
    let (_, attribute) = issue.pointer.rsplit_once('/').unwrap_or_default();
    issue.code == "MESH_PRIMITIVE_INVALID_ATTRIBUTE"
        && (attribute.split_once(':')).is_some_and(|(extension, _)| extension == SPLATS)
}

/// Errors and warnings, but for chunks that readers are told to pass over.
fn is_worth_a_warning(issue: &Issue) -> bool {
    issue.severity <= 1 && issue.code != "GLB_UNKNOWN_CHUNK_TYPE"
}

/// Codes of faults that the validator tells in other words.
const INVALID: &str = "STOA_INVALID";
const NOT_GLTF: &str = "STOA_NOT_GLTF";

fn refusal_issue(error: &SceneError) -> Issue {
    Issue {
        code: match error.kind {
            ErrorKind::Unreadable => "STOA_UNREADABLE",
            ErrorKind::NotGltf => NOT_GLTF,
            ErrorKind::Invalid => invalid_code(&error.place),
            ErrorKind::RequiredExtension => "STOA_REQUIRED_EXTENSION",
            ErrorKind::OverLimit => "STOA_OVER_LIMIT",
            ErrorKind::Outside => "STOA_OUTSIDE_FOLDER",
            ErrorKind::FileName => "STOA_FILE_NAME",
            ErrorKind::SideFiles => "STOA_SIDE_FILES",
            ErrorKind::NoAvatar => "STOA_VRM_MISSING",
            ErrorKind::NoProp => "STOA_NOT_A_THING",
        },
        severity: 0,
        pointer: if error.place.starts_with('/') {
            error.place.clone()
        } else {
            String::new()
        },
        offset: error
            .place
            .strip_prefix("byte ")
            .and_then(|offset| offset.parse().ok()),
        message: error.fault.clone(),
    }
}

/// A broken rule by the part of the file that breaks it: the validator looks at no avatar.
fn invalid_code(place: &str) -> &'static str {
    let avatar = ["/extensions/VRMC_vrm", "/extensions/VRM"];
    let within = avatar.iter().find_map(|start| place.strip_prefix(start));
    match within.map(|within| within.split('/').nth(1)) {
        None => INVALID,
        Some(Some("humanoid")) => "STOA_VRM_BONE",
        Some(Some("meta")) => "STOA_VRM_META",
        Some(_) => "STOA_VRM_INVALID",
    }
}

fn summarise(loaded: &Loaded) -> Summary {
    let scene = &loaded.scene;
    let primitives = || scene.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let drawn = scene.nodes_in_scene();
    let drawn = drawn
        .iter()
        .filter_map(|node| scene.nodes[node.index()].mesh);
    Summary {
        nodes: scene.nodes.len(),
        draw_calls: drawn
            .map(|mesh| scene.meshes[mesh.index()].primitives.len() as u64)
            .sum(),
        triangles: scene.triangle_count(),
        vertices: primitives()
            .map(|primitive| primitive.positions.len() as u64)
            .sum(),
        materials: scene.materials.len(),
        images: scene.images.len(),
        image_bytes: scene.images.iter().map(Image::drawn_bytes).sum(),
        block_bytes: scene
            .images
            .iter()
            .filter(|image| image.stays_compressed())
            .map(Image::drawn_bytes)
            .sum(),
        packed_bytes: PackedBytes::of(Item::root(&loaded.document)),
        animations: scene.animations.len(),
        joints: scene
            .skins
            .iter()
            .map(|skin| skin.joints.len())
            .max()
            .unwrap_or(0),
        morph_targets: scene
            .meshes
            .iter()
            .map(|mesh| mesh.weights.len())
            .max()
            .unwrap_or(0),
        lights: scene.lights.len(),
        bytes: 0,
    }
}
