//! Buffers, views and accessors against each other, and how views and accessors are used.

use super::{
    codes,
    model::{Accessor, Model, View, component_bytes, index, object, offset, size},
    sink::Sink,
};
use crate::source::json::Item;
use std::collections::{BTreeMap, BTreeSet};

/// What a buffer view serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    Attributes,
    Indices,
    Matrices,
    Animation,
    Image,
    Other,
}

/// How views and accessors are used, as far as the checks have come.
#[derive(Default)]
pub(super) struct Usages {
    views: BTreeMap<usize, Usage>,
    accessors: BTreeMap<usize, &'static str>,
    /// Accessors with vertex attributes, by view without stride.
    packed: BTreeMap<usize, BTreeSet<usize>>,
}

impl Usages {
    /// Notes a use of a view. `true` when it agrees with the uses and the target before.
    pub(super) fn use_view(
        &mut self,
        model: &Model<'_>,
        view: usize,
        usage: Usage,
        place: &Item<'_>,
        sink: &mut Sink,
    ) {
        let Some(data) = model.views.get(view) else {
            return;
        };
        let stated = match data.target {
            Some(34962) => Some(Usage::Attributes),
            Some(34963) => Some(Usage::Indices),
            _ => None,
        };
        let is_vertex_data = matches!(usage, Usage::Attributes | Usage::Indices);
        match self.views.get(&view).copied().or(stated) {
            Some(before) if before != usage => sink.at(&codes::BUFFER_VIEW_TARGET_OVERRIDE, place),
            None if is_vertex_data => sink.at(&codes::BUFFER_VIEW_TARGET_MISSING, place),
            _ => {}
        }
        self.views.entry(view).or_insert(stated.unwrap_or(usage));
    }

    /// Views that something uses.
    pub(super) fn views(&self) -> impl Iterator<Item = usize> {
        self.views.keys().copied()
    }

    /// Notes a use of an accessor: indices and attributes and the rest do not mix.
    pub(super) fn use_accessor(
        &mut self,
        accessor: usize,
        usage: &'static str,
        place: &Item<'_>,
        sink: &mut Sink,
    ) {
        if *self.accessors.entry(accessor).or_insert(usage) != usage {
            sink.at(&codes::ACCESSOR_USAGE_OVERRIDE, place);
        }
    }

    /// Notes vertex data in a view without stride; a second accessor there needs one.
    pub(super) fn use_packed(
        &mut self,
        view: usize,
        accessor: usize,
        place: &Item<'_>,
        sink: &mut Sink,
    ) {
        let accessors = self.packed.entry(view).or_default();
        if accessors.insert(accessor) && accessors.len() > 1 {
            sink.at(&codes::MESH_PRIMITIVE_ACCESSOR_WITHOUT_BYTESTRIDE, place);
        }
    }
}

pub(super) fn check(model: &Model<'_>, usages: &mut Usages, sink: &mut Sink) {
    for view in model.views.iter() {
        check_view(model, view, sink);
    }
    for accessor in model.accessors.iter() {
        check_accessor(model, accessor, sink);
        if let Some(sparse) = accessor.sparse {
            check_sparse(model, accessor, sparse, usages, sink);
        }
    }
    for image in model.images.iter() {
        let (Some(place), Some(view)) = (image.member("bufferView"), index(*image, "bufferView"))
        else {
            continue;
        };
        usages.use_view(model, view, Usage::Image, &place, sink);
        let view = model.views.get(view);
        if view.is_some_and(|view| view.stride.is_some()) {
            sink.at(&codes::IMAGE_BUFFER_VIEW_WITH_BYTESTRIDE, &place);
        }
    }
}

fn check_view(model: &Model<'_>, view: &View<'_>, sink: &mut Sink) {
    let buffer = view.buffer.and_then(|buffer| model.buffers.get(buffer));
    let available = buffer
        .and_then(|buffer| size(*buffer, "byteLength"))
        .filter(|length| *length > 0);
    let (Some(available), Some(length)) = (available, view.length) else {
        return;
    };
    let start = view.offset.unwrap_or(0);
    if start >= available {
        sink.at_member(&codes::BUFFER_VIEW_TOO_LONG, &view.item, "byteOffset");
    } else if start.saturating_add(length) > available {
        sink.at_member(&codes::BUFFER_VIEW_TOO_LONG, &view.item, "byteLength");
    }
}

fn check_accessor(model: &Model<'_>, accessor: &Accessor<'_>, sink: &mut Sink) {
    let Some(view) = model.view_of(accessor) else {
        return;
    };
    let (Some(element), Some(component)) = (accessor.element_bytes(), accessor.component_bytes())
    else {
        return;
    };
    let stride = view.stride.unwrap_or(element);
    if stride < element {
        sink.at(&codes::ACCESSOR_SMALL_BYTESTRIDE, &accessor.item);
    }
    let Some(count) = accessor.count else { return };
    let bytes = (count - 1).saturating_mul(stride).saturating_add(element);
    check_fit(
        &accessor.item,
        view,
        accessor.offset,
        bytes,
        component,
        sink,
    );
}

/// A stretch of a view begins at a multiple of its component's size and ends inside.
fn check_fit(
    item: &Item<'_>,
    view: &View<'_>,
    offset: Option<u64>,
    bytes: u64,
    component: u64,
    sink: &mut Sink,
) {
    let Some((start, offset)) = view.offset.zip(offset) else {
        return;
    };
    if !start.saturating_add(offset).is_multiple_of(component) {
        sink.at(&codes::ACCESSOR_TOTAL_OFFSET_ALIGNMENT, item);
    }
    // A view without a length holds nothing, not even at its beginning.
    let Some(length) = view.length else {
        sink.at_member(&codes::ACCESSOR_TOO_LONG, item, "byteOffset");
        return;
    };
    if offset > length {
        sink.at_member(&codes::ACCESSOR_TOO_LONG, item, "byteOffset");
    } else if offset.saturating_add(bytes) > length {
        sink.at(&codes::ACCESSOR_TOO_LONG, item);
    }
}

fn check_sparse(
    model: &Model<'_>,
    accessor: &Accessor<'_>,
    sparse: Item<'_>,
    usages: &mut Usages,
    sink: &mut Sink,
) {
    let Some(count) = size(sparse, "count").filter(|count| *count > 0) else {
        return;
    };
    for key in ["indices", "values"] {
        let Some(part) = object(sparse, key) else {
            continue;
        };
        let (component, element) = if key == "indices" {
            let component = size(part, "componentType").map(component_bytes);
            (component, component)
        } else {
            (accessor.component_bytes(), accessor.element_bytes())
        };
        let (Some(place), Some(view_index)) =
            (part.member("bufferView"), index(part, "bufferView"))
        else {
            continue;
        };
        usages.use_view(model, view_index, Usage::Other, &place, sink);
        let Some(view) = model.views.get(view_index) else {
            continue;
        };
        if view.stride.is_some() {
            sink.at(&codes::BUFFER_VIEW_INVALID_BYTE_STRIDE, &place);
        }
        if let (Some(component), Some(element)) = (component, element) {
            let bytes = count.saturating_mul(element);
            check_fit(&part, view, offset(part), bytes, component, sink);
        }
    }
}
