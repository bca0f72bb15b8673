//! From the bytes of a file to a draft: every buffer, view, accessor and image resolved, compression undone.

use super::{
    Draft, Said, objects,
    references::{self, Freedom, Pool},
};
use crate::{
    Purpose, SoundFormat,
    error::SceneError,
    reader::{dds, document::load_within, draco},
    source::{
        accessor::Accessors,
        budget::Budget,
        container::{self, Bytes},
        files::SideFiles,
        json::{self, Item},
    },
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};

/// Extensions that are undone while a file is opened.
const UNDONE: [&str; 3] = [
    "KHR_draco_mesh_compression",
    "EXT_meshopt_compression",
    "KHR_meshopt_compression",
];

/// Media type of DDS images, as their extension writes it.
const DDS: &str = "image/vnd-ms.dds";

impl Draft {
    /// Opens a glTF or GLB from untrusted bytes, after the gate, which lets pass more images than may be shown together: they can be made smaller.
    ///
    /// # Errors
    /// [`SceneError`] with the place and the fault, the gate's own and those of data that it does not look into.
    pub fn open(bytes: &[u8], files: &dyn SideFiles, purpose: Purpose) -> Result<Self, SceneError> {
        let (limit, budget) = (purpose.limit(), Budget::of_source());
        drop(load_within(bytes, files, limit, &budget, None)?);
        let container = container::split(bytes)?;
        let tree = json::parse(container.json)?;
        let root = Item::root(&tree);
        let budget = Budget::of_source();
        budget.charge(&root, tree.memory_bytes())?;
        let data = Bytes::load(&root, container.binary, files, purpose.limit(), &budget)?;
        data.unpack(&root)?;
        let accessors = Accessors::new(&root, &data, &budget)?;
        let mut document = root.value()?;
        objects::settle(&mut document);
        let mut draft = Self::new(document);
        let mut extensions = BTreeSet::new();
        references::extensions_in(&draft.json, &mut extensions);
        draft.freedom = references::freedom(extensions.iter().map(String::as_str));
        draft.said = said(&root, draft.freedom)?;
        draft.read_arrays(&root, &accessors)?;
        draft.read_blobs(&root, &data)?;
        draft.embed(&root, &data)?;
        draft.forget_containers();
        Ok(draft)
    }

    fn read_arrays(
        &mut self,
        root: &Item<'_>,
        accessors: &Accessors<'_>,
    ) -> Result<(), SceneError> {
        let count = accessors.count();
        self.arrays = vec![None; count];
        for mesh in items(root, "meshes") {
            for primitive in items(&mesh, "primitives") {
                draco::unpack(&primitive, accessors)?;
                if primitive.extension(UNDONE[0]).is_some() {
                    let attributes = primitive.require("attributes")?;
                    let references = attributes.members().map(|(_, item)| item);
                    for reference in references.chain(primitive.get("indices")) {
                        let index = reference.index(count, "accessor")?;
                        self.read_array(accessors, index)?;
                    }
                }
                accessors.forget_provided();
            }
        }
        let used = references::uses(&mut self.json, Pool::is_accessor, count);
        for (index, is_used) in used.into_iter().enumerate() {
            if is_used || self.freedom == Freedom::Nothing {
                self.read_array(accessors, index as u32)?;
            }
        }
        Ok(())
    }

    fn read_array(&mut self, accessors: &Accessors<'_>, index: u32) -> Result<(), SceneError> {
        let place = index as usize;
        let Some(item) = accessors
            .item(place)
            .filter(|_| self.arrays[place].is_none())
        else {
            return Ok(());
        };
        let mut array = accessors.dense(item, index)?;
        for (name, member) in item.members() {
            let is_own = matches!(
                name,
                "bufferView"
                    | "byteOffset"
                    | "componentType"
                    | "normalized"
                    | "count"
                    | "type"
                    | "max"
                    | "min"
                    | "sparse"
                    | "name"
            );
            if !is_own {
                array.rest.insert(name.to_owned(), member.value()?);
            }
        }
        self.arrays[place] = Some(array);
        Ok(())
    }

