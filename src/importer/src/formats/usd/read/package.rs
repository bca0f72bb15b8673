//! Where layers and pictures come from: a package, or the folder of a file that is none. A package is a zip archive whose files
//! lie in it as they are (OpenUSD, "USDZ file format specification"; PKWARE, "APPNOTE.TXT", sections 4.3.7, 4.3.12 and 4.3.16).

use crate::formats::{model::shown, usd::limits::MAX_ENTRIES};
use std::{collections::BTreeMap, ops::Range};

/// What every package begins with.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";
const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
/// Bytes of the end, of an entry of the directory, and before a file, each without what varies.
const END_BYTES: usize = 22;
const ENTRY_BYTES: usize = 46;
const FILE_BYTES: usize = 30;
/// Longest remark behind the end.
const MAX_REMARK_BYTES: usize = 65_535;

/// What lies in a package, by its path.
pub(crate) struct Package<'a> {
    bytes: &'a [u8],
    entries: BTreeMap<String, Range<usize>>,
    /// The layer that stands for the package: the first one.
    pub(crate) root: String,
}

impl<'a> Package<'a> {
    /// Reads the directory.
    ///
    /// # Errors
    /// One line when it is damaged, or what it names is compressed, encrypted or in one place with something else.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let mut entries = BTreeMap::new();
        let mut root = None;
        let mut ranges = Vec::new();
        for entry in directory(bytes)? {
            let Entry { name, range, .. } = entry?;
            if range.is_empty() {
                continue;
            }
            let Some(name) = inside("", &name) else {
                return Err("the name of a file leads out of it".to_owned());
            };
            if root.is_none() && is_layer(&name) {
                root = Some(name.clone());
            }
            ranges.push((range.start, range.end));
            if entries.insert(name, range).is_some() {
                return Err("two of its files have one name".to_owned());
            }
        }
        ranges.sort_unstable();
        if ranges.windows(2).any(|pair| pair[1].0 < pair[0].1) {
            return Err("two of its files lie in one place".to_owned());
        }
        Ok(Self {
            bytes,
            entries,
            root: root.ok_or("there is no layer in it")?,
        })
    }

    pub(crate) fn file(&self, path: &str) -> Option<&'a [u8]> {
        self.bytes.get(self.entries.get(path)?.clone())
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

/// An entry of the directory.
struct Entry {
    name: String,
    range: Range<usize>,
    /// Bytes that it takes in the directory.
    size: usize,
}

/// The entries one after the other.
fn directory(bytes: &[u8]) -> Result<impl Iterator<Item = Result<Entry, String>>, String> {
    let damaged = "its directory is damaged";
    let tail = bytes.len().saturating_sub(END_BYTES + MAX_REMARK_BYTES);
    let end = bytes[tail..].windows(END.len()).rposition(|own| own == END);
    let end = end.ok_or("it is no zip archive, or cut off")? + tail;
    let place = number(bytes, end + 10, 2).zip(number(bytes, end + 16, 4));
    let (count, start) = place.ok_or(damaged)?;
    if count > MAX_ENTRIES {
        return Err(format!("it has {count} files, the limit is {MAX_ENTRIES}"));
    }
    let mut at = start;
    Ok((0..count).map(move |_| {
        let entry = entry(bytes, at).ok_or(damaged)?;
        at += entry.as_ref().map_or(0, |entry| entry.size);
        entry
    }))
}

/// The entry at a place; `None` when it is damaged.
fn entry(bytes: &[u8], at: usize) -> Option<Result<Entry, String>> {
    let lengths = [28, 30, 32].map(|place| number(bytes, at.checked_add(place)?, 2));
    let [name, extra, remark] = lengths;
    let (name_length, extra, remark) = (name?, extra?, remark?);
    if bytes.get(at..)?.get(..4)? != ENTRY {
        return None;
    }
    let name = bytes.get(at + ENTRY_BYTES..)?.get(..name_length)?;
    let name = String::from_utf8_lossy(name).into_owned();
    let (flags, method) = (number(bytes, at + 8, 2)?, number(bytes, at + 10, 2)?);
    let shown = shown(&name);
    if flags & 1 == 1 {
        return Some(Err(format!("`{shown}` in it is encrypted")));
    }
    if method != 0 || number(bytes, at + 20, 4) != number(bytes, at + 24, 4) {
        return Some(Err(format!(
            "`{shown}` in it is compressed, which no USDZ may be"
        )));
    }
    let (size, local) = (number(bytes, at + 24, 4)?, number(bytes, at + 42, 4)?);
    if bytes.get(local..)?.get(..4)? != MAGIC {
        return None;
    }
    let before = number(bytes, local + 26, 2)? + number(bytes, local + 28, 2)?;
    let start = local + FILE_BYTES + before;
    let range = start..start + size;
    bytes.get(range.clone())?;
    Some(Ok(Entry {
        name,
        range,
        size: ENTRY_BYTES + name_length + extra + remark,
    }))
}

/// A number of two or four bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let own = bytes.get(at..at.checked_add(width)?)?;
    Some(
        own.iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
    )
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
