//! Small files of all formats.

use super::*;
use sample::*;

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
fn a_mesh_without_texture_coordinates_is_drawn_without_textures() {
    let obj = b"mtllib a.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
    let mtl = b"newmtl a\nmap_Kd a.png\n";
    let (scene, notes) = read_beside(&[("a.obj", obj), ("a.mtl", mtl), ("a.png", &png())]);
    assert_eq!(scene.triangle_count(), 1);
    let used = scene.meshes[0].primitives[0].material.unwrap();
    let material = &scene.materials[used.index()];
    assert!(material.base_color_texture.is_none());
    assert!(
        notes
            .iter()
            .any(|note| note.contains("without texture coordinates")),
        "{notes:?}"
    );
}

#[test]
fn bones_at_the_root_of_an_fbx_get_one_above_them() {
    let file = fbx(
        &[
            triangle(10, ""),
            object("Model", 20, "body", "Mesh", &[]),
            object("Model", 21, "left", "LimbNode", &[]),
            object("Model", 22, "right", "LimbNode", &[]),
            object("Deformer", 30, "", "Skin", &[]),
            cluster(31, 0),
            cluster(32, 1),
        ],
        &[
            (10, 20, ""),
            (20, 0, ""),
            (21, 0, ""),
            (22, 0, ""),
            (30, 10, ""),
            (31, 30, ""),
            (32, 30, ""),
            (21, 31, ""),
            (22, 32, ""),
        ],
    );
    let (scene, _) = scene_of(&file, Format::Fbx);
    assert_eq!(scene.skins[0].joints.len(), 2);
    assert_eq!(scene.roots.len(), 1);
}

#[test]
fn what_an_animation_holds_still_is_where_the_animation_says() {
    let position = "\"Lcl Translation\", \"Lcl Translation\", \"\", \"A\"";
    let file = fbx(
        &[
            triangle(10, ""),
            object("Model", 20, "door", "Mesh", &[&format!("{position},1,0,0")]),
            object("AnimationStack", 40, "open", "", &[]),
            object("AnimationLayer", 41, "base", "", &[]),
            object("AnimationCurveNode", 42, "T", "", &[]),
            curve(43, 5.0, 5.0),
            object("AnimationCurveNode", 44, "S", "", &[]),
            curve(45, 1.0, 1.0),
        ],
        &[
            (10, 20, ""),
            (20, 0, ""),
            (41, 40, ""),
            (42, 41, ""),
            (44, 41, ""),
            (42, 20, "Lcl Translation"),
            (44, 20, "Lcl Scaling"),
            (43, 42, "d|X"),
            (45, 44, "d|X"),
            (45, 44, "d|Y"),
            (45, 44, "d|Z"),
        ],
    );
    let (scene, _) = scene_of(&file, Format::Fbx);
    assert_eq!(scene.animations.len(), 1);
    // The scale is that of the node at rest and needs no track.
    assert_eq!(scene.animations[0].channels.len(), 1);
    let scene::Track::Translation(places) = &scene.animations[0].channels[0].track else {
        panic!("{:?}", scene.animations[0]);
    };
    assert!(places.iter().all(|place| place.x == 5.0), "{places:?}");
}

#[test]
fn weights_of_morph_targets_move_together() {
    let mut objects = vec![
        triangle(10, ""),
        object("Model", 20, "face", "Mesh", &[]),
        object("Deformer", 61, "", "BlendShape", &[]),
        object("AnimationStack", 40, "speak", "", &[]),
        object("AnimationLayer", 41, "base", "", &[]),
        object("AnimationCurveNode", 42, "DeformPercent", "", &[]),
        curve(43, 0.0, 80.0),
    ];
    objects.extend(shape(62, 63, 0));
    objects.extend(shape(64, 65, 25));
    let file = fbx(
        &objects,
        &[
            (10, 20, ""),
            (20, 0, ""),
            (61, 10, ""),
            (63, 61, ""),
            (62, 63, ""),
            (65, 61, ""),
            (64, 65, ""),
            (41, 40, ""),
            (42, 41, ""),
            (42, 63, "DeformPercent"),
            (43, 42, "d|DeformPercent"),
        ],
    );
    let (scene, _) = scene_of(&file, Format::Fbx);
    assert_eq!(scene.meshes[0].weights, [0.0, 0.25]);
    let channel = &scene.animations[0].channels[0];
    let scene::Track::Weights {
        values: weights, ..
    } = &channel.track
    else {
        panic!("{channel:?}");
    };
    // The second target has no curve and keeps its weight.
    assert_eq!(weights[..2], [0.0, 0.25]);
    let last = &weights[weights.len() - 2..];
    assert!(
        (last[0] - 0.8).abs() < 1.0e-6 && last[1] == 0.25,
        "{last:?}"
    );
}

