//! Small stages, as text, binary and packages.

use crate::formats::zip_sample::package;
use crate::formats::{Foreign, Format, Hints, read as read_named, read_nameless};
use scene::NoSideFiles;
use serde_json::Value;
use std::fmt::Write as _;

const TEXT: &[u8] = include_bytes!("../../../tests/usd/all.usda");
const BINARY: &[u8] = include_bytes!("../../../tests/usd/all.usdc");

/// A triangle, half a metre on its sides, within whatever is told of it.
const TRIANGLE: &str = "int[] faceVertexCounts = [3]\nint[] faceVertexIndices = [0, 1, 2]\n\
    point3f[] points = [(0, 0, 0), (50, 0, 0), (0, 50, 0)]\n";

/// A picture of one colour.
fn png(side: u32, color: [u8; 4]) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(side, side, image::Rgba(color))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

fn read(bytes: &[u8]) -> Result<Foreign, String> {
    read_nameless(bytes, Format::Usd, &NoSideFiles)
}

fn fault(bytes: &[u8]) -> String {
    read(bytes).err().unwrap()
}

/// What a text becomes.
fn stage(text: &str) -> Result<Foreign, String> {
    read(format!("#usda 1.0\n{text}").as_bytes())
}

fn json_of(foreign: &Foreign) -> Value {
    let length = u32::from_le_bytes(foreign.glb[12..16].try_into().unwrap()) as usize;
    serde_json::from_slice(&foreign.glb[20..20 + length]).unwrap()
}

/// What it becomes, which has no error.
fn scene_of(foreign: &Foreign) -> scene::Scene {
    let report = scene::check_bytes(&foreign.glb, &NoSideFiles, scene::Purpose::World);
    let mut errors = report.issues.iter().filter(|issue| issue.severity == 0);
    assert_eq!(errors.next(), None);
    let loaded = scene::load_bytes(&foreign.glb, &NoSideFiles, scene::Purpose::World);
    loaded.unwrap().scene
}

fn named<'j>(json: &'j Value, list: &str, name: &str) -> &'j Value {
    let mut list = json[list].as_array().unwrap().iter();
    list.find(|own| own["name"] == name).unwrap_or(&Value::Null)
}

/// One of everything in a package, its layer as text or binary.
fn all(layer: &[u8]) -> Foreign {
    let name = if layer == TEXT {
        "all.usda"
    } else {
        "all.usdc"
    };
    let [colors, rough] = [png(2, [255, 0, 0, 9]), png(1, [10, 20, 30, 255])];
    let files = [
        (name, layer),
        ("textures/colors.png", &colors),
        ("textures/rough.png", &rough),
    ];
    read(&package(&files)).unwrap()
}

#[test]
fn text_and_binary_of_one_stage_become_the_same() {
    let (text, binary) = (all(TEXT), all(BINARY));
    assert_eq!(text.glb, binary.glb);
    assert_eq!(text.notes, binary.notes);
}

