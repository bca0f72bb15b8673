//! Every reader of other formats, on damaged files: it may refuse them in one line, but neither panic nor swell. STL, PLY, USD and
//! archives are read in this process; FBX and OBJ, whose decoder is C, where the product reads them: in its worker, within its limits.

use crate::{
    convert::samples,
    random::Random,
    sample::{cluster, colors, curve, fbx, object, shape, triangle, uvs},
    zip_sample::{archive, package},
};
use importer::{fuzz_archive, fuzz_ply, fuzz_stl, fuzz_usd};
use scene::worker::{Decoder, Program, Worker, WorkerLimits};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Damaged files for each reader in this process.
const ROUNDS: u64 = 2_000;
/// Damaged files for each reader in the worker, which converts them to the end.
const WORKER_ROUNDS: u64 = 300;
/// No reader is tried for longer, however slow the machine is; what was done until then counts.
const LONGEST: Duration = Duration::from_secs(5);
/// Larger samples take longer and damage no differently.
const MAX_SOURCE_BYTES: usize = 200_000;
/// As in the product (`convert/worker/mod.rs`).
const LIMITS: WorkerLimits = WorkerLimits {
    memory_bytes: 2 * 1024 * 1024 * 1024,
    processor_time: Duration::from_secs(60),
    payload_time: Duration::from_secs(60),
    threads: 1,
};
/// Largest result that is asked for.
const MAX_RESULT_BYTES: usize = 1024 * 1024 * 1024;
/// What no file may make the worker say: each is a fault of ours or of a decoder.
const FINDINGS: [&str; 5] = [
    "broke down",
    "gave up",
    "bytes of memory",
    "seconds",
    "cannot be handed on",
];

/// Numbers that readers stumble over.
const NUMBERS: [&str; 12] = [
    "-1",
    "0",
    "1",
    "2",
    "255",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967295",
    "1e38",
    "nan",
    "99999999999999999999",
];

const STL: &[u8] =
    b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n\
    endloop\nendfacet\nendsolid a\n";
const PLY: &[u8] = b"ply\nformat ascii 1.0\ncomment TextureFile a.png\nelement vertex 4\nproperty float x\nproperty float y\n\
    property float z\nproperty float nx\nproperty float ny\nproperty float nz\nproperty uchar red\n\
    property uchar green\nproperty uchar blue\nproperty float s\nproperty float t\nelement face 1\n\
    property list uchar int vertex_indices\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n\
    property list uchar float texcoord\nelement tristrips 1\nproperty list int int vertex_indices\n\
    end_header\n0 2 0 0 0 1 255 0 0 0 0\n-2 -2 0 0 0 1 0 255 0 1 0\n0 -1 0 0 0 1 0 0 255 1 1\n2 -2 0 0 0 1 9 9 9 0 1\n\
    4 1 2 3 0 9 99 0 8 0 0 1 0 1 1 0 1\n8 0 1 2 3 -1 0 1 2\n";
const OBJ: &[u8] = b"mtllib a.mtl\no a\nv 0 0 0 0.5 1 0\nv 1 0 0 1 1 0\nv 0 1 0 0 1 0\nv 1 1 0 1 1 1\nvt 0 0\nvt 1 0\nvt 0 1\n\
    vn 0 0 1\ns 1\ng b\nusemtl m\nf 1/1/1 2/2/1 4/3/1 3/3/1\nl 1 2 3\np 1\nf -4 -3 -2\n";
const MTL: &[u8] = b"newmtl m\nKd 0.8 0.2 0.1\nNs 200\nd 0.5\nmap_Kd -s 2 2 2 -o 0.5 0 0 -clamp on a.png\nmap_d a.png\n\
    Pr 0.3\nPm 1\nnorm -bm 0.5 b.png\nnewmtl n\nKe 4 1 1\nmap_Ke -mm 0 1 a b.png\nTr 0.1\nillum 7\n";

/// Real files with an ending, or none, which is told.
fn real(ending: &str) -> Vec<Vec<u8>> {
    let Some(root) = samples() else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(root.join("formats"))
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|own| own == ending))
        .collect();
    paths.sort();
    let found = paths.iter().map(|path| fs::read(path).unwrap());
    found
        .filter(|bytes| bytes.len() <= MAX_SOURCE_BYTES)
        .collect()
}

/// One to four faults in a file: those of text half of the time, where it is text.
fn damaged(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(4) {
        bytes = match std::str::from_utf8(&bytes) {
            Ok(text) if random.below(4) > 0 => damage_text(text, random).into_bytes(),
            _ => damage_bytes(bytes, random),
        };
    }
    bytes
}

