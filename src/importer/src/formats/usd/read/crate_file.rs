//! The binary form of USD: its tables (OpenUSD, `pxr/usd/usd/crateFile.cpp`; AOUSD Core Specification 1.0, section 16.3).
//! Versions from 0.4.0 of the year 2017 on are read.

use super::{
    ints::{unpack, unpack_ints},
    value::Budget,
};
use crate::formats::usd::limits::{MAX_DEPTH, MAX_PATH_BYTES, MAX_TABLE};
use std::ops::Range;

/// What every file begins with.
pub(crate) const MAGIC: &[u8] = b"PXR-USDC";
/// Oldest and newest version that is read, without its last part.
const VERSIONS: Range<u8> = 4..14;
/// Most parts of a file.
const MAX_SECTIONS: usize = 64;
/// Most bytes of all names.
const MAX_NAMES_BYTES: usize = 64 * 1024 * 1024;
/// What ends a list of fields.
const NO_FIELD: u32 = u32::MAX;
/// Bytes of an entry of the table of contents.
const SECTION: usize = 32;

/// Where a path continues the one above it.
#[derive(Clone, Copy, Default)]
pub(crate) struct PathNode {
    /// Place of the one above.
    pub(crate) parent: u32,
    /// Place of the name in the tokens.
    pub(crate) token: u32,
    pub(crate) is_property: bool,
    /// 0 for the root, and for what the file does not name.
    depth: u16,
}

impl PathNode {
    pub(crate) fn is_root(self) -> bool {
        self.depth == 0
    }
}

/// What there is at a path.
pub(crate) struct Spec {
    pub(crate) path: usize,
    pub(crate) fields: usize,
    pub(crate) kind: i64,
}

/// A file whose values are read one by one.
pub(crate) struct CrateFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) version: u8,
    tokens: Vec<String>,
    strings: Vec<u32>,
    /// Name and value.
    fields: Vec<(u32, u64)>,
    field_sets: Vec<u32>,
    paths: Vec<PathNode>,
    pub(crate) specs: Vec<Spec>,
}

impl CrateFile {
    /// Reads all tables.
    ///
    /// # Errors
    /// One line when one of them is damaged, or too large, or all of them are with those of other layers.
    pub(crate) fn open(bytes: Vec<u8>, budget: &Budget) -> Result<Self, String> {
        let mut head = Reader::new(&bytes, 8);
        let version = head.take(8)?;
        let (major, minor) = (version[0], version[1]);
        if major != 0 || !VERSIONS.contains(&minor) {
            return Err(format!(
                "its version {major}.{minor} is not one that is read"
            ));
        }
        let contents = head.size()?;
        let mut file = Self {
            version: minor,
            tokens: Vec::new(),
            strings: Vec::new(),
            fields: Vec::new(),
            field_sets: Vec::new(),
            paths: Vec::new(),
            specs: Vec::new(),
            bytes: Vec::new(),
        };
        let section = |name: &str| {
            let section = find_section(&bytes, contents, name)?;
            // The tables of one file begin with their counts.
            let count = section.peek_count();
            budget.take_entries(count.min(MAX_TABLE))?;
            Ok::<_, String>(section)
        };
        file.tokens = tokens(&mut section("TOKENS")?)?;
        file.strings = {
            let mut own = section("STRINGS")?;
            let count = own.count(4)?;
            (0..count).map(|_| own.u32()).collect::<Result<_, _>>()?
        };
        file.fields = fields(&mut section("FIELDS")?)?;
        file.field_sets = {
            let mut own = section("FIELDSETS")?;
            let count = own.count(0)?;
            own.ints(count)?.into_iter().map(|own| own as u32).collect()
        };
        file.paths = paths(&mut section("PATHS")?)?;
        file.specs = specs(&mut section("SPECS")?)?;
        file.bytes = bytes;
        Ok(file)
    }

    pub(crate) fn token(&self, place: usize) -> Result<&str, String> {
        let token = self.tokens.get(place).map(String::as_str);
        token.ok_or_else(|| "a name is not in its table".to_owned())
    }

    pub(crate) fn string(&self, place: usize) -> Result<&str, String> {
        let token = self.strings.get(place).copied().unwrap_or(u32::MAX);
        self.token(token as usize)
    }

    pub(crate) fn path_node(&self, place: usize) -> Result<PathNode, String> {
        let node = self.paths.get(place).copied();
        node.ok_or_else(|| "a path is not in its table".to_owned())
    }

    /// A path as text; empty for what is none.
    pub(crate) fn path(&self, place: usize) -> Result<String, String> {
        let mut parts = Vec::new();
        let mut length = 0;
        let mut node = self.path_node(place)?;
        while !node.is_root() {
            let name = self.token(node.token as usize)?;
            length += name.len() + 1;
            if length > MAX_PATH_BYTES {
                return Err(format!("a path has more than {MAX_PATH_BYTES} bytes"));
            }
            // What selects a variant is no part of what a path leads to.
            if !name.starts_with('{') {
                parts.push((name, node.is_property));
            }
            node = self.path_node(node.parent as usize)?;
        }
        let mut path = String::new();
        for (name, is_property) in parts.iter().rev() {
            path.push(if *is_property { '.' } else { '/' });
            path.push_str(name);
        }
        match path.is_empty() {
            true => Ok("/".to_owned()),
            false => Ok(path),
        }
    }

    /// Names and values of a list of fields, and an error for each that is not there.
    pub(crate) fn fields_from(
        &self,
        start: usize,
    ) -> impl Iterator<Item = Result<(&str, u64), String>> {
        let set = self.field_sets.get(start..).unwrap_or_default().iter();
        let set = set.take_while(|place| **place != NO_FIELD);
        set.map(|place| {
            let field = self.fields.get(*place as usize);
            let (name, value) = field.ok_or("a field is not in its table")?;
            Ok((self.token(*name as usize)?, *value))
        })
    }
}