#[test]
fn a_stage_is_in_metres_and_upright_and_has_what_is_seen() {
    let foreign = all(BINARY);
    let scene = scene_of(&foreign);
    let (low, high) = scene.bounds().unwrap();
    // Z is up; the farthest are the table, a lamp, and what stands beside the stack.
    assert!(
        low.abs_diff_eq(glam::vec3(-1.0, 0.0, -1.0), 1.0e-4),
        "{low}"
    );
    assert!(
        high.abs_diff_eq(glam::vec3(4.0, 1.2, 2.0), 1.0e-4),
        "{high}"
    );
    // A quad, a triangle and a hole; three times twelve; one; a quad; five corners of the variant that is selected.
    assert_eq!(scene.triangle_count(), 3 + 36 + 1 + 2 + 3);
    let json = json_of(&foreign);
    assert!(
        foreign
            .notes
            .iter()
            .any(|note| note.contains("left out: 2, `guide`")),
        "{:?}",
        foreign.notes
    );
    assert!(named(&json, "nodes", "needle").is_null());
    assert_eq!(named(&json, "nodes", "near")["translation"][0], 300.0);
    // A surface that is meant to be round has normals, one of flat faces needs none; colours are seen where no material is.
    let attributes = |mesh: &str| &named(&json, "meshes", mesh)["primitives"][0]["attributes"];
    assert!(
        attributes("alone")["NORMAL"].is_number() && attributes("alone")["COLOR_0"].is_number()
    );
    assert!(attributes("shade")["NORMAL"].is_null() && attributes("table")["COLOR_0"].is_null());
    // What is copied and its copies show one mesh.
    let shades: Vec<&Value> = json["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["name"] == "shade")
        .map(|node| &node["mesh"])
        .collect();
    assert_eq!(shades.len(), 3);
    assert!(shades.iter().all(|mesh| *mesh == shades[0]));
}

#[test]
fn surfaces_for_previews_become_metal_and_roughness() {
    let json = json_of(&all(TEXT));
    let plain = named(&json, "materials", "Plain");
    let core = &plain["pbrMetallicRoughness"];
    assert_eq!(
        core["baseColorFactor"],
        serde_json::json!([0.5, 0.25, 0.0, 1.0])
    );
    assert_eq!(
        (&core["metallicFactor"], &core["roughnessFactor"]),
        (&1.0.into(), &0.25.into())
    );
    assert_eq!(plain["emissiveFactor"], serde_json::json!([1.0, 0.5, 0.0]));
    let extensions = &plain["extensions"];
    assert_eq!(
        extensions["KHR_materials_emissive_strength"]["emissiveStrength"],
        2.0
    );
    assert_eq!(
        extensions["KHR_materials_clearcoat"]["clearcoatFactor"],
        0.5
    );
    assert!(extensions["KHR_materials_ior"]["ior"].is_number());
    assert_eq!(plain["doubleSided"], true);

    let painted = named(&json, "materials", "Painted");
    let core = &painted["pbrMetallicRoughness"];
    assert_eq!(
        (&painted["alphaMode"], &painted["alphaCutoff"]),
        (&"MASK".into(), &0.25.into())
    );
    assert_eq!(
        core["baseColorFactor"],
        serde_json::json!([0.5, 1.0, 1.0, 1.0])
    );
    let texture = &core["baseColorTexture"];
    let sampler = &json["textures"][texture["index"].as_u64().unwrap() as usize]["sampler"];
    let sampler = &json["samplers"][sampler.as_u64().unwrap() as usize];
    assert_eq!(
        (&sampler["wrapS"], &sampler["wrapT"]),
        (&33_071.into(), &33_648.into())
    );
    assert_eq!(
        (&core["metallicFactor"], &core["roughnessFactor"]),
        (&0.0.into(), &1.0.into())
    );
    assert!(painted["occlusionTexture"].is_object());
    // The coordinates of the lower left corner, twice and four times as far, a quarter to the right.
    let own = &texture["extensions"]["KHR_texture_transform"];
    let number = |own: &Value| own.as_f64().unwrap();
    let (sin, cos) = number(&own["rotation"]).sin_cos();
    let at = |u: f64, v: f64| {
        let (u, v) = (
            u * number(&own["scale"][0]),
            (1.0 - v) * number(&own["scale"][1]),
        );
        let shown = [
            u * cos + v * sin + number(&own["offset"][0]),
            v * cos - u * sin + number(&own["offset"][1]),
        ];
        [shown[0], 1.0 - shown[1]].map(|part| (part * 1.0e4).round() / 1.0e4 + 0.0)
    };
    assert_eq!(at(0.0, 0.0), [0.25, 0.0]);
    assert_eq!(at(1.0, 0.0), [0.25, 2.0]);
    assert_eq!(at(0.0, 1.0), [-3.75, 0.0]);
}

/// The pixel in the middle of a picture.
fn pixel(foreign: &Foreign, name: &str) -> [u8; 4] {
    let json = json_of(foreign);
    let view = named(&json, "images", name)["bufferView"].as_u64().unwrap() as usize;
    let view = &json["bufferViews"][view];
    let length = u32::from_le_bytes(foreign.glb[12..16].try_into().unwrap()) as usize;
    let start = 28 + length + view["byteOffset"].as_u64().unwrap_or(0) as usize;
    let bytes = &foreign.glb[start..start + view["byteLength"].as_u64().unwrap() as usize];
    let image = image::load_from_memory(bytes).unwrap().into_rgba8();
    image.get_pixel(image.width() / 2, image.height() / 2).0
}

/// A triangle with one material, whose surface has these inputs and these textures beside it.
fn with_surface(inputs: &str, textures: &[(&str, &str)]) -> String {
    let mut text = format!(
        "#usda 1.0\ndef Mesh \"m\" {{ {TRIANGLE} texCoord2f[] primvars:st = [(0, 0), (1, 0), (0, 1)] (interpolation = \"vertex\")\n\
         rel material:binding = </m/look>\ndef Material \"look\" {{\n\
         token outputs:surface.connect = </m/look/s.outputs:surface>\ndef Shader \"s\" {{\n\
         uniform token info:id = \"UsdPreviewSurface\"\n{inputs}\n}}\n"
    );
    for (name, more) in textures {
        write!(
            text,
            "def Shader \"{name}\" {{ uniform token info:id = \"UsdUVTexture\"\nasset inputs:file = @{name}.png@\n{more}\n}}\n"
        )
        .unwrap();
    }
    text + "}\n}\n"
}

#[test]
fn channels_of_several_pictures_are_put_into_one() {
    let connect =
        |input: &str, to: &str| format!("float inputs:{input}.connect = </m/look/{to}>\n");
    let inputs = [
        connect("diffuseColor", "colors.outputs:rgb"),
        connect("opacity", "hole.outputs:g"),
        connect("roughness", "rough.outputs:r"),
        connect("metallic", "metal.outputs:b"),
    ]
    .concat();
    let scale = "float4 inputs:scale = (0.5, 1, 1, 1)";
    let bias = "float4 inputs:scale = (-1, -1, -1, 1)\nfloat4 inputs:bias = (1, 1, 1, 0)";
    let text = with_surface(
        &inputs,
        &[
            ("colors", ""),
            ("hole", ""),
            ("rough", scale),
            ("metal", bias),
        ],
    );
    let [colors, hole, rough, metal] =
        [[9, 8, 7, 255], [1, 77, 3, 4], [100, 1, 2, 3], [5, 6, 55, 7]];
    let files = [
        ("a.usda", text.into_bytes()),
        ("colors.png", png(1, colors)),
        ("hole.png", png(4, hole)),
        ("rough.png", png(2, rough)),
        ("metal.png", png(1, metal)),
    ];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (*name, &bytes[..]))
        .collect();
    let foreign = read(&package(&files)).unwrap();
    assert_eq!(pixel(&foreign, "colors hole"), [9, 8, 7, 77]);
    assert_eq!(pixel(&foreign, "rough metal"), [255, 100, 200, 255]);
    let json = json_of(&foreign);
    let look = named(&json, "materials", "look");
    assert_eq!(look["alphaMode"], "BLEND");
    let core = &look["pbrMetallicRoughness"];
    assert_eq!(
        (&core["roughnessFactor"], &core["metallicFactor"]),
        (&0.5.into(), &1.0.into())
    );
}