/// A triangle with one material.
fn with_material(properties: &[&str], more: &[String], wires: &[(u32, u32, &str)]) -> Vec<u8> {
    let mut objects = vec![
        triangle(10, &[uvs(0, "first"), uvs(1, "second")].concat()),
        object("Model", 20, "leaf", "Mesh", &[]),
        object("Material", 50, "leaf", "", properties),
    ];
    objects.extend_from_slice(more);
    let mut connections = vec![(10, 20, ""), (20, 0, ""), (50, 20, "")];
    connections.extend_from_slice(wires);
    fbx(&objects, &connections)
}

#[test]
fn transparent_materials_of_the_old_kind_are_transparent() {
    let color = "\"TransparentColor\", \"Color\", \"\", \"A\",1,1,1";
    let factor = "\"TransparencyFactor\", \"Number\", \"\", \"A\",0.75";
    let file = with_material(&[color, factor], &[], &[]);
    let material = &scene_of(&file, Format::Fbx).0.materials[0];
    assert_eq!(material.alpha_mode, scene::AlphaMode::Blend);
    assert!(
        (material.base_color.w - 0.25).abs() < 1.0e-6,
        "{material:?}"
    );
    // Exporters that write nothing but ones mean nothing by it.
    let file = with_material(&[color], &[], &[]);
    let material = &scene_of(&file, Format::Fbx).0.materials[0];
    assert_eq!(material.alpha_mode, scene::AlphaMode::Opaque);
}

#[test]
fn maps_are_taken_or_told_and_all_libraries_are_read() {
    let obj = b"mtllib a.mtl b.mtl\nmtllib c d.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n\
        usemtl b\nf 1/1 3/1 2/1\nusemtl c\nf 2/1 1/1 3/1\n";
    let png = png();
    let (scene, notes) = read_beside(&[
        ("a.obj", obj),
        ("a.mtl", b"newmtl a\nmap_Kd leaf.png\nmap_d leaf.png\n"),
        (
            "b.mtl",
            b"newmtl b\nPm 0\nmap_Pr rough.png\nmap_Ks shine.png\n",
        ),
        ("c d.mtl", b"newmtl c\nmap_Kd leaf.png\nmap_d hole.png\n"),
        ("leaf.png", &png),
        ("rough.png", &png),
    ]);
    let find = |name: &str| {
        let mut materials = scene.materials.iter();
        materials.find(|material| material.name == name).unwrap()
    };
    assert_eq!(find("a").alpha_mode, scene::AlphaMode::Mask(0.5));
    assert!(find("b").metallic_roughness_texture.is_some());
    assert!(find("c").base_color_texture.is_some());
    for told in ["specular map `shine.png`", "opacity map `hole.png`"] {
        assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
    }
}

#[test]
fn pictures_of_other_kinds_become_png_and_those_that_are_not_read_are_told() {
    let mut tga = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(3, 2)
        .write_to(&mut tga, image::ImageFormat::Tga)
        .unwrap();
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\nusemtl b\nf 1/1 3/1 2/1\n";
    let (scene, notes) = read_beside(&[
        ("a.obj", obj),
        (
            "a.mtl",
            b"newmtl a\nmap_Kd Skin.TGA\nnewmtl b\nmap_Kd layers.psd\nmap_Bump gone.png\n",
        ),
        ("Skin.TGA", tga.get_ref()),
        ("layers.psd", b"8BPS"),
    ]);
    let image = &scene.images[0];
    assert_eq!((image.width, image.height), (3, 2));
    assert!(image.bytes.starts_with(b"\x89PNG"));
    for told in [
        "`layers.psd` is left out: it is none that is read",
        "`gone.png` is left out: it is not there",
    ] {
        assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
    }
}

/// Reads an OBJ whose one material, in a library beside it, has this picture; true when it is found.
#[cfg(unix)]
fn finds(folder: &Path, picture: &str) -> bool {
    let library = format!("newmtl a\nmap_Kd {picture}\n");
    std::fs::write(folder.join("a.mtl"), library).unwrap();
    let obj = "mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n";
    std::fs::write(folder.join("a.obj"), obj).unwrap();
    let foreign = read_file(&folder.join("a.obj"));
    let loaded = scene::load_bytes(&foreign.glb, &NoSideFiles, scene::Purpose::World);
    let materials = loaded.unwrap().scene.materials;
    materials[0].base_color_texture.is_some()
}

