//! Accessors: from buffer bytes to vectors of numbers. Handles strides, normalised integers, sparse and zero-filled ones.

use crate::{
    error::{Issue, Issues, SceneError},
    limits::{MAX_ACCESSOR_COUNT, MAX_ELEMENTS},
    source::{
        array::{Array, ArrayShape},
        budget::Budget,
        component::{
            Byte, ByteShare, Component, Double, Float, Lane, Short, ShortShare, UnsignedByte,
            UnsignedByteShare, UnsignedInt, UnsignedShort, UnsignedShortShare,
        },
        container::Bytes,
        json::Item,
    },
};
use glam::{Mat4, Vec2, Vec3, Vec4};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Bytes of the largest element: a matrix of doubles.
const MAX_ELEMENT_BYTES: usize = 128;
/// How far a float may be beside a double before it is told: a millimetre, a millisecond.
const MAX_ROUNDING: f64 = 0.001;
const NO_NUMBER: &str = "holds a value that is not a number";

/// The extension by which components may be doubles.
pub(crate) const DOUBLES: &str = "KHR_accessor_float64";

/// Reads accessors of one document.
pub(crate) struct Accessors<'a> {
    document: Option<Item<'a>>,
    count: usize,
    /// Components may be doubles.
    has_doubles: bool,
    bytes: &'a Bytes<'a>,
    /// Memory that is left.
    pub(crate) budget: &'a Budget,
    /// Elements that were compressed, by accessor.
    provided: RefCell<BTreeMap<u32, Arc<[u8]>>>,
    /// Accessors of doubles that lose something as floats.
    rounded: RefCell<BTreeSet<u32>>,
}

/// The shape of one accessor.
struct Layout<'a> {
    item: Item<'a>,
    index: u32,
    kind: &'a str,
    component: Component,
    is_normalized: bool,
    count: usize,
}

/// Elements of an accessor before they are numbers.
struct Elements<'a> {
    /// The last element may be shorter than `stride`.
    data: Option<Data<'a>>,
    stride: usize,
    count: usize,
    sparse: Option<Sparse<'a>>,
}

enum Data<'a> {
    View(&'a [u8]),
    Provided(Arc<[u8]>),
}

impl Data<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::View(bytes) => bytes,
            Self::Provided(bytes) => bytes,
        }
    }
}

/// Elements that replace others.
struct Sparse<'a> {
    places: Vec<u32>,
    data: &'a [u8],
    stride: usize,
}

impl<'a> Accessors<'a> {
    pub(crate) fn new(
        root: &Item<'a>,
        bytes: &'a Bytes<'a>,
        budget: &'a Budget,
    ) -> Result<Self, SceneError> {
        let document = root.get("accessors");
        let count = document.as_ref().map_or(Ok(0), |list| {
            list.elements(MAX_ELEMENTS * 10).map(Iterator::count)
        })?;
        Ok(Self {
            document,
            count,
            has_doubles: declares(root, DOUBLES),
            bytes,
            budget,
            provided: RefCell::default(),
            rounded: RefCell::default(),
        })
    }

    /// Tells of doubles that were read so far and lost something as floats.
    pub(crate) fn tell_rounding(&self, issues: &mut Issues) {
        for index in self.rounded.borrow().iter() {
            issues.push(Issue::warning(
                "STOA_DOUBLES_ROUNDED",
                format!("/accessors/{index}"),
                format!("as floats some of its numbers are more than {MAX_ROUNDING} beside what they are"),
            ));
        }
    }

    pub(crate) fn view_count(&self) -> usize {
        self.bytes.view_count()
    }

    pub(crate) fn view_bytes(&self, view: u32) -> Option<&[u8]> {
        self.bytes.view(view).map(|(data, _)| data)
    }

    /// Bytes of one element of an accessor.
    pub(crate) fn element_bytes(&self, reference: &Item<'_>) -> Result<usize, SceneError> {
        let types = ["SCALAR", "VEC2", "VEC3", "VEC4"];
        let layout = self.layout(reference, &types)?;
        let width = types.iter().position(|kind| *kind == layout.kind);
        Ok(layout.component.bytes() * (width.unwrap_or(0) + 1))
    }

    /// Gives an accessor elements from elsewhere, which it has instead of those of its buffer view.
    pub(crate) fn provide(
        &self,
        reference: &Item<'_>,
        count: usize,
        bytes: Vec<u8>,
    ) -> Result<(), SceneError> {
        let index = reference.index(self.count, "accessor")?;
        let stated = self
            .document
            .and_then(|list| list.element(index as usize)?.get("count")?.size().ok());
        if stated != Some(count as u64) {
            return Err(reference.fault(format!(
                "its accessor has another count than the {count} elements that were unpacked"
            )));
        }
        if Some(bytes.len()) != count.checked_mul(self.element_bytes(reference)?) {
            return Err(reference.fault("its accessor has elements of another size than unpacked"));
        }
        self.provided.borrow_mut().insert(index, bytes.into());
        Ok(())
    }

