//! The layers of a stage, each read once: from the package, or from the folder of a file that is none.

use crate::formats::{
    MAX_BYTES,
    model::{Model, shown},
    usd::{
        limits::{MAX_ARC_DEPTH, MAX_LAYERS},
        read::{
            self,
            layer::Layer,
            package::{Package, inside},
            value::Budget,
        },
    },
};
use std::{collections::BTreeMap, rc::Rc};

/// Reads layers by their names.
pub(crate) struct Library<'l, 'm, 'h> {
    pub(crate) package: Option<&'l Package<'l>>,
    pub(crate) model: &'m mut Model<'h>,
    pub(crate) budget: &'l Budget,
    layers: Vec<Layer>,
    places: BTreeMap<String, Option<usize>>,
    stacks: BTreeMap<usize, Rc<Vec<usize>>>,
    /// Bytes that were read from the folder.
    bytes: u64,
}

impl<'l, 'm, 'h> Library<'l, 'm, 'h> {
    pub(crate) fn new(
        package: Option<&'l Package<'l>>,
        model: &'m mut Model<'h>,
        budget: &'l Budget,
    ) -> Self {
        Self {
            package,
            model,
            budget,
            layers: Vec::new(),
            places: BTreeMap::new(),
            stacks: BTreeMap::new(),
            bytes: 0,
        }
    }

    pub(crate) fn layer(&self, place: usize) -> &Layer {
        &self.layers[place]
    }

    pub(crate) fn take_layers(&mut self) -> Vec<Layer> {
        std::mem::take(&mut self.layers)
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.model.note(text);
    }

    /// Reads a layer whose bytes are there.
    ///
    /// # Errors
    /// One line when it is none, or damaged.
    pub(crate) fn add(&mut self, bytes: &[u8], path: &str) -> Result<usize, String> {
        if self.layers.len() >= MAX_LAYERS {
            return Err(format!("it has more than {MAX_LAYERS} layers"));
        }
        self.layers.push(read::layer(bytes, path, self.budget)?);
        let place = self.layers.len() - 1;
        self.places.insert(path.to_owned(), Some(place));
        Ok(place)
    }

    /// The layer that the one at a path names; `None`, with a note, when it is not there or of another format.
    ///
    /// # Errors
    /// One line when it is damaged.
    pub(crate) fn open(&mut self, told_by: &str, asset: &str) -> Result<Option<usize>, String> {
        let path = inside(told_by, asset);
        let known = path.as_ref().and_then(|path| self.places.get(path));
        if let Some(known) = known {
            return Ok(*known);
        }
        let bytes = path.as_deref().and_then(|path| self.read(path));
        let (Some(path), Some(bytes)) = (&path, bytes) else {
            let place = match self.package {
                Some(_) => "in the package",
                None => "in or below its folder",
            };
            self.note(format!(
                "the layer `{}` is not {place}: it is left out",
                shown(asset)
            ));
            if let Some(path) = path {
                self.places.insert(path, None);
            }
            return Ok(None);
        };
        if !read::is_layer(&bytes) {
            self.note(format!("`{}` is no USD: it is left out", shown(asset)));
            self.places.insert(path.clone(), None);
            return Ok(None);
        }
        let place = self.add(&bytes, path);
        let fault = |fault: String| format!("`{}` in it: {fault}", shown(asset));
        place.map(Some).map_err(fault)
    }

    fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        match self.package {
            Some(package) => package.file(path).map(<[u8]>::to_vec),
            None => {
                let bytes = self.model.file_below(path, MAX_BYTES - self.bytes)?;
                self.bytes += bytes.len() as u64;
                Some(bytes)
            }
        }
    }

    /// The places of a layer and its sublayers, the strongest first.
    ///
    /// # Errors
    /// One line when one of them is damaged.
    pub(crate) fn stack(&mut self, root: usize) -> Result<Rc<Vec<usize>>, String> {
        if let Some(known) = self.stacks.get(&root) {
            return Ok(Rc::clone(known));
        }
        let mut stack = Vec::new();
        let mut open = vec![(root, 0)];
        while let Some((place, depth)) = open.pop() {
            if stack.contains(&place) || depth > MAX_ARC_DEPTH {
                continue;
            }
            stack.push(place);
            let told_by = self.layers[place].path.clone();
            for name in self.layers[place].metadata.sublayers.clone().iter().rev() {
                open.extend(self.open(&told_by, name)?.map(|own| (own, depth + 1)));
            }
        }
        let stack = Rc::new(stack);
        self.stacks.insert(root, Rc::clone(&stack));
        Ok(stack)
    }
}
