//! What lies in a zip archive, and where (PKWARE, "APPNOTE.TXT", sections 4.3.7, 4.3.12 and 4.3.16). Its directory alone is
//! believed; archives of several volumes and of more than 4 GiB are not read.

/// What every archive begins with that holds something.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
/// Most files in an archive.
const MAX_ENTRIES: usize = 10_000;
/// Files that lie there as they are, and those that are compressed in the usual way (sections 4.4.5 and 5).
pub(super) const STORED: usize = 0;
pub(super) const DEFLATED: usize = 8;
const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
/// Bytes of the end, of an entry of the directory, and before a file, each without what varies.
const END_BYTES: usize = 22;
const ENTRY_BYTES: usize = 46;
const FILE_BYTES: usize = 30;
/// Longest remark behind the end.
const MAX_REMARK_BYTES: usize = 65_535;

/// A file in an archive.
pub(super) struct Entry<'a> {
    pub(super) name: String,
    /// The file as it lies there.
    pub(super) content: &'a [u8],
    /// [`STORED`], [`DEFLATED`], or another way.
    pub(super) method: usize,
    /// Bytes of the file itself, as the directory says.
    pub(super) size: usize,
    /// Its CRC-32, as the directory says.
    pub(super) checksum: u32,
    pub(super) is_encrypted: bool,
}

/// The files that hold something, as the directory lists them; two may have one name.
///
/// # Errors
/// One line when it is damaged, or two files lie in one place.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, String> {
    let mut entries = Vec::new();
    let mut places = Vec::new();
    for entry in directory(bytes)? {
        let (entry, start) = entry?;
        if !entry.content.is_empty() {
            places.push((start, start + entry.content.len()));
            entries.push(entry);
        }
    }
    places.sort_unstable();
    if places.windows(2).any(|pair| pair[1].0 < pair[0].1) {
        return Err("two of its files lie in one place".to_owned());
    }
    Ok(entries)
}

/// The entries one after the other, and where their files begin.
fn directory(
    bytes: &[u8],
) -> Result<impl Iterator<Item = Result<(Entry<'_>, usize), String>>, String> {
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
        let (entry, start, size) = entry(bytes, at).ok_or(damaged)?;
        at += size;
        Ok((entry, start))
    }))
}

/// The entry at a place, where its file begins, and the bytes that it takes in the directory; `None` when it is damaged.
fn entry(bytes: &[u8], at: usize) -> Option<(Entry<'_>, usize, usize)> {
    if bytes.get(at..)?.get(..4)? != ENTRY {
        return None;
    }
    let lengths = [28, 30, 32].map(|place| number(bytes, at + place, 2));
    let [name, extra, remark] = lengths;
    let (name_length, extra, remark) = (name?, extra?, remark?);
    let name = bytes.get(at + ENTRY_BYTES..)?.get(..name_length)?;
    let local = number(bytes, at + 42, 4)?;
    if bytes.get(local..)?.get(..4)? != MAGIC {
        return None;
    }
    let before = number(bytes, local + 26, 2)? + number(bytes, local + 28, 2)?;
    let start = local + FILE_BYTES + before;
    let length = number(bytes, at + 20, 4)?;
    let entry = Entry {
        name: match str::from_utf8(name) {
            Ok(name) => name.to_owned(),
            // Of some older code page: different names stay different.
            Err(_) => name.iter().map(|byte| char::from(*byte)).collect(),
        },
        content: bytes.get(start..start + length)?,
        method: number(bytes, at + 10, 2)?,
        size: number(bytes, at + 24, 4)?,
        checksum: number(bytes, at + 16, 4)? as u32,
        is_encrypted: number(bytes, at + 8, 2)? & 1 == 1,
    };
    Some((entry, start, ENTRY_BYTES + name_length + extra + remark))
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
