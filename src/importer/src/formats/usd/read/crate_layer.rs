//! A binary layer as a [`Layer`]: its specs by their paths. Values stay in the file until they are asked for.

use super::{
    crate_file::{CrateFile, Spec},
    layer::{Field, Layer, Metadata, Property, Samples, Specifier},
    value::Budget,
};
use crate::formats::usd::limits::{MAX_DEPTH, MAX_FIELDS};
use std::collections::BTreeMap;

/// Kinds of specs.
const ATTRIBUTE: i64 = 1;
const PRIM: i64 = 6;
const ROOT: i64 = 7;
const RELATIONSHIP: i64 = 8;
const VARIANT: i64 = 10;

/// Reads a layer.
///
/// # Errors
/// One line that says what is wrong.
pub(crate) fn read(bytes: Vec<u8>, path: &str, budget: &Budget) -> Result<Layer, String> {
    let file = CrateFile::open(bytes, budget)?;
    let mut reader = LayerReader {
        layer: Layer::new(path),
        file: &file,
        budget,
        places: BTreeMap::new(),
        fields: 0,
    };
    for spec in &file.specs {
        match spec.kind {
            PRIM | ROOT | VARIANT => reader.prim(spec)?,
            ATTRIBUTE | RELATIONSHIP => reader.property(spec)?,
            _ => {}
        }
    }
    let mut layer = reader.layer;
    layer.crate_file = Some(file);
    Ok(layer)
}

struct LayerReader<'a> {
    layer: Layer,
    file: &'a CrateFile,
    budget: &'a Budget,
    /// Places of prims in the layer by those of their paths.
    places: BTreeMap<usize, usize>,
    /// How many were looked at.
    fields: usize,
}

impl<'a> LayerReader<'a> {
    /// Where the prim or variant of a path is; the root for what is above all.
    fn place(&mut self, path: usize) -> Result<usize, String> {
        // Those above it that have no place yet.
        let mut above = Vec::new();
        let mut at = path;
        let mut place = loop {
            if let Some(known) = self.places.get(&at) {
                break *known;
            }
            let node = self.file.path_node(at)?;
            if node.is_root() {
                break 0;
            }
            if above.len() > 2 * MAX_DEPTH {
                return Err(format!("its paths are deeper than {MAX_DEPTH}"));
            }
            above.push((at, self.file.token(node.token as usize)?));
            at = node.parent as usize;
        };
        for (path, name) in above.into_iter().rev() {
            let variant = name
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            place = match variant.and_then(|own| own.split_once('=')) {
                // A set itself stands for its prim.
                Some((_, "")) => place,
                Some((set, name)) => self.layer.variant(place, set, name)?,
                None => self.layer.child(place, name)?,
            };
            self.places.insert(path, place);
        }
        Ok(place)
    }

    fn fields(&mut self, spec: &Spec) -> Result<Vec<(&'a str, u64)>, String> {
        let left = MAX_FIELDS - self.fields;
        let own = self.file.fields_from(spec.fields).take(left + 1);
        let own: Vec<(&str, u64)> = own.collect::<Result<_, _>>()?;
        if own.len() > left {
            return Err(format!("a layer has more than {MAX_FIELDS} fields"));
        }
        self.fields += own.len();
        Ok(own)
    }

    fn prim(&mut self, spec: &Spec) -> Result<(), String> {
        let place = match spec.kind {
            ROOT => 0,
            _ => self.place(spec.path)?,
        };
        let mut order = Vec::new();
        for (name, word) in self.fields(spec)? {
            let value = || self.file.value(word, self.budget);
            let prim = &mut self.layer.prims[place];
            match name {
                "specifier" => {
                    prim.specifier = match value()?.number() {
                        Some(0.0) => Specifier::Def,
                        Some(2.0) => Specifier::Class,
                        _ => Specifier::Over,
                    };
                }
                "typeName" => prim.type_name = value()?.text().unwrap_or_default().to_owned(),
                "active" => prim.is_active = value()?.number().map(|own| own != 0.0),
                "references" => {
                    prim.references = self.file.reference_edits(word, false, self.budget)?;
                }
                "payload" => prim.payloads = self.file.reference_edits(word, true, self.budget)?,
                "inheritPaths" => prim.inherits = self.file.path_edits(word, self.budget)?,
                "specializes" => prim.specializes = self.file.path_edits(word, self.budget)?,
                "variantSelection" => {
                    prim.selections
                        .extend(self.file.selections(word, self.budget)?);
                }
                "primChildren" => order = value()?.into_texts(),
                "subLayers" if place == 0 => self.layer.metadata.sublayers = value()?.into_texts(),
                _ if place == 0 && Metadata::KEYS.contains(&name) => {
                    let value = value()?;
                    self.layer.metadata.set(name, &value);
                }
                _ => {}
            }
        }
        self.sort(place, &order)
    }

    /// The children in the order that the prim tells; all are told.
    fn sort(&mut self, place: usize, order: &[String]) -> Result<(), String> {
        if order.is_empty() {
            return Ok(());
        }
        for name in order {
            self.layer.child(place, name)?;
        }
        let ranks: BTreeMap<&str, usize> = order
            .iter()
            .enumerate()
            .map(|(rank, name)| (name.as_str(), rank))
            .collect();
        let rank =
            |child: &(String, usize)| ranks.get(child.0.as_str()).copied().unwrap_or(usize::MAX);
        self.layer.prims[place].children.sort_by_key(rank);
        Ok(())
    }

    fn property(&mut self, spec: &Spec) -> Result<(), String> {
        let node = self.file.path_node(spec.path)?;
        if !node.is_property {
            return Ok(());
        }
        self.layer.count_spec()?;
        let name = self.file.token(node.token as usize)?;
        let place = self.place(node.parent as usize)?;
        let mut own = Property::default();
        for (name, word) in self.fields(spec)? {
            match name {
                "typeName" => {
                    let value = self.file.value(word, self.budget)?;
                    own.type_name = value.text().unwrap_or_default().to_owned();
                }
                "default" => own.value = Some(Field::InCrate(word)),
                "timeSamples" => own.samples = Some(Samples::InCrate(word)),
                "connectionPaths" | "targetPaths" => {
                    own.targets = Some(Box::new(self.file.path_edits(word, self.budget)?));
                }
                _ if Property::KEYS.contains(&name) => {
                    own.set(name, &self.file.value(word, self.budget)?);
                }
                _ => {}
            }
        }
        self.layer.prims[place]
            .properties
            .insert(name.to_owned(), own);
        Ok(())
    }
}
