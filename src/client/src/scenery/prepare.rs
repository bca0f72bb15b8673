//! What of a scene is made ready on worker threads: pictures and meshes, side by side.

use super::{Form, Forms, Geometry, Inbox, PictureWishes, Pictures};
use crate::link::ComingScene;
use bevy::{
    prelude::{Handle, Mesh},
    tasks::{Task, TaskPool, TaskPoolBuilder},
};
use scene::{
    MeshIndex, Scene, threads,
    worker::{self, Worker},
};
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, OnceLock},
};

/// Threads of their own: one waits for pictures most of the time, and the engine's threads have other work. Never dropped, so
/// that the end of the program does not wait for a picture.
static THREADS: OnceLock<TaskPool> = OnceLock::new();

/// For pictures, for meshes, and for what starts and ends processes meanwhile.
const THREAD_COUNT: usize = 3;
/// Corners of triangles for which more than one thread makes meshes, and most such threads.
const CORNERS_WORTH_THREADS: usize = 20_000;
const MAX_MESH_THREADS: usize = 4;

/// A scene, ready to be put into the engine.
pub(crate) struct Prepared {
    pub(super) scene: Arc<Scene>,
    pub(super) forms: Forms,
    pub(super) pictures: Pictures,
    pub(super) meshes: Meshes,
}

/// Somebody who wants a scene that comes: when they are gone, nobody waits for it any more.
pub(super) struct Interest(pub(super) Arc<ComingScene>);

impl Drop for Interest {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// Everything that is drawn without its materials.
pub(super) struct Meshes {
    /// By mesh, place of the primitive in it, and form; with joints or without.
    pub(super) made: BTreeMap<(MeshIndex, usize, Form), (Handle<Mesh>, bool)>,
    /// Half the size of meshes that have levels, in metres of their own space.
    pub(super) radii: BTreeMap<MeshIndex, f32>,
}

/// Has the process for the pictures of the next file ready, whenever that comes.
pub(super) fn keep_worker_ready() {
    threads().spawn(async { worker::keep_ready() }).detach();
}

/// Makes a scene ready as soon as it comes; nothing when it never does.
pub(super) fn start(coming: Arc<ComingScene>, wishes: PictureWishes) -> Task<Option<Prepared>> {
    threads().spawn(async move {
        let worker = Worker::started();
        let whole = Arc::clone(&coming);
        let inbox = wishes.inbox.clone();
        let meshes = threads().spawn(async move {
            let scene = whole.wait()?;
            let meshes = meshes(&scene, &inbox, &|| whole.is_wanted());
            Some((scene, meshes))
        });
        let surfaces = coming.wait_for_surfaces()?;
        let pictures = Pictures::decode_while(&surfaces, &wishes, &worker, &|| coming.is_wanted());
        // Its end is waited for by somebody else.
        threads().spawn(async move { drop(worker) }).detach();
        let (scene, (forms, meshes)) = meshes.await?;
        Some(Prepared {
            scene,
            forms,
            pictures,
            meshes,
        })
    })
}

/// What somebody else's file breaks down at is its fault, told in a line, and not the end of the program.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("the program broke down at it".to_owned()))
}

/// All at once, in this thread, which must be one that may wait.
pub(crate) fn prepare(scene: &Arc<Scene>, wishes: &PictureWishes) -> Prepared {
    let (forms, meshes) = meshes(scene, &wishes.inbox, &|| true);
    Prepared {
        scene: Arc::clone(scene),
        forms,
        pictures: Pictures::decode(scene, wishes, &Worker::new()),
        meshes,
    }
}

fn threads() -> &'static TaskPool {
    THREADS.get_or_init(|| {
        let name = "Scenery Task Pool".to_owned();
        TaskPoolBuilder::new()
            .num_threads(THREAD_COUNT)
            .thread_name(name)
            .build()
    })
}

