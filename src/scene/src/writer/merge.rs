//! One of what is equal, nothing of what is unused.

use super::{
    Array, Draft,
    references::{self, ACCESSOR_POOLS, Freedom, Pool, index},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Arrays of the root that are merged and pruned, users before what they use.
const LISTS: [(Pool, &str); 5] = [
    (Pool::Meshes, "meshes"),
    (Pool::Materials, "materials"),
    (Pool::Textures, "textures"),
    (Pool::Images, "images"),
    (Pool::Samplers, "samplers"),
];

pub(super) fn merge(draft: &mut Draft) {
    if draft.freedom == Freedom::Nothing {
        return;
    }
    merge_arrays(draft);
    merge_blobs(draft);
    if draft.freedom == Freedom::All {
        // What is used first, so that its users become equal.
        for (pool, name) in LISTS.into_iter().rev() {
            let places = merge_list(draft.list(name));
            redirect(draft, |own| own == pool, &places);
        }
        for (pool, name) in LISTS {
            prune(draft, pool, name);
        }
    }
    forget_unused(draft);
}

/// Arrays and blobs that nothing names hold nothing any more.
pub(super) fn forget_unused(draft: &mut Draft) {
    let used = references::uses(&mut draft.json, Pool::is_accessor, draft.arrays.len());
    for (array, is_used) in draft.arrays.iter_mut().zip(used) {
        if !is_used {
            *array = None;
        }
    }
    let used = references::uses(
        &mut draft.json,
        |pool| pool == Pool::Views,
        draft.blobs.len(),
    );
    for (blob, is_used) in draft.blobs.iter_mut().zip(used) {
        if !is_used {
            *blob = None;
        }
    }
}

fn merge_arrays(draft: &mut Draft) {
    // An accessor serves vertices, indices or values: equal ones of different kinds stay apart.
    let count = draft.arrays.len();
    for pool in ACCESSOR_POOLS {
        let used = references::uses(&mut draft.json, |own| own == pool, count);
        // By all that they are: many accessors may have the same bytes and differ in what else they say.
        let mut known: HashMap<&Array, usize> = HashMap::new();
        let mut places: Vec<usize> = (0..count).collect();
        for (place, array) in present(&draft.arrays).filter(|(place, _)| used[*place]) {
            places[place] = *known.entry(array).or_insert(place);
        }
        redirect(draft, |own| own == pool, &places);
    }
}

fn merge_blobs(draft: &mut Draft) {
    let mut known: HashMap<&[u8], usize> = HashMap::new();
    let places: Vec<usize> = draft
        .blobs
        .iter()
        .enumerate()
        .map(|(place, blob)| match blob {
            Some(blob) => *known.entry(blob).or_insert(place),
            None => place,
        })
        .collect();
    redirect(draft, |pool| pool == Pool::Views, &places);
}

/// For every element the first that equals it.
fn merge_list(list: &[Value]) -> Vec<usize> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    list.iter()
        .enumerate()
        .map(|(place, element)| *known.entry(element.to_string()).or_insert(place))
        .collect()
}

fn redirect(draft: &mut Draft, wanted: impl Fn(Pool) -> bool, places: &[usize]) {
    references::each(&mut draft.json, &mut |pool, value| {
        if wanted(pool)
            && let Some(place) = index(value).and_then(|index| places.get(index))
        {
            *value = (*place).into();
        }
    });
}

/// Drops elements that nothing names, and renumbers the others.
fn prune(draft: &mut Draft, pool: Pool, name: &str) {
    let count = draft.list(name).len();
    let used = references::uses(&mut draft.json, |own| own == pool, count);
    let mut next = 0;
    let places: Vec<usize> = used
        .iter()
        .map(|is_used| {
            next += usize::from(*is_used);
            next.saturating_sub(1)
        })
        .collect();
    let Some(Value::Array(list)) = draft.json.get_mut(name) else {
        return;
    };
    let mut keep = used.iter();
    list.retain(|_| keep.next().copied().unwrap_or(true));
    if list.is_empty()
        && let Some(root) = draft.json.as_object_mut()
    {
        root.shift_remove(name);
    }
    redirect(draft, |own| own == pool, &places);
}

/// The arrays that are there, with their places.
pub(super) fn present(arrays: &[Option<Array>]) -> impl Iterator<Item = (usize, &Array)> {
    let places = arrays.iter().enumerate();
    places.filter_map(|(place, array)| Some((place, array.as_ref()?)))
}

/// The blobs that are there, with their places.
pub(super) fn present_blobs(
    blobs: &[Option<Arc<[u8]>>],
) -> impl Iterator<Item = (usize, &Arc<[u8]>)> {
    let places = blobs.iter().enumerate();
    places.filter_map(|(place, blob)| Some((place, blob.as_ref()?)))
}
