//! Meshes and points of OBJ, STL and PLY.

use super::*;

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
        read_nameless(&file, Format::Ply, &NoSideFiles)
            .err()
            .unwrap(),
        "its faces have more corners than there may be"
    );
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
fn what_is_nowhere_is_left_out_and_told() {
    let points = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n\
        property uchar red\nproperty uchar green\nproperty uchar blue\n";
    let places = "nan nan nan 0 0 0\n1 0 0 255 0 0\n0 1 0 0 255 0\n1 1 0 0 0 255\n";
    let told = |notes: &[String]| notes.iter().any(|note| note.contains("infinite"));
    let (scene, notes) = scene_of(
        format!("{points}end_header\n{places}").as_bytes(),
        Format::Ply,
    );
    let primitive = &scene.meshes[0].primitives[0];
    assert_eq!(primitive.positions.len(), 3);
    assert_eq!(primitive.colors[0], glam::Vec4::new(1.0, 0.0, 0.0, 1.0));
    assert!(told(&notes), "{notes:?}");

    // The first of them that is somewhere says how far away it is.
    let far = "nan nan nan 0 0 0\n500000 5200000 120 255 0 0\n500001 5200000 120 0 255 0\n500000 5200001 120 0 0 255\n";
    let (scene, _) = scene_of(format!("{points}end_header\n{far}").as_bytes(), Format::Ply);
    let place = scene.meshes[0].primitives[0].positions[0];
    assert_eq!(place, glam::Vec3::new(0.0, 0.0, 120.0));

    let faces = "element face 2\nproperty list uchar int vertex_indices\nend_header\n";
    let faces = format!("{points}{faces}{places}3 0 1 2\n3 1 3 2\n");
    assert_eq!(triangles_of(&faces), 1);
    let strip = "element tristrips 1\nproperty list int int vertex_indices\nend_header\n";
    let strip = format!("{points}{strip}{places}4 0 1 2 3\n");
    assert_eq!(triangles_of(&strip), 1);

    let facet = "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n";
    let broken = facet.replacen("1 0 0", "-nan inf 0", 1);
    let stl = format!("solid a\n{broken}{facet}endsolid\n");
    let (scene, notes) = scene_of(stl.as_bytes(), Format::Stl);
    assert_eq!(scene.triangle_count(), 1);
    assert!(told(&notes), "{notes:?}");
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
