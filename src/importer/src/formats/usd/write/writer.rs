//! What all parts of a stage need that are written.

use super::{mesh::Work, shader::Texture};
use crate::formats::{
    channels::{Channel, Pixels, channels},
    model::{Model, shown},
    usd::{
        read::package::{Package, inside},
        stage::values::Values,
    },
};
use serde_json::{Value as Json, json};
use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

/// A stage on its way into a document.
pub(crate) struct Writer<'w, 'h> {
    pub(crate) values: &'w Values<'w>,
    pub(crate) package: Option<&'w Package<'w>>,
    pub(crate) model: &'w mut Model<'h>,
    pub(crate) work: Work,
    pub(crate) pixels: Pixels,
    /// Places of materials by what they say.
    materials: BTreeMap<String, usize>,
    /// Names of pictures that were put together, and whether that went well.
    combined: BTreeMap<String, bool>,
    /// How many channels pictures have, by their names: many materials ask for the same one.
    channel_counts: RefCell<BTreeMap<String, Option<u8>>>,
}

impl<'w, 'h> Writer<'w, 'h> {
    pub(crate) fn new(
        values: &'w Values<'w>,
        package: Option<&'w Package<'w>>,
        model: &'w mut Model<'h>,
    ) -> Self {
        Self {
            values,
            package,
            model,
            work: Work::new(),
            pixels: Pixels::new(),
            materials: BTreeMap::new(),
            combined: BTreeMap::new(),
            channel_counts: RefCell::default(),
        }
    }

    /// The place of a material; equal ones have one.
    pub(crate) fn material_place(&mut self, json: Json) -> usize {
        let key = json.to_string();
        if let Some(known) = self.materials.get(&key) {
            return *known;
        }
        let place = self.model.push("materials", json);
        self.materials.insert(key, place);
        place
    }

    /// The name of a picture that a layer names; `None`, with a note, when it is not in the package or folder.
    pub(crate) fn picture_name(&mut self, layer: &str, asset: &str) -> Option<String> {
        let name = inside(layer, asset);
        let is_there = name.as_deref().is_some_and(|name| {
            self.package
                .is_none_or(|package| package.file(name).is_some())
        });
        if !is_there {
            let place = match self.package {
                Some(_) => "in the package",
                None => "in or below its folder",
            };
            self.model.note(format!(
                "the image `{}` is not {place}: it is left out",
                shown(asset)
            ));
        }
        name.filter(|_| is_there)
    }

    pub(crate) fn picture(&self, name: &str) -> Option<Arc<[u8]>> {
        let content = match self.package {
            Some(package) => package.file(name)?,
            None => &[],
        };
        self.model.picture(name, content).ok()
    }

    /// A channel of a picture, without the factor that a material tells; `None` when there is no picture.
    pub(crate) fn channel(&self, texture: &Texture) -> Option<Channel> {
        let bytes = self.picture(&texture.name)?;
        let texture = texture.without_factor();
        let place = texture.channel();
        Some(Channel {
            bytes,
            place,
            scale: texture.scale[place],
            bias: texture.bias[place],
        })
    }

    /// How many channels a picture has; `None` when it is none.
    pub(crate) fn channel_count(&self, name: &str) -> Option<u8> {
        if let Some(known) = self.channel_counts.borrow().get(name) {
            return *known;
        }
        let count = self.picture(name).and_then(|bytes| channels(&bytes));
        let mut counts = self.channel_counts.borrow_mut();
        counts.insert(name.to_owned(), count);
        count
    }

    /// True when all channels of a picture are the same.
    pub(crate) fn is_grey(&self, name: &str) -> bool {
        matches!(self.channel_count(name), Some(1 | 2))
    }

    /// A texture as a material names it; `None`, with a note, when there is no picture.
    pub(crate) fn texture(&mut self, own: &Texture) -> Option<Json> {
        let content = match self.package {
            Some(package) => package.file(&own.name)?,
            None => &[],
        };
        let place = self.model.texture(&own.name, content, own.wraps)?;
        Some(info(place, own))
    }

    /// The same for a picture that is put together once of what two names tell, and lies as `own` does.
    pub(crate) fn combined(
        &mut self,
        own: &Texture,
        of: [&str; 2],
        make: impl FnOnce(&mut Self) -> Option<Vec<u8>>,
    ) -> Option<Json> {
        let stem = |name: &str| {
            let (_, file) = name.rsplit_once('/').unwrap_or(("", name));
            file.split('.').next().unwrap_or_default().to_owned()
        };
        let name = format!("{} {}/{} {}", of[0], of[1], stem(of[0]), stem(of[1]));
        let name = name.trim_end();
        let content = match self.combined.get(name) {
            // The model has it already.
            Some(true) => Vec::new(),
            Some(false) => return None,
            None => {
                let made = make(self);
                self.combined.insert(name.to_owned(), made.is_some());
                if made.is_none() {
                    self.note_map("put together", &own.name);
                }
                made?
            }
        };
        let place = self.model.texture(name, &content, own.wraps)?;
        Some(info(place, own))
    }

    /// Tells that a map is left out.
    pub(crate) fn note_map(&mut self, kind: &str, name: &str) {
        self.model
            .note(format!("the {kind} map `{}` is left out", shown(name)));
    }
}

fn info(place: usize, own: &Texture) -> Json {
    let mut info = json!({ "index": place });
    if own.uv_set > 0 {
        info["texCoord"] = own.uv_set.into();
    }
    if let Some(transform) = &own.transform {
        info["extensions"] = json!({ "KHR_texture_transform": transform });
    }
    info
}
