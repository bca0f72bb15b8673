//! A glTF document in the making.

use super::{Foreign, Hints, channels::Pixels, picture, splat::Splats};
use crate::output::GENERATOR;
use glam::{Vec3, Vec3Swizzles as _};
use image::{GenericImageView as _, Rgba};
use scene::{
    FolderFiles, SideFiles,
    limits::MAX_ACCESSOR_COUNT,
    writer::{Array, ArrayShape, Component, Draft},
};
use serde_json::{Map, Value, json};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Component as Part, Path},
    sync::Arc,
};

/// Units from the origin beyond which what has no nodes is brought near, by so many units or a multiple: single precision is coarse there.
const FAR_UNITS: f64 = 100_000.0;
const ROUND_UNITS: f64 = 1_000.0;

/// How light and how rough is what has no material.
const BARE_COLOR: f64 = 0.5;
const BARE_ROUGHNESS: f64 = 0.8;

/// Most notes on one file; how many more there were is told after them.
const MAX_NOTES: usize = 20;
/// Longest part of a name that a note repeats.
const MAX_SHOWN_CHARS: usize = 120;
/// Largest library of materials beside the model.
const MAX_LIBRARY_BYTES: u64 = 64 * 1024 * 1024;
/// Largest picture beside the model: plain ones are large.
const MAX_PICTURE_BYTES: u64 = 256 * 1024 * 1024;
/// What is said of a picture that is not found.
const NOT_THERE: &str = "it is not there, or larger than 256 MiB; put it beside the model, or name its folder with `--textures`";

/// How the name of a picture stands for all tiles of a surface, in large letters, and what is said of it.
const ALL_TILES: &str = "<UDIM>";
const TILES: &str = "it stands for several tiles (UDIM): bake them into one picture";

/// Folders below that of a model in which its pictures are often, whatever path their tool wrote; and that of its own name with the
/// ending `.fbm`, in which Autodesk's programs put them.
const PICTURE_FOLDERS: [&str; 6] = ["textures", "Textures", "texture", "tex", "maps", "images"];

/// Endings under which a picture may lie that is not there as it is named.
const OTHER_ENDINGS: [&str; 12] = [
    "png", "PNG", "jpg", "JPG", "jpeg", "webp", "tga", "TGA", "tif", "tiff", "bmp", "dds",
];

/// Of how many pixels one may be half transparent in a picture that cuts out: its edges are.
const MOST_BETWEEN: u64 = 10;

/// How far the means of red and green of a normal map may be from the middle, and what the mean of its blue is above.
const NORMAL_TILT: u64 = 40;
const LEAST_NORMAL_BLUE: u64 = 170;

/// How far channels of a grey picture may differ: compression as JPEG tints a little.
const MOST_COLOR_OF_GREY: u8 = 8;

/// Corners of triangles, or points: all lists are as long as `positions`, or empty.
#[derive(Default)]
pub(super) struct Corners {
    pub(super) positions: Vec<[f32; 3]>,
    pub(super) normals: Vec<[f32; 3]>,
    pub(super) uv_sets: Vec<Vec<[f32; 2]>>,
    /// Linear.
    pub(super) colors: Vec<[f32; 4]>,
    pub(super) joints: Vec<[u16; 4]>,
    pub(super) weights: Vec<[f32; 4]>,
    /// What each morph target adds to positions.
    pub(super) targets: Vec<Vec<[f32; 3]>>,
    pub(super) is_points: bool,
    /// What is around each point; empty, or as long as `positions`.
    pub(super) splats: Splats,
}

/// What is known of the model so far.
pub(super) struct Model<'a> {
    pub(super) hints: &'a Hints,
    /// Surfaces of its format have no sides: what is seen from behind is drawn.
    pub(super) shows_both_sides: bool,
    files: &'a dyn SideFiles,
    name: String,
    draft: Draft,
    /// What is subtracted from all corners of a format without nodes.
    pub(super) origin: [f64; 3],
    /// The lowest and the highest corner of what was drawn so far.
    low: Vec3,
    high: Vec3,
    notes: Vec<String>,
    left_out_notes: usize,
    images: BTreeMap<String, Option<usize>>,
    /// What pixels of pictures say, by their names.
    looks: BTreeMap<String, Look>,
    /// What pictures that are put together may still cost.
    pub(super) pixels: Pixels,
    /// Names of what could not be put together.
    pub(super) failed: BTreeSet<String>,
    /// It comes from Blender, which writes roughness where others write gloss.
    pub(super) is_of_blender: bool,
    /// Triangles that are left out because a corner is nowhere.
    pub(super) nowhere: usize,
    /// It comes from Maya, which writes transparency where others write opacity.
    pub(super) is_of_maya: bool,
    /// Names of pictures, and of those that were taken in their place.
    taken: RefCell<BTreeSet<[String; 2]>>,
    /// By their names.
    pictures: RefCell<BTreeMap<String, Picture>>,
    /// By image and wrapping.
    textures: BTreeMap<(usize, [u32; 2]), usize>,
    /// What has no material of its own, without colours and with them.
    bare: [Option<usize>; 2],
    /// Materials by the one that they take the place of, and the number of texture coordinate sets that they fit.
    fitting: BTreeMap<(usize, usize), usize>,
}