fn damage_bytes(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let length = bytes.len();
    let at = random.below(length);
    let end = (at + random.below(64)).min(length);
    match random.below(12) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => bytes.extend_from_within(at..end),
        3 => {
            let part = bytes[at..end].to_vec();
            let place = random.below(length);
            bytes.splice(place..place, part);
        }
        4..=6 => {
            let word = [
                0,
                1,
                0x7FFF_FFFF,
                0x8000_0000,
                u32::MAX,
                0x7F80_0000,
                length as u32,
            ];
            let word = word[random.below(7)].to_le_bytes();
            for (place, byte) in bytes.iter_mut().skip(at).zip(word) {
                *place = byte;
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.below(256) as u8;
            }
        }
    }
    bytes
}

fn damage_text(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (at, other) = (random.below(lines.len()), random.below(lines.len()));
    let Some(line) = lines.get(at).cloned() else {
        return text.to_owned();
    };
    match random.below(8) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(other, line),
        2 => lines.swap(at, other),
        3 => lines.truncate(at),
        _ => {
            // A number is what most of them turn on.
            let ends = |own: char| own == ' ' || own == ',' || own == '/';
            let mut words: Vec<&str> = line.split_inclusive(ends).collect();
            let word = random.below(words.len());
            let number = NUMBERS[random.below(NUMBERS.len())];
            let with_end = format!("{number} ");
            if let Some(word) = words.get_mut(word) {
                *word = &with_end;
            }
            lines[at] = words.concat();
        }
    }
    lines.join("\n") + "\n"
}

/// Damages one source after the other until there were enough rounds, or the time is over.
fn feed(name: &str, sources: &[Vec<u8>], rounds: u64, mut read: impl FnMut(&[u8], &mut Random)) {
    let started = Instant::now();
    let mut done = 0;
    for seed in 0..rounds {
        if started.elapsed() > LONGEST {
            println!("{name}: {done} of {rounds} rounds in the time that there is");
            break;
        }
        let mut random = Random::new(seed);
        let source = &sources[random.below(sources.len())];
        read(&damaged(source, &mut random), &mut random);
        done += 1;
    }
    assert!(done > 0);
}

#[test]
fn the_stl_reader_survives_damaged_files() {
    let mut sources = real("stl");
    sources.push(STL.to_vec());
    // Binary: two facets.
    let facet = [[0; 12].as_slice(), &[0, 0, 128, 63].repeat(9), &[0; 2]].concat();
    sources.push([[0; 80].as_slice(), &[2, 0, 0, 0], &facet, &facet].concat());
    feed("STL", &sources, ROUNDS, |bytes, _| fuzz_stl(bytes));
}

#[test]
fn the_ply_reader_survives_damaged_files() {
    let mut sources = real("ply");
    sources.push(PLY.to_vec());
    feed("PLY", &sources, ROUNDS, |bytes, _| fuzz_ply(bytes));
}

#[test]
fn the_usd_reader_survives_damaged_files() {
    let text = include_bytes!("usd/all.usda");
    let binary = include_bytes!("usd/all.usdc");
    let sources = [
        text.to_vec(),
        binary.to_vec(),
        package(&[("all.usdc", binary), ("textures/colors.png", b"")]),
    ];
    feed("USD", &sources, ROUNDS, |bytes, _| fuzz_usd(bytes));
}

#[test]
fn the_archive_reader_survives_damaged_files() {
    let files: [(&str, &[u8]); 2] = [("chair/chair.stl", STL), ("chair/in/a.png", PLY)];
    let sources = [archive(&files), package(&files)];
    feed("zip", &sources, ROUNDS, |bytes, _| fuzz_archive(bytes));
}

/// The worker of the program as `convert` starts it, and a folder for the files that it is told of.
struct Converter {
    worker: Worker,
    folder: tempfile::TempDir,
}

