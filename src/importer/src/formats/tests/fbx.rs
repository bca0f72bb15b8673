//! FBX: skins, animations, what is hidden.

use super::*;

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

/// What a take from one second to another moves, of a node with a curve for that property.
fn take(span: Option<(i64, i64)>, property: &str, of_curve: &[(i64, f32)]) -> scene::Channel {
    let time = |name: &str, seconds: i64| {
        let ticks = seconds * 46_186_158_000;
        format!("\"{name}\", \"KTime\", \"Time\", \"\",{ticks}")
    };
    let told: Vec<String> = span
        .map(|(start, stop)| [time("LocalStart", start), time("LocalStop", stop)])
        .into_iter()
        .flatten()
        .collect();
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let stated = format!("\"{property}\", \"{property}\", \"\", \"A\",0,0,0");
    let mut objects = vec![
        triangle(10, ""),
        object("Model", 20, "door", "Mesh", &[&stated]),
        object("Deformer", 61, "", "BlendShape", &[]),
        object("AnimationStack", 40, "open", "", &told),
        object("AnimationLayer", 41, "base", "", &[]),
        object("AnimationCurveNode", 42, "T", "", &[]),
        keys(43, of_curve),
    ];
    objects.extend(shape(62, 63, 0));
    let is_weight = property == "DeformPercent";
    let (moved, axis) = match is_weight {
        true => (63, "d|DeformPercent"),
        false => (20, "d|Z"),
    };
    let file = fbx(
        &objects,
        &[
            (10, 20, ""),
            (20, 0, ""),
            (61, 10, ""),
            (63, 61, ""),
            (62, 63, ""),
            (41, 40, ""),
            (42, 41, ""),
            (42, moved, property),
            (43, 42, axis),
        ],
    );
    let (scene, _) = scene_of(&file, Format::Fbx);
    assert_eq!(scene.animations[0].channels.len(), 1);
    scene.animations[0].channels[0].clone()
}

/// When a node moves along an axis, and where it is then.
fn slide(span: Option<(i64, i64)>, of_curve: &[(i64, f32)]) -> Vec<(f32, f32)> {
    let channel = take(span, "Lcl Translation", of_curve);
    let scene::Track::Translation(places) = &channel.track else {
        panic!("{channel:?}");
    };
    let times = channel.times.iter().copied();
    times.zip(places.iter().map(|place| place.z)).collect()
}

#[test]
fn a_take_plays_from_its_beginning_to_its_end() {
    // The pose in which it was made, the take, and what was tried behind it.
    let of_curve = [(0, 500.0), (1, 0.0), (3, 200.0), (4, 900.0)];
    assert_eq!(slide(Some((1, 3)), &of_curve), [(0.0, 0.0), (2.0, 200.0)]);
    // Between keys it begins and ends where the curve is then.
    assert_eq!(slide(Some((2, 3)), &of_curve), [(0.0, 100.0), (1.0, 200.0)]);
    assert_eq!(slide(Some((1, 2)), &of_curve), [(0.0, 0.0), (1.0, 100.0)]);
    let early = [(-1, 0.0), (1, 200.0)];
    assert_eq!(slide(Some((-1, 1)), &early), [(0.0, 0.0), (2.0, 200.0)]);
    assert_eq!(slide(None, &early), [(0.0, 0.0), (2.0, 200.0)]);
    // What has come to its end holds still until the take ends.
    let held = [(0.0, 0.0), (2.0, 200.0), (5.0, 200.0)];
    assert_eq!(slide(Some((-1, 4)), &early), held);
    // A take that is told to be elsewhere is not believed.
    for elsewhere in [(7, 9), (1, 9), (-9, -1)] {
        let keys = slide(Some(elsewhere), &early);
        assert_eq!(keys, [(0.0, 0.0), (2.0, 200.0)]);
    }
    // What lies beyond the take alone moves nothing in it.
    let later = take(
        Some((1, 2)),
        "Lcl Translation",
        &[(0, 3.0), (3, 3.0), (4, 9.0)],
    );
    assert!(
        matches!(&later.track, scene::Track::Translation(places) if places.iter().all(|place| place.z == 3.0))
    );
}

#[test]
fn a_take_that_begins_between_keys_is_turned_and_morphed_by_as_much() {
    let turn = take(Some((2, 3)), "Lcl Rotation", &[(1, 0.0), (3, 90.0)]);
    let scene::Track::Rotation(turns) = &turn.track else {
        panic!("{turn:?}");
    };
    assert_eq!((turn.times[0], turn.times.last()), (0.0, Some(&1.0)));
    for (own, degrees) in [(turns[0], 45.0f32), (*turns.last().unwrap(), 90.0)] {
        let expected = glam::Quat::from_rotation_z(degrees.to_radians());
        assert!(own.dot(expected).abs() > 1.0 - 1.0e-5, "{own} {degrees}");
    }
    let morph = take(Some((2, 3)), "DeformPercent", &[(1, 0.0), (3, 80.0)]);
    let scene::Track::Weights { values, .. } = &morph.track else {
        panic!("{morph:?}");
    };
    assert_eq!(morph.times, [0.0, 1.0]);
    assert!((values[0] - 0.4).abs() < 1.0e-6 && (values[1] - 0.8).abs() < 1.0e-6);
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
fn triangles_with_a_corner_that_is_nowhere_are_left_out() {
    let nowhere = triangle(10, "").replacen("0,0,0,1,0,0", "0,0,1e300,1,0,0", 1);
    let file = fbx(
        &[
            triangle(11, ""),
            object("Model", 21, "whole", "Mesh", &[]),
            nowhere,
            object("Model", 20, "broken", "Mesh", &[]),
        ],
        &[(10, 20, ""), (20, 0, ""), (11, 21, ""), (21, 0, "")],
    );
    let (scene, notes) = scene_of(&file, Format::Fbx);
    assert_eq!(scene.triangle_count(), 1);
    assert!(
        notes.iter().any(|note| note.contains("infinite")),
        "{notes:?}"
    );
}