    pub(crate) fn forget_provided(&self) {
        self.provided.borrow_mut().clear();
    }

    pub(crate) fn vec2(&self, reference: &Item<'_>) -> Result<Vec<Vec2>, SceneError> {
        self.floats(&self.layout(reference, &["VEC2"])?, Vec2::from_array)
    }

    pub(crate) fn vec3(&self, reference: &Item<'_>) -> Result<Vec<Vec3>, SceneError> {
        self.floats(&self.layout(reference, &["VEC3"])?, Vec3::from_array)
    }

    pub(crate) fn vec4(&self, reference: &Item<'_>) -> Result<Vec<Vec4>, SceneError> {
        self.floats(&self.layout(reference, &["VEC4"])?, Vec4::from_array)
    }

    /// RGB or RGBA; alpha is 1 where absent.
    pub(crate) fn colors(&self, reference: &Item<'_>) -> Result<Vec<Vec4>, SceneError> {
        let layout = self.layout(reference, &["VEC3", "VEC4"])?;
        if layout.kind == "VEC3" {
            self.floats(&layout, |[red, green, blue]| {
                Vec4::new(red, green, blue, 1.0)
            })
        } else {
            self.floats(&layout, Vec4::from_array)
        }
    }

    pub(crate) fn scalars(&self, reference: &Item<'_>) -> Result<Vec<f32>, SceneError> {
        self.floats(&self.layout(reference, &["SCALAR"])?, |[value]| value)
    }

    pub(crate) fn matrices(&self, reference: &Item<'_>) -> Result<Vec<Mat4>, SceneError> {
        self.floats(&self.layout(reference, &["MAT4"])?, |columns: [f32; 16]| {
            Mat4::from_cols_array(&columns)
        })
    }

    /// Whole numbers: vertex indices.
    pub(crate) fn indices(&self, reference: &Item<'_>) -> Result<Vec<u32>, SceneError> {
        let layout = self.layout(reference, &["SCALAR"])?;
        if layout.component == Component::U32 && !layout.is_normalized {
            let elements = self.elements(&layout, 4)?;
            return self.collect(&layout, &elements, |bytes| {
                u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
            });
        }
        if !matches!(layout.component, Component::U8 | Component::U16) {
            return Err(layout.item.fault("indices must be unsigned whole numbers"));
        }
        let plain = Layout {
            is_normalized: false,
            ..layout
        };
        self.floats(&plain, |[index]| index as u32)
    }

    /// Four whole numbers an element: joints.
    pub(crate) fn joints(&self, reference: &Item<'_>) -> Result<Vec<[u16; 4]>, SceneError> {
        let layout = self.layout(reference, &["VEC4"])?;
        if !matches!(layout.component, Component::U8 | Component::U16) {
            return Err(layout.item.fault("joints must be unsigned bytes or shorts"));
        }
        let plain = Layout {
            is_normalized: false,
            ..layout
        };
        self.floats(&plain, |joints: [f32; 4]| joints.map(|joint| joint as u16))
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn item(&self, index: usize) -> Option<Item<'a>> {
        self.document.and_then(|list| list.element(index))
    }

    /// All elements of an accessor as they are stored, without gaps: sparse ones filled in, absent ones zero. Doubles become floats.
    pub(crate) fn dense(&self, item: Item<'a>, index: u32) -> Result<Array, SceneError> {
        let layout = self.layout_of(item, index)?;
        let kind = item.require("type")?;
        let shape = ArrayShape::from_name(layout.kind)
            .ok_or_else(|| kind.fault("is not a type of accessor"))?;
        let size = shape.element_bytes(layout.component);
        let elements = self.elements(&layout, size)?;
        let total = layout.count.saturating_mul(size);
        self.budget.charge(&item, total as u64)?;
        let mut bytes = vec![0; total];
        if let Some(data) = &elements.data {
            let sources = data.bytes().chunks(elements.stride);
            for (own, source) in bytes.chunks_exact_mut(size).zip(sources) {
                own.copy_from_slice(&source[..size]);
            }
        }
        if let Some(sparse) = &elements.sparse {
            for (&place, source) in sparse.places.iter().zip(sparse.data.chunks(sparse.stride)) {
                let start = (place as usize).saturating_mul(size);
                bytes
                    .get_mut(start..start.saturating_add(size))
                    .ok_or_else(|| item.fault(format!("sparse index {place} is out of range")))?
                    .copy_from_slice(&source[..size]);
            }
        }
        if layout.component == Component::F64 {
            let floats = singles(&bytes);
            let floats = floats.ok_or_else(|| {
                item.fault("holds a number that is none, or too large for a float")
            })?;
            return Ok(Array::new(shape, Component::F32, false, floats));
        }
        let (component, is_normalized) = (layout.component, layout.is_normalized);
        Ok(Array::new(shape, component, is_normalized, bytes))
    }

