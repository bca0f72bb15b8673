//! `--physics parts`: several convex hulls of a mesh, between which its hollows stay open.

use crate::convert::{import, scene_of};
use glam::Vec3;
use scene::{NoSideFiles, Purpose, Scene, Shape, check_bytes};
use std::path::Path;

/// Most parts and vertices that a mesh may get, as `docs/DESIGNERS.md` says.
const MAX_PARTS: usize = 32;
const MAX_VERTICES: usize = 64;
/// How far parts may stand out: a step of the looking at a mesh of three metres, and rounding.
const TOLERANCE_METRES: f32 = 3.0 / 63.0 + 0.001;

/// An outline in the plane of X and Y as an object of an OBJ, one metre deep. Counts the corners of all objects.
fn prism(name: &str, outline: &[[f32; 2]], corners: &mut usize) -> String {
    let mut obj = format!("o {name}\n");
    for z in [0.0, 1.0] {
        for [x, y] in outline {
            obj += &format!("v {x} {y} {z}\n");
        }
    }
    let (first, count) = (*corners + 1, outline.len());
    *corners += count * 2;
    let back: Vec<String> = (0..count)
        .rev()
        .map(|at| (first + at).to_string())
        .collect();
    let front: Vec<String> = (0..count)
        .map(|at| (first + count + at).to_string())
        .collect();
    obj += &format!("f {}\nf {}\n", back.join(" "), front.join(" "));
    for at in 0..count {
        let next = (at + 1) % count;
        let side = [
            first + at,
            first + next,
            first + count + next,
            first + count + at,
        ];
        obj += &format!("f {} {} {} {}\n", side[0], side[1], side[2], side[3]);
    }
    obj
}

const L: [[f32; 2]; 6] = [
    [0.0, 0.0],
    [3.0, 0.0],
    [3.0, 1.0],
    [1.0, 1.0],
    [1.0, 3.0],
    [0.0, 3.0],
];
const U: [[f32; 2]; 8] = [
    [0.0, 0.0],
    [3.0, 0.0],
    [3.0, 3.0],
    [2.0, 3.0],
    [2.0, 1.0],
    [1.0, 1.0],
    [1.0, 3.0],
    [0.0, 3.0],
];
const BLOCK: [[f32; 2]; 4] = [[0.0, 0.0], [3.0, 0.0], [3.0, 1.0], [0.0, 1.0]];

