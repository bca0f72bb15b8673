//! Accessors: from buffer bytes to vectors of numbers. Handles strides, normalised integers, sparse and zero-filled ones.

use crate::{
    error::SceneError,
    limits::{MAX_ACCESSOR_COUNT, MAX_DECODED_BYTES, MAX_ELEMENTS},
    source::container::Bytes,
    source::json::Item,
};
use glam::{Mat4, Vec2, Vec3, Vec4};
use std::cell::Cell;

/// Component types by their glTF number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
}

impl Component {
    fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }

    /// One component as a float, normalised where asked (glTF 2.0 section 3.11).
    fn read(self, bytes: &[u8], is_normalized: bool) -> f32 {
        match self {
            Self::F32 => f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            Self::U8 if is_normalized => f32::from(bytes[0]) / 255.0,
            Self::U8 => f32::from(bytes[0]),
            Self::I8 if is_normalized => (f32::from(bytes[0] as i8) / 127.0).max(-1.0),
            Self::I8 => f32::from(bytes[0] as i8),
            Self::U16 if is_normalized => {
                f32::from(u16::from_le_bytes([bytes[0], bytes[1]])) / 65_535.0
            }
            Self::U16 => f32::from(u16::from_le_bytes([bytes[0], bytes[1]])),
            Self::I16 if is_normalized => {
                (f32::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_767.0).max(-1.0)
            }
            Self::I16 => f32::from(i16::from_le_bytes([bytes[0], bytes[1]])),
            Self::U32 => u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as f32,
        }
    }

    fn read_whole(self, bytes: &[u8]) -> Option<u32> {
        match self {
            Self::U8 => Some(u32::from(bytes[0])),
            Self::U16 => Some(u32::from(u16::from_le_bytes([bytes[0], bytes[1]]))),
            Self::U32 => Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
            _ => None,
        }
    }
}

/// Reads accessors of one document and counts what they take.
pub(crate) struct Accessors<'a> {
    document: Option<Item<'a>>,
    count: usize,
    bytes: &'a Bytes<'a>,
    decoded: Cell<u64>,
}

/// The shape of one accessor.
struct Layout<'a> {
    item: Item<'a>,
    component: Component,
    is_normalized: bool,
    /// Components an element.
    width: usize,
    /// Rows a column of a matrix, which are padded to four bytes; equal to `width` otherwise.
    rows: usize,
    count: usize,
}

impl<'a> Accessors<'a> {
    pub(crate) fn new(root: &'a Item<'a>, bytes: &'a Bytes<'a>) -> Result<Self, SceneError> {
        let document = root.get("accessors");
        let count = document.as_ref().map_or(Ok(0), |list| {
            list.elements(MAX_ELEMENTS * 10).map(Iterator::count)
        })?;
        Ok(Self {
            document,
            count,
            bytes,
            decoded: Cell::new(0),
        })
    }

    pub(crate) fn vec2(&self, reference: &Item<'_>) -> Result<Vec<Vec2>, SceneError> {
        self.floats(reference, &["VEC2"], |values| {
            Vec2::new(values[0], values[1])
        })
    }

    pub(crate) fn vec3(&self, reference: &Item<'_>) -> Result<Vec<Vec3>, SceneError> {
        self.floats(reference, &["VEC3"], |values| {
            Vec3::new(values[0], values[1], values[2])
        })
    }

    pub(crate) fn vec4(&self, reference: &Item<'_>) -> Result<Vec<Vec4>, SceneError> {
        self.floats(reference, &["VEC4"], |values| {
            Vec4::new(values[0], values[1], values[2], values[3])
        })
    }

    /// RGB or RGBA; alpha is 1 where absent.
    pub(crate) fn colors(&self, reference: &Item<'_>) -> Result<Vec<Vec4>, SceneError> {
        self.floats(reference, &["VEC3", "VEC4"], |values| {
            Vec4::new(
                values[0],
                values[1],
                values[2],
                values.get(3).copied().unwrap_or(1.0),
            )
        })
    }

    pub(crate) fn scalars(&self, reference: &Item<'_>) -> Result<Vec<f32>, SceneError> {
        self.floats(reference, &["SCALAR"], |values| values[0])
    }

