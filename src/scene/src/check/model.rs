//! Objects of a document as the checks see them: a value that is missing or broken is `None`; the grammar has told it.

use super::{
    schema::Pool,
    walk::{extension_names, pool_items},
};
use crate::source::{
    accessor::DOUBLES,
    json::{self, Item},
};

/// The document with its arrays.
pub(super) struct Model<'a> {
    pub(super) root: Item<'a>,
    pub(super) accessors: Objects<Accessor<'a>>,
    pub(super) buffers: Objects<Item<'a>>,
    pub(super) views: Objects<View<'a>>,
    pub(super) images: Objects<Item<'a>>,
    pub(super) materials: Objects<Item<'a>>,
    pub(super) meshes: Objects<Item<'a>>,
    pub(super) nodes: Objects<Item<'a>>,
    pub(super) scenes: Objects<Item<'a>>,
    pub(super) skins: Objects<Item<'a>>,
    pub(super) textures: Objects<Item<'a>>,
    pub(super) lights: Objects<Item<'a>>,
}

/// An array of the root. An element that is no object keeps its place, but is not there.
pub(super) struct Objects<T>(Vec<Option<T>>);

impl<T> Objects<T> {
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.0.get(index)?.as_ref()
    }

    /// Number of places.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// Elements with their places.
    pub(super) fn enumerate(&self) -> impl Iterator<Item = (usize, &T)> {
        let places = self.0.iter().enumerate();
        places.filter_map(|(place, element)| Some((place, element.as_ref()?)))
    }
}

/// A buffer view.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) item: Item<'a>,
    pub(super) buffer: Option<usize>,
    /// `None` when what the file states is no offset.
    pub(super) offset: Option<u64>,
    pub(super) length: Option<u64>,
    pub(super) stride: Option<u64>,
    pub(super) target: Option<u64>,
}

/// An accessor.
#[derive(Clone, Copy)]
pub(super) struct Accessor<'a> {
    pub(super) item: Item<'a>,
    pub(super) view: Option<usize>,
    /// `None` when what the file states is no offset.
    pub(super) offset: Option<u64>,
    /// glTF's number of the component type, when it is one.
    pub(super) component: Option<u64>,
    pub(super) is_normalized: bool,
    pub(super) count: Option<u64>,
    pub(super) kind: Option<&'a str>,
    pub(super) sparse: Option<Item<'a>>,
}

impl<'a> Model<'a> {
    pub(super) fn new(root: Item<'a>) -> Self {
        fn objects<'a, T>(root: Item<'a>, pool: Pool, make: impl Fn(Item<'a>) -> T) -> Objects<T> {
            let items = pool_items(root, pool).into_iter();
            let is_object = |item: &Item<'_>| item.kind() == json::Kind::Object;
            Objects(
                items
                    .map(|item| is_object(&item).then(|| make(item)))
                    .collect(),
            )
        }
        let items = |pool| objects(root, pool, |item| item);
        let has_doubles = extension_names(root, "extensionsUsed").contains(&DOUBLES);
        Self {
            root,
            accessors: objects(root, Pool::Accessors, |item| {
                Accessor::new(item, has_doubles)
            }),
            buffers: items(Pool::Buffers),
            views: objects(root, Pool::BufferViews, View::new),
            images: items(Pool::Images),
            materials: items(Pool::Materials),
            meshes: items(Pool::Meshes),
            nodes: items(Pool::Nodes),
            scenes: items(Pool::Scenes),
            skins: items(Pool::Skins),
            textures: items(Pool::Textures),
            lights: items(Pool::Lights),
        }
    }

    pub(super) fn view_of(&self, accessor: &Accessor<'_>) -> Option<&View<'a>> {
        self.views.get(accessor.view?)
    }
}

impl<'a> View<'a> {
    fn new(item: Item<'a>) -> Self {
        Self {
            item,
            buffer: index(item, "buffer"),
            offset: offset(item),
            length: size(item, "byteLength").filter(|length| *length > 0),
            stride: size(item, "byteStride").filter(|stride| (4..=252).contains(stride)),
            target: size(item, "target").filter(|target| matches!(target, 34962 | 34963)),
        }
    }
}

impl<'a> Accessor<'a> {
    pub(super) fn new(item: Item<'a>, has_doubles: bool) -> Self {
        Self {
            item,
            view: index(item, "bufferView"),
            offset: offset(item),
            component: size(item, "componentType").filter(|number| match number {
                5120..=5123 | 5125 | 5126 => true,
                5130 => has_doubles,
                _ => false,
            }),
            is_normalized: item
                .member("normalized")
                .is_some_and(|flag| flag.kind() == json::Kind::True),
            count: size(item, "count").filter(|count| *count > 0),
            kind: item.member("type").and_then(|kind| kind.as_text()),
            sparse: item
                .member("sparse")
                .filter(|sparse| sparse.kind() == json::Kind::Object),
        }
    }

    pub(super) fn component_bytes(&self) -> Option<u64> {
        self.component.map(component_bytes)
    }