/// Writes an OBJ of these prisms and converts it.
fn converted(folder: &Path, outlines: &[(&str, &[[f32; 2]])], arguments: &[&str]) -> Vec<u8> {
    let [input, output] = ["in.obj", "out.glb"].map(|name| folder.join(name));
    let mut corners = 0;
    let prisms = outlines
        .iter()
        .map(|(name, outline)| prism(name, outline, &mut corners));
    std::fs::write(&input, prisms.collect::<String>()).unwrap();
    let arguments = [&["convert", "--physics", "parts"][..], arguments].concat();
    let done = import(&arguments, &[&input, &output]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    std::fs::read(output).unwrap()
}

/// The corners and the triangles of every hull of a node with a name, on it or right below.
fn hulls(scene: &Scene, name: &str) -> Vec<(Vec<Vec3>, Vec<[usize; 3]>)> {
    let node = scene
        .nodes
        .iter()
        .position(|node| node.name == name)
        .unwrap();
    let own =
        std::iter::once(node).chain(scene.nodes[node].children.iter().map(|child| child.index()));
    let mut hulls = Vec::new();
    for node in own {
        let Some(collider) = &scene.nodes[node].physics.collider else {
            continue;
        };
        let scene::Geometry::Shape(shape) = collider.geometry else {
            panic!("{collider:?}");
        };
        let Shape::ConvexMesh(mesh) = scene.physics.shapes[shape as usize] else {
            panic!("{:?}", scene.physics.shapes);
        };
        let [primitive] = &scene.meshes[mesh.index()].primitives[..] else {
            panic!("a hull in pieces");
        };
        let (triangles, _) = primitive.indices.as_chunks::<3>();
        let triangles = triangles
            .iter()
            .map(|own| own.map(|corner| corner as usize));
        hulls.push((primitive.positions.clone(), triangles.collect()));
    }
    hulls
}

/// True when a point is in a hull, or on it.
fn is_inside((points, triangles): &(Vec<Vec3>, Vec<[usize; 3]>), point: Vec3) -> bool {
    triangles.iter().all(|triangle| {
        let [one, two, three] = triangle.map(|corner| points[corner]);
        (two - one).cross(three - one).dot(point - one) <= 1.0e-4
    })
}

#[test]
fn the_notch_of_a_letter_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let glb = converted(folder.path(), &[("l", &L), ("u", &U)], &[]);
    let report = check_bytes(&glb, &NoSideFiles, Purpose::World);
    assert_eq!(
        (report.count(0), report.count(1)),
        (0, 0),
        "{:?}",
        report.issues
    );
    let scene = scene_of(&folder.path().join("out.glb"));
    let solid = [
        Vec3::new(0.5, 2.5, 0.5),
        Vec3::new(2.5, 0.5, 0.5),
        Vec3::splat(0.5),
    ];
    for (name, notch, more) in [
        ("l", Vec3::new(2.0, 2.0, 0.5), Vec3::new(0.5, 1.5, 0.5)),
        ("u", Vec3::new(1.5, 2.0, 0.5), Vec3::new(2.5, 2.5, 0.5)),
    ] {
        let hulls = hulls(&scene, name);
        assert!(
            (2..=MAX_PARTS).contains(&hulls.len()),
            "{name}: {}",
            hulls.len()
        );
        for (points, _) in &hulls {
            assert!(points.len() <= MAX_VERTICES, "{name}: {}", points.len());
            let middle = Vec3::new(1.5, 1.5, 0.5);
            let half = Vec3::new(1.5, 1.5, 0.5) + TOLERANCE_METRES;
            assert!(
                points
                    .iter()
                    .all(|own| (*own - middle).abs().cmple(half).all()),
                "{points:?}"
            );
        }
        // The whole notch but its edge.
        for step in 0..100 {
            let around = Vec3::new((step % 10) as f32 - 4.5, (step / 10) as f32 - 4.5, 0.0);
            let point = notch + around * (0.5 - TOLERANCE_METRES) / 4.5;
            assert!(
                !hulls.iter().any(|hull| is_inside(hull, point)),
                "{name}: {point}"
            );
        }
        for point in solid.iter().chain([&more]) {
            assert!(
                hulls.iter().any(|hull| is_inside(hull, *point)),
                "{name}: {point}"
            );
        }
    }
}

#[test]
fn what_is_convex_has_one_part_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    converted(folder.path(), &[("block", &BLOCK)], &[]);
    let scene = scene_of(&folder.path().join("out.glb"));
    let hulls = hulls(&scene, "block");
    assert_eq!(hulls.len(), 1);
    let corner = |point: &Vec3| {
        (*point - Vec3::new(1.5, 0.5, 0.5))
            .abs()
            .abs_diff_eq(Vec3::new(1.5, 0.5, 0.5), 0.001)
    };
    assert!(
        hulls[0].0.len() == 8 && hulls[0].0.iter().all(corner),
        "{:?}",
        hulls[0].0
    );
}

#[test]
fn parts_are_the_same_with_one_thread_and_with_two() {
    let folder = tempfile::tempdir().unwrap();
    let letters: [(&str, &[[f32; 2]]); 3] = [("l", &L), ("u", &U), ("block", &BLOCK)];
    for portable in [&[][..], &["--portable"]] {
        let results = ["1", "2", "2"].map(|threads| {
            let arguments = [&["--threads", threads][..], portable].concat();
            converted(folder.path(), &letters, &arguments)
        });
        assert!(results[0] == results[1] && results[1] == results[2]);
    }
}

#[test]
fn what_is_flat_is_solid_as_it_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["in.obj", "out.glb"].map(|name| folder.path().join(name));
    std::fs::write(&input, "v 0 0 0\nv 9 0 0\nv 0 0 9\nf 1 3 2\n").unwrap();
    let done = import(&["convert", "--physics", "parts"], &[&input, &output]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success() && said.contains("solid as it is drawn"),
        "{said}"
    );
    let scene = scene_of(&output);
    assert!(matches!(scene.physics.shapes[..], [Shape::TriangleMesh(_)]));
}
