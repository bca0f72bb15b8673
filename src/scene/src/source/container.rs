//! Bytes of a scene: the GLB container, buffers and buffer views.

use crate::{
    error::{ErrorKind, SceneError},
    limits::{MAX_ELEMENTS, MAX_SIDE_FILES},
    source::{
        budget::Budget,
        files::{SideFiles, has_foreign_letters, inside_folder},
        json::Item,
        packed::{self, Plan},
    },
    threads,
};
use base64::Engine as _;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

const GLB_MAGIC: &[u8; 4] = b"glTF";
const CHUNK_JSON: u32 = 0x4E4F_534A;
const CHUNK_BINARY: u32 = 0x004E_4942;

/// JSON text and the binary chunk of a file.
pub(crate) struct Container<'a> {
    pub(crate) json: &'a [u8],
    pub(crate) binary: Option<&'a [u8]>,
}

/// Splits a GLB; anything else is taken as JSON.
pub(crate) fn split(bytes: &[u8]) -> Result<Container<'_>, SceneError> {
    if !bytes.starts_with(GLB_MAGIC) {
        return Ok(Container {
            json: bytes,
            binary: None,
        });
    }
    let fault = |offset: usize, text: &str| {
        SceneError::new(ErrorKind::Invalid, format!("byte {offset}"), text)
    };
    let word = |offset: usize| {
        bytes
            .get(offset..offset + 4)
            .map(|slice| u32::from_le_bytes([slice[0], slice[1], slice[2], slice[3]]))
    };
    let version = word(4).ok_or_else(|| fault(4, "the GLB header is cut off"))?;
    if version != 2 {
        return Err(fault(4, &format!("GLB version {version} is not 2")));
    }
    let length = word(8).ok_or_else(|| fault(8, "the GLB header is cut off"))? as usize;
    if length > bytes.len() {
        return Err(fault(
            8,
            &format!("the GLB should have {length} bytes but has {}", bytes.len()),
        ));
    }
    let (mut json, mut binary, mut offset) = (None, None, 12usize);
    while offset < length {
        let (Some(size), Some(kind)) = (word(offset), word(offset + 4)) else {
            return Err(fault(offset, "a GLB chunk header is cut off"));
        };
        let end = (offset + 8)
            .checked_add(size as usize)
            .filter(|end| *end <= length)
            .ok_or_else(|| fault(offset, "a GLB chunk reaches beyond the file"))?;
        let data = &bytes[offset + 8..end];
        match kind {
            CHUNK_JSON if json.is_none() && offset == 12 => json = Some(data),
            CHUNK_BINARY if binary.is_none() => binary = Some(data),
            CHUNK_JSON | CHUNK_BINARY => {
                return Err(fault(offset, "a GLB chunk is doubled or out of order"));
            }
            _ => {}
        }
        offset = end;
    }
    Ok(Container {
        json: json.ok_or_else(|| fault(12, "the GLB has no JSON chunk"))?,
        binary,
    })
}

/// All bytes that a document refers to, fetched when first needed.
pub(crate) struct Bytes<'a> {
    files: &'a dyn SideFiles,
    limit: u64,
    used: RefCell<u64>,
    fetched: RefCell<BTreeMap<PathBuf, Arc<[u8]>>>,
    /// Why files could not be.
    missing: RefCell<BTreeMap<PathBuf, String>>,
    /// Those of the file, then those of compressed views.
    buffers: Vec<Buffer<'a>>,
    declared_buffers: usize,
    views: Vec<View>,
    /// Copies of views that outlive the file: images and sounds.
    copies: RefCell<BTreeMap<u32, Arc<[u8]>>>,
    budget: &'a Budget,
}

/// The bytes of a buffer.
enum Buffer<'a> {
    /// The binary chunk.
    Chunk(&'a [u8]),
    /// A file or a data URI.
    Shared(Arc<[u8]>),
    /// A compressed view.
    Packed(Packed),
}