    fn layout(&self, reference: &Item<'_>, types: &[&str]) -> Result<Layout<'a>, SceneError> {
        let index = reference.index(self.count, "accessor")?;
        let item = self
            .item(index as usize)
            .ok_or_else(|| reference.fault("names no accessor"))?;
        let kind = item.require("type")?.text()?;
        if !types.contains(&kind) {
            return Err(reference.fault(format!(
                "needs an accessor of type {}, but accessor {index} is {}",
                types.join(" or "),
                kind.chars().take(20).collect::<String>()
            )));
        }
        self.layout_of(item, index)
    }

    fn layout_of(&self, item: Item<'a>, index: u32) -> Result<Layout<'a>, SceneError> {
        let kind = item.require("type")?.text()?;
        let component_item = item.require("componentType")?;
        let component = Component::from_number(component_item.size()?)
            .filter(|component| self.has_doubles || *component != Component::F64)
            .ok_or_else(|| component_item.fault("is not a component type"))?;
        let count = item.require("count")?.size()? as usize;
        if count > MAX_ACCESSOR_COUNT {
            return Err(item.over_limit(format!(
                "has {count} elements, the limit is {MAX_ACCESSOR_COUNT}"
            )));
        }
        Ok(Layout {
            item,
            index,
            kind,
            component,
            is_normalized: item.flag_or("normalized", false)?,
            count,
        })
    }

    /// Decodes with the loop that fits the component type.
    fn floats<T: Clone, const N: usize>(
        &self,
        layout: &Layout<'_>,
        make: impl Fn([f32; N]) -> T,
    ) -> Result<Vec<T>, SceneError> {
        match (layout.component, layout.is_normalized) {
            (Component::F32, _) => self.floats_of::<Float, T, N>(layout, make),
            (Component::F64, _) => {
                self.look_for_rounding(layout, N)?;
                self.floats_of::<Double, T, N>(layout, make)
            }
            (Component::U32, _) => self.floats_of::<UnsignedInt, T, N>(layout, make),
            (Component::I8, false) => self.floats_of::<Byte, T, N>(layout, make),
            (Component::I8, true) => self.floats_of::<ByteShare, T, N>(layout, make),
            (Component::U8, false) => self.floats_of::<UnsignedByte, T, N>(layout, make),
            (Component::U8, true) => self.floats_of::<UnsignedByteShare, T, N>(layout, make),
            (Component::I16, false) => self.floats_of::<Short, T, N>(layout, make),
            (Component::I16, true) => self.floats_of::<ShortShare, T, N>(layout, make),
            (Component::U16, false) => self.floats_of::<UnsignedShort, T, N>(layout, make),
            (Component::U16, true) => self.floats_of::<UnsignedShortShare, T, N>(layout, make),
        }
    }

    fn look_for_rounding(&self, layout: &Layout<'_>, lanes: usize) -> Result<(), SceneError> {
        let size = lanes * size_of::<f64>();
        let elements = self.elements(layout, size)?;
        let is_rounded = |element: &[u8]| {
            let numbers = element.as_chunks().0.iter().take(lanes);
            let mut numbers = numbers.map(|bytes| f64::from_le_bytes(*bytes));
            numbers.any(|number| (number - f64::from(number as f32)).abs() > MAX_ROUNDING)
        };
        let data = elements.data.as_ref().map(Data::bytes);
        let data = data.unwrap_or_default().chunks(elements.stride);
        let sparse = elements.sparse.iter();
        let sparse = sparse.flat_map(|sparse| sparse.data.chunks(sparse.stride));
        if data.take(elements.count).chain(sparse).any(is_rounded) {
            self.rounded.borrow_mut().insert(layout.index);
        }
        Ok(())
    }

    fn floats_of<L: Lane, T: Clone, const N: usize>(
        &self,
        layout: &Layout<'_>,
        make: impl Fn([f32; N]) -> T,
    ) -> Result<Vec<T>, SceneError> {
        let elements = self.elements(layout, L::BYTES * N)?;
        let mut is_finite = true;
        let values = self.collect(layout, &elements, |element| {
            let values: [f32; N] =
                std::array::from_fn(|lane| L::float(&element[lane * L::BYTES..]));
            is_finite &= values.iter().all(|value| value.is_finite());
            make(values)
        })?;
        if is_finite {
            Ok(values)
        } else {
            Err(layout.item.fault(NO_NUMBER))
        }
    }

    fn collect<T: Clone>(
        &self,
        layout: &Layout<'_>,
        elements: &Elements<'_>,
        mut make: impl FnMut(&[u8]) -> T,
    ) -> Result<Vec<T>, SceneError> {
        self.budget.charge_for::<T>(&layout.item, elements.count)?;
        let mut values: Vec<T> = match &elements.data {
            Some(data) => data
                .bytes()
                .chunks(elements.stride)
                .take(elements.count)
                .map(&mut make)
                .collect(),
            None => vec![make(&[0u8; MAX_ELEMENT_BYTES]); elements.count],
        };
        if let Some(sparse) = &elements.sparse {
            for (&place, element) in sparse.places.iter().zip(sparse.data.chunks(sparse.stride)) {
                *values.get_mut(place as usize).ok_or_else(|| {
                    layout
                        .item
                        .fault(format!("sparse index {place} is out of range"))
                })? = make(element);
            }
        }
        Ok(values)
    }

    /// Checked bytes of an accessor whose elements have `size` bytes.
    fn elements(&self, layout: &Layout<'_>, size: usize) -> Result<Elements<'_>, SceneError> {
        let item = &layout.item;
        let (data, stride) =
            match item.index_of("bufferView", self.bytes.view_count(), "buffer view")? {
                Some(view) => {
                    let (data, stride) = self.slice(item, view, size, layout.count)?;
                    (Some(Data::View(data)), stride)
                }
                None => (None, size),
            };
        let provided = self.provided.borrow().get(&layout.index).map(Arc::clone);
        let (data, stride) = match provided {
            Some(provided) => (Some(Data::Provided(provided)), size),
            None => (data, stride),
        };
        Ok(Elements {
            data,
            stride,
            count: layout.count,
            sparse: item
                .get("sparse")
                .map(|sparse| self.sparse(&sparse, layout.count, size))
                .transpose()?,
        })
    }

    fn sparse(
        &self,
        sparse: &Item<'_>,
        total: usize,
        size: usize,
    ) -> Result<Sparse<'_>, SceneError> {
        let count = sparse.require("count")?.size()? as usize;
        if count > total {
            return Err(sparse.fault("replaces more elements than there are"));
        }
        let places = sparse.require("indices")?;
        let component_item = places.require("componentType")?;
        let component = Component::from_number(component_item.size()?)
            .filter(|component| {
                matches!(component, Component::U8 | Component::U16 | Component::U32)
            })
            .ok_or_else(|| component_item.fault("is not an index type"))?;
        let at = |item: &Item<'_>, size: usize| {
            let view = item
                .require("bufferView")?
                .index(self.bytes.view_count(), "buffer view")?;
            self.slice(item, view, size, count)
        };
        let (index_bytes, index_stride) = at(&places, component.bytes())?;
        self.budget.charge_for::<u32>(sparse, count)?;
        let places: Vec<u32> = index_bytes
            .chunks(index_stride)
            .take(count)
            .map(|bytes| {
                let mut word = [0; 4];
                word[..component.bytes()].copy_from_slice(&bytes[..component.bytes()]);
                u32::from_le_bytes(word)
            })
            .collect();
        if places.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(sparse.fault("its indices do not grow from one to the next"));
        }
        let (data, stride) = at(&sparse.require("values")?, size)?;
        Ok(Sparse {
            places,
            data,
            stride,
        })
    }

    /// Bytes of `count` elements, checked, and their distance; the last chunk holds at least one element.
    fn slice(
        &self,
        item: &Item<'_>,
        view: u32,
        size: usize,
        count: usize,
    ) -> Result<(&[u8], usize), SceneError> {
        let offset = item
            .get("byteOffset")
            .map_or(Ok(0), |offset| offset.size())? as usize;
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
}

/// True when the file says that it uses an extension.
fn declares(root: &Item<'_>, extension: &str) -> bool {
    let names = root.get("extensionsUsed");
    names.is_some_and(|names| {
        (0..names.count())
            .filter_map(|index| names.element(index))
            .any(|name| name.as_text() == Some(extension))
    })
}

/// Doubles as floats; nothing when one is not finite then.
fn singles(doubles: &[u8]) -> Option<Vec<u8>> {
    let mut floats = Vec::with_capacity(doubles.len() / 2);
    for double in doubles.as_chunks().0 {
        let float = f64::from_le_bytes(*double) as f32;
        floats.extend(float.is_finite().then(|| float.to_le_bytes())?);
    }
    Some(floats)
}
