//! Buffers and images: their addresses, and the bytes behind them.

use super::{
    codes, extensions,
    model::{Model, index, object, size, text},
    pictures::Format,
    sink::Sink,
};
use crate::limits::MAX_IMAGES;
use crate::source::{
    files::{SideFiles, has_foreign_letters, inside_folder},
    json::Item,
};
use base64::Engine as _;
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// Where bytes come from.
pub(super) struct Source<'a> {
    pub(super) binary: Option<&'a [u8]>,
    pub(super) is_glb: bool,
    pub(super) files: &'a dyn SideFiles,
    /// Bytes that may still be read or decoded.
    pub(super) left: u64,
    /// Files that may still be read.
    pub(super) files_left: usize,
}

/// The bytes of a buffer, when they are all there.
#[derive(Clone)]
pub(super) enum Bytes<'a> {
    Chunk(&'a [u8]),
    Shared(Arc<[u8]>),
}

impl Bytes<'_> {
    pub(super) fn get(&self) -> &[u8] {
        match self {
            Self::Chunk(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// A data URI in parts.
struct DataUri<'a> {
    mime: &'a str,
    is_base64: bool,
    data: &'a str,
}

impl<'a> Source<'a> {
    /// The bytes of each buffer that can be used.
    pub(super) fn buffers(&mut self, model: &Model<'_>, sink: &mut Sink) -> Vec<Option<Bytes<'a>>> {
        let mut buffers = vec![None; model.buffers.len()];
        for (number, buffer) in model.buffers.enumerate() {
            let bytes = match buffer.member("uri") {
                Some(uri) => self
                    .uri(uri, false, sink)
                    .map(|bytes| Bytes::Shared(bytes.into())),
                None if self.is_glb && number == 0 => {
                    if self.binary.is_none() {
                        sink.at(&codes::BUFFER_MISSING_GLB_DATA, buffer);
                    }
                    self.binary.map(Bytes::Chunk)
                }
                None => None,
            };
            let is_chunk = matches!(bytes, Some(Bytes::Chunk(_)));
            let declared = size(*buffer, "byteLength").filter(|declared| *declared > 0);
            buffers[number] = bytes.filter(|bytes| {
                let actual = bytes.get().len() as u64;
                let Some(declared) = declared else {
                    return false;
                };
                if actual < declared {
                    sink.at(&codes::BUFFER_BYTE_LENGTH_MISMATCH, buffer);
                } else if is_chunk && actual - declared > 3 {
                    sink.at(&codes::BUFFER_GLB_CHUNK_TOO_BIG, buffer);
                }
                actual >= declared
            });
        }
        buffers
    }

    /// Bytes behind an address; what is wrong with it is told.
    fn uri(&mut self, place: Item<'_>, is_image: bool, sink: &mut Sink) -> Option<Vec<u8>> {
        let uri = place.as_text()?;
        if self.is_glb {
            sink.at(&codes::URI_GLB, &place);
        }
        if uri.starts_with("data:") {
            let bytes = self.data_uri(place, uri, is_image, sink)?;
            if self.is_glb {
                sink.at(&codes::DATA_URI_GLB, &place);
            }
            return Some(bytes);
        }
        if !is_address(uri) {
            sink.at(&codes::INVALID_URI, &place);
            return None;
        }
        let has_scheme = uri
            .find([':', '/', '?', '#'])
            .is_some_and(|at| uri[at..].starts_with(':'));
        if has_scheme || uri.starts_with('/') {
            // It is never fetched: neither here nor by the gate.
            sink.at(&codes::NON_RELATIVE_URI, &place);
            return None;
        }
        let Some(files_left) = self.files_left.checked_sub(1) else {
            sink.cut_short();
            return None;
        };
        self.files_left = files_left;
        let bytes = inside_folder(uri).and_then(|path| self.files.read(&path, self.left).ok());
        match bytes {
            Some(bytes) => {
                self.left = self.left.saturating_sub(bytes.len() as u64);
                Some(bytes)
            }
            None => {
                // Of those the gate tells, with what mends them.
                if !has_foreign_letters(uri) {
                    sink.at(&codes::IO_ERROR, &place);
                }
                None
            }
        }
    }

    fn data_uri(
        &mut self,
        place: Item<'_>,
        uri: &str,
        is_image: bool,
        sink: &mut Sink,
    ) -> Option<Vec<u8>> {
        let Some(parts) = split_data_uri(uri) else {
            sink.at(&codes::INVALID_URI, &place);
            return None;
        };
        if parts.data.len() as u64 > self.left {
            return None;
        }
        let Some(bytes) = decode(&parts) else {
            sink.at(&codes::INVALID_URI, &place);
            return None;
        };
        self.left -= bytes.len() as u64;
        let mime = parts.mime.to_ascii_lowercase();
        let is_buffer_type = matches!(
            mime.as_str(),
            "application/octet-stream" | "application/gltf-buffer"
        );
        if !is_image && !is_buffer_type {
            sink.at(&codes::BUFFER_DATA_URI_MIME_TYPE_INVALID, &place);
            return None;
        }
        if is_image && Format::of(&bytes).map(Format::mime) != Some(mime.as_str()) {
            sink.at(&codes::INVALID_URI, &place);
            return None;
        }
        Some(bytes)
    }

    /// Checks images, and that textures use formats that they may use.
    pub(super) fn images(
        &mut self,
        model: &Model<'_>,
        buffers: &[Option<Bytes<'_>>],
        declared: &BTreeSet<&str>,
        sink: &mut Sink,
    ) {
        let mut formats = vec![None; model.images.len()];
        for (number, image) in model.images.enumerate().take(MAX_IMAGES) {
            let actual = (!is_image_extended(*image, declared))
                .then(|| self.image(model, buffers, *image, sink))
                .flatten();
            // Textures go by what the file states of an image.
            let uri = text(*image, "uri").and_then(split_data_uri);
            let stated = text(*image, "mimeType").or(uri.map(|uri| uri.mime));
            let format = match stated {
                Some(stated) => Some(Format::stated(stated)),
                None => actual.map(Some),
            };
            if actual == Some(Format::WebP) && !declared.contains("EXT_texture_webp") {
                sink.at(&codes::IMAGE_NON_ENABLED_MIME_TYPE, image);
            }
            formats[number] = format;
        }
        for texture in model.textures.iter() {
            let webp = object(*texture, "extensions")
                .and_then(|extensions| object(extensions, "EXT_texture_webp"));
            for (holder, is_webp) in [(Some(*texture), false), (webp, true)] {
                let Some(holder) = holder else { continue };
                let format = index(holder, "source").and_then(|at| formats.get(at).copied()?);
                let is_fitting = |format: Option<Format>| {
                    format.is_some_and(|format| (format == Format::WebP) == is_webp)
                };
                if format.is_some_and(|format| !is_fitting(format)) {
                    sink.at_member(&codes::TEXTURE_INVALID_IMAGE_MIME_TYPE, &holder, "source");
                }
            }
        }
    }

    fn image(
        &mut self,
        model: &Model<'_>,
        buffers: &[Option<Bytes<'_>>],
        image: Item<'_>,
        sink: &mut Sink,
    ) -> Option<Format> {
        let place;
        let bytes: Cow<'_, [u8]> = if let Some(uri) = image.member("uri") {
            place = uri;
            Cow::Owned(self.uri(uri, true, sink)?)
        } else {
            place = image.member("bufferView")?;
            let view = model.views.get(index(image, "bufferView")?)?;
            let buffer = buffers.get(view.buffer?)?.as_ref()?.get();
            let start = usize::try_from(view.offset?).ok()?;
            let end = start.checked_add(usize::try_from(view.length?).ok()?)?;
            Cow::Borrowed(buffer.get(start..end)?)
        };
        let Some(format) = Format::of(&bytes) else {
            sink.at(&codes::IMAGE_UNRECOGNIZED_FORMAT, &image);
            return None;
        };
        if text(image, "mimeType").is_some_and(|stated| stated != format.mime()) {
            sink.at(&codes::IMAGE_MIME_TYPE_INVALID, &place);
        }
        match format.header(&bytes) {
            Ok(header) => {
                if !header.width.is_power_of_two() || !header.height.is_power_of_two() {
                    sink.at(&codes::IMAGE_NPOT_DIMENSIONS, &image);
                }
                if header.is_special {
                    sink.at(&codes::IMAGE_FEATURES_UNSUPPORTED, &image);
                }
            }
            Err(code) => sink.at(code, &image),
        }
        Some(format)
    }
}

/// An extension that is not read may say that the image is found elsewhere.
fn is_image_extended(image: Item<'_>, declared: &BTreeSet<&str>) -> bool {
    let is_read = |name: &str| extensions::is_known(name) && declared.contains(name);
    object(image, "extensions")
        .is_some_and(|extensions| extensions.members().any(|(name, _)| !is_read(name)))
}

/// RFC 2397: `data:[type][;name=value][;base64],data`.
fn split_data_uri(uri: &str) -> Option<DataUri<'_>> {
    let (head, data) = uri.strip_prefix("data:")?.split_once(',')?;
    let (head, is_base64) = match head.strip_suffix(";base64") {
        Some(head) => (head, true),
        None => (head, false),
    };
    let mut parts = head.split(';');
    let mime = parts.next().unwrap_or_default();
    parts
        .all(|parameter| parameter.contains('='))
        .then_some(DataUri {
            mime: if mime.is_empty() { "text/plain" } else { mime },
            is_base64,
            data,
        })
}

fn decode(parts: &DataUri<'_>) -> Option<Vec<u8>> {
    if !parts.is_base64 {
        return Some(percent_encoding::percent_decode_str(parts.data).collect());
    }
    let data = percent_encoding::percent_decode_str(parts.data);
    let data: Cow<'_, [u8]> = data.into();
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    engine.decode(data).ok()
}

/// Not an address: an empty or ill-formed scheme.
fn is_address(uri: &str) -> bool {
    let Some(at) = uri.find([':', '/', '?', '#']) else {
        return true;
    };
    let (scheme, rest) = uri.split_at(at);
    let mut letters = scheme.bytes();
    !rest.starts_with(':')
        || (letters
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)))
}