#[cfg(unix)]
#[test]
fn nothing_beside_a_model_leads_out_of_its_folder() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("model");
    std::fs::create_dir_all(folder.join("maps")).unwrap();
    std::fs::write(outside.path().join("secret.png"), png()).unwrap();
    std::fs::write(outside.path().join("secret.mtl"), "newmtl a\nKd 1 0 0\n").unwrap();
    std::fs::write(folder.join("maps/own.png"), png()).unwrap();
    std::fs::write(folder.join("C:own.png"), png()).unwrap();
    std::fs::create_dir_all(folder.join("a.fbm")).unwrap();
    std::fs::write(folder.join("a.fbm/media.png"), png()).unwrap();
    symlink("../secret.png", folder.join("link.png")).unwrap();
    symlink("..", folder.join("up")).unwrap();
    symlink("maps/own.png", folder.join("near.png")).unwrap();
    for found in [
        "maps/own.png",
        "maps\\own.png",
        "near.png",
        "D:\\art\\near.png",
        "D:\\art\\own.png",
        "../../media.png",
    ] {
        assert!(finds(&folder, found), "{found}");
    }
    for outside in ["link.png", "up/secret.png", "../secret.png", "C:own.png"] {
        assert!(!finds(&folder, outside), "{outside}");
    }
    // A library of materials that lies elsewhere is not there.
    symlink("../secret.mtl", folder.join("b.mtl")).unwrap();
    let obj = "mtllib b.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n";
    std::fs::write(folder.join("b.obj"), obj).unwrap();
    let notes = read_file(&folder.join("b.obj")).notes.concat();
    assert!(notes.contains("`b.mtl` are not beside it"), "{notes}");
}

#[test]
fn textures_lie_where_the_file_says() {
    let vector = |name: &str, value: &str| format!("\"{name}\", \"Vector\", \"\", \"A\",{value}");
    let properties = [
        "\"UVSet\", \"KString\", \"\", \"\", \"second\"".to_owned(),
        "\"WrapModeU\", \"enum\", \"\", \"\",1".to_owned(),
        vector("Translation", "0.25,0,0"),
        vector("Rotation", "0,0,90"),
        vector("Scaling", "0.5,0.25,1"),
    ];
    let properties: Vec<&str> = properties.iter().map(String::as_str).collect();
    let texture = object("Texture", 60, "leaf", "", &properties).replacen(
        "Version: 232",
        "Version: 202\nFileName: \"leaf.png\"\nRelativeFilename: \"leaf.png\"",
        1,
    );
    let file = with_material(&[], &[texture], &[(60, 50, "DiffuseColor")]);
    let (scene, _) = read_beside(&[("a.fbx", &file), ("leaf.png", &png())]);
    let slot = scene.materials[0].base_color_texture.unwrap();
    assert_eq!(slot.uv_set, 1);
    let sampler = scene.textures[slot.texture.index()].sampler.unwrap();
    let sampler = scene.samplers[sampler as usize];
    assert!(format!("{:?}", sampler).contains("Clamp"), "{sampler:?}");
    // The picture is half as wide and a quarter as high, turned to the left, and its lower left corner lies at (0.25, 0);
    // its lower right one is above that, its upper left one to the left.
    let own = slot.transform;
    let (sin, cos) = own.rotation.sin_cos();
    let at = |u: f32, v: f32| {
        let (u, v) = (u * own.scale.x, (1.0 - v) * own.scale.y);
        let shown = [
            u * cos + v * sin + own.offset.x,
            v * cos - u * sin + own.offset.y,
        ];
        [shown[0], 1.0 - shown[1]].map(|part| (part * 1.0e4).round() / 1.0e4 + 0.0)
    };
    assert_eq!(at(0.25, 0.0), [0.0, 0.0]);
    assert_eq!(at(0.25, 0.5), [1.0, 0.0]);
    assert_eq!(at(0.0, 0.0), [0.0, 1.0]);
}