    /// Bytes of the views that are used as a whole; of all but accessors' own ones where something could name them.
    fn read_blobs(&mut self, root: &Item<'_>, data: &Bytes<'_>) -> Result<(), SceneError> {
        let count = data.view_count();
        let mut used = references::uses(&mut self.json, |pool| pool == Pool::Views, count);
        if self.freedom == Freedom::Nothing {
            let mut is_data = vec![false; count];
            for accessor in items(root, "accessors") {
                let sparse = accessor.get("sparse");
                let parts = ["indices", "values"];
                let parts = parts.map(|part| sparse.as_ref().and_then(|sparse| sparse.get(part)));
                for item in parts.into_iter().flatten().chain([accessor]) {
                    let view = item.index_of("bufferView", count, "buffer view")?;
                    if let Some(view) = view {
                        is_data[view as usize] = true;
                    }
                }
            }
            for (used, is_data) in used.iter_mut().zip(is_data) {
                *used |= !is_data;
            }
        }
        for (index, is_used) in used.into_iter().enumerate() {
            let said = self.said.views.get(&index);
            let is_used = is_used || said.is_some_and(|said| said.contains_key("extensions"));
            let blob = is_used.then(|| data.copy(root, index as u32)).transpose()?;
            self.blobs.push(blob);
        }
        let blobs = &self.blobs;
        self.said.views.retain(|view, _| blobs[*view].is_some());
        Ok(())
    }

    /// Files beside the document come inside.
    fn embed(&mut self, root: &Item<'_>, data: &Bytes<'_>) -> Result<(), SceneError> {
        let images = items(root, "images");
        for (number, item) in images.enumerate() {
            let Some(uri) = item.get("uri") else { continue };
            let bytes = data.uri(&uri)?;
            let place = self.embed_blob(&bytes);
            let name = file_stem(uri.text()?);
            let Some(image) = self.json["images"][number].as_object_mut() else {
                continue;
            };
            image.shift_remove("uri");
            if let Some(name) = name.filter(|_| !image.contains_key("name")) {
                image.insert("name".to_owned(), name.into());
            }
            image.insert("bufferView".to_owned(), place.into());
        }
        let audio = root.extension("KHR_audio_emitter");
        let audio = audio.iter().flat_map(|audio| items(audio, "audio"));
        for (number, item) in audio.enumerate() {
            let Some(uri) = item.get("uri") else { continue };
            let bytes = data.uri(&uri)?;
            let place = self.embed_blob(&bytes);
            let audio = &mut self.json["extensions"]["KHR_audio_emitter"]["audio"][number];
            if let Some(audio) = audio.as_object_mut() {
                audio.shift_remove("uri");
                audio.insert("bufferView".to_owned(), place.into());
                let kind = SoundFormat::of(&bytes).media_type();
                audio.insert("mimeType".to_owned(), kind.into());
            }
        }
        let views = self.list("images").iter().map(|image| &image["bufferView"]);
        let kinds: Vec<Option<&str>> = views
            .map(|view| image_type(self.blobs.get(references::index(view)?)?.as_ref()?))
            .collect();
        for (image, kind) in self.list_mut("images").zip(&kinds) {
            if let (Some(image), Some(kind)) = (image.as_object_mut(), kind) {
                image.insert("mimeType".to_owned(), (*kind).into());
            }
        }
        for texture in self.list_mut("textures") {
            name_foreign_source(texture, &kinds);
        }
        Ok(())
    }

    fn embed_blob(&mut self, bytes: &Arc<[u8]>) -> usize {
        self.blobs.push(Some(Arc::clone(bytes)));
        self.blobs.len() - 1
    }

    /// What the draft holds itself leaves the JSON.
    fn forget_containers(&mut self) {
        let Some(root) = self.json.as_object_mut() else {
            return;
        };
        for name in ["accessors", "bufferViews", "buffers"] {
            root.shift_remove(name);
        }
        for mesh in self.list_mut("meshes") {
            let primitives = mesh["primitives"].as_array_mut().into_iter().flatten();
            for primitive in primitives.filter_map(Value::as_object_mut) {
                remove_extension(primitive, UNDONE[0]);
            }
        }
    }
}