/// A compressed view, unpacked when it is first looked at.
struct Packed {
    plan: Plan,
    source: View,
    /// `None` when its data are broken.
    unpacked: OnceLock<Option<Vec<u8>>>,
}

impl Buffer<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Chunk(bytes) => bytes,
            Self::Shared(bytes) => bytes,
            Self::Packed(packed) => {
                let unpacked = packed.unpacked.get();
                unpacked.and_then(Option::as_deref).unwrap_or_default()
            }
        }
    }
}

impl Packed {
    /// Unpacks it, unless it has been; false when its data are broken.
    fn unpack(&self, source: Option<&[u8]>) -> bool {
        let unpack = || source.and_then(|source| self.plan.unpack(source));
        self.unpacked.get_or_init(unpack).is_some()
    }
}

/// A checked buffer view.
#[derive(Clone, Copy)]
pub(crate) struct View {
    buffer: usize,
    start: usize,
    length: usize,
    pub(crate) stride: Option<usize>,
}

impl<'a> Bytes<'a> {
    /// Loads buffers and checks buffer views. Compressed ones stay so until they are looked at, or until [`Self::unpack`].
    pub(crate) fn load(
        root: &Item<'_>,
        binary: Option<&'a [u8]>,
        files: &'a dyn SideFiles,
        limit: u64,
        budget: &'a Budget,
    ) -> Result<Self, SceneError> {
        let mut bytes = Self {
            files,
            limit,
            used: RefCell::new(0),
            fetched: RefCell::default(),
            missing: RefCell::default(),
            buffers: Vec::new(),
            declared_buffers: 0,
            views: Vec::new(),
            copies: RefCell::default(),
            budget,
        };
        if let Some(buffers) = root.get("buffers") {
            for (index, buffer) in buffers.elements(MAX_ELEMENTS)?.enumerate() {
                let data = bytes.buffer(&buffer, index, binary)?;
                bytes.buffers.push(data);
            }
        }
        bytes.declared_buffers = bytes.buffers.len();
        if let Some(views) = root.get("bufferViews") {
            for view in views.elements(MAX_ELEMENTS * 10)? {
                let view = match packed::of(&view) {
                    Some(packed) => bytes.check_packed(&view, &packed)?,
                    None => bytes.check_view(&view)?,
                };
                bytes.views.push(view);
            }
        }
        Ok(bytes)
    }

    /// Unpacks all compressed views, several at once.
    ///
    /// # Errors
    /// [`SceneError`] for the first whose data are broken.
    pub(crate) fn unpack(&self, root: &Item<'_>) -> Result<(), SceneError> {
        let all = self.buffers.iter().filter_map(|buffer| match buffer {
            Buffer::Packed(packed) => Some((packed, self.range(packed.source))),
            Buffer::Chunk(_) | Buffer::Shared(_) => None,
        });
        let all: Vec<_> = all.collect();
        let bytes = all.iter().map(|(packed, _)| packed.plan.bytes()).sum();
        let unpack = |(packed, source): &(&Packed, Option<&[u8]>)| packed.unpack(*source);
        let is_whole = threads::in_order(&all, packed::threads_for(bytes), unpack, |_lost| false);
        let views = root.get("bufferViews");
        let views = views
            .map(|views| views.elements(MAX_ELEMENTS * 10))
            .transpose()?;
        let packed = views
            .into_iter()
            .flatten()
            .filter_map(|view| packed::of(&view));
        let mut made = packed.zip(is_whole);
        match made.find(|(_, is_whole)| !is_whole) {
            Some((item, _)) => Err(item.fault("its compressed data are broken")),
            None => Ok(()),
        }
    }

    /// The bytes of a buffer view.
    pub(crate) fn view(&self, index: u32) -> Option<(&[u8], View)> {
        let view = *self.views.get(index as usize)?;
        if let Buffer::Packed(packed) = self.buffers.get(view.buffer)?
            && !packed.unpack(self.range(packed.source))
        {
            return None;
        }
        Some((self.range(view)?, view))
    }

