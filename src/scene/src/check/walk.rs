//! Holds a document against the grammar: types, ranges, required members, references, extensions.

use super::{
    codes,
    extensions::{self, PLACES},
    grammar,
    model::{Accessor, index, object, size},
    schema::{Kind, Pool, Range, Rule, Schema},
    sink::Sink,
};
use crate::source::{
    accessor::DOUBLES,
    json::{self, Item},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the walk learned, beside the findings.
pub(super) struct Walk<'a, 's> {
    pub(super) sink: &'s mut Sink,
    pub(super) root: Item<'a>,
    /// Names under `extensionsUsed`.
    pub(super) declared: BTreeSet<&'a str>,
    /// For each array of the root, which of its elements something refers to; `None` for one that is no object.
    pub(super) used: BTreeMap<Pool, Vec<Option<bool>>>,
    /// Inside of an animation that is so broken that its references count for nothing.
    is_muted: bool,
    /// Inside of an accessor that is so broken that nothing is said of what it refers to.
    is_lenient: bool,
}

impl<'a, 's> Walk<'a, 's> {
    pub(super) fn new(root: Item<'a>, sink: &'s mut Sink) -> Self {
        let flags = |pool| {
            let items = pool_items(root, pool).into_iter();
            items
                .map(|item| (item.kind() == json::Kind::Object).then_some(false))
                .collect()
        };
        let used = Pool::ALL.iter().map(|&pool| (pool, flags(pool))).collect();
        let declared = extension_names(root, "extensionsUsed")
            .into_iter()
            .collect();
        Self {
            sink,
            root,
            declared,
            used,
            is_muted: false,
            is_lenient: false,
        }
    }

    pub(super) fn object(&mut self, item: Item<'a>, schema: &'static Schema) {
        // References of an extension whose root is missing count for nothing.
        if schema.kind == Kind::Mapping && is_root_extension_missing(self.root, Pool::Variants) {
            return;
        }
        let was_muted = self.is_muted;
        if schema.kind == Kind::Animation {
            let is_whole = |key: &str| {
                let list = item.member(key);
                list.is_some_and(|list| {
                    list.kind() == json::Kind::Array && list.count() > 0 && are_objects(list)
                })
            };
            self.is_muted |= !is_whole("channels") || !is_whole("samplers");
        }
        let was_lenient = self.is_lenient;
        self.is_lenient |= match schema.kind {
            Kind::Accessor => !is_whole_accessor(item, self.declared.contains(DOUBLES)),
            Kind::Sparse => !is_whole_sparse(item),
            _ => false,
        };
        for property in schema.properties {
            // An offset into no view is told as such, whatever it is.
            let is_void = schema.kind == Kind::Accessor
                && property.name == "byteOffset"
                && index(item, "bufferView").is_none();
            if is_void {
                continue;
            }
            match item.member(property.name) {
                Some(value) => {
                    self.value(value, &property.rule);
                    if property.is_required && value.kind() == json::Kind::Null {
                        self.sink.at(&codes::UNDEFINED_PROPERTY, &item);
                    }
                }
                None if property.is_required => self.sink.at(&codes::UNDEFINED_PROPERTY, &item),
                None => {}
            }
        }
        for (name, value) in item.members() {
            match name {
                "extensions" => self.extensions(value, schema.kind),
                "extras" => {
                    if !matches!(value.kind(), json::Kind::Object | json::Kind::Null) {
                        self.sink.at(&codes::NON_OBJECT_EXTRAS, &value);
                    }
                }
                _ if schema.properties.iter().any(|known| known.name == name) => {}
                _ => self.sink.at(&codes::UNEXPECTED_PROPERTY, &value),
            }
        }
        self.is_muted = was_muted;
        self.is_lenient = was_lenient;
    }

    /// One member of the root alone.
    pub(super) fn member(&mut self, value: Item<'a>, name: &str) {
        let mut properties = grammar::ROOT.properties.iter();
        if let Some(property) = properties.find(|property| property.name == name) {
            self.value(value, &property.rule);
        }
    }

    fn value(&mut self, value: Item<'a>, rule: &Rule) {
        match rule {
            Rule::Bounds => {}
            Rule::Flag => {
                self.expect_kind(value, &[json::Kind::True, json::Kind::False]);
            }
            Rule::Whole(low, high) => {
                if let Some(number) = self.whole(value)
                    && (number < *low as f64 || number > *high as f64)
                {
                    self.sink.at(&codes::VALUE_NOT_IN_RANGE, &value);
                }
            }
            Rule::WholeOf(list) => {
                let may_be_double = list.contains(&5126) && self.declared.contains(DOUBLES);
                if let Some(number) = self.whole(value)
                    && !list.iter().any(|known| *known as f64 == number)
                    && !(may_be_double && number == 5130.0)
                {
                    self.sink.at(&codes::VALUE_NOT_IN_LIST, &value);
                }
            }
            Rule::Index(pool) => self.index(value, Some(*pool), &codes::TYPE_MISMATCH),
            Rule::LocalIndex => self.index(value, None, &codes::TYPE_MISMATCH),
            Rule::Number(range) => match value.as_number() {
                Some(number) => self.range(value, number, range),
                None => self.sink.at(&codes::TYPE_MISMATCH, &value),
            },
            Rule::Text => {
                self.expect_kind(value, &[json::Kind::Text]);
            }
            Rule::TextOf(list) => match value.as_text() {
                Some("pointer") if !self.declared.contains("KHR_animation_pointer") => {
                    self.sink.at(&codes::VALUE_NOT_IN_LIST, &value);
                }
                Some(text) if list.contains(&text) => {}
                Some("image/webp")
                    if list.contains(&"image/png")
                        && self.declared.contains("EXT_texture_webp") => {}
                Some(_) => self.sink.at(&codes::VALUE_NOT_IN_LIST, &value),
                None => self.sink.at(&codes::TYPE_MISMATCH, &value),
            },
            Rule::Pattern(is_match) => match value.as_text() {
                Some(text) if is_match(text) => {}
                Some(_) => self.sink.at(&codes::PATTERN_MISMATCH, &value),
                None => self.sink.at(&codes::TYPE_MISMATCH, &value),
            },
            Rule::Object(schema) => {
                if self.expect_kind(value, &[json::Kind::Object]) {
                    self.object(value, schema);
                }
            }
            Rule::IndexMap(pool) => self.index_map(value, *pool),
            _ => self.list(value, rule),
        }
    }

    fn list(&mut self, value: Item<'a>, rule: &Rule) {
        if !self.expect_kind(value, &[json::Kind::Array]) {
            return;
        }
        if let Rule::Numbers(lengths, range) = rule {
            self.numbers(value, lengths, range);
            return;
        }
        if value.count() == 0 {
            self.sink.at(&codes::EMPTY_ENTITY, &value);
            return;
        }
        let is_list_of_objects = matches!(rule, Rule::Objects(_) | Rule::IndexMaps(_));
        // One element of a wrong type spoils an inner list; in an array of the root the others stay.
        let is_inner = value.depth() > 1;
        if is_list_of_objects && is_inner && !are_objects(value) {
            self.sink.at(&codes::ARRAY_TYPE_MISMATCH, &value);
            return;
        }
        let mut seen = BTreeSet::new();
        let mut texts = BTreeSet::new();
        for index in 0..value.count() {
            let Some(element) = value.element(index) else {
                continue;
            };
            match rule {
                Rule::Objects(schema) if element.kind() == json::Kind::Object => {
                    self.object(element, schema);
                }
                Rule::IndexMaps(pool) if element.kind() == json::Kind::Object => {
                    self.index_map(element, *pool);
                }
                Rule::Indices(pool) => match element.size() {
                    Ok(size) if !seen.insert(size) => {
                        self.sink.at(&codes::DUPLICATE_ELEMENTS, &element);
                    }
                    _ => self.index(element, Some(*pool), &codes::INVALID_INDEX),
                },
                Rule::Texts => match element.as_text() {
                    Some(text) if !texts.insert(text) => {
                        self.sink.at(&codes::DUPLICATE_ELEMENTS, &element);
                    }
                    Some(_) => {}
                    None => self.sink.at(&codes::ARRAY_TYPE_MISMATCH, &element),
                },
                _ => self.sink.at(&codes::TYPE_MISMATCH, &element),
            }
        }
    }

    fn numbers(&mut self, value: Item<'a>, lengths: &[usize], range: &Range) {
        if value.count() == 0 {
            self.sink.at(&codes::EMPTY_ENTITY, &value);
        } else if !lengths.is_empty() && !lengths.contains(&value.count()) {
            self.sink.at(&codes::ARRAY_LENGTH_NOT_IN_LIST, &value);
            return;
        }
        for index in 0..value.count() {
            let Some(element) = value.element(index) else {
                continue;
            };
            match element.as_number() {
                Some(number) => self.range(element, number, range),
                // The whole list is meant, as the Khronos validator has it.
                None => self.sink.at(&codes::ARRAY_TYPE_MISMATCH, &value),
            }
        }
    }

    fn index_map(&mut self, value: Item<'a>, pool: Pool) {
        if !self.expect_kind(value, &[json::Kind::Object]) {
            return;
        }
        if value.count() == 0 {
            self.sink.at(&codes::EMPTY_ENTITY, &value);
        }
        for (_, index) in value.members() {
            self.index(index, Some(pool), &codes::INVALID_INDEX);
        }
    }

    fn index(&mut self, value: Item<'a>, pool: Option<Pool>, mismatch: &codes::Code) {
        let Some(number) = value.as_number().filter(|number| number.fract() == 0.0) else {
            self.sink.at(mismatch, &value);
            return;
        };
        if number < 0.0 {
            self.sink.at(&codes::INVALID_INDEX, &value);
            return;
        }
        let Some(pool) = pool.filter(|_| !self.is_muted) else {
            return;
        };
        let used = self.used.entry(pool).or_default();
        match used.get_mut(number as usize) {
            // A skeleton only says where joints hang: it is no use of a node.
            Some(Some(used)) => *used |= !self.is_lenient && !value.is_member("skeleton"),
            // Extensions say by a dependency of their own that their root array is missing.
            _ if self.is_lenient => {}
            None if is_root_extension_missing(self.root, pool) => {}
            _ => self.sink.at(&codes::UNRESOLVED_REFERENCE, &value),
        }
    }

    fn whole(&mut self, value: Item<'a>) -> Option<f64> {
        let number = value.as_number().filter(|number| number.fract() == 0.0);
        if number.is_none() {
            self.sink.at(&codes::TYPE_MISMATCH, &value);
        }
        number
    }

    fn range(&mut self, value: Item<'a>, number: f64, range: &Range) {
        let is_low = number < range.low || (range.is_above && number <= range.low);
        if is_low || number > range.high || !number.is_finite() {
            self.sink.at(&codes::VALUE_NOT_IN_RANGE, &value);
        }
    }

    fn expect_kind(&mut self, value: Item<'a>, kinds: &[json::Kind]) -> bool {
        let is_right = kinds.contains(&value.kind());
        if !is_right {
            self.sink.at(&codes::TYPE_MISMATCH, &value);
        }
        is_right
    }

    fn extensions(&mut self, value: Item<'a>, kind: Kind) {
        if !self.expect_kind(value, &[json::Kind::Object]) {
            return;
        }
        for (name, extension) in value.members() {
            if !self.declared.contains(name) {
                self.sink.at(&codes::UNDECLARED_EXTENSION, &extension);
                self.expect_kind(extension, &[json::Kind::Object]);
                continue;
            }
            let place = PLACES
                .iter()
                .find(|place| place.name == name && place.at.contains(&kind));
            if extension.kind() != json::Kind::Object {
                self.sink.at(&codes::TYPE_MISMATCH, &extension);
                // It counts as an empty object.
                let mut properties = place.iter().flat_map(|place| place.schema.properties);
                if properties.any(|property| property.is_required) {
                    self.sink.at(&codes::UNDEFINED_PROPERTY, &extension);
                }
                continue;
            }
            match place {
                Some(place) => self.object(extension, place.schema),
                None if extensions::is_known(name) => {
                    self.sink
                        .at(&codes::UNEXPECTED_EXTENSION_OBJECT, &extension);
                }
                None => {}
            }
        }
    }
}

/// Names of a list of extensions; none when one of them is no text.
pub(super) fn extension_names<'a>(root: Item<'a>, key: &str) -> Vec<&'a str> {
    let Some(list) = root.member(key) else {
        return Vec::new();
    };
    let names: Option<Vec<&str>> = (0..list.count())
        .map(|index| list.element(index)?.as_text())
        .collect();
    names.unwrap_or_default()
}