/// A picture as glTF takes it, or why there is none, in words that follow its name.
type Picture = Result<Arc<[u8]>, String>;

/// What the pixels of a picture say.
#[derive(Clone, Copy, Default)]
struct Look {
    alpha_mode: Option<&'static str>,
    /// Some of it is not there, or not all.
    has_holes: bool,
    is_grey: bool,
    /// Its colours are those of directions that mostly point outwards.
    is_normals: bool,
}

impl Look {
    fn of(image: &image::DynamicImage) -> Self {
        let (mut sums, mut between, mut holes, mut colored) = ([0u64; 3], 0, 0, 0);
        for (_, _, Rgba([red, green, blue, alpha])) in image.pixels() {
            for (sum, channel) in sums.iter_mut().zip([red, green, blue]) {
                *sum += u64::from(channel);
            }
            between += u64::from((16..240).contains(&alpha));
            holes += u64::from(alpha != u8::MAX);
            let color = red.abs_diff(green).max(blue.abs_diff(green));
            colored += u64::from(color > MOST_COLOR_OF_GREY);
        }
        let count = u64::from(image.width()) * u64::from(image.height());
        let [red, green, blue] = sums.map(|sum| sum / count.max(1));
        let is_level = |mean: u64| (128 - NORMAL_TILT..=128 + NORMAL_TILT).contains(&mean);
        Self {
            alpha_mode: image.color().has_alpha().then_some({
                match between <= count / MOST_BETWEEN {
                    true => "MASK",
                    false => "BLEND",
                }
            }),
            has_holes: holes > 0,
            is_grey: colored == 0,
            is_normals: is_level(red) && is_level(green) && blue > LEAST_NORMAL_BLUE,
        }
    }
}

impl<'a> Model<'a> {
    /// A model of that path, with what lies beside it.
    pub(super) fn new(path: &Path, files: &'a dyn SideFiles, hints: &'a Hints) -> Self {
        let json = json!({
            "asset": {
                "version": "2.0",
                "generator": GENERATOR,
            },
            "scene": 0,
            "scenes": [{ "nodes": [] }],
            "nodes": [],
        });
        let stem = path.file_stem().unwrap_or_default();
        Self {
            hints,
            shows_both_sides: false,
            files,
            name: stem.to_string_lossy().into_owned(),
            draft: Draft::new(json),
            origin: [0.0; 3],
            low: Vec3::INFINITY,
            high: Vec3::NEG_INFINITY,
            bare: [None; 2],
            notes: Vec::new(),
            left_out_notes: 0,
            looks: BTreeMap::new(),
            pixels: Pixels::new(),
            failed: BTreeSet::new(),
            is_of_blender: false,
            nowhere: 0,
            is_of_maya: false,
            taken: RefCell::default(),
            pictures: RefCell::default(),
            images: BTreeMap::new(),
            textures: BTreeMap::new(),
            fitting: BTreeMap::new(),
        }
    }

