//! Zip archives with a model in them, as sites for models and programs hand them out: the one model is chosen, and finds what
//! it names in the archive.

use super::{MAX_BYTES, model::shown, zip};
use flate2::{Crc, read::DeflateDecoder};
use scene::SideFiles;
use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Component, Path},
};

/// Endings of models, the one that is taken first: what was made to be shown, then what says the most.
const RANKS: [&[&str]; 9] = [
    &["vrm"],
    &["glb"],
    &["gltf"],
    &["usdz"],
    &["usd", "usdc", "usda"],
    &["fbx"],
    &["obj"],
    &["ply"],
    &["stl"],
];
/// What macOS adds of its own.
const OF_MACOS: &str = "__MACOSX/";

/// What lies in an archive, by its path.
pub(crate) struct Archive<'a> {
    entries: BTreeMap<String, zip::Entry<'a>>,
    /// Paths by themselves in small letters, and by their last part; `None` where several are alike.
    folded: BTreeMap<String, Option<String>>,
}

/// The model of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Its path in the archive.
    pub(crate) name: String,
    /// What is worth telling of the choice, a line each.
    pub(crate) notes: Vec<String>,
}

impl Choice {
    /// What is wrong with the model, in one line.
    pub(crate) fn fault(&self, fault: &str) -> String {
        format!("`{}` in it: {fault}", shown(&self.name))
    }
}

impl<'a> Archive<'a> {
    /// Reads the directory. Files whose names lead out of the archive are not in it.
    ///
    /// # Errors
    /// One line when it is damaged.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let mut entries = BTreeMap::new();
        for entry in zip::entries(bytes)? {
            let Some(name) = path_of(&entry.name) else {
                continue;
            };
            let shown = shown(&name);
            if entries.insert(name, entry).is_some() {
                return Err(format!("two of its files have one name: `{shown}`"));
            }
        }
        let mut folded = BTreeMap::new();
        for name in entries.keys() {
            let path = name.to_lowercase();
            let own = format!("/{}", path.rsplit('/').next().unwrap_or(&path));
            for key in [own, path] {
                let known = folded.entry(key).or_insert_with(|| Some(name.clone()));
                known.take_if(|known| known != name);
            }
        }
        Ok(Self { entries, folded })
    }

    /// The path that is meant: itself, or where a name stands alone the one that ends so, as it is written or else in whatever letters.
    fn find(&self, path: String, named: &str) -> String {
        if self.entries.contains_key(&path) {
            return path;
        }
        let is_alone = !named.contains('/');
        let ends_so = |own: &&String| own.rsplit('/').next() == Some(named);
        let mut as_written = self.entries.keys().filter(|own| is_alone && ends_so(own));
        let alike = |key: String| self.folded.get(&key.to_lowercase())?.as_ref();
        let found = match (as_written.next(), as_written.next()) {
            (Some(only), None) => Some(only),
            _ => alike(path.clone()).or_else(|| alike(format!("/{named}")).filter(|_| is_alone)),
        };
        found.cloned().unwrap_or(path)
    }

    /// The model that the archive is about: of the first format in [`RANKS`] the one that lies least deep.
    ///
    /// # Errors
    /// One line when there is none, or several lie there alike.
    pub(crate) fn choose(&self) -> Result<Choice, String> {
        let names = self.entries.keys();
        let mut models: Vec<_> = names.filter_map(|name| ranked(name)).collect();
        models.sort_unstable();
        let Some((first, name)) = models.first().copied() else {
            return Err(self.without_model());
        };
        let alike = models.iter().filter(|(rank, _)| *rank == first).count();
        if alike > 1 {
            return Err(format!(
                "there are {alike} models in it, such as `{}` and `{}`: unpack it, and take one",
                shown(name),
                shown(models[1].1)
            ));
        }
        let mut notes = vec![format!("`{}` in it is what is taken", shown(name))];
        if models.len() > 1 {
            let (count, other) = (models.len() - 1, shown(models[1].1));
            notes.push(format!(
                "other models in it are not looked at: {count}, such as `{other}`"
            ));
        }
        Ok(Choice {
            name: name.to_owned(),
            notes,
        })
    }

    fn without_model(&self) -> String {
        let mut names = self.entries.keys();
        match names.find(|name| ending(name) == "zip") {
            Some(other) => format!(
                "there is no model in it, but another archive, `{}`: unpack it, and take that",
                shown(other)
            ),
            None => "there is no model in it that is read".to_owned(),
        }
    }

    /// A file in it, unpacked: at most so many bytes.
    ///
    /// # Errors
    /// One line when it is not there, too large, damaged, or packed in a way that is not read.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, String> {
        let entry = self.entries.get(name).ok_or("it is not in the archive")?;
        if entry.is_encrypted {
            return Err("it is encrypted".to_owned());
        }
        if entry.size as u64 > limit {
            let size = entry.size;
            return Err(format!("it has {size} bytes, the limit is {limit}"));
        }
        let content = match entry.method {
            zip::STORED => entry.content.to_vec(),
            zip::DEFLATED => {
                let mut content = Vec::new();
                // One byte more than it should have is damage enough.
                let decoder = DeflateDecoder::new(entry.content);
                let read = (decoder.take(entry.size as u64 + 1)).read_to_end(&mut content);
                read.map_err(|error| format!("it is damaged: {error}"))?;
                content
            }
            other => {
                return Err(format!(
                    "it is packed in a way that is not read (method {other})"
                ));
            }
        };
        let mut checksum = Crc::new();
        checksum.update(&content);
        if content.len() != entry.size || checksum.sum() != entry.checksum {
            return Err("it is damaged".to_owned());
        }
        Ok(content)
    }

    /// The bytes of the model.
    ///
    /// # Errors
    /// One line that names it.
    pub(crate) fn model(&self, choice: &Choice) -> Result<Vec<u8>, String> {
        self.read(&choice.name, MAX_BYTES)
            .map_err(|fault| choice.fault(&fault))
    }

    /// What lies beside a file of the archive.
    pub(crate) fn beside(&self, name: &str) -> Beside<'_, 'a> {
        let (folder, _) = name.rsplit_once('/').unwrap_or_default();
        Beside {
            archive: self,
            folder: folder.to_owned(),
        }
    }
}

