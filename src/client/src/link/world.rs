//! From files on disk to a world: read and checked on a thread of its own, while the screen stays alive.

use super::{
    Doorway, Fault, FaultKind, Link, Visit,
    coming::{ComingScene, Promise},
};
use crate::{app::order::Stage, scenery};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use protocol::{BodyInfo, EntityId};
use scene::{LoadedWorld, NodeIndex, WorldManifest};
use session::WorldFiles;
use simulation::{Role, Simulation, WorldRules};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The world that one is in.
#[derive(Resource)]
pub(crate) struct VisitWorld {
    pub(crate) scene: Arc<scene::Scene>,
    pub(crate) manifest: WorldManifest,
    pub(crate) simulation: Simulation,
    /// Node of each body that the server speaks of.
    pub(crate) node_of_body: BTreeMap<EntityId, NodeIndex>,
    pub(crate) bodies: Vec<BodyInfo>,
    pub(crate) notice_board: Option<NoticeBoard>,
    pub(crate) doorways: Vec<Doorway>,
}

/// Where notes are read and pinned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoticeBoard {
    /// Its node; the writable area lies around it in its XY plane and faces +Z.
    pub(crate) node: NodeIndex,
    /// Width and height in metres.
    pub(crate) size: Vec2,
    /// Middle of the area, world space, as the file has it.
    pub(crate) center: Vec3,
    /// Where it faces, unit length.
    pub(crate) face: Vec3,
}

impl NoticeBoard {
    /// The first board of a world.
    fn of(scene: &scene::Scene) -> Option<Self> {
        let nodes = scene.nodes_in_scene();
        let (node, size) = nodes
            .into_iter()
            .find_map(|node| Some((node, scene.nodes[node.index()].notice_board?)))?;
        let world_from_node = scene.world_from_node(node);
        Some(Self {
            node,
            size,
            center: world_from_node.translation.into(),
            face: world_from_node
                .transform_vector3(Vec3::Z)
                .normalize_or(Vec3::Z),
        })
    }
}

impl VisitWorld {
    /// Index in the local physics of a body that the server speaks of.
    pub(crate) fn index_of(&self, entity: EntityId) -> Option<usize> {
        let node = self.node_of_body.get(&entity)?;
        self.simulation.body_of_node(*node)
    }

    /// What the server calls a body of the local physics.
    pub(crate) fn entity_of(&self, index: usize) -> Option<EntityId> {
        let node = self.simulation.bodies().get(index)?.node;
        let known = self.node_of_body.iter().find(|(_, known)| **known == node);
        known.map(|(entity, _)| *entity)
    }
}

/// Sent once when a world is built.
#[derive(Message)]
pub(crate) struct LoadedHere;

/// Sent once when a world's file begins to be read.
#[derive(Message)]
pub(crate) struct SceneComing(pub(crate) Arc<ComingScene>);

/// The world being read.
#[derive(Resource, Default)]
pub(super) struct Loading(Option<Task<Result<Built, String>>>);

/// What a worker thread makes of a world.
struct Built {
    manifest: WorldManifest,
    simulation: Simulation,
    notice_board: Option<NoticeBoard>,
    doorways: Vec<Doorway>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Loading>()
        .add_message::<SceneComing>()
        .add_message::<LoadedHere>();
    app.add_systems(OnEnter(Stage::Outside), forget);
}

/// Outside there is no world, and none is on its way.
fn forget(mut commands: Commands, mut loading: ResMut<Loading>, mut visit: ResMut<Visit>) {
    loading.0 = None;
    *visit = Visit::default();
    commands.remove_resource::<VisitWorld>();
}

impl Loading {
    /// Begins; what comes is to be told to everybody.
    #[must_use]
    pub(super) fn start(&mut self, files: &WorldFiles) -> SceneComing {
        self.start_at(place(files))
    }

    fn start_at(&mut self, path: PathBuf) -> SceneComing {
        let coming = Arc::new(ComingScene::default());
        let promise = Promise(Arc::clone(&coming));
        let building = async move { scenery::guarded(|| build(&path, promise)) };
        self.0 = Some(AsyncComputeTaskPool::get().spawn(building));
        SceneComing(coming)
    }
}

fn build(path: &Path, promise: Promise) -> Result<Built, String> {
    let LoadedWorld {
        manifest, scene, ..
    } = scene::load_world_telling(path, &mut |surfaces| promise.tell(surfaces))
        .map_err(|error| error.to_string())?;
    let scene = Arc::new(scene);
    promise.keep(&scene);
    let rules = WorldRules {
        gravity: manifest.gravity,
    };
    Ok(Built {
        manifest,
        notice_board: NoticeBoard::of(&scene),
        doorways: Doorway::all(&scene),
        simulation: Simulation::new(scene, rules, Role::Follower),
    })
}

/// Begins to read a world from a file or folder that no session has brought. Nobody else is in it.
pub(crate) fn load_alone(world: &mut World, path: &Path) {
    let coming = world.resource_mut::<Loading>().start_at(path.to_path_buf());
    world.write_message(coming);
    world.resource_mut::<NextState<Stage>>().set(Stage::Loading);
}

/// The folder when it is a world with a manifest, the file when it came alone.
fn place(files: &WorldFiles) -> PathBuf {
    if files.folder().join(scene::MANIFEST_FILE).exists() {
        files.folder().to_path_buf()
    } else {
        files.main_file()
    }
}

pub(super) fn build_when_loaded(
    mut commands: Commands,
    mut loading: ResMut<Loading>,
    mut visit: ResMut<Visit>,
    link: Option<Res<Link>>,
    mut next: ResMut<NextState<Stage>>,
    mut loaded: MessageWriter<LoadedHere>,
) {
    if visit.fault.is_some() {
        loading.0 = None;
    }
    let Some(task) = &mut loading.0 else { return };
    let Some(result) = block_on(poll_once(task)) else {
        return;
    };
    loading.0 = None;
    let built = match result {
        Ok(built) => built,
        Err(error) => {
            let line = format!("the world cannot be shown: {error}");
            super::end(&mut visit, Fault::new(FaultKind::Broken, line));
            return;
        }
    };
    // Nobody tells of bodies where no session has brought the world.
    let bodies = visit.welcome.as_ref();
    let bodies = bodies.map_or_else(Vec::new, |welcome| welcome.bodies.clone());
    commands.insert_resource(VisitWorld {
        notice_board: built.notice_board,
        doorways: built.doorways,
        scene: Arc::clone(built.simulation.scene()),
        manifest: built.manifest,
        node_of_body: bodies
            .iter()
            .map(|body| (body.entity, NodeIndex(body.node)))
            .collect(),
        bodies,
        simulation: built.simulation,
    });
    loaded.write(LoadedHere);
    next.set(Stage::Inside);
    if link.is_none_or(|link| link.0.ready().is_err()) {
        tracing::debug!("the session ended while the world was built");
    }
}
