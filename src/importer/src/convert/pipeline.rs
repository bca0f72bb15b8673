//! The steps from a file to a canonical GLB.

use super::{
    Wishes, authorship, levels, pack, physics, plain, quantize, simplify, textures,
    worker::progress::Stage,
};
use crate::{
    formats::{self, Archive, Hints},
    output::GENERATOR,
};
use scene::{
    FolderFiles, NoSideFiles, Purpose, SideFiles, check_bytes, limits,
    writer::{Draft, OrderTriangles},
};
use std::path::{Path, PathBuf};

/// What a fault of a file that can be checked ends with.
const ASK_CHECK: &str = "; `stoa-import check` says more";
/// What is told of an avatar in an archive that does not become one.
pub(super) const UNWORN: &str =
    "it is an avatar: unpack it to wear it, or convert it to a name that ends with .vrm";
/// What is told of an avatar whose licence lets nobody change it.
pub(super) const NOT_TO_BE_CHANGED: &str =
    "its licence lets nobody change it: unless it is yours, keep the result to yourself";

/// Converts a file; the result comes with what is worth telling.
///
/// # Errors
/// One line that says what is wrong with the file, or what of it cannot be written.
pub(super) fn convert(
    path: &Path,
    purpose: Purpose,
    wishes: &Wishes,
) -> Result<(Vec<u8>, Vec<String>), String> {
    Stage::Reading.begin();
    let folder = FolderFiles::new(path.parent().unwrap_or(Path::new(".")));
    let (glb, mut notes) = if formats::is_archive(path) {
        convert_archive(path, purpose, wishes)
    } else if formats::is_foreign(path) {
        let bytes = scene::read_bounded(path, formats::MAX_BYTES)?;
        let hints = Hints {
            textures: wishes.textures.clone().or_else(|| beside_source(path)),
            ..wishes.hints()
        };
        convert_foreign(path, &bytes, &folder, &hints, purpose, wishes)
    } else {
        let bytes = scene::read_bounded(path, taken_as(purpose).limit())?;
        convert_bytes(&bytes, &folder, purpose, wishes, ASK_CHECK)
    }?;
    notes.extend(wishes.idle(path).map(str::to_owned));
    Ok((glb, notes))
}

fn convert_archive(
    path: &Path,
    purpose: Purpose,
    wishes: &Wishes,
) -> Result<(Vec<u8>, Vec<String>), String> {
    let bytes = scene::read_bounded(path, formats::MAX_BYTES)?;
    let archive = Archive::open(&bytes)?;
    let choice = archive.choose()?;
    let (model, files) = (archive.model(&choice)?, archive.beside(&choice.name));
    let name = Path::new(&choice.name);
    let converted = match formats::is_foreign(name) {
        true => convert_foreign(name, &model, &files, &wishes.hints(), purpose, wishes),
        false => convert_bytes(&model, &files, purpose, wishes, ""),
    };
    let (glb, own) = converted.map_err(|fault| choice.fault(&fault))?;
    let mut notes = choice.notes;
    if Purpose::of_file(name) == Purpose::Avatar && purpose != Purpose::Avatar {
        notes.push(UNWORN.to_owned());
    }
    notes.extend(own);
    Ok((glb, notes))
}

/// A file of another format, with what lies beside it.
fn convert_foreign(
    path: &Path,
    bytes: &[u8],
    files: &dyn SideFiles,
    hints: &Hints,
    purpose: Purpose,
    wishes: &Wishes,
) -> Result<(Vec<u8>, Vec<String>), String> {
    let foreign = formats::read(path, bytes, files, hints)?;
    let (size, limit) = (foreign.glb.len() as u64, taken_as(purpose).limit());
    if size > limit {
        let (size, limit) = (size.div_ceil(1 << 20), limit >> 20);
        return Err(format!(
            "as a glTF it has {size} MiB, the limit is {limit}: leave out some of its triangles or points, or take smaller pictures"
        ));
    }
    let (glb, mut notes) = convert_bytes(&foreign.glb, &NoSideFiles, purpose, wishes, "")?;
    notes.extend(foreign.notes);
    Ok((glb, notes))
}