/// What buffers and views say that is not about their bytes.
fn said(root: &Item<'_>, freedom: Freedom) -> Result<Said, SceneError> {
    let mut said = Said::default();
    // All buffers become one; where two say something else of the same, the first is right.
    for buffer in items(root, "buffers") {
        let mut own = beside_bytes(&buffer)?;
        own.shift_remove("name");
        add_missing(&mut said.buffer, own);
    }
    if freedom == Freedom::Nothing {
        for (place, view) in items(root, "bufferViews").enumerate() {
            let own = beside_bytes(&view)?;
            if own.keys().any(|name| name != "name") {
                said.views.insert(place, own);
            }
        }
    }
    Ok(said)
}

/// Members that are not there, and of objects that are there their members.
fn add_missing(to: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        let known = to.entry(name).or_insert_with(|| value.clone());
        if let (Value::Object(known), Value::Object(value)) = (known, value) {
            for (name, value) in value {
                known.entry(name).or_insert(value);
            }
        }
    }
}

/// Members of a buffer or view, but where its bytes are and how they are compressed.
fn beside_bytes(item: &Item<'_>) -> Result<Map<String, Value>, SceneError> {
    const OF_BYTES: [&str; 6] = [
        "uri",
        "buffer",
        "byteOffset",
        "byteLength",
        "byteStride",
        "target",
    ];
    let mut own = Map::new();
    for (name, member) in item.members() {
        if !OF_BYTES.contains(&name) {
            own.insert(name.to_owned(), member.value()?);
        }
    }
    for name in UNDONE {
        remove_extension(&mut own, name);
    }
    Ok(own)
}

/// Removes an extension from an object, and `extensions` with it when nothing else stands there.
fn remove_extension(object: &mut Map<String, Value>, name: &str) {
    if let Some(Value::Object(extensions)) = object.get_mut("extensions") {
        extensions.shift_remove(name);
        if extensions.is_empty() {
            object.shift_remove("extensions");
        }
    }
}

/// A texture names a WebP, KTX2 or DDS image by the extension for it, and not as if every program could read it.
fn name_foreign_source(texture: &mut Value, kinds: &[Option<&str>]) {
    let source = references::index(&texture["source"]);
    let name = match source.and_then(|source| *kinds.get(source)?) {
        Some("image/webp") => "EXT_texture_webp",
        Some("image/ktx2") => "KHR_texture_basisu",
        Some(DDS) => "MSFT_texture_dds",
        _ => return,
    };
    let Some(texture) = texture.as_object_mut() else {
        return;
    };
    if let Some(source) = texture.shift_remove("source") {
        let extensions = texture.entry("extensions").or_insert_with(|| json!({}));
        if extensions.get(name).is_none() {
            extensions[name] = json!({ "source": source });
        }
    }
}

fn items<'a>(object: &Item<'a>, name: &str) -> impl Iterator<Item = Item<'a>> + use<'a> {
    let list = object.get(name);
    let count = list.map_or(0, |list| match list.kind() {
        json::Kind::Array => list.count(),
        _ => 0,
    });
    (0..count).filter_map(move |index| list.and_then(|list| list.element(index)))
}

/// The name of a file without folders and ending; nothing of data URIs.
fn file_stem(uri: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(uri)
        .decode_utf8()
        .ok()?;
    let name = (!uri.starts_with("data:")).then(|| decoded.rsplit('/').next())??;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    (!stem.is_empty()).then(|| stem.to_owned())
}

/// What an image is by its first bytes.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG") {
        Some("image/png")
    } else if bytes.starts_with(b"\xFF\xD8") {
        Some("image/jpeg")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else if bytes.starts_with(b"\xABKTX 20\xBB") {
        Some("image/ktx2")
    } else if dds::is_one(bytes) {
        Some(DDS)
    } else {
        None
    }
}
