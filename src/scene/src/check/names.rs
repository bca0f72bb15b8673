//! Whose place a pointer is: people see the names of objects in their programs, and no numbers.

use crate::source::json::Item;
use std::collections::{BTreeMap, BTreeSet};

/// Longest name that is told, in characters.
const MAX_NAME_CHARS: usize = 60;
/// Arrays of the root whose objects people name, and what such an object is called.
const NAMED: [(&str, &str); 9] = [
    ("nodes", "node"),
    ("meshes", "mesh"),
    ("materials", "material"),
    ("images", "image"),
    ("textures", "texture"),
    ("animations", "animation"),
    ("skins", "skin"),
    ("cameras", "camera"),
    ("scenes", "scene"),
];
/// The array whose objects are named after what uses them.
const ACCESSORS: &str = "accessors";

/// An object of a file as its designer knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedObject {
    /// What it is: `mesh`, `node` and so on. Of an accessor it is what uses it.
    pub kind: &'static str,
    /// Its name in the file, perhaps cut; never empty. It may hold any characters.
    pub name: String,
}

/// Named objects by the beginning of a pointer that leads to them, as `/meshes/3`.
pub(super) type Names = BTreeMap<String, NamedObject>;

/// The array and the index with which a pointer begins, and as much of the pointer as names both.
fn beginning(pointer: &str) -> Option<(&str, usize, &str)> {
    let mut steps = pointer.strip_prefix('/')?.splitn(3, '/');
    let (array, index) = (steps.next()?, steps.next()?);
    let length = 1 + array.len() + 1 + index.len();
    Some((array, index.parse().ok()?, &pointer[..length]))
}

/// The beginning of a pointer under which [`names`] knows the object.
pub(super) fn key(pointer: &str) -> Option<&str> {
    beginning(pointer).map(|(.., key)| key)
}

/// The named objects to which pointers lead.
pub(super) fn names<'p>(root: Item<'_>, pointers: impl Iterator<Item = &'p str>) -> Names {
    let wanted: BTreeSet<_> = pointers.filter_map(beginning).collect();
    let mut names = Names::new();
    let mut accessors = BTreeMap::new();
    for (array, index, key) in wanted {
        if array == ACCESSORS {
            accessors.insert(index, key);
        }
        let Some((_, kind)) = NAMED.iter().find(|(known, _)| *known == array) else {
            continue;
        };
        let object = root.member(array).and_then(|array| array.element(index));
        if let Some(object) = object.and_then(|object| named(kind, object)) {
            names.insert(key.to_owned(), object);
        }
    }
    if !accessors.is_empty() {
        each_use(root, |index, kind, user| {
            if let Some(key) = accessors.get(&index)
                && !names.contains_key(*key)
                && let Some(object) = named(kind, user)
            {
                names.insert((*key).to_owned(), object);
            }
        });
    }
    names
}

fn named(kind: &'static str, object: Item<'_>) -> Option<NamedObject> {
    let name: String = object.name().chars().take(MAX_NAME_CHARS).collect();
    (!name.trim().is_empty()).then_some(NamedObject { kind, name })
}

/// Tells of each accessor that is used, and what uses it.
fn each_use(root: Item<'_>, mut tell: impl FnMut(usize, &'static str, Item<'_>)) {
    let objects = |array: &str| elements(root.member(array));
    for mesh in objects("meshes") {
        for primitive in elements(mesh.member("primitives")) {
            let attributes = primitive.member("attributes").into_iter();
            let attributes = attributes.chain(elements(primitive.member("targets")));
            let used = attributes.flat_map(|own| own.members().map(|(_, item)| item));
            for item in used.chain(primitive.member("indices")) {
                if let Ok(index) = item.size() {
                    tell(index as usize, "mesh", mesh);
                }
            }
        }
    }
    for animation in objects("animations") {
        for sampler in elements(animation.member("samplers")) {
            let used = ["input", "output"].map(|key| sampler.member(key));
            for item in used.into_iter().flatten() {
                if let Ok(index) = item.size() {
                    tell(index as usize, "animation", animation);
                }
            }
        }
    }
    for skin in objects("skins") {
        let matrices = skin.member("inverseBindMatrices");
        if let Some(Ok(index)) = matrices.map(|item| item.size()) {
            tell(index as usize, "skin", skin);
        }
    }
}

/// The elements of an array; nothing of anything else.
fn elements(list: Option<Item<'_>>) -> impl Iterator<Item = Item<'_>> {
    let count = list.map_or(0, |list| list.count());
    (0..count).filter_map(move |index| list?.element(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::json;

    #[test]
    fn pointers_lead_to_names_and_those_of_accessors_to_who_uses_them() {
        let text = br#"{"nodes": [{}, {"name": "Chair.003"}, {"name": " "}, 7],
            "meshes": [{"name": "Seat", "primitives": [{"attributes": {"POSITION": 0}, "indices": 3, "targets": [{"POSITION": 4}]}]}, 5],
            "animations": [{"name": "Spin", "samplers": [{"input": 1, "output": 0}]}],
            "skins": [{"name": "Rig", "inverseBindMatrices": 2}, {"inverseBindMatrices": -1}]}"#;
        let tree = json::parse(text).unwrap();
        let pointers = [
            "/nodes/0",
            "/nodes/1",
            "/nodes/1/mesh",
            "/nodes/2",
            "/nodes/3",
            "/nodes/99",
            "/nodes",
            "/nodes/x",
            "/meshes/0/primitives/0",
            "/meshes/1",
            "/accessors/0/min",
            "/accessors/1",
            "/accessors/2",
            "/accessors/4",
            "/accessors/9",
            "/asset",
            "",
            "/extensions/VRM",
        ];
        let found = names(Item::root(&tree), pointers.into_iter());
        let told: Vec<String> = found
            .iter()
            .map(|(key, object)| format!("{key}: {} {}", object.kind, object.name))
            .collect();
        let expected = [
            "/accessors/0: mesh Seat",
            "/accessors/1: animation Spin",
            "/accessors/2: skin Rig",
            "/accessors/4: mesh Seat",
            "/meshes/0: mesh Seat",
            "/nodes/1: node Chair.003",
        ];
        assert_eq!(told, expected);
        assert_eq!(key("/accessors/0/min"), Some("/accessors/0"));
    }
}