#[test]
fn skins_shapes_and_animations_are_kept() {
    let foreign = all(BINARY);
    let json = json_of(&foreign);
    let skin = &json["skins"][0];
    let names: Vec<&Value> = skin["joints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|joint| &json["nodes"][joint.as_u64().unwrap() as usize]["name"])
        .collect();
    assert_eq!(names, ["hip", "head"]);
    assert_eq!(
        named(&json, "meshes", "skin")["extras"]["targetNames"][0],
        "smile"
    );
    let scene = scene_of(&foreign);
    let clip = &scene.animations[0];
    assert!((clip.duration_secs - 2.0).abs() < 1.0e-6);
    let mut paths: Vec<&str> = json["animations"][0]["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|channel| channel["target"]["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    // Those of the lamp, of which two stand still; of the head; and of the smile.
    assert_eq!(
        paths,
        ["rotation", "rotation", "scale", "translation", "weights"]
    );
}

#[test]
fn stronger_layers_win_and_paths_lead_where_they_are() {
    let part = format!(
        "#usda 1.0\n(defaultPrim = \"Chair\"\nsubLayers = [@./more.usda@])\ndef Xform \"Chair\" (variantSets = \"size\"\n\
         variants = {{ string size = \"small\" }}) {{\ndef Mesh \"seat\" {{ {TRIANGLE}\nrel material:binding = </Chair/look> }}\n\
         def Material \"look\" {{}}\nvariantSet \"size\" = {{\n\"small\" {{ over \"seat\" {{ \
         point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0)] }} }}\n\"large\" {{ }} }} }}\n"
    );
    let more = "#usda 1.0\nover \"Chair\" { over \"seat\" { point3f[] points = [(0, 0, 0), (7, 0, 0), (0, 7, 0)] } }\n";
    let root = "#usda 1.0\n(metersPerUnit = 1)\ndef \"one\" (references = @parts/chair.usda@) {}\n\
        def \"two\" (references = @parts/chair.usda@</Chair>\nvariants = { string size = \"large\" }) {\n\
        double3 xformOp:translate = (0, 100, 0)\nuniform token[] xformOpOrder = [\"xformOp:translate\"]\n\
        over \"look\" (active = false) {} }\n";
    let files: [(&str, &[u8]); 3] = [
        ("root.usda", root.as_bytes()),
        ("parts/chair.usda", part.as_bytes()),
        ("parts/more.usda", more.as_bytes()),
    ];
    let foreign = read(&package(&files)).unwrap();
    let (low, high) = scene_of(&foreign).bounds().unwrap();
    // What a layer says itself is stronger than its variants and its sublayers.
    assert_eq!(
        (low, high),
        (glam::Vec3::ZERO, glam::vec3(50.0, 150.0, 0.0))
    );
    let json = json_of(&foreign);
    let looks = json["materials"].as_array().unwrap().iter();
    assert_eq!(
        looks.filter(|own| own["name"] == "look").count(),
        1,
        "{json}"
    );
}

#[test]
fn a_variant_above_a_child_says_more_than_what_the_child_refers_to_and_chooses_its_variants() {
    let foreign = stage(&format!(
        "(metersPerUnit = 1)\ndef Xform \"A\" (variantSets = \"v\"\nvariants = {{ string v = \"x\" }}) {{\n\
         def Mesh \"Geom\" (references = </X>) {{}}\nvariantSet \"v\" = {{ \"x\" {{ over \"Geom\" (\
         variants = {{ string place = \"high\" }}) {{ point3f[] points = [(0, 0, 0), (7, 0, 0), (0, 7, 0)] }} }} }} }}\n\
         class Mesh \"X\" (variantSets = \"place\") {{ {TRIANGLE}\nvariantSet \"place\" = {{ \"high\" {{\n\
         double3 xformOp:translate = (0, 100, 0)\nuniform token[] xformOpOrder = [\"xformOp:translate\"] }} }} }}\n"
    ));
    let bounds = scene_of(&foreign.unwrap()).bounds().unwrap();
    let expected = (glam::vec3(0.0, 100.0, 0.0), glam::vec3(7.0, 107.0, 0.0));
    assert_eq!(bounds, expected);
}

#[test]
fn a_stronger_layer_takes_away_what_a_weaker_one_refers_to_and_other_formats_are_left_out() {
    let own = format!("def Mesh \"own\" {{ {TRIANGLE} }}");
    let weak = format!(
        "#usda 1.0\ndef Xform \"A\" (references = [@../large.usda@</B>, @../more.abc@]) {{ {own} }}\n"
    );
    let large = "#usda 1.0\ndef Xform \"B\" { def Cube \"far\" { double size = 4000 } }\n";
    let root = "#usda 1.0\n(subLayers = [@parts/weak.usda@])\n\
        over \"A\" (delete references = @large.usda@</B>) {}\n";
    let files: [(&str, &[u8]); 4] = [
        ("root.usda", root.as_bytes()),
        ("parts/weak.usda", weak.as_bytes()),
        ("large.usda", large.as_bytes()),
        ("more.abc", b"Ogawa"),
    ];
    let foreign = read(&package(&files)).unwrap();
    assert_eq!(scene_of(&foreign).triangle_count(), 1);
    let notes = &foreign.notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("`more.abc` is no USD")),
        "{notes:?}"
    );
}