/// The folder with the pictures of a model as sites hand it out: `textures` beside `source`, in which the model is.
fn beside_source(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let folder = path.parent()?;
    let is_source = folder.file_name()?.eq_ignore_ascii_case("source");
    let beside = folder.parent()?;
    let mut folders = ["textures", "Textures"]
        .map(|name| beside.join(name))
        .into_iter();
    folders.find(|folder| is_source && folder.is_dir())
}

/// The purpose whose limits hold for a source: a thing may have other files beside it and be large, and become small and whole.
fn taken_as(purpose: Purpose) -> Purpose {
    match purpose {
        Purpose::Prop => Purpose::World,
        other => other,
    }
}

/// `more` says where more is said of a fault that stays.
fn convert_bytes(
    bytes: &[u8],
    files: &dyn SideFiles,
    purpose: Purpose,
    wishes: &Wishes,
    more: &str,
) -> Result<(Vec<u8>, Vec<String>), String> {
    let draft = Draft::open(bytes, files, taken_as(purpose));
    let mut draft = draft.map_err(|error| error.to_string())?;
    sign(&mut draft);
    authorship::state(&mut draft);
    Stage::Images.begin();
    textures::improve(
        &mut draft,
        textures::Wishes {
            most_pixels: wishes.max_texture,
            is_plain: wishes.portable,
            threads: wishes.threads,
        },
    )?;
    let mut notes = Vec::new();
    if let Some(name) = draft.first_unknown_extension() {
        notes.push(format!(
            "what {name} names is not known: no picture is compressed or made smaller, no vertex rounded, packed, left out or drawn at another level"
        ));
    }
    if is_not_to_be_changed(&draft) {
        notes.push(NOT_TO_BE_CHANGED.to_owned());
    }
    if let Some(physics) = wishes.physics {
        Stage::Colliders.begin();
        notes.extend(physics::add(&mut draft, physics, wishes.threads)?);
    }
    Stage::Vertices.begin();
    let glb = if wishes.portable {
        plain::ask_less(&mut draft);
        plain::dequantize(&mut draft);
        draft.weld(None);
        thin_out(&mut draft, wishes);
        draft.weld(None);
        draft.merge();
        Stage::Packing.begin();
        draft.write(None)
    } else {
        quantize::quantize(&mut draft);
        draft.weld(None);
        thin_out(&mut draft, wishes);
        let order: OrderTriangles<'_> =
            &|indices, count| meshopt::optimize_vertex_cache_strip(indices, count);
        draft.weld(Some(order));
        draft.merge();
        Stage::Packing.begin();
        pack::pack(&mut draft);
        draft.write(Some(&pack::compress))
    };
    let glb = glb.map_err(|error| error.to_string())?;
    Stage::Checking.begin();
    confirm(&glb, purpose, more)?;
    Ok((glb, notes))
}

/// True for an avatar (VRM 1.0) that does not allow it.
fn is_not_to_be_changed(draft: &Draft) -> bool {
    let meta = &draft.json["extensions"]["VRMC_vrm"]["meta"];
    let allows = |word: &str| word.starts_with("allowModification");
    meta.is_object() && !meta["modification"].as_str().is_some_and(allows)
}

/// Says who made the result, after who made the source: by that it may be replaced.
fn sign(draft: &mut Draft) {
    let generator = &mut draft.json["asset"]["generator"];
    let signed = match generator.as_str().filter(|own| !own.is_empty()) {
        Some(own) if own.ends_with(GENERATOR) => return,
        Some(own) => format!("{own}, {GENERATOR}"),
        None => GENERATOR.to_owned(),
    };
    *generator = signed.into();
}

/// Fewer triangles where that is asked for, over vertices that are welded.
fn thin_out(draft: &mut Draft, wishes: &Wishes) {
    if wishes.simplify {
        simplify::simplify(draft);
    }
    levels::add(draft, wishes.levels);
}