fn find_section<'a>(bytes: &'a [u8], contents: usize, name: &str) -> Result<Reader<'a>, String> {
    let mut reader = Reader::new(bytes, contents);
    let count = reader.count(SECTION)?;
    for _ in 0..count.min(MAX_SECTIONS) {
        let own = reader.take(16)?;
        let [start, size] = [reader.size()?, reader.size()?];
        let end = own.iter().position(|byte| *byte == 0).unwrap_or(own.len());
        if &own[..end] == name.as_bytes() {
            let section = start.checked_add(size).and_then(|end| bytes.get(..end));
            let section = section.ok_or_else(|| format!("its part {name} is cut off"))?;
            return Ok(Reader::new(section, start));
        }
    }
    Err(format!("its part {name} is missing"))
}

fn tokens(reader: &mut Reader<'_>) -> Result<Vec<String>, String> {
    let count = reader.count(0)?;
    let size = reader.size()?;
    let text = unpack(reader.block()?, size.min(MAX_NAMES_BYTES))?;
    let names = text.split(|byte| *byte == 0).take(count);
    Ok(names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect())
}

fn fields(reader: &mut Reader<'_>) -> Result<Vec<(u32, u64)>, String> {
    let count = reader.count(0)?;
    let names = reader.ints(count)?;
    let values = unpack(reader.block()?, count * 8)?;
    let (values, _) = values.as_chunks::<8>();
    let values = values.iter().map(|own| u64::from_le_bytes(*own));
    Ok(names
        .into_iter()
        .map(|own| own as u32)
        .zip(values)
        .collect())
}

/// The tree of paths: each is told by its name and where the next beside it is, all below it in between.
fn paths(reader: &mut Reader<'_>) -> Result<Vec<PathNode>, String> {
    let damaged = || "its tree of paths is damaged".to_owned();
    let size = reader.count(0)?;
    let count = reader.count(0)?;
    let (places, names, jumps) = (
        reader.ints(count)?,
        reader.ints(count)?,
        reader.ints(count)?,
    );
    let mut nodes = vec![PathNode::default(); size];
    // Which begin to be read, below which path, and how deep.
    let mut open = vec![(0usize, 0u32, 0u16)];
    let mut steps = 0;
    while let Some((mut at, parent, depth)) = open.pop() {
        loop {
            steps += 1;
            if steps > count {
                return if count == 0 {
                    Ok(nodes)
                } else {
                    Err(damaged())
                };
            }
            if usize::from(depth) > 2 * MAX_DEPTH {
                return Err(format!("its paths are deeper than {MAX_DEPTH}"));
            }
            let (place, name, jump) = match (places.get(at), names.get(at), jumps.get(at)) {
                (Some(place), Some(name), Some(jump)) => (*place as u32, *name, *jump),
                _ => return Err(damaged()),
            };
            *nodes.get_mut(place as usize).ok_or_else(damaged)? = PathNode {
                parent,
                token: name.unsigned_abs() as u32,
                is_property: name < 0,
                depth,
            };
            let next = match jump {
                // Both; what is beside comes after all that is below.
                1.. => at.checked_add(jump as usize),
                0 => Some(at + 1),
                _ => None,
            };
            if jump > 0 || jump == -1 {
                open.extend(next.map(|next| (next, parent, depth)));
                open.push((at + 1, place, depth + 1));
                break;
            }
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
    }
    Ok(nodes)
}

fn specs(reader: &mut Reader<'_>) -> Result<Vec<Spec>, String> {
    let count = reader.count(0)?;
    let (paths, fields, kinds) = (
        reader.ints(count)?,
        reader.ints(count)?,
        reader.ints(count)?,
    );
    let specs = paths.into_iter().zip(fields).zip(kinds);
    Ok(specs
        .map(|((path, fields), kind)| Spec {
            path: path as u32 as usize,
            fields: fields as u32 as usize,
            kind,
        })
        .collect())
}

/// A place in a file.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count);
        let own = end.and_then(|end| self.bytes.get(self.at..end));
        let own = own.ok_or_else(|| "it ends before what it tells of".to_owned())?;
        self.at += count;
        Ok(own)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32, String> {
        let own = self.take(4)?;
        Ok(u32::from_le_bytes([own[0], own[1], own[2], own[3]]))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, String> {
        let mut own = [0; 8];
        own.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(own))
    }

    /// A place or a length.
    pub(crate) fn size(&mut self) -> Result<usize, String> {
        Ok(usize::try_from(self.u64()?).unwrap_or(usize::MAX))
    }

    /// The number that comes next; 0 where there is none.
    fn peek_count(&self) -> usize {
        let mut ahead = Reader::new(self.bytes, self.at);
        ahead.size().unwrap_or(0)
    }

    /// How many of so many bytes follow; none when they are compressed.
    pub(crate) fn count(&mut self, bytes_of_one: usize) -> Result<usize, String> {
        let count = self.size()?;
        let left = self.bytes.len().saturating_sub(self.at);
        if count > MAX_TABLE || count.saturating_mul(bytes_of_one) > left {
            return Err(format!("a table has {count} entries, which is too many"));
        }
        Ok(count)
    }

    /// A compressed part, after its length.
    pub(crate) fn block(&mut self) -> Result<&'a [u8], String> {
        let size = self.size()?;
        self.take(size)
    }

    fn ints(&mut self, count: usize) -> Result<Vec<i64>, String> {
        unpack_ints(self.block()?, count, 4)
    }
}
