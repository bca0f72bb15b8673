//! From a file that passed the gate to one canonical GLB: everything inside, data without gaps, waste and doubles.
//! What is not understood survives in its meaning, and then keeps every number that it could name.
//! Start reading at [`Draft`]; `open.rs` makes one, `weld.rs` and `merge.rs` tidy it, `layout.rs` and `glb.rs` write it.

mod glb;
mod layout;
mod merge;
mod objects;
mod old_avatar;
mod open;
mod references;
mod weld;

pub use crate::source::{
    array::{Array, ArrayShape, Packed},
    component::Component,
};
pub use glb::Compress;

use crate::{
    error::{ErrorKind, SceneError},
    reader::foreign_image::ForeignImage,
    source::{
        budget::Budget,
        json::{self, Item},
    },
};
use references::Freedom;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A glTF document with its data apart from its JSON. The JSON has neither `accessors` nor `bufferViews` nor `buffers`:
/// a number that named an accessor is a place in `arrays`, one that named a buffer view a place in `blobs`.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The document. Its parts may be changed; what is removed from an array must not be named any more.
    pub json: Value,
    /// What accessors hold; `None` where nothing needs them.
    pub arrays: Vec<Option<Array>>,
    /// What buffer views of images and sounds hold; `None` where nothing needs them.
    pub blobs: Vec<Option<Arc<[u8]>>>,
    /// What the first buffer and single views say beside where their bytes are; views where nothing may be renumbered.
    said: Said,
    freedom: Freedom,
}

/// What objects say that are written anew.
#[derive(Clone, Debug, Default)]
struct Said {
    buffer: Map<String, Value>,
    views: BTreeMap<usize, Map<String, Value>>,
}

/// What one primitive draws, as far as its numbers are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Triangles {
    /// Place of the mesh in `meshes`.
    pub mesh: usize,
    /// Place of the primitive in its mesh.
    pub primitive: usize,
    /// Place of its indices in [`Draft::arrays`].
    pub indices: usize,
    /// Place of its positions in [`Draft::arrays`].
    pub positions: usize,
}

/// Puts the triangles of an index list into a better order; takes the number of vertices too.
pub type OrderTriangles<'a> = &'a dyn Fn(&[u32], usize) -> Vec<u32>;

impl Draft {
    /// A document made here rather than read.
    #[must_use]
    pub fn new(json: Value) -> Self {
        Self {
            json,
            arrays: Vec::new(),
            blobs: Vec::new(),
            said: Said::default(),
            freedom: Freedom::All,
        }
    }

    /// Adds an array and returns its place.
    pub fn add(&mut self, array: Array) -> usize {
        self.arrays.push(Some(array));
        self.arrays.len() - 1
    }

    /// Adds the bytes of an image or sound and returns their place.
    pub fn add_blob(&mut self, bytes: impl Into<Arc<[u8]>>) -> usize {
        self.blobs.push(Some(bytes.into()));
        self.blobs.len() - 1
    }

    /// True when nothing in the document could name a material, texture, image or mesh in a way that is not understood.
    #[must_use]
    pub fn may_renumber_objects(&self) -> bool {
        self.freedom == Freedom::All
    }

    /// True when accessors may be replaced: nothing in the document could name one in a way that is not understood.
    #[must_use]
    pub fn may_replace_arrays(&self) -> bool {
        self.freedom != Freedom::Nothing
    }

    /// The first extension, in the order of names, because of which accessors may not be replaced.
    #[must_use]
    pub fn first_unknown_extension(&self) -> Option<String> {
        let mut found = BTreeSet::new();
        references::extensions_in(&self.json, &mut found);
        let is_unknown = |name: &String| references::freedom_of(name) == Freedom::Nothing;
        found.into_iter().find(is_unknown)
    }

    /// An array of the root, empty where there is none.
    #[must_use]
    pub fn list(&self, name: &str) -> &[Value] {
        self.json[name].as_array().map_or(&[], Vec::as_slice)
    }

    /// The elements of an array of the root, to be changed.
    pub fn list_mut(&mut self, name: &str) -> impl Iterator<Item = &mut Value> {
        let list = self.json.get_mut(name).and_then(Value::as_array_mut);
        list.into_iter().flatten()
    }

    /// Every triangle list with indices and positions.
    #[must_use]
    pub fn triangles(&self) -> Vec<Triangles> {
        let mut found = Vec::new();
        for (mesh, item) in self.list("meshes").iter().enumerate() {
            let primitives = item["primitives"].as_array().into_iter().flatten();
            for (primitive, item) in primitives.enumerate() {
                let is_list = item.get("mode").is_none_or(|mode| mode == 4);
                let places = (
                    references::index(&item["indices"]),
                    references::index(&item["attributes"]["POSITION"]),
                );
                if let (true, (Some(indices), Some(positions))) = (is_list, places) {
                    found.push(Triangles {
                        mesh,
                        primitive,
                        indices,
                        positions,
                    });
                }
            }
        }
        found
    }

    /// Names of attributes and the arrays that hold them, each pair once: those of primitives and of morph targets.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<(usize, String, bool)> {
        let mut found = BTreeSet::new();
        let meshes = self.list("meshes").iter();
        let primitives =
            meshes.flat_map(|mesh| mesh["primitives"].as_array().into_iter().flatten());
        for primitive in primitives {
            let targets = primitive["targets"].as_array().into_iter().flatten();
            let sets = std::iter::once((&primitive["attributes"], false))
                .chain(targets.map(|target| (target, true)));
            for (set, is_target) in sets {
                for (name, place) in set.as_object().into_iter().flatten() {
                    if let Some(place) = references::index(place) {
                        found.insert((place, name.clone(), is_target));
                    }
                }
            }
        }
        found
    }

    /// True when an extension stands anywhere in the document.
    #[must_use]
    pub fn uses_extension(&self, name: &str) -> bool {
        let mut found = BTreeSet::new();
        references::extensions_in(&self.json, &mut found);
        found.contains(name)
    }

    /// Gives triangles indices, joins equal vertices and drops those that nothing draws. Strips and fans become lists.
    pub fn weld(&mut self, order: Option<OrderTriangles<'_>>) {
        weld::weld(self, order);
    }

    /// Makes one of what is equal, and drops what nothing uses.
    pub fn merge(&mut self) {
        merge::merge(self);
    }

    /// The document as a GLB. The same document gives the same bytes.
    ///
    /// # Errors
    /// [`SceneError`] when it is larger than a GLB can be.
    pub fn write(&self, compress: Option<Compress<'_>>) -> Result<Vec<u8>, SceneError> {
        glb::write(self, compress)
    }
}

/// A WebP, Basis or DDS image as a PNG, losslessly from its pixels; `None` for every other format and for broken images.
///
/// # Errors
/// [`SceneError`] when it is too large.
pub fn foreign_image_to_png(bytes: &[u8]) -> Result<Option<Vec<u8>>, SceneError> {
    let tree = json::parse(b"{}")?;
    match ForeignImage::of(bytes) {
        Some(image) => image
            .to_png(&Item::root(&tree), bytes, &Budget::new())
            .map(Result::ok),
        None => Ok(None),
    }
}

/// Width and height of a WebP, KTX 2 or DDS image, by its header.
#[must_use]
pub fn foreign_image_size(bytes: &[u8]) -> Option<(u32, u32)> {
    ForeignImage::of(bytes).and_then(|image| image.size(bytes))
}

fn too_large(what: &str) -> SceneError {
    SceneError::new(
        ErrorKind::OverLimit,
        "",
        format!("{what} is over 4 GiB, which a GLB cannot hold"),
    )
}