    fn range(&self, view: View) -> Option<&[u8]> {
        let bytes = self.buffers.get(view.buffer)?.bytes();
        bytes.get(view.start..view.start.saturating_add(view.length))
    }

    /// The bytes of a buffer view to keep; the same view is copied once.
    pub(crate) fn copy(&self, item: &Item<'_>, index: u32) -> Result<Arc<[u8]>, SceneError> {
        if let Some(known) = self.copies.borrow().get(&index) {
            return Ok(Arc::clone(known));
        }
        let (data, _) = self
            .view(index)
            .ok_or_else(|| item.fault("names a buffer view without bytes, or with broken ones"))?;
        self.budget.charge(item, data.len() as u64)?;
        let copy: Arc<[u8]> = data.into();
        self.copies.borrow_mut().insert(index, Arc::clone(&copy));
        Ok(copy)
    }

    pub(crate) fn view_count(&self) -> usize {
        self.views.len()
    }

    /// The bytes behind a `uri`: a data URI or a file inside the folder.
    pub(crate) fn uri(&self, item: &Item<'_>) -> Result<Arc<[u8]>, SceneError> {
        let text = item.text()?;
        if let Some(rest) = text.strip_prefix("data:") {
            let encoded = rest
                .split_once(";base64,")
                .map(|(_, encoded)| encoded)
                .ok_or_else(|| item.fault("is a data URI that is not base64"))?;
            self.charge(item, encoded.len() as u64 / 4 * 3)?;
            let engine = base64::engine::GeneralPurpose::new(
                &base64::alphabet::STANDARD,
                base64::engine::GeneralPurposeConfig::new()
                    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
            );
            return engine.decode(encoded).map(Into::into).map_err(|error| {
                item.fault(format!("is a data URI that cannot be decoded: {error}"))
            });
        }
        let relative = inside_folder(text).ok_or_else(|| {
            let (kind, rule) = match has_foreign_letters(text) {
                true => (
                    ErrorKind::FileName,
                    "a name may hold no `:` and no `\\`, and `#` and `?` only encoded",
                ),
                false => (
                    ErrorKind::Outside,
                    "only files inside the scene's folder may be named",
                ),
            };
            let fault = format!("names `{}`: {rule}", shorten(text));
            SceneError::new(kind, item.pointer(), fault)
        })?;
        if let Some(known) = self.fetched.borrow().get(&relative) {
            return Ok(Arc::clone(known));
        }
        let fault =
            |text: &String| SceneError::new(ErrorKind::Unreadable, item.pointer(), text.as_str());
        if let Some(known) = self.missing.borrow().get(&relative) {
            return Err(fault(known));
        }
        if self.fetched.borrow().len() + self.missing.borrow().len() >= MAX_SIDE_FILES {
            return Err(item.over_limit(format!("more than {MAX_SIDE_FILES} files are named")));
        }
        let left = self.limit.saturating_sub(*self.used.borrow());
        let bytes: Arc<[u8]> = match self.files.read(&relative, left) {
            Ok(bytes) => bytes.into(),
            Err(text) => {
                let error = fault(&text);
                self.missing.borrow_mut().insert(relative, text);
                return Err(error);
            }
        };
        self.charge(item, bytes.len() as u64)?;
        self.fetched
            .borrow_mut()
            .insert(relative, Arc::clone(&bytes));
        Ok(bytes)
    }

    /// Relative paths of all files that were fetched.
    pub(crate) fn fetched(&self) -> Vec<(PathBuf, Arc<[u8]>)> {
        self.fetched
            .borrow()
            .iter()
            .map(|(path, bytes)| (path.clone(), Arc::clone(bytes)))
            .collect()
    }