    /// The name of the file without its ending.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Tells something once.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        let text = text.into().replace(scene::is_unprintable, " ");
        if self.notes.contains(&text) {
            return;
        }
        if self.notes.len() < MAX_NOTES {
            self.notes.push(text);
        } else {
            self.left_out_notes += 1;
        }
    }

    /// Appends to an array of the root and returns the place.
    pub(super) fn push(&mut self, list: &str, value: Value) -> usize {
        let list = &mut self.draft.json[list];
        if list.is_null() {
            *list = json!([]);
        }
        match list {
            Value::Array(list) => {
                list.push(value);
                list.len() - 1
            }
            _ => 0,
        }
    }

    pub(super) fn add(&mut self, array: Array) -> usize {
        self.draft.add(array)
    }

    pub(super) fn node(&mut self, node: usize) -> &mut Value {
        &mut self.draft.json["nodes"][node]
    }

    /// A node at the root of the scene.
    pub(super) fn push_root(&mut self, node: Value) -> usize {
        let place = self.push("nodes", node);
        if let Value::Array(roots) = &mut self.draft.json["scenes"][0]["nodes"] {
            roots.push(place.into());
        }
        place
    }

    /// Brings what was surveyed near, by where its first corner is: far from the origin single precision is coarse.
    pub(super) fn put_near(&mut self, first: [f64; 3]) {
        let is_far = |part: f64| part.is_finite() && part.abs() > FAR_UNITS;
        if !first.iter().any(|part| is_far(*part)) {
            return;
        }
        let round = |part: f64| (part / ROUND_UNITS).round() * ROUND_UNITS;
        self.origin = first.map(|part| if is_far(part) { round(part) } else { 0.0 });
        let [x, y, z] = self.origin;
        self.note(format!(
            "it lies far away and is brought near: {x}, {y}, {z} are subtracted from all corners"
        ));
    }

    fn reach_around(&mut self, positions: &[[f32; 3]]) {
        for position in positions {
            self.low = self.low.min(Vec3::from(*position));
            self.high = self.high.max(Vec3::from(*position));
        }
    }

    /// Vertex data as a primitive; nothing when there are none.
    ///
    /// # Errors
    /// One line when there are too many.
    pub(super) fn primitive(
        &mut self,
        corners: &Corners,
        material: Option<usize>,
    ) -> Result<Option<Value>, String> {
        let count = corners.positions.len();
        if count == 0 {
            return Ok(None);
        }
        if count > MAX_ACCESSOR_COUNT {
            return Err(format!(
                "it has {count} corners, the limit is {MAX_ACCESSOR_COUNT}"
            ));
        }
        self.reach_around(&corners.positions);
        let material = match material {
            Some(own) => Some(self.fitting_material(own, corners.uv_sets.len())),
            None if corners.is_points => None,
            None => Some(self.bare_material(!corners.colors.is_empty())),
        };
        let mut attributes = Map::new();
        let mut put = |draft: &mut Draft, name: &str, array: Array| {
            attributes.insert(name.to_owned(), draft.add(array).into());
        };
        let draft = &mut self.draft;
        put(draft, "POSITION", vectors(&corners.positions));
        if corners.normals.len() == count {
            put(draft, "NORMAL", vectors(&corners.normals));
        }
        for (number, set) in corners.uv_sets.iter().enumerate() {
            let array = Array::floats(ArrayShape::Vec2, set.as_flattened());
            put(draft, &format!("TEXCOORD_{number}"), array);
        }
        if corners.colors.len() == count {
            put(draft, "COLOR_0", colors(&corners.colors));
        }
        if corners.joints.len() == count {
            let joints = corners.joints.as_flattened().iter();
            let bytes = joints.flat_map(|joint| joint.to_le_bytes()).collect();
            let array = Array::new(ArrayShape::Vec4, Component::U16, false, bytes);
            put(draft, "JOINTS_0", array);
            let array = Array::floats(ArrayShape::Vec4, corners.weights.as_flattened());
            put(draft, "WEIGHTS_0", array);
        }
        let targets: Vec<Value> = corners
            .targets
            .iter()
            .map(|target| json!({ "POSITION": draft.add(vectors(target)) }))
            .collect();
        let splats = (corners.is_points && !corners.splats.is_empty())
            .then(|| corners.splats.write(draft, &mut attributes));
        let mut primitive = json!({ "attributes": attributes });
        if corners.is_points {
            primitive["mode"] = 0.into();
        }
        if let Some(splats) = splats {
            primitive["extensions"] = splats;
        }
        if !targets.is_empty() {
            primitive["targets"] = targets.into();
        }
        if let Some(material) = material {
            primitive["material"] = material.into();
        }
        Ok(Some(primitive))
    }

    /// What has no material is as smooth as plastic: that of glTF would be metal.
    fn bare_material(&mut self, has_colors: bool) -> usize {
        if let Some(known) = self.bare[usize::from(has_colors)] {
            return known;
        }
        let mut json = bare(has_colors);
        if self.shows_both_sides {
            json["doubleSided"] = true.into();
        }
        let place = self.push("materials", json);
        self.bare[usize::from(has_colors)] = Some(place);
        place
    }

    /// A material without the textures for which a mesh has no coordinates.
    fn fitting_material(&mut self, material: usize, uv_sets: usize) -> usize {
        if let Some(known) = self.fitting.get(&(material, uv_sets)) {
            return *known;
        }
        let mut own = self.draft.json["materials"][material].clone();
        let fitting = match leave_out_textures(&mut own, uv_sets) {
            false => material,
            true => {
                let name = shown(own["name"].as_str().unwrap_or_default());
                self.note(format!(
                    "a mesh without texture coordinates for its material `{name}` is drawn without textures"
                ));
                self.push("materials", own)
            }
        };
        self.fitting.insert((material, uv_sets), fitting);
        fitting
    }

    /// A texture of a file beside the model, or of bytes within it, with how it goes on sideways and upwards; `None`, with a
    /// note, when it is not there.
    pub(super) fn texture(&mut self, name: &str, content: &[u8], wraps: [u32; 2]) -> Option<usize> {
        let image = self.image(name, content)?;
        if let Some(known) = self.textures.get(&(image, wraps)) {
            return Some(*known);
        }
        let sampler = self.push("samplers", json!({ "wrapS": wraps[0], "wrapT": wraps[1] }));
        let texture = self.push("textures", json!({ "source": image, "sampler": sampler }));
        self.textures.insert((image, wraps), texture);
        Some(texture)
    }

    /// True when there is an image of that name already.
    pub(super) fn has_image(&self, name: &str) -> bool {
        self.images.contains_key(name)
    }

    fn image(&mut self, name: &str, content: &[u8]) -> Option<usize> {
        if let Some(known) = self.images.get(name) {
            return *known;
        }
        let file = file_name(name);
        let found = match self.picture(name, content) {
            Ok(bytes) => {
                if is_tile(file) {
                    let shown = shown(file);
                    self.note(format!(
                        "the image `{shown}` is called like one of several tiles (UDIM), of which one alone is shown: bake them into one"
                    ));
                }
                let place = self.draft.add_blob(bytes);
                let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
                let image = json!({ "name": stem, "bufferView": place, "mimeType": "image/png" });
                Some(self.push("images", image))
            }
            Err(fault) => {
                let is_all = file.to_ascii_uppercase().contains(ALL_TILES);
                let fault = if is_all { TILES } else { &fault };
                self.note_left_out(file, fault);
                None
            }
        };
        self.images.insert(name.to_owned(), found);
        found
    }

    /// Tells why a picture is left out. Of a path of another computer the end says which it is.
    pub(super) fn note_left_out(&mut self, name: &str, fault: &str) {
        let shown = shown(file_name(name));
        self.note(format!("the image `{shown}` is left out: {fault}"));
    }

    /// How the alpha of a picture is meant: where it says yes or no alone, it cuts out. `None` where it has none.
    pub(super) fn alpha_mode(&mut self, name: &str, content: &[u8]) -> Option<&'static str> {
        self.look(name, content).alpha_mode
    }

    /// True for a picture without any colour.
    pub(super) fn is_grey(&mut self, name: &str, content: &[u8]) -> bool {
        self.look(name, content).is_grey
    }

    /// True for the colours of a normal map.
    pub(super) fn is_normals(&mut self, name: &str, content: &[u8]) -> bool {
        self.look(name, content).is_normals
    }

    /// True for a picture whose alpha says something.
    pub(super) fn has_holes(&mut self, name: &str, content: &[u8]) -> bool {
        self.look(name, content).has_holes
    }

    fn look(&mut self, name: &str, content: &[u8]) -> Look {
        if let Some(known) = self.looks.get(name) {
            return *known;
        }
        let bytes = self.picture(name, content);
        let image = bytes
            .ok()
            .and_then(|bytes| image::load_from_memory(&bytes).ok());
        let look = image.as_ref().map(Look::of).unwrap_or_default();
        self.looks.insert(name.to_owned(), look);
        look
    }

    /// A picture as glTF takes it: of bytes within the model, or where there are none of a file.
    ///
    /// # Errors
    /// Why there is none, in words that follow its name.
    pub(super) fn picture(&self, name: &str, content: &[u8]) -> Picture {
        if let Some(known) = self.pictures.borrow().get(name) {
            return known.clone();
        }
        let made = match content.is_empty() {
            true => self.find_picture(name),
            false => picture::as_gltf(name, content.to_vec()),
        };
        let made = made.map(Arc::from);
        let mut pictures = self.pictures.borrow_mut();
        pictures.insert(name.to_owned(), made.clone());
        made
    }

    /// Tools name the picture that they painted on, and it was sent as another kind, or from a system that knows no case: where it is not
    /// there one of its name with another ending is taken.
    fn find_picture(&self, name: &str) -> Result<Vec<u8>, String> {
        if let Some(bytes) = self.find_file(name) {
            return picture::as_gltf(name, bytes);
        }
        let file = file_name(name);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        for ending in OTHER_ENDINGS {
            let other = format!("{stem}.{ending}");
            let found = self.find_file(&other);
            if let Some(Ok(picture)) = found.map(|bytes| picture::as_gltf(&other, bytes)) {
                let taken = [file, &other].map(shown);
                self.taken.borrow_mut().insert(taken);
                return Ok(picture);
            }
        }
        Err(NOT_THERE.to_owned())
    }

    /// Where the model says, by its name alone, in the folder of textures that was named, or where pictures often are. Only in and below
    /// the folder of the model, but for the one that was named.
    fn find_file(&self, name: &str) -> Option<Vec<u8>> {
        let relative = name.replace('\\', "/");
        let name = file_name(name);
        let below = |name: &str| self.file_below(name, MAX_PICTURE_BYTES);
        let named = || {
            let folder = FolderFiles::new(self.hints.textures.as_ref()?);
            folder.read(downwards(name)?, MAX_PICTURE_BYTES).ok()
        };
        let usual = || {
            let media = format!("{}.fbm", self.name);
            let mut folders = PICTURE_FOLDERS.into_iter().chain([media.as_str()]);
            folders.find_map(|folder| below(&format!("{folder}/{name}")))
        };
        (below(&relative).or_else(|| below(name)))
            .or_else(named)
            .or_else(usual)
    }

    /// A file of at most so many bytes in or below the folder of the model.
    pub(super) fn file_below(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        self.files.read(downwards(name)?, most).ok()
    }

    /// A text file beside the model.
    pub(super) fn library(&self, name: &str) -> Option<Vec<u8>> {
        self.file_below(file_name(name), MAX_LIBRARY_BYTES)
    }

    /// Formats without axes and units: they have those that were told, or the usual ones, which is told.
    pub(super) fn turn_and_scale(&mut self, format: &str) {
        let (unit, up) = (self.hints.unit_metres, self.hints.is_z_up);
        // STL comes from programs that build things, in millimetres on a plate.
        let ((usual, unit_name), (is_z_up, up_name)) = match format {
            "STL" => ((0.001, "millimetres"), (true, "Z")),
            _ => ((1.0, "metres"), (false, "Y")),
        };
        let guessed = match (unit, up) {
            (None, None) => format!(
                "unit and no axis: it is taken as {unit_name} with {up_name} up, unless `--unit` and `--up` say otherwise"
            ),
            (None, Some(_)) => {
                format!("unit: it is taken as {unit_name}, unless `--unit` says otherwise")
            }
            (Some(_), None) => {
                format!("axis: {up_name} is taken as up, unless `--up` says otherwise")
            }
            (Some(_), Some(_)) => String::new(),
        };
        let (unit, is_z_up) = (unit.unwrap_or(usual), up.unwrap_or(is_z_up));
        if !guessed.is_empty() {
            let mut size = (self.high - self.low).max(Vec3::ZERO) * unit;
            if is_z_up {
                size = size.xzy();
            }
            let size = format!(
                "{} x {} x {} m",
                length(size.x),
                length(size.y),
                length(size.z)
            );
            self.note(format!("{format} states no {guessed}; it becomes {size}"));
        }
        self.stand(is_z_up, unit);
    }

    /// One node above all roots turns them upright and scales them to metres.
    pub(super) fn stand(&mut self, is_z_up: bool, unit_metres: f32) {
        let scale = unit_metres;
        let half = std::f32::consts::FRAC_1_SQRT_2;
        let mut root = json!({});
        if is_z_up {
            root["rotation"] = json!([-half, 0.0, 0.0, half]);
        }
        if (scale - 1.0).abs() > f32::EPSILON {
            root["scale"] = json!([scale, scale, scale]);
        }
        self.put_below(root);
    }

    /// The joints of a skin have one root: where there are skins, one node lies above all.
    pub(super) fn join_roots_of_skins(&mut self) {
        let roots = self.draft.json["scenes"][0]["nodes"].as_array();
        if !self.draft.list("skins").is_empty() && roots.is_some_and(|roots| roots.len() > 1) {
            self.put_below(json!({}));
        }
    }

    /// All roots below one node with the name of the file.
    fn put_below(&mut self, mut root: Value) {
        root["name"] = self.name.as_str().into();
        root["children"] = self.draft.json["scenes"][0]["nodes"].take();
        self.draft.json["scenes"][0]["nodes"] = json!([]);
        self.push_root(root);
    }

    /// The document as a GLB.
    ///
    /// # Errors
    /// One line when there is nothing in it, or too much.
    pub(super) fn finish(mut self) -> Result<Foreign, String> {
        if self.draft.list("meshes").is_empty() && self.draft.list("animations").is_empty() {
            return Err("there is nothing in it that can be drawn or moves".to_owned());
        }
        for [name, taken] in self.taken.take() {
            self.note(format!(
                "the image `{taken}` is taken for `{name}`, which is not there"
            ));
        }
        if self.nowhere > 0 {
            let count = self.nowhere;
            self.note(format!(
                "triangles with a number that is none, or infinite, are left out ({count})"
            ));
        }
        if self.draft.list("meshes").is_empty() {
            self.note("there is no mesh in it, only a skeleton that moves: nothing is seen");
        }
        for name in ["scenes", "nodes"] {
            if self.draft.list(name).is_empty() {
                return Err("there are no objects in it".to_owned());
            }
        }
        if self.draft.json["scenes"][0]["nodes"]
            .as_array()
            .is_some_and(Vec::is_empty)
        {
            return Err("there are no objects in it".to_owned());
        }
        if self.left_out_notes > 0 {
            self.notes
                .push(format!("and {} more notes", self.left_out_notes));
        }
        self.draft.weld(None);
        let glb = self.draft.write(None).map_err(|error| error.to_string())?;
        Ok(Foreign {
            glb,
            notes: self.notes,
        })
    }
}