#[test]
fn what_leads_to_itself_ends() {
    for text in [
        "def Xform \"a\" (references = </a>) {}".to_owned(),
        "def Xform \"a\" (references = </b>) {}\ndef Xform \"b\" (references = </a>) {}".to_owned(),
        "def Xform \"a\" (inherits = </a/b>) { def \"b\" (specializes = </a>) {} }".to_owned(),
        "def Xform \"a\" { def \"b\" (references = </a>) {}\ndef \"c\" (references = </a>) {} }"
            .to_owned(),
        "def Material \"a\" { token outputs:surface.connect = </a.outputs:surface> }".to_owned(),
        format!("def Mesh \"m\" (references = </m>) {{ {TRIANGLE} rel material:binding = </m> }}"),
    ] {
        let text = format!("{text}\ndef Mesh \"seen\" {{ {TRIANGLE} }}");
        match stage(&text) {
            Ok(foreign) => assert!(scene_of(&foreign).triangle_count() > 0, "{text}"),
            Err(fault) => assert!(fault.contains("more than"), "{text}: {fault}"),
        }
    }
    let layers: [(&str, &[u8]); 2] = [
        ("a.usda", b"#usda 1.0\n(subLayers = [@b.usda@, @a.usda@])\ndef \"a\" (references = @b.usda@</a>) {}"),
        ("b.usda", b"#usda 1.0\n(subLayers = [@a.usda@])\ndef \"a\" (references = @a.usda@</a>) {}"),
    ];
    assert!(fault(&package(&layers)).contains("nothing in it"));
}

