//! Small files of all formats.

mod fbx;
mod materials;
mod meshes;

use super::*;
use sample::*;
use scene::NoSideFiles;

const STL: &[u8] =
    b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n\
    endloop\nendfacet\nendsolid a\n";
const PLY: &[u8] = b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n\
    property float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\nelement face 1\n\
    property list uchar int vertex_indices\nend_header\n0 0 0 255 0 0\n1 0 0 0 255 0\n0 1 0 0 0 255\n3 0 1 2\n";
const OBJ: &[u8] =
    b"mtllib a.mtl\no a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 1 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n\
    vn 0 0 1\nusemtl m\nf 1/1/1 2/2/1 4/3/1 3/3/1\n";

fn hints() -> Hints {
    Hints {
        unit_metres: None,
        is_z_up: None,
        textures: None,
    }
}

fn foreign(bytes: &[u8], format: Format) -> Foreign {
    let hints = hints();
    let mut model = Model::new(Path::new("a.obj"), &NoSideFiles, &hints);
    read_bytes(bytes, Some(format), &mut model).unwrap();
    model.finish().unwrap()
}

/// What a file becomes, which has no error, and the notes on it.
fn scene_of(bytes: &[u8], format: Format) -> (scene::Scene, Vec<String>) {
    let Foreign { glb, notes } = foreign(bytes, format);
    let report = scene::check_bytes(&glb, &NoSideFiles, scene::Purpose::World);
    // The validator knows no attributes of splats.
    let mut errors = report.issues.iter().filter(|issue| issue.severity == 0);
    assert_eq!(errors.find(|issue| !report.is_false_alarm(issue)), None);
    let loaded = scene::load_bytes(&glb, &NoSideFiles, scene::Purpose::World);
    (loaded.unwrap().scene, notes)
}

fn triangles(bytes: &[u8], format: Format) -> u64 {
    scene_of(bytes, format).0.triangle_count()
}

/// A picture of one pixel.
fn png() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::new(1, 1)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

fn read_file(path: &Path) -> Foreign {
    let files = scene::FolderFiles::new(path.parent().unwrap());
    read(path, &std::fs::read(path).unwrap(), &files, &hints()).unwrap()
}

/// Reads a file with others beside it.
fn read_beside(files: &[(&str, &[u8])]) -> (scene::Scene, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let foreign = read_file(&folder.path().join(files[0].0));
    let loaded = scene::load_bytes(&foreign.glb, &NoSideFiles, scene::Purpose::World);
    (loaded.unwrap().scene, foreign.notes)
}

#[test]
fn small_files_are_read() {
    assert_eq!(triangles(STL, Format::Stl), 1);
    assert_eq!(triangles(PLY, Format::Ply), 1);
    assert_eq!(triangles(OBJ, Format::Obj), 2);
}

#[test]
fn notes_say_nothing_to_the_terminal() {
    let obj = b"mtllib \x1b]0;owned\x07\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
    let (_, notes) = scene_of(obj, Format::Obj);
    assert!(notes.iter().any(|note| note.contains("owned")), "{notes:?}");
    let notes = notes.concat();
    assert!(!notes.contains(scene::is_unprintable), "{notes:?}");
}

/// What a file says that it holds costs neither time nor memory until it is there.
#[test]
fn promises_without_bytes_cost_nothing() {
    let started = std::time::Instant::now();
    let fault = |bytes: &[u8], format| read_nameless(bytes, format, &NoSideFiles).err().unwrap();
    let promise = "element nothing 16000000\n".repeat(60);
    let ply = |elements: &str, body: &str| {
        format!("ply\nformat ascii 1.0\n{elements}end_header\n{body}").into_bytes()
    };
    let empty = ply(&format!("{promise}element face 16000000\n"), "");
    assert!(fault(&empty, Format::Ply).contains("nothing in it"));
    let kinds = ply(&"element nothing 1\n".repeat(100_000), "");
    assert!(fault(&kinds, Format::Ply).contains("more than 64 kinds of element"));
    let solids = "solid\n".repeat(scene::limits::MAX_NODES + 1);
    assert!(fault(solids.as_bytes(), Format::Stl).contains("solids"));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn what_has_no_material_is_no_metal_and_is_seen_from_both_sides() {
    for (file, format) in [(STL, Format::Stl), (PLY, Format::Ply), (OBJ, Format::Obj)] {
        let (scene, _) = scene_of(file, format);
        let used = scene.meshes[0].primitives[0].material.unwrap();
        let material = &scene.materials[used.index()];
        assert_eq!(material.metallic, 0.0);
        assert!(material.is_double_sided);
    }
}

#[test]
fn what_was_surveyed_is_brought_near() {
    let ply = "ply\nformat ascii 1.0\nelement vertex 3\nproperty double x\nproperty double y\nproperty double z\n\
               element face 1\nproperty list uchar int vertex_indices\nend_header\n\
               456789.125 5400123.25 310.5\n456790.125 5400123.25 310.5\n456789.125 5400124.25 310.5\n3 0 1 2\n";
    let obj = "v 456789.125 5400123.25 310.5\nv 456790.125 5400123.25 310.5\nv 456789.125 5400124.25 310.5\nf 1 2 3\n";
    for (file, format) in [(ply, Format::Ply), (obj, Format::Obj)] {
        let (scene, notes) = scene_of(file.as_bytes(), format);
        let (low, high) = scene.bounds().unwrap();
        assert_eq!(low.to_array(), [-210.875, 123.25, 310.5]);
        assert_eq!((high - low).to_array(), [1.0, 1.0, 0.0]);
        let told = "457000, 5400000, 0 are subtracted";
        assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
    }
}
