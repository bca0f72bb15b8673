//! The steps from a file to a canonical GLB.

use super::{
    Wishes, authorship, levels, pack, physics, plain, quantize, simplify, textures,
    worker::progress::Stage,
};
use crate::{formats, output::GENERATOR};
use scene::{
    FolderFiles, Issue, NoSideFiles, Purpose, SideFiles, check_bytes, limits,
    writer::{Draft, OrderTriangles},
};
use std::path::Path;

/// What a fault of a file that can be checked ends with.
const ASK_CHECK: &str = "; `stoa-import check` says more";
/// What attributes with Gaussian splats begin with.
const SPLATS: &str = "/attributes/KHR_gaussian_splatting:";

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
    let (glb, mut notes) = if formats::is_foreign(path) {
        let foreign = formats::read(path, &wishes.hints())?;
        let (glb, mut notes) = convert_bytes(&foreign.glb, &NoSideFiles, purpose, wishes, "")?;
        notes.extend(foreign.notes);
        (glb, notes)
    } else {
        let bytes = scene::read_bounded(path, taken_as(purpose).limit())?;
        let files = FolderFiles::new(path.parent().unwrap_or(Path::new(".")));
        convert_bytes(&bytes, &files, purpose, wishes, ASK_CHECK)?
    };
    notes.extend(wishes.idle(path).map(str::to_owned));
    Ok((glb, notes))
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
    // The validator knows no attributes of extensions; it says the same of the source.
    let is_splat = |issue: &&Issue| issue.pointer.contains(SPLATS);
    let mut errors = report.issues.iter().filter(|issue| issue.severity == 0);
    let error = errors.find(|issue| !is_splat(issue));
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
