//! The text form of USD (OpenUSD, "USDA file format"; AOUSD Core Specification 1.0, section 16.2). Ends of lines mean nothing
//! here: no statement is unclear without them.

use super::{
    layer::{Field, Layer, Metadata, Property, Reference, Samples, Specifier},
    value::{Budget, ListEdit, Value},
    words::Words,
};
use crate::formats::usd::limits::{MAX_DEPTH, MAX_TEXT_BYTES};

/// What every text begins with.
pub(crate) const MAGIC: &[u8] = b"#usda";

/// What a list of edits does to what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Set,
    Prepend,
    Append,
    Delete,
    /// Changes only the order, which nothing here depends on.
    Reorder,
}

/// Reads a layer.
///
/// # Errors
/// One line that names what is wrong, and where.
pub(crate) fn read(bytes: &[u8], path: &str, budget: &Budget) -> Result<Layer, String> {
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(format!(
            "a layer of text has {} bytes, the limit is {MAX_TEXT_BYTES}",
            bytes.len()
        ));
    }
    let mut layer = Layer::new(path);
    let mut parser = Parser {
        words: Words::new(bytes, budget),
        layer: &mut layer,
    };
    if parser.words.take(b'(') {
        parser.layer_metadata()?;
    }
    parser.body(0, None, 0)?;
    Ok(layer)
}

struct Parser<'a, 'l> {
    words: Words<'a>,
    layer: &'l mut Layer,
}

impl Parser<'_, '_> {
    /// The edit that stands before what is edited.
    fn edit(&mut self) -> Edit {
        for (name, edit) in [
            ("prepend", Edit::Prepend),
            ("append", Edit::Append),
            ("add", Edit::Append),
            ("delete", Edit::Delete),
            ("reorder", Edit::Reorder),
        ] {
            if self.words.take_name(name) {
                return edit;
            }
        }
        Edit::Set
    }

    /// What stands in the parentheses that have just begun: texts that mean nothing, and entries, each of which is read from
    /// behind its equals sign on.
    fn metadata(
        &mut self,
        mut entry: impl FnMut(&mut Self, &str, Edit) -> Result<(), String>,
    ) -> Result<(), String> {
        while !self.words.take(b')') {
            if matches!(self.words.peek(), Some(b'"' | b'\'')) {
                self.words.text()?;
                continue;
            }
            let edit = self.edit();
            let key = self.words.name();
            self.words.expect(b'=')?;
            entry(self, &key, edit)?;
        }
        Ok(())
    }

    fn layer_metadata(&mut self) -> Result<(), String> {
        self.metadata(|parser, key, _| {
            if key == "subLayers" {
                let list = parser.list(Self::reference)?;
                let names = list.into_iter().map(|reference| reference.asset);
                parser.layer.metadata.sublayers = names.collect();
            } else if Metadata::KEYS.contains(&key) {
                let value = parser.words.value()?;
                parser.layer.metadata.set(key, &value);
            } else {
                parser.words.skip_value()?;
            }
            Ok(())
        })
    }

