//! Materials of FBX and OBJ, and the pictures that they name.

use super::*;

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
fn a_picture_under_another_ending_is_taken_and_told() {
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n";
    let mtl = b"newmtl a\nmap_Kd D:\\art\\bark.psd\n";
    let (scene, notes) = read_beside(&[("a.obj", obj), ("a.mtl", mtl), ("bark.png", &png())]);
    assert!(scene.materials[0].base_color_texture.is_some());
    let told = "`bark.png` is taken for `bark.psd`";
    assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
}

#[test]
fn materials_are_found_under_the_name_of_the_model() {
    let red = b"newmtl\nnewmtl a\nKd 1 0 0\n";
    for names in ["mtllib untitled.mtl\n", "mtllib\n", ""] {
        let obj = format!("{names}v 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n");
        let files: [(&str, &[u8]); 2] = [("chair.obj", obj.as_bytes()), ("chair.mtl", red)];
        let (scene, notes) = read_beside(&files);
        let material = scene.meshes[0].primitives[0].material.unwrap();
        let color = scene.materials[material.index()].base_color;
        assert_eq!(color, glam::Vec4::new(1.0, 0.0, 0.0, 1.0), "{names}");
        let told = "taken from `chair.mtl`";
        assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
    }
}

#[test]
fn colours_are_those_of_the_screen_unless_blender_wrote_them() {
    let middle = scene::linear_from_srgb(0.5);
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl m\nf 1 2 3\n";
    let of_blender = [b"# Blender 4.2.0\n", &obj[..]].concat();
    for (obj, expected) in [(&obj[..], middle), (&of_blender, 0.5)] {
        let mtl = b"newmtl m\nKd 0.5 0.5 0.5\nKe 0.5 0.5 0.5\n";
        let (scene, _) = read_beside(&[("a.obj", obj), ("a.mtl", mtl)]);
        let material = &scene.materials[0];
        assert!((material.base_color.x - expected).abs() < 1.0e-6);
        assert!((material.emissive.x - expected).abs() < 1.0e-6);
    }
    let color = "\"DiffuseColor\", \"Color\", \"\", \"A\",0.5,0.5,0.5";
    let file = String::from_utf8(with_material(&[color], &[], &[])).unwrap();
    let by = |creator: &str| {
        let creator = format!("FBXVersion: 7400\nCreator: \"{creator}\"");
        let file = file.replacen("FBXVersion: 7400", &creator, 1);
        scene_of(file.as_bytes(), Format::Fbx).0.materials[0]
            .base_color
            .x
    };
    assert!((by("FBX SDK/FBX Plugins version 2020.3.1") - middle).abs() < 1.0e-6);
    assert!((by("Blender (stable FBX IO) - 4.2.0 - 5.12.3") - 0.5).abs() < 1.0e-6);
}

#[test]
fn a_map_of_opacity_is_transparency_only_for_maya() {
    let alpha_by = |application: &str, property: &str| {
        let texture = object("Texture", 60, "map", "", &[]).replacen(
            "Version: 232",
            "Version: 202\nRelativeFilename: \"map.png\"",
            1,
        );
        let factor = "\"TransparencyFactor\", \"Number\", \"\", \"A\",1";
        let file = with_material(&[factor], &[texture], &[(60, 50, property)]);
        let told = format!(
            "FBXVersion: 7400\nSceneInfo: \"SceneInfo::GlobalInfo\", \"UserData\" {{\nProperties70:  {{\n\
             P: \"Original|ApplicationName\", \"KString\", \"\", \"\", \"{application}\"\n}}\n}}"
        );
        let file = String::from_utf8(file).unwrap();
        let file = file.replacen("FBXVersion: 7400", &told, 1);
        let mut white = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(2, 2, image::Rgb([255; 3]));
        let written = picture.write_to(&mut white, image::ImageFormat::Png);
        written.unwrap();
        let (scene, notes) =
            read_beside(&[("a.fbx", file.as_bytes()), ("map.png", white.get_ref())]);
        assert!(!notes.concat().contains("map `"), "{notes:?}");
        let material = &scene.materials[0];
        assert_eq!(
            material.alpha_mode,
            scene::AlphaMode::Mask(0.5),
            "{notes:?}"
        );
        assert_eq!(material.base_color.w, 1.0);
        let slot = material.base_color_texture.unwrap();
        let image = scene.textures[slot.texture.index()].image.unwrap();
        let picture = image::load_from_memory(&scene.images[image.index()].bytes);
        picture.unwrap().into_rgba8().get_pixel(0, 0).0[3]
    };
    for property in ["TransparentColor", "TransparencyFactor"] {
        assert_eq!(alpha_by("3ds Max", property), 255);
        assert_eq!(alpha_by("Maya", property), 0);
    }
}

#[test]
fn a_material_whose_map_of_opacity_is_not_there_stays_as_transparent_as_it_says() {
    let texture = object("Texture", 60, "map", "", &[]).replacen(
        "Version: 232",
        "Version: 202\nRelativeFilename: \"gone.png\"",
        1,
    );
    let color = "\"TransparentColor\", \"Color\", \"\", \"A\",1,1,1";
    let factor = "\"TransparencyFactor\", \"Number\", \"\", \"A\",0.75";
    let file = with_material(
        &[color, factor],
        &[texture],
        &[(60, 50, "TransparentColor")],
    );
    let material = &scene_of(&file, Format::Fbx).0.materials[0];
    assert_eq!(material.alpha_mode, scene::AlphaMode::Blend);
    assert!((material.base_color.w - 0.25).abs() < 1.0e-6);
}

#[test]
fn tiles_of_a_surface_are_told() {
    let obj = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n";
    let told = |picture: &str| {
        let mtl = format!("newmtl a\nmap_Kd {picture}\n");
        let files: [(&str, &[u8]); 3] =
            [("a.obj", obj), ("a.mtl", mtl.as_bytes()), (picture, &png())];
        let (_, notes) = read_beside(&files);
        notes.iter().any(|note| note.contains("UDIM"))
    };
    assert!(told("body.1001.png") && told("body_1002_color.png"));
    assert!(!told("body_1024.png") && !told("body1001.png"));
    let mtl = b"newmtl a\nmap_Kd body.<UDIM>.png\n";
    let (_, notes) = read_beside(&[("a.obj", obj), ("a.mtl", mtl)]);
    assert!(
        notes.iter().any(|note| note.contains("stands for several")),
        "{notes:?}"
    );
}
