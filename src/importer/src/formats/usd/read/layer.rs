//! A layer: what one file says of prims, before layers are composed. Text and binary layers become the same.

use super::{
    crate_file::CrateFile,
    value::{Budget, ListEdit, Value},
};
use crate::formats::usd::limits::{MAX_DEPTH, MAX_NAME_BYTES, MAX_SPECS};
use std::collections::BTreeMap;

/// What a spec is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Specifier {
    /// Only adds to what others define.
    #[default]
    Over,
    Def,
    /// Is inherited, and not there itself.
    Class,
}

/// A reference or payload: to a prim of another layer, or of the same one without a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) asset: String,
    /// Empty for the default prim.
    pub(crate) path: String,
}

/// A value as it lies in its layer.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    Read(Value),
    /// Where it is in the binary layer, and of which kind.
    InCrate(u64),
}

/// Values over time.
#[derive(Clone, Debug)]
pub(crate) enum Samples {
    Read(Vec<(f64, Value)>),
    InCrate(u64),
}

/// An attribute or relationship.
#[derive(Default)]
pub(crate) struct Property {
    pub(crate) type_name: String,
    pub(crate) value: Option<Field>,
    pub(crate) samples: Option<Samples>,
    /// Where a relationship leads, or what an attribute is connected to.
    pub(crate) targets: Option<Box<ListEdit<String>>>,
    pub(crate) interpolation: Option<String>,
    pub(crate) element_size: Option<usize>,
    /// A binding of a material that holds for what is below it, whatever that says.
    pub(crate) is_stronger: bool,
}

impl Property {
    /// What is read of its metadata.
    pub(crate) const KEYS: [&str; 3] = ["interpolation", "elementSize", "bindMaterialAs"];

    pub(crate) fn set(&mut self, key: &str, value: &Value) {
        match key {
            "interpolation" => self.interpolation = value.text().map(str::to_owned),
            "elementSize" => self.element_size = value.number().map(|size| size as usize),
            "bindMaterialAs" => self.is_stronger = value.text() == Some("strongerThanDescendants"),
            _ => {}
        }
    }
}

/// What a layer says of a prim, or within a variant of one.
#[derive(Default)]
pub(crate) struct PrimSpec {
    pub(crate) name: String,
    /// The place above it; the root is above itself.
    pub(crate) parent: usize,
    /// A variant stands for the prim that has it.
    pub(crate) is_variant: bool,
    pub(crate) specifier: Specifier,
    pub(crate) type_name: String,
    pub(crate) is_active: Option<bool>,
    pub(crate) references: ListEdit<Reference>,
    pub(crate) payloads: ListEdit<Reference>,
    pub(crate) inherits: ListEdit<String>,
    pub(crate) specializes: ListEdit<String>,
    pub(crate) selections: BTreeMap<String, String>,
    /// Places of variants by set and name.
    pub(crate) variants: BTreeMap<String, BTreeMap<String, usize>>,
    pub(crate) properties: BTreeMap<String, Property>,
    /// In their order.
    pub(crate) children: Vec<(String, usize)>,
    pub(crate) child_places: BTreeMap<String, usize>,
}

/// What is said of the whole layer.
#[derive(Default)]
pub(crate) struct Metadata {
    pub(crate) default_prim: Option<String>,
    pub(crate) up_axis: Option<String>,
    pub(crate) metres_per_unit: Option<f64>,
    pub(crate) time_codes_per_second: Option<f64>,
    pub(crate) frames_per_second: Option<f64>,
    pub(crate) start_time: Option<f64>,
    pub(crate) sublayers: Vec<String>,
}

impl Metadata {
    /// What is read of it, beside sublayers.
    pub(crate) const KEYS: [&str; 6] = [
        "defaultPrim",
        "upAxis",
        "metersPerUnit",
        "timeCodesPerSecond",
        "framesPerSecond",
        "startTimeCode",
    ];

    pub(crate) fn set(&mut self, key: &str, value: &Value) {
        let text = || value.text().map(str::to_owned);
        match key {
            "defaultPrim" => self.default_prim = text(),
            "upAxis" => self.up_axis = text(),
            "metersPerUnit" => self.metres_per_unit = value.number(),
            "timeCodesPerSecond" => self.time_codes_per_second = value.number(),
            "framesPerSecond" => self.frames_per_second = value.number(),
            "startTimeCode" => self.start_time = value.number(),
            _ => {}
        }
    }
}