    /// Components an element.
    pub(super) fn width(&self) -> Option<u64> {
        Some(match self.kind? {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            "VEC4" | "MAT2" => 4,
            "MAT3" => 9,
            "MAT4" => 16,
            _ => return None,
        })
    }

    /// Bytes of an element; columns of matrices begin at multiples of four.
    pub(super) fn element_bytes(&self) -> Option<u64> {
        let component = self.component_bytes()?;
        Some(match self.kind? {
            "MAT2" => (2 * component).next_multiple_of(4) * 2,
            "MAT3" => (3 * component).next_multiple_of(4) * 3,
            _ => self.width()? * component,
        })
    }

    /// Components are floats.
    pub(super) fn is_float(&self) -> bool {
        matches!(self.component, Some(5126 | 5130))
    }

    /// Type, component type and normalisation are one of these; a double is as good as a float.
    pub(super) fn has_format(&self, formats: &[(&str, u64, bool)]) -> bool {
        let format = self.kind.zip(self.component);
        format.is_some_and(|(kind, component)| {
            let component = if self.is_float() { 5126 } else { component };
            formats.contains(&(kind, component, self.is_normalized))
        })
    }

    /// Both bounds are there and can be read.
    pub(super) fn has_bounds(&self) -> bool {
        self.bounds("min").is_some() && self.bounds("max").is_some()
    }

    /// The numbers of `min` or `max`, when there are as many as an element has and the component type can hold each.
    pub(super) fn bounds(&self, key: &str) -> Option<Vec<f64>> {
        let range = self.component_range();
        // Counted first: many users may ask for a list that is far too long.
        let stated = self.item.member(key)?.count() as u64;
        if Some(stated) != self.width() {
            return None;
        }
        let numbers: Vec<f64> = list(self.item, key)
            .iter()
            .map(Item::as_number)
            .collect::<Option<_>>()?;
        let is_held = |number: &f64| {
            range.is_none_or(|(low, high)| number.fract() == 0.0 && (low..=high).contains(number))
        };
        let is_whole = self.component.is_some() && numbers.len() as u64 == stated;
        (is_whole && numbers.iter().all(is_held)).then_some(numbers)
    }

    /// What a component of whole numbers can hold.
    pub(super) fn component_range(&self) -> Option<(f64, f64)> {
        Some(match self.component? {
            5120 => (-128.0, 127.0),
            5121 => (0.0, 255.0),
            5122 => (-32_768.0, 32_767.0),
            5123 => (0.0, 65_535.0),
            5125 => (0.0, 4_294_967_295.0),
            _ => return None,
        })
    }
}

pub(super) fn component_bytes(number: u64) -> u64 {
    match number {
        5120 | 5121 => 1,
        5122 | 5123 => 2,
        5130 => 8,
        _ => 4,
    }
}

/// `byteOffset`, zero when it is absent.
pub(super) fn offset(item: Item<'_>) -> Option<u64> {
    stated(item, "byteOffset").map_or(Some(0), |offset| offset.size().ok())
}

/// The mode of a primitive, `None` when it is none of glTF's.
pub(super) fn mode(primitive: Item<'_>) -> Option<u64> {
    let mode = stated(primitive, "mode").map_or(Some(4), |mode| mode.size().ok());
    mode.filter(|mode| *mode <= 6)
}

/// A member with a value; null counts as none.
fn stated<'a>(item: Item<'a>, key: &str) -> Option<Item<'a>> {
    item.member(key)
        .filter(|value| value.kind() != json::Kind::Null)
}

/// A member that is a whole number, zero or more.
pub(super) fn size(item: Item<'_>, key: &str) -> Option<u64> {
    item.member(key)?.size().ok()
}

/// A member that is an index.
pub(super) fn index(item: Item<'_>, key: &str) -> Option<usize> {
    size(item, key).map(|index| index as usize)
}

/// A member that is a number.
pub(super) fn number(item: Item<'_>, key: &str) -> Option<f64> {
    item.member(key)?.as_number()
}

/// A member that is a text.
pub(super) fn text<'a>(item: Item<'a>, key: &str) -> Option<&'a str> {
    item.member(key)?.as_text()
}

/// A member that is an object.
pub(super) fn object<'a>(item: Item<'a>, key: &str) -> Option<Item<'a>> {
    item.member(key)
        .filter(|value| value.kind() == json::Kind::Object)
}

/// The elements of a member that is an array; nothing otherwise.
pub(super) fn list<'a>(item: Item<'a>, key: &str) -> Vec<Item<'a>> {
    item.member(key)
        .filter(|value| value.kind() == json::Kind::Array)
        .map(|value| {
            (0..value.count())
                .filter_map(|index| value.element(index))
                .collect()
        })
        .unwrap_or_default()
}

/// A member that is a list of exactly `N` numbers.
pub(super) fn numbers<const N: usize>(item: Item<'_>, key: &str) -> Option<[f64; N]> {
    let values: Vec<f64> = list(item, key)
        .iter()
        .map(Item::as_number)
        .collect::<Option<_>>()?;
    values.try_into().ok()
}
