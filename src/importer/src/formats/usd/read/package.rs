//! Where layers and pictures come from: a package, or the folder of a file that is none. A package is a zip archive whose files
//! lie in it as they are (OpenUSD, "USDZ file format specification").

use crate::formats::{model::shown, zip};
use std::collections::BTreeMap;

/// What every package begins with.
pub(crate) const MAGIC: &[u8] = zip::MAGIC;

/// What lies in a package, by its path.
pub(crate) struct Package<'a> {
    files: BTreeMap<String, &'a [u8]>,
    /// The layer that stands for the package: the first one.
    pub(crate) root: String,
}

impl<'a> Package<'a> {
    /// Reads the directory.
    ///
    /// # Errors
    /// One line when it is damaged, or what it names is compressed, encrypted or in one place with something else.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let mut files = BTreeMap::new();
        let mut root = None;
        for entry in zip::entries(bytes)? {
            let shown = shown(&entry.name);
            if entry.is_encrypted {
                return Err(format!("`{shown}` in it is encrypted"));
            }
            if entry.method != zip::STORED || entry.content.len() != entry.size {
                return Err(format!(
                    "`{shown}` in it is compressed, which no USDZ may be"
                ));
            }
            let Some(name) = inside("", &entry.name) else {
                return Err("the name of a file leads out of it".to_owned());
            };
            if root.is_none() && is_layer(&name) {
                root = Some(name.clone());
            }
            if files.insert(name, entry.content).is_some() {
                return Err("two of its files have one name".to_owned());
            }
        }
        Ok(Self {
            files,
            root: root.ok_or("there is no layer in it")?,
        })
    }

    pub(crate) fn file(&self, path: &str) -> Option<&'a [u8]> {
        self.files.get(path).copied()
    }
}

/// A path as one layer names it, from the top of the package or folder; `None` for what leads out of it.
pub(crate) fn inside(layer: &str, asset: &str) -> Option<String> {
    if asset.starts_with('/') || asset.contains([':', '\\', '\0', '[']) {
        return None;
    }
    let (folder, _) = layer.rsplit_once('/').unwrap_or_default();
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(asset.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            own => parts.push(own),
        }
    }
    Some(parts.join("/"))
}

fn is_layer(name: &str) -> bool {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("usd" | "usda" | "usdc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_a_package() {
        for (layer, asset, found) in [
            ("a/b.usda", "./c.png", Some("a/c.png")),
            ("a/b.usda", "../c.png", Some("c.png")),
            ("b.usda", "t/c.png", Some("t/c.png")),
            ("b.usda", "../c.png", None),
            ("a/b.usda", "/etc/passwd", None),
            ("a/b.usda", "https://there/c.png", None),
            ("a/b.usda", "C:\\c.png", None),
            ("a/b.usda", "other.usdz[c.png]", None),
        ] {
            assert_eq!(inside(layer, asset).as_deref(), found, "{asset}");
        }
    }
}