    pub(crate) fn matrices(&self, reference: &Item<'_>) -> Result<Vec<Mat4>, SceneError> {
        self.floats(reference, &["MAT4"], |values| {
            let mut columns = [0.0; 16];
            columns.copy_from_slice(&values[..16]);
            Mat4::from_cols_array(&columns)
        })
    }

    /// Whole numbers: vertex indices.
    pub(crate) fn indices(&self, reference: &Item<'_>) -> Result<Vec<u32>, SceneError> {
        self.with_layout(reference, &["SCALAR"], |layout| {
            if layout.component.read_whole(&[0; 4]).is_none() {
                return Err(layout.item.fault("indices must be unsigned whole numbers"));
            }
            self.decode(&layout, |element| {
                layout.component.read_whole(element).unwrap_or_default()
            })
        })
    }

    /// Four whole numbers an element: joints.
    pub(crate) fn joints(&self, reference: &Item<'_>) -> Result<Vec<[u16; 4]>, SceneError> {
        self.with_layout(reference, &["VEC4"], |layout| {
            if !matches!(layout.component, Component::U8 | Component::U16) {
                return Err(layout.item.fault("joints must be unsigned bytes or shorts"));
            }
            let size = layout.component.bytes();
            self.decode(&layout, |element| {
                std::array::from_fn(|lane| {
                    layout
                        .component
                        .read_whole(&element[lane * size..])
                        .unwrap_or_default() as u16
                })
            })
        })
    }

    fn floats<T: Clone>(
        &self,
        reference: &Item<'_>,
        types: &[&str],
        make: impl Fn(&[f32]) -> T,
    ) -> Result<Vec<T>, SceneError> {
        self.with_layout(reference, types, |layout| {
            let size = layout.component.bytes();
            let column = (layout.rows * size).next_multiple_of(if layout.rows == layout.width {
                1
            } else {
                4
            });
            let is_finite = Cell::new(true);
            let values = self.decode(&layout, |element| {
                let mut values = [0.0f32; 16];
                for (lane, value) in values.iter_mut().take(layout.width).enumerate() {
                    let offset = lane / layout.rows * column + lane % layout.rows * size;
                    *value = layout
                        .component
                        .read(&element[offset..], layout.is_normalized);
                    if !value.is_finite() {
                        is_finite.set(false);
                    }
                }
                make(&values[..layout.width])
            })?;
            if is_finite.get() {
                Ok(values)
            } else {
                Err(layout.item.fault("holds a value that is not a number"))
            }
        })
    }