/// What one file says.
pub(crate) struct Layer {
    /// Its path in the package, or beside the file.
    pub(crate) path: String,
    pub(crate) metadata: Metadata,
    /// The root comes first.
    pub(crate) prims: Vec<PrimSpec>,
    /// What values lie in.
    pub(crate) crate_file: Option<CrateFile>,
    specs: usize,
}

impl Layer {
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            metadata: Metadata::default(),
            prims: vec![PrimSpec::default()],
            crate_file: None,
            specs: 0,
        }
    }

    /// Counts one more spec.
    ///
    /// # Errors
    /// One line when there are too many.
    pub(crate) fn count_spec(&mut self) -> Result<(), String> {
        self.specs += 1;
        match self.specs <= MAX_SPECS {
            true => Ok(()),
            false => Err(format!(
                "a layer has more than {MAX_SPECS} prims and properties"
            )),
        }
    }

    /// The place of a child, which is made when it is not there.
    ///
    /// # Errors
    /// One line when there are too many.
    pub(crate) fn child(&mut self, parent: usize, name: &str) -> Result<usize, String> {
        if let Some(known) = self.prims[parent].child_places.get(name) {
            return Ok(*known);
        }
        let place = self.push(parent, name, false)?;
        let above = &mut self.prims[parent];
        above.children.push((name.to_owned(), place));
        above.child_places.insert(name.to_owned(), place);
        Ok(place)
    }

    /// The place of a variant, which is made when it is not there.
    ///
    /// # Errors
    /// One line when there are too many.
    pub(crate) fn variant(&mut self, prim: usize, set: &str, name: &str) -> Result<usize, String> {
        let sets = &self.prims[prim].variants;
        if let Some(known) = sets.get(set).and_then(|set| set.get(name)) {
            return Ok(*known);
        }
        let place = self.push(prim, name, true)?;
        let sets = &mut self.prims[prim].variants;
        sets.entry(set.to_owned())
            .or_default()
            .insert(name.to_owned(), place);
        Ok(place)
    }

    fn push(&mut self, parent: usize, name: &str, is_variant: bool) -> Result<usize, String> {
        self.count_spec()?;
        if name.len() > MAX_NAME_BYTES {
            return Err(format!("a name has more than {MAX_NAME_BYTES} bytes"));
        }
        self.prims.push(PrimSpec {
            name: name.to_owned(),
            parent,
            is_variant,
            ..PrimSpec::default()
        });
        Ok(self.prims.len() - 1)
    }

    /// The path of a prim, without the variants that it is in.
    pub(crate) fn path_of(&self, mut place: usize) -> String {
        let mut names = Vec::new();
        while place != 0 && names.len() <= 2 * MAX_DEPTH {
            let prim = &self.prims[place];
            if !prim.is_variant {
                names.push(prim.name.as_str());
            }
            place = prim.parent;
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }

    /// Reads a value.
    ///
    /// # Errors
    /// One line when the layer is damaged there, or it is too large.
    pub(crate) fn value(&self, field: &Field, budget: &Budget) -> Result<Value, String> {
        match (field, &self.crate_file) {
            (Field::Read(value), _) => {
                // Each prim that refers to it has it anew.
                budget.take_use(value)?;
                Ok(value.clone())
            }
            (Field::InCrate(own), Some(file)) => file.value(*own, budget),
            (Field::InCrate(_), None) => Ok(Value::Blocked),
        }
    }

    /// The value of the first sample; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub(crate) fn first_sample(
        &self,
        samples: &Samples,
        budget: &Budget,
    ) -> Result<Option<Value>, String> {
        let first = match samples {
            Samples::Read(own) => own.first().map(|(_, value)| Field::Read(value.clone())),
            Samples::InCrate(_) => {
                let all = self.samples(samples, budget)?;
                all.into_iter().next().map(|(_, value)| value)
            }
        };
        first.map(|field| self.value(&field, budget)).transpose()
    }

    /// The times at which there are samples, each with its value.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub(crate) fn samples(
        &self,
        samples: &Samples,
        budget: &Budget,
    ) -> Result<Vec<(f64, Field)>, String> {
        match (samples, &self.crate_file) {
            (Samples::Read(own), _) => {
                let own = own.iter();
                Ok(own
                    .map(|(time, value)| (*time, Field::Read(value.clone())))
                    .collect())
            }
            (Samples::InCrate(own), Some(file)) => file.samples(*own, budget),
            (Samples::InCrate(_), None) => Ok(Vec::new()),
        }
    }
}