/// Each of a few prims refers to the next one twice: together they would be more than any machine holds.
#[test]
fn references_that_multiply_are_refused() {
    let mut text = String::new();
    for number in 0..23 {
        let next = number + 1;
        writeln!(text, "def \"p{number}\" {{ def \"x\" (references = </p{next}>) {{}}\ndef \"y\" (references = </p{next}>) {{}} }}").unwrap();
    }
    writeln!(text, "def Mesh \"p23\" {{ {TRIANGLE} }}").unwrap();
    let fault = stage(&text).err().unwrap();
    assert!(fault.contains("more than"), "{fault}");
    let mut text = String::new();
    for number in 0..23 {
        let next = number + 1;
        writeln!(
            text,
            "def \"p{number}\" (references = [</p{next}>, </q{next}>]) {{}}"
        )
        .unwrap();
        writeln!(
            text,
            "def \"q{number}\" (references = [</p{next}>, </q{next}>]) {{}}"
        )
        .unwrap();
    }
    assert!(stage(&text).err().unwrap().contains("refer to more than"));
}

#[test]
fn each_limit_is_named() {
    let deep = |what: &str, count: usize| what.repeat(count);
    let name = "n".repeat(1_025);
    let corners = vec!["0"; 10_001].join(", ");
    for (text, told) in [
        (format!("def \"{name}\" {{}}"), "a name has more than 1024 bytes"),
        (deep("def \"a\" {\n", 200), "prims deeper than 128"),
        (format!("def \"a\" {{ int a = {} }}", deep("[", 200)), "nested too deep"),
        (
            format!("def Mesh \"m\" {{ int[] faceVertexCounts = [10001]\nint[] faceVertexIndices = [{corners}]\npoint3f[] points = [(0, 0, 0)] }}"),
            "the mesh `m`: a face has 10001 corners, the limit is 10000",
        ),
        (
            "def Mesh \"m\" { int[] faceVertexCounts = [3]\nint[] faceVertexIndices = [0, 1, 2]\npoint3f[] points = [(0, 0, 0)] }".to_owned(),
            "the mesh `m`: a face names a point that is not there",
        ),
        (
            format!("def Mesh \"m\" {{ {TRIANGLE} point3f[] points = [(0, 0, 0), (inf, 0, 0), (0, 1, 0)] }}"),
            "a point has a number that is none, or infinite",
        ),
        ("def \"a\" { int a = [1, \"b\"] }".to_owned(), "line 2: a value has numbers and texts"),
        ("def \"a\" { int a = \"b }".to_owned(), "a text has no end"),
    ] {
        let fault = stage(&text).err().unwrap();
        assert!(fault.contains(told), "{fault}");
    }
    let budget = super::read::value::Budget::new();
    assert!(budget.take(usize::MAX).is_err());
    while budget.take(super::limits::MAX_VALUES_OF_ONE).is_ok() {}
    assert!(budget.take(super::limits::MAX_VALUES_OF_ONE - 1).is_err());
}

