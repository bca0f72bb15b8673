//! What of a scene is made ready on worker threads: pictures and meshes, side by side.

use super::{Form, Forms, Geometry, Inbox, PictureWishes, Pictures};
use crate::link::ComingScene;
use bevy::{
    prelude::{Handle, Mesh},
    tasks::{Task, TaskPool, TaskPoolBuilder},
};
use scene::{
    MeshIndex, Scene,
    worker::{self, Worker},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// Threads of their own: one waits for pictures most of the time, and the engine's threads have other work. Never dropped, so
/// that the end of the program does not wait for a picture.
static THREADS: OnceLock<TaskPool> = OnceLock::new();

/// For pictures, for meshes, and for what starts and ends processes meanwhile.
const THREAD_COUNT: usize = 3;

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

/// Makes the meshes, for as long as somebody wants them, and hands each in as it is made.
fn meshes(scene: &Scene, inbox: &Inbox, is_wanted: &dyn Fn() -> bool) -> (Forms, Meshes) {
    let forms = Forms::new(scene);
    let mut made = BTreeMap::new();
    for (index, form) in forms.all(scene) {
        for (part, primitive) in scene.meshes[index.index()]
            .primitives
            .iter()
            .enumerate()
            .filter(|(_, primitive)| !primitive.indices.is_empty() && is_wanted())
        {
            let Geometry { mesh, is_skinned } = Geometry::of(scene, primitive, form);
            let mesh = inbox.hand_in_mesh(mesh);
            made.insert((index, part, form), (mesh, is_skinned));
        }
    }
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
        inbox.empty_into(&mut images, &mut stored);
        let (mesh, _) = &made.made.values().next().unwrap();
        assert!(stored.contains(mesh) && stored.len() == 1);
    }
}