#[test]
fn painted_vertices_have_the_colours_of_the_screen() {
    let file = fbx(
        &[
            triangle(10, &colors([0.5, 1.0, 0.0, 0.5])),
            object("Model", 20, "wall", "Mesh", &[]),
        ],
        &[(10, 20, ""), (20, 0, "")],
    );
    let obj = b"v 0 0 0 0.5 1 0\nv 1 0 0 0.5 1 0\nv 0 1 0 0.5 1 0\nf 1 2 3\n";
    for (file, format, alpha) in [(&file[..], Format::Fbx, 0.5), (obj, Format::Obj, 1.0)] {
        let (scene, _) = scene_of(file, format);
        let color = scene.meshes[0].primitives[0].colors[0];
        let wanted = [0.214_041, 1.0, 0.0, alpha];
        let is_near = |(one, other): (f32, f32)| (one - other).abs() < 1.0e-3;
        let color: [f32; 4] = color.into();
        assert!(color.into_iter().zip(wanted).all(is_near), "{color:?}");
    }
}

#[test]
fn ply_files_of_all_kinds_are_read() {
    let header = |elements: &str| format!("ply\nformat ascii 1.0\n{elements}end_header\n");
    let vertices = "element vertex 4\nproperty float x\nproperty float y\nproperty float z\nproperty float quality\n";
    let list = "property list int int vertex_indices\n";
    let points = "0 2 0 nan\n-2 -2 0 1\n0 -1 0 1\n2 -2 0 inf\n";
    // Faces come first, and what nobody reads is no number; the polygon is an arrow.
    let elements = format!("element face 1\n{list}{vertices}");
    let file = format!("{}4 1 2 3 0\n{points}", header(&elements));
    let (scene, _) = scene_of(file.as_bytes(), Format::Ply);
    let primitive = &scene.meshes[0].primitives[0];
    let corners: Vec<[f32; 3]> = primitive
        .indices
        .iter()
        .map(|index| primitive.positions[*index as usize].into())
        .collect();
    let middle = [0.0, -1.0, 0.0];
    assert_eq!(corners.len(), 6);
    let (triangles, _) = corners.as_chunks::<3>();
    assert!(
        triangles.iter().all(|corners| corners.contains(&middle)),
        "{corners:?}"
    );
    // A strip, and another one.
    let elements = format!("{vertices}element tristrips 1\n{list}");
    let file = format!("{}{points}8 0 1 2 3 -1 0 1 2\n", header(&elements));
    assert_eq!(triangles_of(&file), 3);
    let file = format!("{}{points}3 0 1 4\n", header(&elements));
    let hints = hints();
    let mut model = Model::new(Path::new("a.ply"), &NoSideFiles, &hints);
    assert!(read_bytes(file.as_bytes(), Some(Format::Ply), &mut model).is_err());
}

#[test]
fn a_ply_whose_faces_name_no_vertices_is_points() {
    let ply = b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n\
        element face 1\nproperty uchar quality\nend_header\n1 2 3\n7\n";
    let (scene, _) = scene_of(ply, Format::Ply);
    assert_eq!(
        scene.meshes[0].primitives[0].topology,
        scene::Topology::Points
    );
}

fn triangles_of(ply: &str) -> u64 {
    triangles(ply.as_bytes(), Format::Ply)
}

#[test]
fn stl_text_may_be_in_capitals_and_begin_late() {
    let text = String::from_utf8_lossy(STL).to_uppercase();
    let file = format!("\u{feff}  {text}");
    assert_eq!(triangles(file.as_bytes(), Format::Stl), 1);
}

