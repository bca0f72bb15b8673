//! Which buffer view holds what: arrays that are stored alike lie in one view, images and sounds in views of their own.

use super::{
    Array, Draft, merge,
    references::{self, Pool},
};
use std::{collections::BTreeMap, sync::Arc};

/// Target of views with vertex data, and of those with indices.
const ARRAY_BUFFER: u64 = 34_962;
const ELEMENT_ARRAY_BUFFER: u64 = 34_963;

/// How the elements of a view are stored; views come in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Storage {
    /// What the elements are for: a view serves one purpose.
    pub(super) pool: Pool,
    /// Bytes from one element to the next; of values that are not compressed, what they are aligned to.
    pub(super) stride: usize,
    /// Mode and filter of the compression.
    pub(super) packed: Option<(&'static str, &'static str)>,
}

/// A buffer view.
pub(super) struct View {
    /// `None` for images and sounds.
    pub(super) storage: Option<Storage>,
    /// As they are read.
    pub(super) bytes: Vec<u8>,
    /// As they are to be compressed, at the same places.
    pub(super) filtered: Vec<u8>,
}

impl View {
    /// What a graphics card is told that the view is for.
    pub(super) fn target(&self) -> Option<u64> {
        match self.storage?.pool {
            Pool::Vertices => Some(ARRAY_BUFFER),
            Pool::Indices => Some(ELEMENT_ARRAY_BUFFER),
            _ => None,
        }
    }

    /// States a stride: vertex data do.
    pub(super) fn stride(&self) -> Option<usize> {
        let storage = self.storage?;
        (storage.pool == Pool::Vertices).then_some(storage.stride)
    }
}

/// All views, and where the arrays lie in them.
pub(super) struct Layout {
    pub(super) views: Vec<View>,
    /// View and offset by place of the array.
    pub(super) arrays: BTreeMap<usize, (usize, usize)>,
    /// View by place of the blob.
    pub(super) blobs: BTreeMap<usize, usize>,
}

pub(super) fn plan(draft: &mut Draft, keeps_places: bool) -> Layout {
    let mut groups: BTreeMap<Storage, Vec<usize>> = BTreeMap::new();
    let mut pools = vec![Pool::Values; draft.arrays.len()];
    references::each(&mut draft.json, &mut |pool, value| {
        if let Some(own) = references::index(value).and_then(|place| pools.get_mut(place))
            && pool.is_accessor()
        {
            *own = pool.in_view().min(*own);
        }
    });
    for (place, array) in merge::present(&draft.arrays) {
        let storage = storage(array, pools[place]);
        groups.entry(storage).or_default().push(place);
    }
    let mut slots = Slots::default();
    let mut layout = Layout {
        views: Vec::new(),
        arrays: BTreeMap::new(),
        blobs: BTreeMap::new(),
    };
    if keeps_places {
        for (place, blob) in merge::present_blobs(&draft.blobs) {
            slots.put(place, blob);
            layout.blobs.insert(place, place);
        }
    }
    for (storage, places) in groups {
        let (mut bytes, mut filtered) = (Vec::new(), Vec::new());
        let view = slots.free();
        // Equal bytes lie there once, also those of accessors that differ.
        let mut known: BTreeMap<&[u8], usize> = BTreeMap::new();
        for place in places {
            let Some(array) = &draft.arrays[place] else {
                continue;
            };
            let offset = match known.get(&array.bytes[..]) {
                Some(offset) => *offset,
                None => {
                    let offset = append(&mut bytes, array, storage);
                    if let Some(packed) = &array.packed {
                        filtered.extend_from_slice(&packed.bytes);
                    }
                    known.insert(&array.bytes, offset);
                    offset
                }
            };
            layout.arrays.insert(place, (view, offset));
        }
        slots.fill(
            view,
            View {
                storage: Some(storage),
                bytes,
                filtered,
            },
        );
    }
    if !keeps_places {
        for (place, blob) in merge::present_blobs(&draft.blobs) {
            let view = slots.free();
            slots.put(view, blob);
            layout.blobs.insert(place, view);
        }
    }
    layout.views = slots.finish();
    layout
}

fn storage(array: &Array, pool: Pool) -> Storage {
    let size = array.element_bytes();
    let stride = match pool {
        Pool::Vertices => size.next_multiple_of(4),
        Pool::Indices => size,
        _ if array.packed.is_some() => size,
        _ => 4,
    };
    let packed = array.packed.as_ref();
    Storage {
        pool,
        stride,
        packed: packed.map(|packed| (packed.mode, packed.filter)),
    }
}

/// Appends the elements and returns where they begin.
fn append(bytes: &mut Vec<u8>, array: &Array, storage: Storage) -> usize {
    let offset = bytes
        .len()
        .next_multiple_of(array.component.bytes().max(storage.stride.min(4)));
    bytes.resize(offset, 0);
    let size = array.element_bytes();
    if storage.pool == Pool::Vertices && size < storage.stride {
        for element in array.bytes.chunks_exact(size) {
            bytes.extend_from_slice(element);
            bytes.resize(bytes.len() + storage.stride - size, 0);
        }
    } else {
        bytes.extend_from_slice(&array.bytes);
    }
    offset
}

/// Views by their numbers, some of which may be taken.
#[derive(Default)]
struct Slots {
    views: Vec<Option<View>>,
    next: usize,
}

impl Slots {
    /// The first number that is not taken.
    fn free(&mut self) -> usize {
        while self.views.get(self.next).is_some_and(Option::is_some) {
            self.next += 1;
        }
        self.next
    }

    fn put(&mut self, place: usize, blob: &Arc<[u8]>) {
        let view = View {
            storage: None,
            bytes: blob.to_vec(),
            filtered: Vec::new(),
        };
        self.fill(place, view);
    }

    fn fill(&mut self, place: usize, view: View) {
        if self.views.len() <= place {
            self.views.resize_with(place + 1, || None);
        }
        self.views[place] = Some(view);
    }

    /// A number that nothing took needs a view all the same: it has one byte.
    fn finish(self) -> Vec<View> {
        let views = self.views.into_iter();
        views
            .map(|view| {
                view.unwrap_or_else(|| View {
                    storage: None,
                    bytes: vec![0],
                    filtered: Vec::new(),
                })
            })
            .collect()
    }
}