#[test]
fn a_package_is_read_as_it_is_or_not_at_all() {
    let whole = package(&[("a.usdc", BINARY), ("b.txt", b"hello")]);
    assert!(read(&whole).is_ok());
    for cut in (0..whole.len()).step_by(61) {
        assert!(!fault(&whole[..cut]).is_empty());
    }
    let directory = whole
        .windows(4)
        .position(|own| own == b"PK\x01\x02")
        .unwrap();
    let changed = |at: usize, byte: u8| {
        let mut changed = whole.clone();
        changed[directory + at] = byte;
        fault(&changed)
    };
    assert!(changed(10, 8).contains("`a.usdc` in it is compressed"));
    assert!(changed(8, 1).contains("`a.usdc` in it is encrypted"));
    // Found by fuzzing: a name of several lines is told in one.
    let mut split = package(&[("a\n.usdc", BINARY)]);
    let entry = split
        .windows(4)
        .position(|own| own == b"PK\x01\x02")
        .unwrap();
    split[entry + 10] = 8;
    assert!(fault(&split).contains("`a .usdc` in it is compressed"));
    let second = 46 + "a.usdc".len();
    // The second begins where the first does.
    let mut overlapping = whole.clone();
    let first: Vec<u8> = whole[directory + 20..directory + 46].to_vec();
    overlapping[directory + second + 42..directory + second + 46].copy_from_slice(&first[22..]);
    assert!(fault(&overlapping).contains("in one place"));
    assert!(fault(&package(&[("../a.usdc", BINARY)])).contains("leads out of it"));
    assert!(fault(&package(&[("a.usdc", BINARY), ("a.usdc", BINARY)])).contains("one name"));
    assert!(fault(&package(&[("a.png", b"x")])).contains("no layer"));
    assert!(fault(b"").contains("no USD"));
}

#[test]
fn what_is_not_in_the_package_is_named_and_left_out() {
    let text = with_surface(
        "color3f inputs:diffuseColor.connect = </m/look/gone.outputs:rgb>",
        &[("gone", "asset inputs:file = @../outside.png@")],
    );
    let text = format!(
        "{text}def \"x\" (references = @/etc/passwd@) {{}}\ndef \"y\" (payload = @other.usdz[a.usd]@) {{}}\n"
    );
    let foreign = read(&package(&[("in/a.usda", text.as_bytes())])).unwrap();
    for told in [
        "the image `../outside.png` is not in the package",
        "the layer `/etc/passwd` is not in the package",
        "the layer `other.usdz[a.usd]` is not in the package",
    ] {
        assert!(
            foreign.notes.iter().any(|note| note.contains(told)),
            "{told}: {:?}",
            foreign.notes
        );
    }
    assert!(json_of(&foreign)["images"].is_null());
}

#[test]
fn layers_and_pictures_in_a_folder_are_read_and_none_outside() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("in");
    std::fs::create_dir(&folder).unwrap();
    let text = with_surface(
        "color3f inputs:diffuseColor.connect = </m/look/own.outputs:rgb>",
        &[("own", "")],
    );
    let root = "#usda 1.0\ndef \"a\" (references = @./part.usda@</m>) {}\ndef \"b\" (references = @../part.usda@</m>) {}\n";
    std::fs::write(folder.join("root.usda"), root).unwrap();
    // A path of the part leads into what refers to it.
    std::fs::write(folder.join("part.usda"), &text).unwrap();
    std::fs::write(outer.path().join("part.usda"), &text).unwrap();
    std::fs::write(folder.join("own.png"), png(1, [1, 2, 3, 255])).unwrap();
    let hints = Hints {
        unit_metres: None,
        is_z_up: None,
        textures: None,
    };
    let files = scene::FolderFiles::new(&folder);
    let path = folder.join("root.usda");
    let foreign = read_named(&path, root.as_bytes(), &files, &hints).unwrap();
    assert_eq!(scene_of(&foreign).triangle_count(), 1);
    assert_eq!(json_of(&foreign)["images"].as_array().unwrap().len(), 1);
    let told = "the layer `../part.usda` is not in or below its folder";
    assert!(
        foreign.notes.iter().any(|note| note.contains(told)),
        "{:?}",
        foreign.notes
    );
}

/// Those of its tables and of where they are lie at its end.
#[test]
fn counts_in_a_binary_layer_are_not_believed() {
    for at in BINARY.len() - 400..BINARY.len() - 8 {
        for count in [u64::MAX, 16_000_000] {
            let mut layer = BINARY.to_vec();
            layer[at..at + 8].copy_from_slice(&count.to_le_bytes());
            if at % 8 == BINARY.len() % 8
                && let Err(fault) = read(&layer)
            {
                assert!(!fault.is_empty() && !fault.contains('\n'), "{fault}");
            }
        }
    }
    for cut in (0..BINARY.len()).step_by(BINARY.len() / 50) {
        assert!(read(&BINARY[..cut]).is_err(), "{cut}");
    }
}