    fn with_layout<T>(
        &self,
        reference: &Item<'_>,
        types: &[&str],
        read: impl FnOnce(Layout<'_>) -> Result<T, SceneError>,
    ) -> Result<T, SceneError> {
        let index = reference.index(self.count, "accessor")? as usize;
        let list = self
            .document
            .as_ref()
            .ok_or_else(|| reference.fault("there are no accessors"))?;
        let item = list
            .elements(usize::MAX)?
            .nth(index)
            .ok_or_else(|| reference.fault("names no accessor"))?;
        let kind = item.require("type")?.text()?;
        if !types.contains(&kind) {
            return Err(reference.fault(format!(
                "needs an accessor of type {}, but accessor {index} is {kind}",
                types.join(" or ")
            )));
        }
        let component_item = item.require("componentType")?;
        let component = Component::from_number(component_item.size()?)
            .ok_or_else(|| component_item.fault("is not a component type"))?;
        let is_normalized = item.flag_or("normalized", false)?;
        let (width, rows) = match kind {
            "SCALAR" => (1, 1),
            "VEC2" => (2, 2),
            "VEC3" => (3, 3),
            "VEC4" => (4, 4),
            _ => (16, 4),
        };
        let count = item.require("count")?.size()? as usize;
        if count > MAX_ACCESSOR_COUNT {
            return Err(item.over_limit(format!(
                "has {count} elements, the limit is {MAX_ACCESSOR_COUNT}"
            )));
        }
        let decoded = self
            .decoded
            .get()
            .saturating_add((count * width * 4) as u64);
        if decoded > MAX_DECODED_BYTES {
            return Err(item.over_limit(format!(
                "the decoded accessors together are over {MAX_DECODED_BYTES} bytes"
            )));
        }
        self.decoded.set(decoded);
        read(Layout {
            item,
            component,
            is_normalized,
            width,
            rows,
            count,
        })
    }

    fn decode<T: Clone>(
        &self,
        layout: &Layout<'_>,
        make: impl Fn(&[u8]) -> T,
    ) -> Result<Vec<T>, SceneError> {
        let size = self.element_bytes(layout);
        let mut values = if let Some(view) =
            layout
                .item
                .index_of("bufferView", self.bytes.view_count(), "buffer view")?
        {
            let offset = layout
                .item
                .get("byteOffset")
                .map_or(Ok(0), |offset| offset.size())? as usize;
            let (data, stride) = self.slice(&layout.item, view, offset, size, layout.count)?;
            data.chunks(stride).take(layout.count).map(&make).collect()
        } else {
            vec![make(&[0u8; 64]); layout.count]
        };
        if let Some(sparse) = layout.item.get("sparse") {
            self.apply_sparse(&sparse, size, &mut values, make)?;
        }
        Ok(values)
    }

    fn element_bytes(&self, layout: &Layout<'_>) -> usize {
        let component = layout.component.bytes();
        if layout.rows == layout.width {
            layout.width * component
        } else {
            (layout.rows * component).next_multiple_of(4) * (layout.width / layout.rows)
        }
    }

    /// Bytes of `count` elements, checked, and their distance; the last chunk holds at least one element.
    fn slice(
        &self,
        item: &Item<'_>,
        view: u32,
        offset: usize,
        size: usize,
        count: usize,
    ) -> Result<(&[u8], usize), SceneError> {
        let (data, view) = self
            .bytes
            .view(view)
            .ok_or_else(|| item.fault("names a buffer view without bytes"))?;
        let stride = view.stride.unwrap_or(size);
        if stride < size {
            return Err(item.fault("its elements are larger than the stride of the buffer view"));
        }
        if count == 0 {
            return Ok((&[], stride));
        }
        let end = (count - 1)
            .checked_mul(stride)
            .and_then(|bytes| bytes.checked_add(size))
            .and_then(|bytes| bytes.checked_add(offset));
        match end {
            Some(end) if end <= data.len() => Ok((&data[offset..end], stride)),
            _ => Err(item.fault(format!(
                "reaches beyond its buffer view of {} bytes",
                data.len()
            ))),
        }
    }

    fn apply_sparse<T>(
        &self,
        sparse: &Item<'_>,
        size: usize,
        values: &mut [T],
        make: impl Fn(&[u8]) -> T,
    ) -> Result<(), SceneError> {
        let count = sparse.require("count")?.size()? as usize;
        if count > values.len() {
            return Err(sparse.fault("replaces more elements than there are"));
        }
        let places = sparse.require("indices")?;
        let component_item = places.require("componentType")?;
        let component = Component::from_number(component_item.size()?)
            .filter(|component| component.read_whole(&[0; 4]).is_some())
            .ok_or_else(|| component_item.fault("is not an index type"))?;
        let at = |item: &Item<'_>, size: usize| -> Result<(&[u8], usize), SceneError> {
            let view = item
                .require("bufferView")?
                .index(self.bytes.view_count(), "buffer view")?;
            let offset = item
                .get("byteOffset")
                .map_or(Ok(0), |offset| offset.size())? as usize;
            self.slice(item, view, offset, size, count)
        };
        let (index_bytes, index_stride) = at(&places, component.bytes())?;
        let new_values = sparse.require("values")?;
        let (value_bytes, value_stride) = at(&new_values, size)?;
        for (index, value) in index_bytes
            .chunks(index_stride)
            .zip(value_bytes.chunks(value_stride))
        {
            let index = component.read_whole(index).unwrap_or(u32::MAX) as usize;
            *values
                .get_mut(index)
                .ok_or_else(|| places.fault(format!("index {index} is out of range")))? =
                make(value);
        }
        Ok(())
    }
}