    /// What is between the braces of a prim or a variant, or the whole of a layer; without `end` up to the end.
    fn body(&mut self, place: usize, end: Option<u8>, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(self.words.fault(&format!("prims deeper than {MAX_DEPTH}")));
        }
        loop {
            let next = self.words.peek();
            if next.is_none() && end.is_none() {
                return Ok(());
            }
            if let Some(end) = end
                && self.words.take(end)
            {
                return Ok(());
            }
            let edit = self.edit();
            let word = self.words.name();
            match word.as_str() {
                "def" => self.prim(place, Specifier::Def, depth)?,
                "over" => self.prim(place, Specifier::Over, depth)?,
                "class" => self.prim(place, Specifier::Class, depth)?,
                "variantSet" => self.variant_set(place, depth)?,
                "" => return Err(self.words.fault("a prim or property is missing")),
                _ if edit == Edit::Reorder && self.words.peek() == Some(b'=') => {
                    self.words.expect(b'=')?;
                    self.words.skip_value()?;
                }
                _ => self.property(place, word, edit)?,
            }
        }
    }

    fn prim(&mut self, parent: usize, specifier: Specifier, depth: usize) -> Result<(), String> {
        let type_name = match self.words.peek() {
            Some(b'"' | b'\'') => String::new(),
            _ => self.words.name(),
        };
        let name = self.words.text()?;
        let place = self.layer.child(parent, &name)?;
        self.layer.prims[place].specifier = specifier;
        self.layer.prims[place].type_name = type_name;
        if self.words.take(b'(') {
            self.prim_metadata(place)?;
        }
        self.words.expect(b'{')?;
        self.body(place, Some(b'}'), depth + 1)
    }

    fn variant_set(&mut self, place: usize, depth: usize) -> Result<(), String> {
        let set = self.words.text()?;
        self.words.expect(b'=')?;
        self.words.expect(b'{')?;
        while !self.words.take(b'}') {
            let name = self.words.text()?;
            let variant = self.layer.variant(place, &set, &name)?;
            if self.words.take(b'(') {
                self.prim_metadata(variant)?;
            }
            self.words.expect(b'{')?;
            self.body(variant, Some(b'}'), depth + 1)?;
        }
        Ok(())
    }

    fn prim_metadata(&mut self, place: usize) -> Result<(), String> {
        self.metadata(|parser, key, edit| {
            match key {
                "references" => {
                    let list = parser.list(Self::reference)?;
                    put(&mut parser.layer.prims[place].references, edit, list);
                }
                "payload" => {
                    let list = parser.list(Self::reference)?;
                    put(&mut parser.layer.prims[place].payloads, edit, list);
                }
                "inherits" => {
                    let list = parser.paths()?;
                    put(&mut parser.layer.prims[place].inherits, edit, list);
                }
                "specializes" => {
                    let list = parser.paths()?;
                    put(&mut parser.layer.prims[place].specializes, edit, list);
                }
                "variants" => parser.selections(place)?,
                "active" => {
                    let value = parser.words.value()?.number();
                    parser.layer.prims[place].is_active = value.map(|own| own != 0.0);
                }
                _ => parser.words.skip_value()?,
            }
            Ok(())
        })
    }

    fn selections(&mut self, place: usize) -> Result<(), String> {
        self.words.expect(b'{')?;
        while !self.words.take(b'}') {
            if !self.words.take_name("string") {
                return Err(self.words.fault("a selected variant is no string"));
            }
            let set = match self.words.peek() {
                Some(b'"' | b'\'') => self.words.text()?,
                _ => self.words.name(),
            };
            self.words.expect(b'=')?;
            let name = self.words.text()?;
            self.layer.prims[place].selections.insert(set, name);
        }
        Ok(())
    }

    /// One item, or several in brackets; none for `None`.
    fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut list = Vec::new();
        if self.words.take_name("None") {
            return Ok(list);
        }
        if !self.words.take(b'[') {
            return Ok(vec![item(self)?]);
        }
        while !self.words.take(b']') {
            list.push(item(self)?);
            if !self.words.take(b',') {
                self.words.expect(b']')?;
                break;
            }
        }
        Ok(list)
    }

    fn paths(&mut self) -> Result<Vec<String>, String> {
        self.list(|parser| parser.words.path())
    }

    fn reference(&mut self) -> Result<Reference, String> {
        let mut own = Reference {
            asset: String::new(),
            path: String::new(),
        };
        if !matches!(self.words.peek(), Some(b'@' | b'<')) {
            return Err(self.words.fault("a reference is missing"));
        }
        if self.words.peek() == Some(b'@') {
            own.asset = self.words.asset()?;
        }
        if self.words.peek() == Some(b'<') {
            own.path = self.words.path()?;
        }
        // When in time it begins, and what programs keep about it.
        if self.words.peek() == Some(b'(') {
            self.words.skip_value()?;
        }
        Ok(own)
    }

    /// An attribute or relationship; its first word is already taken.
    fn property(&mut self, place: usize, first: String, edit: Edit) -> Result<(), String> {
        let mut type_name = first;
        while ["custom", "uniform", "varying", "config"].contains(&type_name.as_str()) {
            type_name = self.words.name();
        }
        if self.words.take(b'[') {
            self.words.expect(b']')?;
            type_name.push_str("[]");
        }
        let name = self.words.name();
        if name.is_empty() {
            return Err(self.words.fault("a property has no name"));
        }
        let is_relationship = type_name == "rel";
        let (name, kind) = match name.rsplit_once('.') {
            Some((name, kind)) => (name.to_owned(), kind.to_owned()),
            None => (name, String::new()),
        };
        self.layer.count_spec()?;
        let mut own = self.layer.prims[place]
            .properties
            .remove(&name)
            .unwrap_or_default();
        own.type_name = type_name;
        if self.words.take(b'=') {
            match kind.as_str() {
                "connect" => self.targets(&mut own, edit)?,
                _ if is_relationship => self.targets(&mut own, edit)?,
                "timeSamples" => own.samples = Some(Samples::Read(self.samples()?)),
                "" | "default" => match self.words.peek() {
                    Some(b'{') => self.words.skip_value()?,
                    _ => own.value = Some(Field::Read(self.words.value()?)),
                },
                _ => self.words.skip_value()?,
            }
        }
        if self.words.take(b'(') {
            self.property_metadata(&mut own)?;
        }
        self.layer.prims[place].properties.insert(name, own);
        Ok(())
    }

    fn targets(&mut self, own: &mut Property, edit: Edit) -> Result<(), String> {
        let list = self.paths()?;
        put(own.targets.get_or_insert_default(), edit, list);
        Ok(())
    }

    fn samples(&mut self) -> Result<Vec<(f64, Value)>, String> {
        let mut samples = Vec::new();
        self.words.expect(b'{')?;
        while !self.words.take(b'}') {
            let time = self.words.value()?.number();
            let time = time.ok_or_else(|| self.words.fault("a time is no number"))?;
            self.words.expect(b':')?;
            samples.push((time, self.words.value()?));
            if !self.words.take(b',') {
                self.words.expect(b'}')?;
                break;
            }
        }
        Ok(samples)
    }

    fn property_metadata(&mut self, own: &mut Property) -> Result<(), String> {
        self.metadata(|parser, key, _| {
            if Property::KEYS.contains(&key) {
                own.set(key, &parser.words.value()?);
                Ok(())
            } else {
                parser.words.skip_value()
            }
        })
    }
}

fn put<T: Clone + Ord>(own: &mut ListEdit<T>, edit: Edit, list: Vec<T>) {
    match edit {
        Edit::Set => own.explicit = Some(list),
        Edit::Prepend => own.prepended = list,
        Edit::Append => own.appended = list,
        Edit::Delete => own.deleted = list,
        Edit::Reorder => {}
    }
}