#[test]
fn hidden_objects_and_coarser_levels_are_left_out_and_told() {
    let hidden = "\"Visibility\", \"Visibility\", \"\", \"A\",0";
    let mesh = |id: u32, name: &str| object("Model", id, name, "Mesh", &[]);
    let file = fbx(
        &[
            triangle(10, ""),
            mesh(20, "shown"),
            object("Model", 21, "store", "Null", &[hidden]),
            mesh(22, "stored"),
            object("Model", 23, "tree", "LodGroup", &[]),
            object("NodeAttribute", 24, "tree", "LodGroup", &[]),
            mesh(25, "fine"),
            mesh(26, "coarse"),
        ],
        &[
            (10, 20, ""),
            (20, 0, ""),
            (21, 0, ""),
            (22, 21, ""),
            (10, 22, ""),
            (23, 0, ""),
            (24, 23, ""),
            (25, 23, ""),
            (26, 23, ""),
            (10, 25, ""),
            (10, 26, ""),
        ],
    );
    let (scene, notes) = scene_of(&file, Format::Fbx);
    let drawn = scene.nodes.iter().filter(|node| node.mesh.is_some());
    let drawn: Vec<&str> = drawn.map(|node| node.name.as_str()).collect();
    assert_eq!(drawn, ["shown", "fine"]);
    assert!(
        notes
            .iter()
            .any(|note| note.contains("are left out: 2, `stored`")),
        "{notes:?}"
    );
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
    let fault = |bytes: &[u8], format| read_alone(bytes, format).err().unwrap();
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

/// Empty lists take a byte of a file each, and more of memory.
#[test]
fn empty_faces_are_counted() {
    let count = scene::limits::MAX_ACCESSOR_COUNT;
    let vertices = "element vertex 1\nproperty float x\nproperty float y\nproperty float z\n";
    let faces =
        format!("element face {count}\nproperty list uchar uchar vertex_indices\n").repeat(2);
    let mut file =
        format!("ply\nformat binary_little_endian 1.0\n{vertices}{faces}end_header\n").into_bytes();
    file.resize(file.len() + 12 + count * 2, 0);
    assert_eq!(
        read_alone(&file, Format::Ply).err().unwrap(),
        "its faces have more corners than there may be"
    );
}

#[test]
fn highlights_of_an_obj_are_as_rough_as_blender_means_them() {
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl m\nf 1 2 3\n";
    let roughness = |mtl: &[u8]| {
        let (scene, _) = read_beside(&[("a.obj", obj), ("a.mtl", mtl)]);
        scene.materials[0].roughness
    };
    assert!((roughness(b"newmtl m\nNs 250\n") - 0.5).abs() < 1.0e-3);
    assert!((roughness(b"newmtl m\nNs 250\nPr 0.3\n") - 0.3).abs() < 1.0e-3);
}

#[test]
fn an_obj_is_flat_where_its_smoothing_is_off_by_word_or_number() {
    let quads = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nf 1 2 3 4\nf 2 1 5 6\n";
    let vertices = |smoothing: &str| {
        let (scene, _) = scene_of(format!("{smoothing}{quads}").as_bytes(), Format::Obj);
        let normals = scene.meshes[0].primitives[0].normals.iter();
        let normals: std::collections::BTreeSet<String> =
            normals.map(|normal| format!("{normal:.2}")).collect();
        normals.len()
    };
    assert_eq!((vertices("s off\n"), vertices("s 0\r\n")), (2, 2));
    assert!(vertices("s 1\n") > 2);
}

#[test]
fn faces_of_a_ply_have_colors_and_texture_coordinates_of_their_own() {
    let elements = "element vertex 4\nproperty float x\nproperty float y\nproperty float z\n\
        property float s\nproperty float t\nproperty float quality\n\
        element face 2\nproperty float red\nproperty float green\nproperty float blue\n\
        property list uchar int vertex_indices\nproperty list uchar float texcoord\nproperty int texnumber\n\
        element edge 1\nproperty int one\nproperty int two\n";
    let body = "0 0 0 0.9 0.9 1\n1 0 0 0.9 0.9 1\n1 1 0 0.9 0.9 1\n0 1 0 0.9 0.9 1\n\
        1 0 nan 3 0 1 2 6 0 0 0.5 0 0.5 0.25 0\n0 0 1 3 0 2 3 0 0\n1 2\n";
    let file = |texture: &str| {
        let file = format!("ply\nformat ascii 1.0\n{texture}{elements}end_header\n{body}");
        read_beside(&[("a.ply", file.as_bytes()), ("skin a.png", &png())])
    };
    let (scene, notes) = file("");
    let primitive = &scene.meshes[0].primitives[0];
    let corners: Vec<String> = primitive
        .indices
        .iter()
        .map(|index| {
            let (color, uv) = (&primitive.colors, &primitive.uv_sets[0]);
            format!("{:.0} {:.2}", color[*index as usize], uv[*index as usize])
        })
        .collect();
    assert_eq!(corners[2], "[1, 0, 0, 1] [0.50, 0.75]");
    // The second face has its colour, and the coordinates of its vertices.
    assert_eq!(corners[3..], ["[0, 0, 1, 1] [0.90, 0.10]"; 3]);
    let told = |words: &str| notes.iter().any(|note| note.contains(words));
    assert!(told("`vertex` elements are left out: quality"), "{notes:?}");
    assert!(told("its `edge` elements are left out"), "{notes:?}");
    assert!(!told("texnumber"), "{notes:?}");
    // A picture takes the place of colours.
    let (scene, notes) = file("comment TextureFile skin a.png\n");
    assert!(scene.materials[0].base_color_texture.is_some());
    assert!(scene.meshes[0].primitives[0].colors.is_empty());
    assert!(notes.iter().any(|note| note.contains("takes their place")));
}

#[test]
fn maps_of_a_material_library_lie_as_their_options_say() {
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl m\nf 1/1 2/2 3/3\n";
    let mtl =
        b"newmtl m\nKe 4 2 0\nTr 0.75\nmap_Kd -s 2 4 1 -o 0.25 0.5 0 -mm 0 1 -clamp on my a.png\n\
        map_Bump -bm 0.5 n.png\n";
    let mut normals = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(1, 1, image::Rgb([128, 128, 255]))
        .write_to(&mut normals, image::ImageFormat::Png)
        .unwrap();
    let normals = normals.into_inner();
    let files: [(&str, &[u8]); 4] = [
        ("a.obj", obj),
        ("a.mtl", mtl),
        ("my a.png", &png()),
        ("n.png", &normals),
    ];
    let (scene, notes) = read_beside(&files);
    assert!(notes.iter().any(|note| note.contains("`-mm`")), "{notes:?}");
    let material = &scene.materials[0];
    let slot = material.base_color_texture.unwrap();
    // Rows of a picture begin at the upper edge, and the library's coordinates at the lower one.
    assert_eq!(slot.transform.offset, glam::Vec2::new(0.25, -3.5));
    assert_eq!(slot.transform.scale, glam::Vec2::new(2.0, 4.0));
    let sampler = scene.textures[slot.texture.index()].sampler.unwrap();
    assert_eq!(scene.samplers[sampler as usize].wrap_u, scene::Wrap::Clamp);
    assert!(material.normal_texture.is_some());
    assert_eq!(material.normal_scale, 0.5);
    assert_eq!(material.base_color.w, 0.25);
    assert_eq!(material.emissive, glam::Vec3::new(1.0, 0.5, 0.0));
    assert_eq!(material.emissive_strength, 4.0);
    // A grey picture holds heights.
    let grey: [(&str, &[u8]); 4] = [
        ("a.obj", obj),
        ("a.mtl", mtl),
        ("my a.png", &png()),
        ("n.png", &png()),
    ];
    let (scene, notes) = read_beside(&grey);
    assert_eq!(scene.materials[0].normal_texture, None);
    assert!(
        notes
            .iter()
            .any(|note| note.contains("`n.png`") && note.contains("heights")),
        "{notes:?}"
    );
}

#[test]
fn what_an_obj_and_an_stl_hold_beside_triangles_is_told() {
    let obj = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 1 1 0\ns 1\nf 1 2 3\ns 2\nf 2 4 3\nl 1 2\n";
    let (_, notes) = scene_of(obj, Format::Obj);
    for words in ["smoothing groups", "lines"] {
        assert!(notes.iter().any(|note| note.contains(words)), "{notes:?}");
    }
    for smooth in [
        "vn 0 0 1\ns 1\nf 1//1 2//1 3//1\ns 2\nf 2//1 4//1 3//1\n",
        "s  1\nf 1 2 3\ns off\ns 1\nf 2 4 3\n",
    ] {
        let obj = format!("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 1 1 0\n{smooth}");
        let (_, notes) = scene_of(obj.as_bytes(), Format::Obj);
        let is_told = notes.iter().any(|note| note.contains("smoothing"));
        assert!(!is_told, "{notes:?}");
    }
    let mut facets = [[0.0f32; 12], [f32::NAN; 12]];
    facets[0][6] = 1.0;
    facets[0][10] = 1.0;
    let mut stl = [&[0; 80][..], &2u32.to_le_bytes()].concat();
    for facet in facets {
        stl.extend(facet.iter().flat_map(|value| value.to_le_bytes()));
        stl.extend([0x1f, 0x80]);
    }
    let (scene, notes) = scene_of(&stl, Format::Stl);
    assert_eq!(scene.triangle_count(), 1);
    for words in ["attributes", "infinite"] {
        assert!(notes.iter().any(|note| note.contains(words)), "{notes:?}");
    }
}

#[test]
fn lights_and_cameras_of_an_fbx_are_told() {
    let file = fbx(
        &[
            triangle(10, ""),
            object("Model", 20, "wall", "Mesh", &[]),
            object("Model", 21, "lamp", "Light", &[]),
            object("NodeAttribute", 30, "lamp", "Light", &[]),
        ],
        &[(10, 20, ""), (20, 0, ""), (30, 21, ""), (21, 0, "")],
    );
    let (_, notes) = scene_of(&file, Format::Fbx);
    assert!(
        notes
            .iter()
            .any(|note| note.contains("lights are left out (1)")),
        "{notes:?}"
    );
    assert!(
        !notes.iter().any(|note| note.contains("cameras")),
        "{notes:?}"
    );
}

/// A picture of one colour beside a material, named by one of its properties.
fn fbx_with_picture(creator: &str, color: [u8; 3], property: &str) -> (scene::Scene, Vec<String>) {
    let texture = object("Texture", 60, "map", "", &[]).replacen(
        "Version: 232",
        "Version: 202\nRelativeFilename: \"map.png\"",
        1,
    );
    let file = with_material(&[], &[texture], &[(60, 50, property)]);
    let file = String::from_utf8(file).unwrap();
    let creator = format!("FBXVersion: 7400\nCreator: \"{creator}\"");
    let file = file.replacen("FBXVersion: 7400", &creator, 1);
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(2, 2, image::Rgb(color))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    read_beside(&[("a.fbx", file.as_bytes()), ("map.png", png.get_ref())])
}

/// The first pixel of the map of roughness and metal.
fn surface_of(scene: &scene::Scene) -> [u8; 3] {
    let slot = scene.materials[0].metallic_roughness_texture.unwrap();
    let image = scene.textures[slot.texture.index()].image.unwrap();
    let picture = image::load_from_memory(&scene.images[image.index()].bytes);
    picture.unwrap().into_rgb8().get_pixel(0, 0).0
}

#[test]
fn blender_writes_roughness_where_others_write_gloss() {
    let read = |creator| fbx_with_picture(creator, [90; 3], "ShininessExponent");
    let (scene, notes) = read("Blender (stable FBX IO) - 4.2.0 - 5.12.3");
    assert_eq!(surface_of(&scene), [90; 3], "{notes:?}");
    let (scene, notes) = read("FBX SDK/FBX Plugins version 2020.3.1");
    assert_eq!(surface_of(&scene), [255, 165, 255], "{notes:?}");
    assert_eq!(
        (scene.materials[0].metallic, scene.materials[0].roughness),
        (0.0, 1.0)
    );
}

#[test]
fn maps_of_roughness_metal_and_opacity_are_put_together() {
    let picture = |color: [u8; 3]| {
        let mut png = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(2, 2, image::Rgb(color));
        picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
        png.into_inner()
    };
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n";
    let read = |mtl: &str| {
        read_beside(&[
            ("a.obj", obj),
            ("a.mtl", mtl.as_bytes()),
            ("rough.png", &picture([50; 3])),
            ("metal.png", &picture([200; 3])),
            ("leaf.png", &picture([10, 90, 20])),
            ("hole.png", &picture([0; 3])),
        ])
    };
    let (scene, notes) = read("newmtl a\nmap_Pr rough.png\nmap_Pm metal.png\n");
    assert_eq!(surface_of(&scene), [255, 50, 200], "{notes:?}");
    assert_eq!(
        (scene.materials[0].metallic, scene.materials[0].roughness),
        (1.0, 1.0)
    );
    assert!(
        notes.iter().all(|note| !note.contains("map `")),
        "{notes:?}"
    );
    // Such as lie differently cannot be.
    let (scene, notes) = read("newmtl a\nmap_Pr -s 2 2 rough.png\nmap_Pm metal.png\n");
    assert!(scene.materials[0].metallic_roughness_texture.is_none());
    assert!(
        notes
            .iter()
            .any(|note| note.contains("metal map `metal.png`")),
        "{notes:?}"
    );

    for (mtl, color) in [
        (
            "newmtl a\nmap_Kd leaf.png\nmap_d hole.png\n",
            [10, 90, 20, 0],
        ),
        ("newmtl a\nKd 1 0 0\nmap_d hole.png\n", [255, 255, 255, 0]),
    ] {
        let (scene, notes) = read(mtl);
        let material = &scene.materials[0];
        assert_eq!(
            material.alpha_mode,
            scene::AlphaMode::Mask(0.5),
            "{notes:?}"
        );
        let slot = material.base_color_texture.unwrap();
        let image = scene.textures[slot.texture.index()].image.unwrap();
        let picture = image::load_from_memory(&scene.images[image.index()].bytes);
        assert_eq!(picture.unwrap().into_rgba8().get_pixel(0, 0).0, color);
    }
}

#[test]
fn a_normal_map_may_be_named_as_a_bump_map() {
    let read = |color| fbx_with_picture("a tool", color, "Bump").0;
    assert!(read([128, 128, 255]).materials[0].normal_texture.is_some());
    assert!(read([128, 128, 128]).materials[0].normal_texture.is_none());
    // A photograph of bricks.
    assert!(read([150, 70, 50]).materials[0].normal_texture.is_none());
}

#[test]
fn glass_of_physical_materials_is_glass() {
    let file = with_material(
        &[
            "\"3dsMax|ClassIDa\", \"int\", \"Integer\", \"\",1030429932",
            "\"3dsMax|ClassIDb\", \"int\", \"Integer\", \"\",-559038463",
            "\"3dsMax|Parameters|transparency\", \"Float\", \"\", \"A\",0.9",
            "\"3dsMax|Parameters|trans_ior\", \"Float\", \"\", \"A\",1.33",
        ],
        &[],
        &[],
    );
    let (scene, _) = scene_of(&file, Format::Fbx);
    let glass = &scene.materials[0];
    assert!((glass.transmission - 0.9).abs() < 1.0e-6, "{glass:?}");
    assert!(
        (glass.index_of_refraction - 1.33).abs() < 1.0e-6,
        "{glass:?}"
    );
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
fn levels_and_meshes_for_colliders_are_known_by_their_names() {
    let names = [
        "Tree_LOD0",
        "tree_lod1",
        "Tree_LOD12",
        "Rock_LOD1",
        "UCX_Tree_LOD0_01",
        "USP_Slide",
        "wall-convcolonly",
        "wall-col",
    ];
    let (mut objects, mut wires) = (Vec::new(), Vec::new());
    for (id, name) in (20..).zip(names) {
        objects.extend([
            triangle(id + 100, ""),
            object("Model", id, name, "Mesh", &[]),
        ]);
        wires.extend([(id + 100, id, ""), (id, 0, "")]);
    }
    let (scene, notes) = scene_of(&fbx(&objects, &wires), Format::Fbx);
    let drawn = scene.nodes.iter().filter(|node| node.mesh.is_some());
    let drawn: Vec<&str> = drawn.map(|node| node.name.as_str()).collect();
    assert_eq!(drawn, ["Tree_LOD0", "Rock_LOD1", "USP_Slide", "wall-col"]);
    assert!(
        notes.iter().any(|note| note.contains("left out: 4")),
        "{notes:?}"
    );
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

#[test]
fn a_picture_under_another_ending_is_taken_and_told() {
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n";
    let mtl = b"newmtl a\nmap_Kd D:\\art\\bark.psd\n";
    let (scene, notes) = read_beside(&[("a.obj", obj), ("a.mtl", mtl), ("bark.png", &png())]);
    assert!(scene.materials[0].base_color_texture.is_some());
    let told = "`bark.png` is taken for `bark.psd`";
    assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
}

#[test]
fn splats_of_a_ply_are_splats() {
    let mut ply = "ply\nformat ascii 1.0\nelement vertex 2\n".to_owned();
    for name in "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 f_rest_0 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split(' ') {
        ply.push_str(&format!("property float {name}\n"));
    }
    ply.push_str("end_header\n1 2 3 0 0 0 1.77245 -1.77245 0 9 0 -2.302585 0 0 0 0 2 0\n");
    ply.push_str("4 5 6 0 0 0 0 0 0 9 -9 0 0 0 1 0 0 0\n");
    let (scene, notes) = scene_of(ply.as_bytes(), Format::Ply);
    let primitive = &scene.meshes[0].primitives[0];
    // The second one hardly shows.
    assert_eq!(
        (primitive.positions.len(), primitive.splats.len()),
        (1, 1),
        "{notes:?}"
    );
    let splat = &primitive.splats[0];
    assert!((splat.deviation - glam::Vec3::new(0.1, 1.0, 1.0)).length() < 1.0e-5);
    assert_eq!(splat.rotation.to_array(), [0.0, 1.0, 0.0, 0.0]);
    let color = primitive.colors[0].to_array();
    let expected = [1.0, 0.0, 0.214_041, 0.5];
    assert!(
        color
            .iter()
            .zip(expected)
            .all(|(one, other)| (one - other).abs() < 1.0e-4),
        "{color:?}"
    );
}
