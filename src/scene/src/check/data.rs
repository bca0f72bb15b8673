//! What accessors hold: bounds, finite numbers, unit vectors, indices in range, key times in order.

use super::{
    codes,
    codes::Code,
    meshes::{attribute_formats, primitives},
    model::{Accessor, Model, component_bytes, index, list, mode, object, offset, size, text},
    resources::Bytes,
    sink::Sink,
};
use crate::{
    limits::{MAX_ACCESSOR_COUNT, MAX_ATTRIBUTE_SETS, MAX_CHECKED_BYTES},
    source::json::Item,
};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    iter::zip,
};

/// How far the length of a unit vector of three may be from one: what eight bits a component can hold.
const UNIT_VECTOR_TOLERANCE: f64 = 0.006_74;
/// The same of a quaternion.
const UNIT_QUATERNION_TOLERANCE: f64 = 0.007_69;
/// How far the sum of weights may be from one for each that is not zero: what single precision rounds off.
const WEIGHT_TOLERANCE: f64 = 2e-7;

/// Reads accessors and checks what they hold.
pub(super) struct Data<'m, 'a> {
    pub(super) model: &'m Model<'a>,
    pub(super) buffers: &'m [Option<Bytes<'m>>],
    is_quantized: bool,
    /// Bytes of elements that are still looked at: accessors may overlap, so that a small file holds a lot of them.
    left: Cell<u64>,
    /// Something was over a limit, and was not looked at.
    is_cut_short: Cell<bool>,
}

/// The elements of an accessor.
pub(super) struct Elements<'m> {
    bytes: &'m [u8],
    stride: usize,
    width: usize,
    count: usize,
    component: u64,
    is_normalized: bool,
    /// Where each component of an element begins.
    offsets: [usize; 16],
    /// Replaced elements, in order, with their bytes and how many one has.
    sparse: Option<(Places<'m>, &'m [u8], usize)>,
}

/// Places of replaced elements, read where they lie: they may be more than there is memory for.
struct Places<'m> {
    bytes: &'m [u8],
    width: usize,
    read: fn(&[u8]) -> f64,
}

impl Places<'_> {
    fn get(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at * self.width..(at + 1) * self.width)?;
        Some((self.read)(bytes) as usize)
    }

    fn count(&self) -> usize {
        self.bytes.len() / self.width
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.bytes
            .chunks_exact(self.width)
            .map(|own| (self.read)(own) as usize)
    }

    fn are_increasing(&self) -> bool {
        self.iter().is_sorted_by(|one, next| one < next)
    }
}

/// Reads elements one after the other.
struct Cursor<'e> {
    elements: &'e Elements<'e>,
    /// What normalised components are divided by, when they are wanted as floats.
    scale: Option<f64>,
    read: fn(&[u8]) -> f64,
    next: usize,
    next_sparse: usize,
    values: [f64; 16],
}

impl<'e> Cursor<'e> {
    fn new(elements: &'e Elements<'e>, is_raw: bool) -> Self {
        Self {
            elements,
            scale: match elements.component {
                _ if is_raw || !elements.is_normalized => None,
                5120 => Some(127.0),
                5121 => Some(255.0),
                5122 => Some(32_767.0),
                5123 => Some(65_535.0),
                _ => None,
            },
            read: reader(elements.component),
            next: 0,
            next_sparse: 0,
            values: [0.0; 16],
        }
    }

    /// Components of the next element; zeros after the last one.
    fn read(&mut self) -> &[f64] {
        let own = self.elements;
        let mut element = own.bytes.get(self.next * own.stride..).unwrap_or_default();
        if let Some((places, data, stride)) = &own.sparse
            && places.get(self.next_sparse) == Some(self.next)
        {
            element = data.get(self.next_sparse * stride..).unwrap_or_default();
            self.next_sparse += 1;
        }
        self.next += 1;
        for (value, offset) in self.values.iter_mut().zip(own.offsets).take(own.width) {
            *value = element.get(offset..).map_or(0.0, self.read);
            if let Some(scale) = self.scale {
                *value = (*value / scale).max(-1.0);
            }
        }
        &self.values[..own.width]
    }
}