/// Files in or below a folder of an archive; those that are named without a folder may lie anywhere in it.
pub(crate) struct Beside<'r, 'a> {
    archive: &'r Archive<'a>,
    folder: String,
}

impl SideFiles for Beside<'_, '_> {
    fn read(&self, relative: &Path, limit: u64) -> Result<Vec<u8>, String> {
        let shown = relative.display();
        let parts = relative.components().filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        });
        let named = parts.collect::<Vec<_>>().join("/");
        let path = match self.folder.is_empty() {
            true => named.clone(),
            false => format!("{}/{named}", self.folder),
        };
        let found = self.archive.find(path, &named);
        let found = self.archive.read(&found, limit);
        found.map_err(|fault| format!("{shown}: {fault}"))
    }
}

/// The name of an entry as a path; `None` for one that leads out, and for what is no part of a model.
fn path_of(name: &str) -> Option<String> {
    // Some programs for Windows write it so.
    let name = name.replace('\\', "/");
    let is_inside = (name.split('/')).all(|part| !part.is_empty() && part != "." && part != "..");
    let is_hidden = name.starts_with(OF_MACOS) || name.contains("/.") || name.starts_with('.');
    (is_inside && !is_hidden).then_some(name)
}

fn ending(name: &str) -> String {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.unwrap_or_default().to_ascii_lowercase()
}