/// Makes the meshes, several at once, for as long as somebody wants them, and hands each in as it is made.
fn meshes(scene: &Scene, inbox: &Inbox, is_wanted: &(dyn Fn() -> bool + Sync)) -> (Forms, Meshes) {
    let forms = Forms::new(scene);
    let primitives = |index: MeshIndex| &scene.meshes[index.index()].primitives;
    let all = forms.all(scene).into_iter().flat_map(|(index, form)| {
        let parts = 0..primitives(index).len();
        parts.map(move |part| (index, part, form))
    });
    let corners =
        |&(index, part, _): &(MeshIndex, usize, Form)| primitives(index)[part].indices.len();
    let mut parts: Vec<_> = all.filter(|own| corners(own) > 0).collect();
    // Largest first, so that no long one begins last.
    parts.sort_by_key(|own| Reverse(corners(own)));
    let threads = match parts.iter().map(corners).sum::<usize>() {
        0..CORNERS_WORTH_THREADS => 1,
        _ => threads::of_machine(MAX_MESH_THREADS),
    };
    let make = |&(index, part, form): &(MeshIndex, usize, Form)| {
        is_wanted().then(|| {
            let Geometry { mesh, is_skinned } = Geometry::of(scene, &primitives(index)[part], form);
            (inbox.hand_in_mesh(mesh), is_skinned)
        })
    };
    let results = threads::in_order(&parts, threads, make, |(mesh, part, _)| {
        tracing::warn!("primitive {part} of mesh {} cannot be drawn", mesh.index());
        None
    });
    let results = parts.into_iter().zip(results);
    let made = results.filter_map(|(part, made)| Some((part, made?)));
    let made = made.collect();
    let with_levels = scene
        .nodes
        .iter()
        .filter(|node| !node.levels.nodes.is_empty());
    let mut radii = BTreeMap::new();
    for mesh in with_levels.filter_map(|node| node.mesh) {
        radii.entry(mesh).or_insert_with(|| {
            let bounds = scene.meshes[mesh.index()].bounds();
            bounds.map_or(1.0, |(low, high)| (high - low).length() * 0.5)
        });
    }
    (forms, Meshes { made, radii })
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};
    use bevy::prelude::{Assets, Image};
    use scene::Node;

    #[test]
    fn meshes_are_handed_in_as_long_as_somebody_wants_them() {
        let scene = testing::triangles(vec![Node::default()], 0);
        let (mut images, mut stored) = (Assets::<Image>::default(), Assets::<Mesh>::default());
        let inbox = Inbox::of(&images, &stored);
        let (_, made) = meshes(&scene, &inbox, &|| false);
        assert!(made.made.is_empty());
        let (_, made) = meshes(&scene, &inbox, &|| true);
        assert_eq!(made.made.len(), 1);
        inbox.empty_into(None, &mut images, &mut stored);
        let (mesh, _) = &made.made.values().next().unwrap();
        assert!(stored.contains(mesh) && stored.len() == 1);
    }

    #[test]
    fn what_breaks_down_is_told() {
        assert_eq!(guarded(|| Ok(1)), Ok(1));
        assert_eq!(
            guarded(|| Err::<u8, _>("no".to_owned())),
            Err("no".to_owned())
        );
        let fault = guarded(|| -> Result<u8, String> { panic!("as if by a file") });
        assert!(fault.unwrap_err().contains("broke down"));
    }

    #[test]
    fn several_threads_make_every_mesh_of_a_large_scene() {
        let mut scene = testing::triangles(vec![Node::default()], 0);
        let primitive = scene.meshes[0].primitives[0].clone();
        let parts = (1..=9).map(|part| scene::Primitive {
            indices: primitive.indices.repeat(part * CORNERS_WORTH_THREADS / 30),
            ..primitive.clone()
        });
        scene.meshes[0].primitives = parts.collect();
        let (mut images, mut stored) = (Assets::<Image>::default(), Assets::<Mesh>::default());
        let inbox = Inbox::of(&images, &stored);
        let (_, made) = meshes(&scene, &inbox, &|| true);
        inbox.empty_into(None, &mut images, &mut stored);
        let primitives = &scene.meshes[0].primitives;
        let corners = primitives.iter().map(|own| own.indices.len());
        assert!(corners.clone().sum::<usize>() > CORNERS_WORTH_THREADS);
        let drawn = made.made.iter().map(|((_, part, _), (mesh, _))| {
            let mesh = stored.get(mesh).unwrap();
            (*part, mesh.indices().unwrap().len())
        });
        assert!(drawn.eq(corners.enumerate()));
    }
}