impl Elements<'_> {
    /// Calls with each element's number and components; normalised ones as floats when asked.
    fn each(&self, is_raw: bool, mut see: impl FnMut(usize, &[f64])) {
        let is_plain = self.sparse.is_none() && (is_raw || !self.is_normalized);
        match (self.component, self.width) {
            // What most bytes of most files are.
            (5126, 1) if is_plain => self.each_plain::<4, 1>(float, see),
            (5126, 2) if is_plain => self.each_plain::<4, 2>(float, see),
            (5126, 3) if is_plain => self.each_plain::<4, 3>(float, see),
            (5126, 4) if is_plain && self.offsets[2] == 8 => self.each_plain::<4, 4>(float, see),
            (5123, 1) if is_plain => {
                self.each_plain::<2, 1>(|own| u16::from_le_bytes(own).into(), see);
            }
            (5125, 1) if is_plain => {
                self.each_plain::<4, 1>(|own| u32::from_le_bytes(own).into(), see);
            }
            _ => self.each_of_any_kind(is_raw, &mut see),
        }
    }

    /// Components one after the other, their number known to the compiler.
    fn each_plain<const BYTES: usize, const WIDTH: usize>(
        &self,
        read: impl Fn([u8; BYTES]) -> f64,
        mut see: impl FnMut(usize, &[f64]),
    ) {
        for number in 0..self.count {
            let element = self.bytes.get(number * self.stride..).unwrap_or_default();
            let components = element.as_chunks().0.first_chunk::<WIDTH>();
            let values = components.map_or([0.0; WIDTH], |components| components.map(&read));
            see(number, &values);
        }
    }

    fn each_of_any_kind(&self, is_raw: bool, see: &mut impl FnMut(usize, &[f64])) {
        let mut cursor = Cursor::new(self, is_raw);
        for number in 0..self.count {
            see(number, cursor.read());
        }
    }
}

fn float(own: [u8; 4]) -> f64 {
    f32::from_le_bytes(own).into()
}

fn reader(component: u64) -> fn(&[u8]) -> f64 {
    match component {
        5120 => |bytes| bytes.first().map_or(0.0, |byte| f64::from(*byte as i8)),
        5121 => |bytes| bytes.first().map_or(0.0, |byte| f64::from(*byte)),
        5122 => |bytes| {
            let own = bytes.first_chunk().copied().unwrap_or_default();
            f64::from(i16::from_le_bytes(own))
        },
        5123 => |bytes| {
            let own = bytes.first_chunk().copied().unwrap_or_default();
            f64::from(u16::from_le_bytes(own))
        },
        5125 => |bytes| {
            let own = bytes.first_chunk().copied().unwrap_or_default();
            f64::from(u32::from_le_bytes(own))
        },
        5130 => |bytes| {
            let own = bytes.first_chunk().copied().unwrap_or_default();
            f64::from_le_bytes(own)
        },
        _ => |bytes| {
            let own = bytes.first_chunk().copied().unwrap_or_default();
            f64::from(f32::from_le_bytes(own))
        },
    }
}