/// A model with the place of its format in [`RANKS`], and how deep it lies; `None` for what is none.
fn ranked(name: &str) -> Option<([usize; 2], &str)> {
    let ending = ending(name);
    let rank = RANKS
        .iter()
        .position(|own| own.contains(&ending.as_str()))?;
    Some(([rank, name.matches('/').count()], name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::zip_sample::{archive, package};

    fn chosen(names: &[&str]) -> Result<Choice, String> {
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"x"[..])).collect();
        Archive::open(&archive(&files))?.choose()
    }

    #[test]
    fn the_one_model_that_says_the_most_is_taken() {
        for (names, taken) in [
            (
                &["scene.gltf", "scene.bin", "textures/a.png"][..],
                "scene.gltf",
            ),
            (&["chair/chair.OBJ", "chair/chair.mtl"], "chair/chair.OBJ"),
            (&["chair.obj", "chair.fbx", "chair.stl"], "chair.fbx"),
            (&["parts/leg.glb", "chair.glb"], "chair.glb"),
            (
                &["source\\chair.fbx", "textures\\a.png"],
                "source/chair.fbx",
            ),
            (
                &["__MACOSX/._chair.glb", ".chair.glb", "a/chair.obj"],
                "a/chair.obj",
            ),
            (&["chair.usda", "parts/leg.usda"], "chair.usda"),
            (&["../out.glb", "/root.glb", "a//b.glb", "in.stl"], "in.stl"),
        ] {
            assert_eq!(chosen(names).unwrap().name, taken, "{names:?}");
        }
    }

    #[test]
    fn what_is_not_taken_is_told() {
        let notes = |names: &[&str]| chosen(names).unwrap().notes.join("; ");
        assert_eq!(notes(&["a.glb"]), "`a.glb` in it is what is taken");
        let two = notes(&["a.glb", "b.obj", "c.stl"]);
        assert!(two.ends_with("not looked at: 2, such as `b.obj`"), "{two}");
    }

    #[test]
    fn without_one_model_a_line_says_what_to_do() {
        let fault = |names: &[&str]| chosen(names).unwrap_err();
        assert!(fault(&["readme.txt"]).starts_with("there is no model in it"));
        assert!(fault(&["source/a\n.zip"]).contains("another archive, `source/a .zip`"));
        let many = fault(&["b.fbx", "a.fbx", "c.fbx", "d.obj"]);
        assert!(many.starts_with("there are 3 models in it, such as `a.fbx` and `b.fbx`"));
        assert!(fault(&[]).contains("no model"));
        assert!(Archive::open(b"Rar!").is_err());
        for twice in [["a.glb", "a.glb"], ["in/a.glb", "in\\a.glb"]] {
            assert!(fault(&twice).contains("two of its files have one name"));
        }
    }

    #[test]
    fn names_of_older_code_pages_stay_apart() {
        // Two signs of CP932, none of them UTF-8.
        let files: [(&str, &[u8]); 3] = [("AA.png", b"1"), ("BB.png", b"2"), ("c.glb", b"3")];
        let mut bytes = archive(&files);
        for at in 0..bytes.len() - 6 {
            match &bytes[at..at + 6] {
                b"AA.png" => bytes[at..at + 2].copy_from_slice(&[0x8A, 0xE7]),
                b"BB.png" => bytes[at..at + 2].copy_from_slice(&[0x94, 0xAF]),
                _ => {}
            }
        }
        let archive = Archive::open(&bytes).unwrap();
        assert_eq!(archive.entries.len(), 3);
        assert_eq!(archive.choose().unwrap().name, "c.glb");
    }

    #[test]
    fn files_are_unpacked_within_their_limit() {
        let long = [7; 10_000];
        let files: [(&str, &[u8]); 2] = [("a/b.png", &long), ("c.png", b"other")];
        for bytes in [archive(&files), package(&files)] {
            let archive = Archive::open(&bytes).unwrap();
            let read = |name, limit| archive.read(name, limit);
            assert_eq!(read("a/b.png", 10_000).unwrap(), long);
            assert!(read("a/b.png", 9_999).unwrap_err().contains("limit"));
            assert!(read("b.png", 10_000).is_err());
        }
    }

    #[test]
    fn what_the_directory_says_of_a_file_must_be_so() {
        let whole = archive(&[("a.png", &[7; 10_000])]);
        let directory = whole.windows(4).position(|own| own == b"PK\x01\x02");
        let directory = directory.unwrap();
        let fault = |at: usize, byte: u8| {
            let mut changed = whole.clone();
            changed[directory + at] = byte;
            let read = Archive::open(&changed).and_then(|own| own.read("a.png", 1 << 20));
            read.unwrap_err()
        };
        // Flags, the way, the checksum, the size: less and more than there is, and more than the limit.
        assert!(fault(8, 1).contains("encrypted"));
        assert!(fault(10, 12).contains("method 12"));
        assert!(fault(16, 0).contains("damaged"));
        assert!(fault(25, 1).contains("damaged"));
        assert!(fault(26, 1).contains("damaged"));
        assert!(fault(27, 1).contains("limit"));
    }

    #[test]
    fn names_lead_to_what_lies_beside_and_bare_ones_anywhere() {
        let files: [(&str, &[u8]); 6] = [
            ("source/a.fbx", b"a"),
            ("source/in/b.png", b"b"),
            ("textures/c.png", b"c"),
            ("textures/d.png", b"d"),
            ("other/d.png", b"e"),
            ("e.png", b"f"),
        ];
        let bytes = archive(&files);
        let archive = Archive::open(&bytes).unwrap();
        let beside = archive.beside("source/a.fbx");
        let found = |name: &str| beside.read(Path::new(name), 10).ok();
        for (name, content) in [
            ("in/b.png", Some(b"b")),
            ("./in/b.png", Some(b"b")),
            ("b.png", Some(b"b")),
            ("c.png", Some(b"c")),
            ("e.png", Some(b"f")),
            ("In/B.PNG", Some(b"b")),
            ("C.png", Some(b"c")),
            ("E.png", Some(b"f")),
            // Two are called so, and of a path every part counts.
            ("d.png", None),
            ("D.png", None),
            ("textures/c.png", None),
        ] {
            assert_eq!(
                found(name).as_deref(),
                content.map(|own| &own[..]),
                "{name}"
            );
        }
    }
}