/// What is written must be without an error, or it is not written.
fn confirm(glb: &[u8], purpose: Purpose, more: &str) -> Result<(), String> {
    let report = check_bytes(glb, &NoSideFiles, purpose);
    let mut errors = report.issues.iter().filter(|issue| issue.severity == 0);
    let error = errors.find(|issue| !report.is_false_alarm(issue));
    match (error, &report.refusal) {
        (Some(issue), _) => Err(format!(
            "it has an error that converting does not mend: {} at {}: {}{more}",
            issue.code,
            crate::text::place(&report, issue),
            issue.message
        )),
        (None, Some(refusal)) => Err(refusal.to_string()),
        (None, None) if report.left_out[0] > 0 => Err(format!(
            "it has {} errors, too many to look at each",
            report.count(0)
        )),
        (None, None) if report.is_cut_short => Err(format!(
            "it cannot be checked: it has more than {} MiB of data to look into, {} elements of an accessor or {} sets of joints",
            limits::MAX_CHECKED_BYTES >> 20,
            limits::MAX_ACCESSOR_COUNT,
            limits::MAX_ATTRIBUTE_SETS,
        )),
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{convert::physics::Physics, mutate::mutate, random::Random};
    use std::path::PathBuf;

    /// Damaged files; a few seconds.
    const ROUNDS: u64 = 300;

    fn sources() -> Vec<PathBuf> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        let own = checkout.map(|root| root.join("assets/worlds/plaza/plaza.glb"));
        let shared = checkout
            .and_then(Path::parent)
            .map(|root| root.join("shared/data/gltf"));
        let names = [
            "animated/AnimatedCube.gltf",
            "animated/Fox.glb",
            "ext/compressed/AnimatedMorphCube.meshopt_high.glb",
            "ext/compressed/BoxDraco.gltf",
            "vrm_addon/basic_armature.vrm",
            "omi/OMI_seat/examples/simple_chair_pos_z.gltf",
        ];
        let shared = names
            .iter()
            .filter_map(|name| Some(shared.as_ref()?.join(name)));
        let found: Vec<PathBuf> = shared.filter(|path| path.exists()).collect();
        if found.is_empty() {
            return own.into_iter().collect();
        }
        found
    }

    #[test]
    fn pictures_beside_the_folder_source_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let textures = folder.path().join("textures");
        let found = |name: &str| beside_source(&folder.path().join(name));
        assert_eq!(found("source/a.fbx"), None);
        std::fs::create_dir(&textures).unwrap();
        assert_eq!(found("source/a.fbx"), Some(textures));
        assert_eq!(found("models/a.fbx"), None);
    }

    #[test]
    fn an_error_is_found_among_ten_thousand_hints() {
        let nodes = "{},".repeat(limits::MAX_ISSUES + 1);
        let json = format!(
            r#"{{"asset":{{"version":"2.0"}},"nodes":[{nodes}{{"rotation":[0,0,0.5,0.5]}}]}}"#
        );
        let wishes = Wishes::default();
        let result = convert_bytes(json.as_bytes(), &NoSideFiles, Purpose::World, &wishes, "");
        let fault = result.unwrap_err();
        assert!(fault.contains("ROTATION_NON_UNIT"), "{fault}");
    }

    #[test]
    fn damaged_files_give_a_good_file_or_one_line() {
        let sources = sources();
        let wishes = Wishes {
            max_texture: 16,
            threads: 1,
            levels: 2,
            ..Wishes::default()
        };
        let mut written = 0;
        for seed in 0..ROUNDS {
            let path = &sources[Random::new(!seed).below(sources.len())];
            let bytes = mutate(&std::fs::read(path).unwrap(), seed);
            let wishes = Wishes {
                portable: seed % 2 == 0,
                physics: match seed % 12 {
                    0 | 6 => Some(Physics::Box),
                    1 | 7 => Some(Physics::Trimesh),
                    2 | 3 => Some(Physics::Parts),
                    _ => None,
                },
                ..wishes.clone()
            };
            let folder = FolderFiles::new(path.parent().unwrap());
            match convert_bytes(&bytes, &folder, Purpose::World, &wishes, "") {
                Ok(_) => written += 1,
                Err(fault) => assert!(!fault.is_empty() && !fault.contains('\n'), "{fault:?}"),
            }
        }
        assert!(written > ROUNDS / 20, "only {written} were written");
    }
}