impl<'m, 'a> Data<'m, 'a> {
    pub(super) fn new(
        model: &'m Model<'a>,
        buffers: &'m [Option<Bytes<'m>>],
        is_quantized: bool,
    ) -> Self {
        Self {
            model,
            buffers,
            is_quantized,
            left: Cell::new(MAX_CHECKED_BYTES),
            is_cut_short: Cell::new(false),
        }
    }

    pub(super) fn check(&self, sink: &mut Sink) {
        for accessor in self.model.accessors.iter() {
            self.check_accessor(accessor, sink);
        }
        let skins = self.skins_of_meshes();
        let mut faults = BTreeMap::new();
        for (number, mesh) in self.model.meshes.enumerate() {
            for primitive in primitives(*mesh) {
                self.check_primitive(
                    primitive,
                    skins.get(number).copied().flatten(),
                    &mut faults,
                    sink,
                );
            }
        }
        for skin in self.model.skins.iter() {
            self.check_skin(*skin, sink);
        }
        for animation in list(self.model.root, "animations") {
            self.check_animation(animation, sink);
        }
        if self.is_cut_short.get() {
            sink.cut_short();
        }
    }

    fn view(&self, view: usize, offset: u64) -> Option<&'m [u8]> {
        let view = self.model.views.get(view)?;
        let buffer = self.buffers.get(view.buffer?)?.as_ref()?.get();
        let end = view.offset?.checked_add(view.length?)?;
        let start = view.offset?.checked_add(offset)?;
        buffer.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// Counts bytes that are looked at; nothing when there were too many.
    fn take(&self, bytes: u64) -> Option<()> {
        self.left.set(self.left.get().saturating_sub(bytes));
        match self.left.get() {
            0 => self.cut_short(),
            _ => Some(()),
        }
    }

    /// What is over a limit is not looked at, and that is told.
    fn cut_short<T>(&self) -> Option<T> {
        self.is_cut_short.set(true);
        None
    }

    /// The elements of an accessor that can be read. One without view and sparse part, which is all zero, is not read.
    fn elements(&self, accessor: &Accessor<'_>) -> Option<Elements<'m>> {
        let element = usize::try_from(accessor.element_bytes()?).ok()?;
        let count = usize::try_from(accessor.count?).ok()?;
        let component = accessor.component?;
        if let Some(view) = self.model.view_of(accessor) {
            let start = view.offset?.checked_add(accessor.offset?)?;
            if !start.is_multiple_of(component_bytes(component)) {
                return None;
            }
        }
        // Without a view no byte pays for an element.
        if count > MAX_ACCESSOR_COUNT {
            return self.cut_short();
        }
        let bytes = component_bytes(component) as usize;
        let width = accessor.width()? as usize;
        // A small number takes as long as a large one.
        let cost = element.max(width * size_of::<f32>());
        self.take((count as u64).saturating_mul(cost as u64))?;
        // A view that is not there leaves zeros to be replaced.
        let view = (accessor.view).filter(|view| self.model.views.get(*view).is_some());
        if view.is_none() && accessor.sparse.is_none() {
            return None;
        }
        let (data, stride): (&[u8], usize) = match view {
            Some(view) => {
                let stride = self.model.views.get(view)?.stride;
                let stride = stride.map_or(element, |stride| stride as usize);
                let data = self.view(view, accessor.offset?)?;
                let needed = (count - 1).checked_mul(stride)?.checked_add(element)?;
                let is_whole = stride >= element && needed <= data.len();
                (is_whole.then_some(data)?, stride)
            }
            None => (&[], 0),
        };
        let rows = match accessor.kind {
            Some("MAT2") => 2,
            Some("MAT3") => 3,
            _ => width,
        };
        let column = if rows == width {
            rows * bytes
        } else {
            (rows * bytes).next_multiple_of(4)
        };
        Some(Elements {
            bytes: data,
            stride,
            width,
            count,
            component,
            is_normalized: accessor.is_normalized,
            offsets: std::array::from_fn(|lane| lane / rows * column + lane % rows * bytes),
            sparse: match accessor.sparse {
                Some(sparse) => Some(self.sparse(sparse, element)?),
                None => None,
            },
        })
    }

    fn sparse_places(&self, sparse: Item<'_>) -> Option<Places<'m>> {
        let count = usize::try_from(size(sparse, "count")?).ok()?;
        self.take((count as u64).saturating_mul(size_of::<usize>() as u64))?;
        let indices = object(sparse, "indices")?;
        let component = size(indices, "componentType")?;
        let width = component_bytes(component) as usize;
        let data = self.view(index(indices, "bufferView")?, offset(indices)?)?;
        Some(Places {
            bytes: data.get(..count.checked_mul(width)?)?,
            width,
            read: reader(component),
        })
    }

    fn sparse(&self, sparse: Item<'_>, element: usize) -> Option<(Places<'m>, &'m [u8], usize)> {
        let places = self.sparse_places(sparse)?;
        let values = object(sparse, "values")?;
        let data = self.view(index(values, "bufferView")?, offset(values)?)?;
        let is_whole = places.count().checked_mul(element)? <= data.len();
        (is_whole && places.are_increasing()).then_some((places, data, element))
    }

    fn check_accessor(&self, accessor: &Accessor<'_>, sink: &mut Sink) {
        self.check_sparse(accessor, sink);
        let Some(elements) = self.elements(accessor) else {
            return;
        };
        let mut low = [f64::INFINITY; 16];
        let mut high = [f64::NEG_INFINITY; 16];
        let mut is_finite = true;
        let is_bounded = ["min", "max"]
            .iter()
            .any(|key| accessor.bounds(key).is_some());
        if is_bounded {
            elements.each(true, |_, values| {
                for (lane, value) in values.iter().enumerate() {
                    is_finite &= value.is_finite();
                    low[lane] = low[lane].min(*value);
                    high[lane] = high[lane].max(*value);
                }
            });
        } else if accessor.is_float() {
            elements.each(true, |_, values| {
                is_finite &= values
                    .iter()
                    .fold(true, |all, value| all & value.is_finite());
            });
        }
        if !is_finite {
            sink.at(&codes::ACCESSOR_INVALID_FLOAT, &accessor.item);
        }
        check_bounds(
            accessor,
            &low[..elements.width],
            &high[..elements.width],
            sink,
        );
    }

    fn check_sparse(&self, accessor: &Accessor<'_>, sink: &mut Sink) {
        if let Some(sparse) = accessor.sparse
            && let Some(places) = self.sparse_places(sparse)
        {
            if !places.are_increasing() {
                sink.at(&codes::ACCESSOR_SPARSE_INDICES_NON_INCREASING, &sparse);
            }
            let count = accessor.count.unwrap_or(u64::MAX);
            if places.iter().any(|place| place as u64 >= count) {
                sink.at(&codes::ACCESSOR_SPARSE_INDEX_OOB, &sparse);
            }
        }
    }

    fn at(&self, holder: Item<'_>, key: &str) -> Option<&'m Accessor<'_>> {
        self.model.accessors.get(index(holder, key)?)
    }

    /// For each mesh the smallest skin with joints that a node gives it.
    fn skins_of_meshes(&self) -> Vec<Option<usize>> {
        let joints_of = |skin: usize| {
            let joints = list(*self.model.skins.get(skin)?, "joints").len();
            (joints > 0).then_some(joints)
        };
        let joints: Vec<Option<usize>> = (0..self.model.skins.len()).map(joints_of).collect();
        let mut skins = vec![None; self.model.meshes.len()];
        for node in self.model.nodes.iter() {
            let joints = index(*node, "skin").and_then(|skin| *joints.get(skin)?);
            let mesh = index(*node, "mesh").and_then(|mesh| skins.get_mut(mesh));
            if let (Some(joints), Some(mesh)) = (joints, mesh) {
                *mesh = Some(mesh.map_or(joints, |known: usize| known.min(joints)));
            }
        }
        skins
    }

    /// What accessors hold is looked at once for each kind of check, and told wherever they are used.
    fn check_primitive(
        &self,
        primitive: Item<'_>,
        joints: Option<usize>,
        faults: &mut Faults,
        sink: &mut Sink,
    ) {
        let attributes = object(primitive, "attributes");
        if let Some(attributes) = attributes {
            self.check_attributes(attributes, faults, sink);
            if let Some(joints) = joints {
                self.check_influences(attributes, joints, sink);
            }
        }
        self.check_indices(primitive, attributes, sink);
    }

    fn check_attributes(&self, attributes: Item<'_>, faults: &mut Faults, sink: &mut Sink) {
        for (name, place) in attributes.members() {
            let vectors = match name {
                "NORMAL" => Vectors::Normals,
                "TANGENT" => Vectors::Tangents,
                "COLOR_0" => Vectors::Colours,
                _ => continue,
            };
            let Some(number) = place.size().ok().map(|number| number as usize) else {
                continue;
            };
            let Some(accessor) = self.model.accessors.get(number) else {
                continue;
            };
            // Of another format than it should have nothing is said.
            if !accessor.has_format(&attribute_formats(name, false, self.is_quantized)) {
                continue;
            }
            let faults = faults.entry((number, vectors)).or_insert_with(|| {
                let elements = self.elements(accessor);
                elements.map_or_else(Vec::new, |elements| vectors.faults(&elements))
            });
            for code in faults {
                sink.at(code, &place);
            }
        }
    }

    fn check_influences(&self, attributes: Item<'_>, joints: usize, sink: &mut Sink) {
        let Some(count) = self
            .vertices(attributes)
            .and_then(|count| usize::try_from(count).ok())
        else {
            return;
        };
        let mut sets = Vec::new();
        for set in 0..=MAX_ATTRIBUTE_SETS {
            let names = [format!("JOINTS_{set}"), format!("WEIGHTS_{set}")];
            let [Some(joint_place), Some(weight_place)] =
                [0, 1].map(|at| attributes.member(&names[at]))
            else {
                break;
            };
            // Without the others, the first ones would say nothing.
            if set == MAX_ATTRIBUTE_SETS {
                self.is_cut_short.set(true);
                return;
            }
            let [Some(joint), Some(weight)] = [0, 1].map(|at| {
                let elements = self.elements(self.at(attributes, &names[at])?);
                elements.filter(|elements| elements.width == 4 && elements.count == count)
            }) else {
                return;
            };
            sets.push((joint_place, joint, weight_place, weight));
        }
        if sets.is_empty() {
            return;
        }
        let mut cursors: Vec<[Cursor<'_>; 2]> = sets
            .iter()
            .map(|(_, joint, _, weight)| [Cursor::new(joint, true), Cursor::new(weight, false)])
            .collect();
        let told = faults_of_influences(&mut cursors, count, joints);
        for (set, influence) in told {
            let (joint, _, weight, _) = &sets[set];
            let (code, place) = match influence {
                Influence::OutOfRange => (&codes::ACCESSOR_JOINTS_INDEX_OOB, joint),
                Influence::Doubled => (&codes::ACCESSOR_JOINTS_INDEX_DUPLICATE, joint),
                Influence::ZeroWeight => (&codes::ACCESSOR_JOINTS_USED_ZERO_WEIGHT, joint),
                Influence::Negative => (&codes::ACCESSOR_WEIGHTS_NEGATIVE, weight),
                Influence::Sum => (&codes::ACCESSOR_WEIGHTS_NON_NORMALIZED, weight),
            };
            sink.at(code, place);
        }
    }

    fn check_indices(&self, primitive: Item<'_>, attributes: Option<Item<'_>>, sink: &mut Sink) {
        let Some(place) = primitive.member("indices") else {
            return;
        };
        let Some(elements) = self
            .at(primitive, "indices")
            .and_then(|accessor| self.elements(accessor))
            .filter(|elements| elements.width == 1)
        else {
            return;
        };
        // Of vertices that cannot be counted there is none.
        let vertices = attributes.and_then(|attributes| self.vertices(attributes));
        let vertices = vertices.unwrap_or(0) as f64;
        let restart = match elements.component {
            5121 => 255.0,
            5123 => 65_535.0,
            _ => 4_294_967_295.0,
        };
        let is_list = mode(primitive).is_none_or(|mode| mode == 4);
        let (mut is_out, mut is_restart, mut degenerate) = (false, false, false);
        let mut corners = [0.0; 3];
        elements.each(true, |number, values| {
            let value = values[0];
            is_out |= value >= vertices;
            is_restart |= value == restart;
            corners[number % 3] = value;
            if is_list && number % 3 == 2 {
                let [a, b, c] = corners;
                degenerate |= a == b || b == c || c == a;
            }
        });
        for (is_found, code) in [
            (is_out, &codes::ACCESSOR_INDEX_OOB),
            (is_restart, &codes::ACCESSOR_INDEX_PRIMITIVE_RESTART),
            (degenerate, &codes::ACCESSOR_INDEX_TRIANGLE_DEGENERATE),
        ] {
            if is_found {
                sink.at(code, &place);
            }
        }
    }

    /// As the first attribute that can be counted has it.
    fn vertices(&self, attributes: Item<'_>) -> Option<u64> {
        attributes.members().find_map(|(_, place)| {
            let accessor = self.model.accessors.get(place.size().ok()? as usize)?;
            accessor.count
        })
    }

    fn check_skin(&self, skin: Item<'_>, sink: &mut Sink) {
        let (Some(place), Some(elements)) = (
            skin.member("inverseBindMatrices"),
            self.at(skin, "inverseBindMatrices")
                .and_then(|accessor| self.elements(accessor))
                .filter(|elements| elements.width == 16),
        ) else {
            return;
        };
        let mut is_affine = true;
        elements.each(false, |_, values| {
            is_affine &= [values[3], values[7], values[11], values[15]] == [0.0, 0.0, 0.0, 1.0];
        });
        if !is_affine {
            sink.at(&codes::ACCESSOR_INVALID_IBM, &place);
        }
    }

    fn check_animation(&self, animation: Item<'_>, sink: &mut Sink) {
        let samplers = list(animation, "samplers");
        for sampler in &samplers {
            let input = self.at(*sampler, "input");
            let (Some(place), Some(elements)) = (
                sampler.member("input"),
                input
                    .filter(|accessor| accessor.has_format(&[("SCALAR", 5126, false)]))
                    .and_then(|accessor| self.elements(accessor)),
            ) else {
                continue;
            };
            let (mut last, mut is_negative, mut is_growing) = (f64::NEG_INFINITY, false, true);
            elements.each(false, |_, values| {
                is_negative |= values[0] < 0.0;
                is_growing &= values[0] > last;
                last = values[0];
            });
            if is_negative {
                sink.at(&codes::ACCESSOR_ANIMATION_INPUT_NEGATIVE, &place);
            }
            if !is_growing {
                sink.at(&codes::ACCESSOR_ANIMATION_INPUT_NON_INCREASING, &place);
            }
        }
        for channel in list(animation, "channels") {
            let target = object(channel, "target");
            let sampler = index(channel, "sampler").and_then(|at| samplers.get(at));
            let (Some(target), Some(sampler)) = (target, sampler) else {
                continue;
            };
            if text(target, "path") == Some("rotation") {
                self.check_rotations(channel, *sampler, sink);
            }
        }
    }

    fn check_rotations(&self, channel: Item<'_>, sampler: Item<'_>, sink: &mut Sink) {
        let Some(elements) = self
            .at(sampler, "output")
            .and_then(|accessor| self.elements(accessor))
            .filter(|elements| elements.width == 4)
        else {
            return;
        };
        let is_cubic = text(sampler, "interpolation") == Some("CUBICSPLINE");
        let mut is_unit = true;
        elements.each(false, |number, values| {
            // Of a cubic spline only the middle one of three is a rotation.
            if !is_cubic || number % 3 == 1 {
                let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
                is_unit &= (length - 1.0).abs() <= UNIT_QUATERNION_TOLERANCE;
            }
        });
        if !is_unit {
            sink.at_member(
                &codes::ACCESSOR_ANIMATION_SAMPLER_OUTPUT_NON_NORMALIZED_QUATERNION,
                &channel,
                "sampler",
            );
        }
    }
}

/// Faults of joints and weights.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Influence {
    OutOfRange,
    Doubled,
    ZeroWeight,
    Negative,
    Sum,
}

fn is_unit(values: &[f64]) -> bool {
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    (length - 1.0).abs() <= UNIT_VECTOR_TOLERANCE
}

/// The stated bounds against the lowest and highest value of each lane.
fn check_bounds(accessor: &Accessor<'_>, low: &[f64], high: &[f64], sink: &mut Sink) {
    let is_single = accessor.component == Some(5126);
    let narrow = |value: f64| {
        if is_single {
            f64::from(value as f32)
        } else {
            value
        }
    };
    let mut check = |key: &str, actual: &[f64], mismatch: &Code, beyond: &Code, is_min: bool| {
        let Some(stated) = accessor.bounds(key) else {
            return;
        };
        let places = list(accessor.item, key);
        for ((bound, stated), actual) in places.iter().zip(stated).zip(actual) {
            let stated = narrow(stated);
            if stated != *actual {
                sink.at(mismatch, bound);
            }
            if (is_min && *actual < stated) || (!is_min && *actual > stated) {
                sink.at(beyond, bound);
            }
        }
    };
    let (mismatch, beyond) = (
        &codes::ACCESSOR_MIN_MISMATCH,
        &codes::ACCESSOR_ELEMENT_OUT_OF_MIN_BOUND,
    );
    check("min", low, mismatch, beyond, true);
    let (mismatch, beyond) = (
        &codes::ACCESSOR_MAX_MISMATCH,
        &codes::ACCESSOR_ELEMENT_OUT_OF_MAX_BOUND,
    );
    check("max", high, mismatch, beyond, false);
}

/// What is wrong with the influences of `count` vertices: joints and weights of each set.
fn faults_of_influences(
    sets: &mut [[Cursor<'_>; 2]],
    count: usize,
    joints: usize,
) -> BTreeSet<(usize, Influence)> {
    let mut told = BTreeSet::new();
    for _ in 0..count {
        let mut seen = [f64::NAN; MAX_ATTRIBUTE_SETS * 4];
        let (mut sum, mut used) = (0.0f32, 0usize);
        for (set, [joints_of_set, weights]) in sets.iter_mut().enumerate() {
            for (joint, weight) in zip(joints_of_set.read(), weights.read()) {
                let (joint, weight) = (*joint, *weight);
                if joint >= joints as f64 {
                    told.insert((set, Influence::OutOfRange));
                    continue;
                }
                if weight == 0.0 {
                    if joint > 0.0 {
                        told.insert((set, Influence::ZeroWeight));
                    }
                    continue;
                }
                if weight < 0.0 {
                    told.insert((set, Influence::Negative));
                }
                if seen[..used].contains(&joint) {
                    told.insert((set, Influence::Doubled));
                    continue;
                }
                if let Some(slot) = seen.get_mut(used) {
                    *slot = joint;
                }
                used += 1;
                sum += weight as f32;
            }
        }
        if (f64::from(sum) - 1.0).abs() > WEIGHT_TOLERANCE * used as f64 {
            told.insert((0, Influence::Sum));
        }
    }
    told
}

/// What is wrong with what an accessor holds, for each kind of check.
type Faults = BTreeMap<(usize, Vectors), Vec<&'static Code>>;

/// Checks of vectors by what they stand for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Vectors {
    Normals,
    Tangents,
    Colours,
}

impl Vectors {
    fn faults(self, elements: &Elements<'_>) -> Vec<&'static Code> {
        let (mut are_units, mut are_signs, mut are_shares) = (true, true, true);
        match self {
            Self::Normals => elements.each(false, |_, values| are_units &= is_unit(values)),
            Self::Tangents => elements.each(false, |_, values| {
                are_units &= is_unit(&values[..3]);
                are_signs &= values[3].abs() == 1.0;
            }),
            Self::Colours if matches!(elements.component, 5126 | 5130) => {
                elements.each(false, |_, values| {
                    are_shares &= values.iter().all(|value| (0.0..=1.0).contains(value));
                });
            }
            Self::Colours => {}
        }
        let found = [
            (are_units, &codes::ACCESSOR_VECTOR3_NON_UNIT),
            (are_signs, &codes::ACCESSOR_INVALID_SIGN),
            (are_shares, &codes::ACCESSOR_NON_CLAMPED),
        ];
        let found = found.into_iter().filter(|(is_right, _)| !is_right);
        found.map(|(_, code)| code).collect()
    }
}