/// The elements of an array that indices point into.
pub(super) fn pool_items<'a>(root: Item<'a>, pool: Pool) -> Vec<Item<'a>> {
    let mut item = root;
    if let ["extensions", name, _] = pool.path()
        && !extension_names(root, "extensionsUsed").contains(name)
    {
        return Vec::new();
    }
    for step in pool.path() {
        match item.member(step) {
            Some(next) => item = next,
            None => return Vec::new(),
        }
    }
    // As in every inner list, one element of a wrong type spoils the list of an extension.
    if pool.path().len() > 1 && !are_objects(item) {
        return Vec::new();
    }
    (0..item.count())
        .filter_map(|index| item.element(index))
        .collect()
}

/// Only an accessor with type, component type and count refers to anything.
fn is_whole_accessor(item: Item<'_>, has_doubles: bool) -> bool {
    let accessor = Accessor::new(item, has_doubles);
    accessor.component.is_some() && accessor.count.is_some() && accessor.kind.is_some()
}

/// The same of the sparse part of one.
fn is_whole_sparse(item: Item<'_>) -> bool {
    size(item, "count").is_some_and(|count| count > 0)
        && object(item, "indices").is_some()
        && object(item, "values").is_some()
}

fn are_objects(list: Item<'_>) -> bool {
    (0..list.count())
        .filter_map(|index| list.element(index))
        .all(|element| element.kind() == json::Kind::Object)
}

fn is_root_extension_missing(root: Item<'_>, pool: Pool) -> bool {
    let [extensions, name, _] = pool.path() else {
        return false;
    };
    root.member(extensions)
        .and_then(|extensions| extensions.member(name))
        .is_none()
}