    /// Files have a limit of their own, whether they come inside of the main one or beside it.
    fn charge(&self, item: &Item<'_>, bytes: u64) -> Result<(), SceneError> {
        let mut used = self.used.borrow_mut();
        *used = used.saturating_add(bytes);
        if *used > self.limit {
            Err(item.over_limit(format!("the files together are over {} bytes", self.limit)))
        } else {
            Ok(())
        }
    }

    fn buffer(
        &self,
        buffer: &Item<'_>,
        index: usize,
        binary: Option<&'a [u8]>,
    ) -> Result<Buffer<'a>, SceneError> {
        let declared = buffer.require("byteLength")?.size()? as usize;
        let data = match (buffer.get("uri"), binary) {
            (Some(uri), _) => Buffer::Shared(self.uri(&uri)?),
            (None, Some(binary)) if index == 0 => Buffer::Chunk(binary),
            // A buffer without bytes is only an error once an accessor or image needs it.
            (None, _) => return Ok(Buffer::Chunk(&[])),
        };
        if data.bytes().len() < declared {
            return Err(buffer.fault(format!(
                "should have {declared} bytes but has {}",
                data.bytes().len()
            )));
        }
        Ok(data)
    }

    /// A compressed view: its bytes become a buffer of their own.
    fn check_packed(&mut self, item: &Item<'_>, packed: &Item<'_>) -> Result<View, SceneError> {
        let source = self.check_range(packed)?;
        if self.range(source).is_none() {
            return Err(packed.fault("names bytes that are not there"));
        }
        self.budget.charge_for::<Buffer<'_>>(packed, 1)?;
        let plan = Plan::read(packed, self.budget)?;
        let declared = item.require("byteLength")?.size()?;
        if declared != plan.bytes() {
            return Err(item.fault(format!(
                "should have {declared} bytes but holds {}",
                plan.bytes()
            )));
        }
        let stride = item
            .get("byteStride")
            .map(|stride| stride.size())
            .transpose()?;
        self.buffers.push(Buffer::Packed(Packed {
            plan,
            source,
            unpacked: OnceLock::new(),
        }));
        Ok(View {
            buffer: self.buffers.len() - 1,
            start: 0,
            length: declared as usize,
            stride: stride.map(|stride| stride as usize),
        })
    }

    fn check_view(&self, item: &Item<'_>) -> Result<View, SceneError> {
        let stride = item
            .get("byteStride")
            .map(|stride| stride.size())
            .transpose()?;
        if stride.is_some_and(|stride| !(4..=252).contains(&stride)) {
            return Err(item.fault("byteStride must be from 4 to 252"));
        }
        Ok(View {
            stride: stride.map(|stride| stride as usize),
            ..self.check_range(item)?
        })
    }

    /// A stretch of a buffer, without a stride.
    fn check_range(&self, item: &Item<'_>) -> Result<View, SceneError> {
        let buffer = item
            .require("buffer")?
            .index(self.declared_buffers, "buffer")? as usize;
        let start = item
            .get("byteOffset")
            .map_or(Ok(0), |offset| offset.size())?;
        let length = item.require("byteLength")?.size()?;
        let available = self.buffers[buffer].bytes().len() as u64;
        if available > 0 && start.checked_add(length).is_none_or(|end| end > available) {
            return Err(item.fault(format!("reaches beyond its buffer of {available} bytes")));
        }
        Ok(View {
            buffer,
            start: start as usize,
            length: length as usize,
            stride: None,
        })
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_containers_name_their_byte() {
        let mut glb = b"glTF".to_vec();
        assert_eq!(
            split(&glb).err().map(|error| error.place),
            Some("byte 4".to_owned())
        );
        glb.extend(2u32.to_le_bytes());
        glb.extend(100u32.to_le_bytes());
        assert_eq!(
            split(&glb).err().map(|error| error.place),
            Some("byte 8".to_owned())
        );
    }
}
