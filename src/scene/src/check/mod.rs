//! The report on a file: the codes, severities and places of the Khronos validator for what it checks, and codes of
//! our own that begin with `STOA_` for the rest. It never stops at the first fault, unlike the gate in `reader`.

mod animations;
mod authorship;
mod codes;
mod costs;
mod data;
mod extensions;
mod glb;
mod grammar;
mod graph;
mod links;
mod loading;
mod mend;
mod meshes;
mod model;
mod names;
mod objects;
mod pictures;
mod report;
mod resources;
mod schema;
mod sink;
mod unshown;
mod walk;

pub use authorship::Authorship;
pub use costs::{Cost, Grade, Unit, amount};
pub use loading::PackedBytes;
pub use names::NamedObject;
pub use report::{NamedExtension, Outcome, Report, Summary, check_bytes, check_file};

use crate::{
    limits::{MAX_ELEMENTS, MAX_MEMORY_BYTES, MAX_NODES, MAX_SIDE_FILES},
    source::{
        files::SideFiles,
        json::{self, Item},
    },
};
use model::Model;
use schema::Pool;
use sink::Sink;
use walk::Walk;

/// Finds what is wrong with a glTF or GLB, as the Khronos validator does, and the names of the objects of which that and
/// `others` tell, which are pointers.
fn find_issues(bytes: &[u8], files: &dyn SideFiles, others: &[String], sink: &mut Sink) {
    let is_glb = bytes.starts_with(b"glTF");
    let chunks = if is_glb {
        glb::split(bytes, sink)
    } else if bytes
        .first()
        .is_some_and(|byte| b"{[ \n\r\t\xEF".contains(byte))
    {
        glb::Chunks {
            json: Some(bytes),
            ..glb::Chunks::default()
        }
    } else {
        sink.at_byte(&codes::GLB_INVALID_MAGIC, 0);
        return;
    };
    let Some(text) = chunks.json else { return };
    let Ok(tree) = json::parse(text) else {
        sink.whole(&codes::INVALID_JSON);
        return;
    };
    if text.starts_with(b"\xEF\xBB\xBF") {
        // It can be read, but the specification wants none.
        sink.whole(&codes::INVALID_JSON);
    }
    let root = Item::root(&tree);
    if root.kind() != json::Kind::Object {
        sink.whole(&codes::TYPE_MISMATCH);
        return;
    }
    let lists = ["extensionsUsed", "extensionsRequired"].map(|key| root.member(key));
    if lists
        .iter()
        .flatten()
        .any(|list| list.count() > MAX_ELEMENTS)
    {
        // The gate refuses it for that.
        return;
    }
    if !objects::is_readable_asset(root) {
        find_issues_of_another_version(root, sink);
        return;
    }
    let source = resources::Source {
        binary: chunks.binary,
        is_glb,
        files,
        left: MAX_MEMORY_BYTES / 2,
        // Several buffers and images may name one file.
        files_left: 10 * MAX_SIDE_FILES,
    };
    find_issues_in(root, source, chunks.is_cut_off, sink);
    let pointers = others.iter().map(String::as_str);
    sink.names = names::names(root, pointers.chain(sink.pointers()));
}

/// Of another version, or none, nothing can be said but this.
fn find_issues_of_another_version(root: Item<'_>, sink: &mut Sink) {
    objects::check_asset(root, sink);
    objects::check_extension_lists(root, sink);
    let mut walk = Walk::new(root, sink);
    for key in ["extensionsUsed", "extensionsRequired"] {
        if let Some(list) = root.member(key) {
            walk.member(list, key);
        }
    }
    match root.member("asset") {
        Some(asset) => {
            walk.member(asset, "asset");
            if asset.kind() == json::Kind::Null {
                sink.at_member(&codes::UNDEFINED_PROPERTY, &root, "");
            }
        }
        None => sink.at_member(&codes::UNDEFINED_PROPERTY, &root, ""),
    }
}

fn find_issues_in(
    root: Item<'_>,
    mut source: resources::Source<'_>,
    is_cut_off: bool,
    sink: &mut Sink,
) {
    let names = walk::extension_names(root, "extensionsUsed").into_iter();
    sink.extensions = names.map(str::to_owned).collect();
    let mut walk = Walk::new(root, sink);
    if is_over_limits(&walk.used) {
        return;
    }
    walk.object(root, &grammar::ROOT);
    let (declared, mut used) = (walk.declared, walk.used);
    let model = Model::new(root);
    let mut usages = links::Usages::default();
    objects::check(&model, sink);
    links::check(&model, &mut usages, sink);
    meshes::check(&model, &declared, &mut usages, sink);
    let graph = graph::Graph::new(&model, sink);
    graph::check(&model, &graph, &mut usages, sink);
    animations::check(&model, &declared, &mut usages, sink);
    graph::check_dependencies(&model, &declared, sink);
    let views = used.entry(Pool::BufferViews).or_default();
    for view in usages.views() {
        if let Some(Some(is_used)) = views.get_mut(view) {
            *is_used = true;
        }
    }
    for (pool, used) in &used {
        if *pool == Pool::Scenes {
            continue;
        }
        let items = walk::pool_items(root, *pool);
        for (item, is_used) in items.iter().zip(used) {
            if *is_used == Some(false) {
                sink.at(&codes::UNUSED_OBJECT, item);
            }
        }
    }
    if is_cut_off {
        return;
    }
    let buffers = source.buffers(&model, sink);
    source.images(&model, &buffers, &declared, sink);
    data::Data::new(&model, &buffers, declared.contains("KHR_mesh_quantization")).check(sink);
}

/// A file that the gate refuses for its size is not looked at further.
fn is_over_limits(used: &std::collections::BTreeMap<Pool, Vec<Option<bool>>>) -> bool {
    used.iter().any(|(pool, items)| {
        let limit = match pool {
            Pool::Accessors | Pool::BufferViews => MAX_ELEMENTS * 10,
            _ => MAX_NODES,
        };
        items.len() > limit
    })
}