impl Converter {
    fn new() -> Self {
        Self {
            worker: Worker::of(Program {
                path: PathBuf::from(env!("CARGO_BIN_EXE_stoa-import")),
                limits: LIMITS,
            }),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    /// True when there is a result.
    fn convert(&self, name: &str) -> bool {
        const CONVERT: Decoder = Decoder {
            name: "convert",
            decode: |_| Err("it was not decoded apart".to_owned()),
        };
        let path = self.folder.path().join(name);
        let task = [
            &b"--threads=1\0--\0"[..],
            path.as_os_str().as_encoded_bytes(),
        ];
        match self.worker.decode(&CONVERT, &task, MAX_RESULT_BYTES) {
            Ok(bytes) => {
                assert!(bytes.windows(4).any(|own| own == b"glTF"));
                true
            }
            Err(fault) => {
                let is_finding = FINDINGS.iter().any(|finding| fault.contains(finding));
                if is_finding {
                    let kept = std::env::temp_dir().join(format!("stoa-finding-{name}"));
                    fs::copy(&path, &kept).unwrap();
                    panic!("{fault}: {}", kept.display());
                }
                assert!(!fault.is_empty() && !fault.contains('\n'), "{fault:?}");
                false
            }
        }
    }
}

#[test]
fn the_fbx_reader_survives_damaged_files_in_its_worker() {
    let mut sources = real("fbx");
    sources.extend([as_text(), as_text(), as_text()]);
    let converter = Converter::new();
    let mut written = 0;
    feed("FBX", &sources, WORKER_ROUNDS, |bytes, _| {
        converter.write("a.fbx", bytes);
        written += u32::from(converter.convert("a.fbx"));
    });
    assert!(written > 0);
}

#[test]
fn the_obj_reader_survives_damaged_files_in_its_worker() {
    let mut sources = real("obj");
    sources.extend([OBJ.to_vec(), OBJ.to_vec()]);
    let mut libraries = real("mtl");
    libraries.extend([MTL.to_vec(), MTL.to_vec()]);
    let converter = Converter::new();
    let mut written = 0;
    feed("OBJ", &sources, WORKER_ROUNDS, |bytes, random| {
        let library = damaged(&libraries[random.below(libraries.len())], random);
        // The library is found whatever it is called.
        for line in bytes.split(|byte| *byte == b'\n') {
            let name = line.strip_prefix(b"mtllib ").map(String::from_utf8_lossy);
            let is_plain = |name: &str| {
                let mut letters = name.chars();
                letters.all(|own| own.is_ascii_alphanumeric() || "._".contains(own))
            };
            if let Some(name) = name.filter(|name| name.ends_with(".mtl") && is_plain(name)) {
                converter.write(&name, &library);
            }
        }
        converter.write("a.obj", bytes);
        written += u32::from(converter.convert("a.obj"));
    });
    assert!(written > 0);
}

/// A small FBX as text, which can be damaged deeper than a compressed one: a skin, an animation and a material.
fn as_text() -> Vec<u8> {
    let layers = [
        uvs(0, "first"),
        uvs(1, "second"),
        colors([0.5, 1.0, 0.0, 0.5]),
    ]
    .concat();
    let position = "\"Lcl Translation\", \"Lcl Translation\", \"\", \"A\",1,0,0";
    let color = "\"TransparentColor\", \"Color\", \"\", \"A\",1,1,1";
    let texture = object(
        "Texture",
        60,
        "leaf",
        "",
        &["\"UVSet\", \"KString\", \"\", \"\", \"second\""],
    );
    let [lifted, channel] = shape(72, 73, 25);
    fbx(
        &[
            triangle(10, &layers),
            object("Model", 20, "body", "Mesh", &[position]),
            object("Model", 21, "left", "LimbNode", &[]),
            object("Model", 22, "right", "LimbNode", &[]),
            object("Deformer", 30, "", "Skin", &[]),
            cluster(31, 0),
            cluster(32, 1),
            object("AnimationStack", 40, "open", "", &[]),
            object("AnimationLayer", 41, "base", "", &[]),
            object("AnimationCurveNode", 42, "T", "", &[]),
            curve(43, 5.0, 5.0),
            object("Deformer", 71, "", "BlendShape", &[]),
            lifted,
            channel,
            object("AnimationCurveNode", 44, "DeformPercent", "", &[]),
            curve(45, 0.0, 80.0),
            object("Material", 50, "leaf", "", &[color]),
            texture.replacen(
                "Version: 232",
                "Version: 202\nRelativeFilename: \"leaf.png\"",
                1,
            ),
        ],
        &[
            (10, 20, ""),
            (20, 0, ""),
            (21, 0, ""),
            (22, 21, ""),
            (30, 10, ""),
            (31, 30, ""),
            (32, 30, ""),
            (21, 31, ""),
            (22, 32, ""),
            (41, 40, ""),
            (42, 41, ""),
            (42, 20, "Lcl Translation"),
            (43, 42, "d|X"),
            (71, 10, ""),
            (73, 71, ""),
            (72, 73, ""),
            (44, 41, ""),
            (44, 73, "DeformPercent"),
            (45, 44, "d|DeformPercent"),
            (50, 20, ""),
            (60, 50, "DiffuseColor"),
        ],
    )
}

#[test]
fn the_sample_for_damage_is_whole() {
    let converter = Converter::new();
    converter.write("a.fbx", &as_text());
    assert!(converter.convert("a.fbx"));
    converter.write("a.mtl", MTL);
    converter.write("a.obj", OBJ);
    assert!(converter.convert("a.obj"));
}