/// A material that nobody has chosen; colours of vertices are shown as they are.
pub(super) fn bare(has_colors: bool) -> Value {
    let color = if has_colors { 1.0 } else { BARE_COLOR };
    json!({ "pbrMetallicRoughness": {
        "baseColorFactor": [color, color, color, 1.0],
        "metallicFactor": 0.0,
        "roughnessFactor": BARE_ROUGHNESS,
    }})
}

/// A name as notes and faults repeat it, in one line.
pub(super) fn shown(name: &str) -> String {
    let name = name.chars().take(MAX_SHOWN_CHARS);
    name.map(|own| match scene::is_unprintable(own) {
        true => ' ',
        false => own,
    })
    .collect()
}

/// True for a name with the number of a tile of UDIM: `.1001.` to `.1099.`, or with an underscore.
fn is_tile(name: &str) -> bool {
    let mut parts = name.split(['.', '_']).skip(1);
    // What is called 1024 has so many pixels.
    parts.any(|part| part.len() == 4 && matches!(part.parse(), Ok(1_001..=1_023 | 1_025..=1_099)))
}

/// Metres with three digits.
fn length(metres: f32) -> String {
    let digits = match metres {
        ..1.0 => 3,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{metres:.digits$}")
}

/// Takes textures of further coordinate sets out of a material, at any depth; true when there were some.
fn leave_out_textures(material: &mut Value, uv_sets: usize) -> bool {
    let Some(members) = material.as_object_mut() else {
        return false;
    };
    let count = members.len();
    members.retain(|name, value| {
        let set = value["texCoord"].as_u64().unwrap_or(0);
        !name.ends_with("Texture") || set < uv_sets as u64
    });
    let mut is_less = members.len() < count;
    for value in members.values_mut() {
        is_less |= leave_out_textures(value, uv_sets);
    }
    is_less
}

/// Colours in half of the bytes where none is brighter than white.
fn colors(values: &[[f32; 4]]) -> Array {
    let parts = values.as_flattened();
    match parts.iter().all(|part| (0.0..=1.0).contains(part)) {
        true => Array::shares(ArrayShape::Vec4, parts),
        false => Array::floats(ArrayShape::Vec4, parts),
    }
}

fn vectors(values: &[[f32; 3]]) -> Array {
    Array::floats(ArrayShape::Vec3, values.as_flattened())
}

/// A name as a path that leads downwards alone: on some systems a colon begins another drive, or what hides behind a file.
fn downwards(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    let mut parts = path.components();
    let is_inside = parts.all(|part| matches!(part, Part::Normal(_) | Part::CurDir));
    (!name.is_empty() && !name.contains(':') && is_inside).then_some(path)
}

/// The last part of a path of any system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}
