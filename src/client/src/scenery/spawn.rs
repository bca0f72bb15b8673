//! Puts a loaded world into the engine: first pictures and meshes on worker threads, then nodes.

use super::{
    Surface, SurfaceStores, WishedPictures,
    draw::Drawer,
    lights,
    prepare::{self, Interest, Prepared},
    variant::{self, ChosenVariant},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{SceneComing, VisitWorld},
    look::Dawn,
};
use bevy::{
    mesh::skinning::SkinnedMeshInverseBindposes,
    prelude::*,
    tasks::{Task, block_on, poll_once},
};
use scene::{MaterialIndex, NodeIndex, Scene};
use std::{collections::BTreeMap, sync::Arc};

/// Updates after the last spawn until everything has surely reached the adapter.
const SETTLING_UPDATES: u32 = 4;

/// Root of everything that the world file draws.
#[derive(Component)]
pub(crate) struct SceneryRoot;

/// The engine's entity of each node of the world.
#[derive(Resource, Default)]
pub(crate) struct NodeEntities(pub(crate) BTreeMap<NodeIndex, Entity>);

/// The engine's material of each material of the world.
#[derive(Resource, Default)]
pub(crate) struct WorldSurfaces(pub(crate) BTreeMap<MaterialIndex, Surface>);

/// True when the world is whole on the screen.
#[derive(Resource, Default)]
pub(crate) struct IsSceneryComplete(pub(crate) bool);

/// A world on its way into the engine.
#[derive(Resource, Default)]
struct Preparing {
    underway: Option<(Task<Option<Prepared>>, Interest)>,
    ready: Option<Prepared>,
    /// The root of what is drawn until its world is built, which says whether it stands on a floor.
    floorless: Option<(Entity, Arc<Scene>)>,
    settling: u32,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<NodeEntities>()
        .init_resource::<WorldSurfaces>()
        .init_resource::<IsSceneryComplete>()
        .init_resource::<Preparing>();
    app.add_systems(
        Update,
        (begin, draw, lay_floor)
            .chain()
            .in_set(ClientSystems::Receive)
            .after(crate::link::Received),
    );
    app.add_systems(Startup, prepare::keep_worker_ready)
        .add_systems(OnEnter(Stage::Outside), clear);
}

/// A world that one has left is not drawn.
fn clear(
    mut commands: Commands,
    mut preparing: ResMut<Preparing>,
    mut complete: ResMut<IsSceneryComplete>,
    mut entities: ResMut<NodeEntities>,
    mut surfaces: ResMut<WorldSurfaces>,
    roots: Query<Entity, With<SceneryRoot>>,
) {
    *preparing = Preparing::default();
    complete.0 = false;
    entities.0.clear();
    surfaces.0.clear();
    for root in &roots {
        commands.entity(root).despawn();
    }
}

fn begin(
    mut coming: MessageReader<SceneComing>,
    wished: WishedPictures,
    mut preparing: ResMut<Preparing>,
    mut complete: ResMut<IsSceneryComplete>,
) {
    let Some(SceneComing(scene)) = coming.read().last() else {
        return;
    };
    complete.0 = false;
    *preparing = Preparing {
        underway: Some((
            prepare::start(Arc::clone(scene), wished.now()),
            Interest(Arc::clone(scene)),
        )),
        ..Preparing::default()
    };
}

/// The engine's stores of assets that scenery goes into.
#[derive(bevy::ecs::system::SystemParam)]
pub(crate) struct Stores<'w> {
    pub(super) meshes: ResMut<'w, Assets<Mesh>>,
    pub(super) surfaces: SurfaceStores<'w>,
    pub(super) bind_poses: ResMut<'w, Assets<SkinnedMeshInverseBindposes>>,
}

/// Draws a scene as soon as it is ready: its physics may take longer.
fn draw(
    mut commands: Commands,
    mut preparing: ResMut<Preparing>,
    world: Option<Res<VisitWorld>>,
    mut entities: ResMut<NodeEntities>,
    mut world_surfaces: ResMut<WorldSurfaces>,
    chosen: Res<ChosenVariant>,
    dawn: Res<Dawn>,
    mut complete: ResMut<IsSceneryComplete>,
    mut stores: Stores,
    old_roots: Query<Entity, With<SceneryRoot>>,
) {
    let is_built = preparing.floorless.is_none();
    if preparing.settling > 0 && is_built && dawn.is_over() {
        preparing.settling -= 1;
        complete.0 = preparing.settling == 0;
        if complete.0 {
            prepare::keep_worker_ready();
        }
    }
    if let Some((task, _)) = &mut preparing.underway
        && let Some(prepared) = block_on(poll_once(task))
    {
        preparing.underway = None;
        preparing.ready = prepared;
    }
    // A world that was there before stays there, and is seen, until this one is built.
    let is_due = |prepared: &mut Prepared| {
        let mut world = world.iter();
        world.all(|world| Arc::ptr_eq(&prepared.scene, &world.scene))
    };
    let Some(prepared) = preparing.ready.take_if(is_due) else {
        return;
    };
    preparing.settling = SETTLING_UPDATES;
    for old in &old_roots {
        commands.entity(old).despawn();
    }
    entities.0.clear();
    let scene = Arc::clone(&prepared.scene);
    let scene = &*scene;
    let root = commands
        .spawn((SceneryRoot, Transform::default(), Visibility::default()))
        .id();
    preparing.floorless = Some((root, Arc::clone(&prepared.scene)));
    let is_unseen = prepared.meshes.made.is_empty();
    spawn_nodes(&mut commands, scene, root, &mut entities.0);
    for (node, &entity) in &entities.0 {
        if let Some(light) = scene.nodes[node.index()].light {
            lights::insert(&mut commands.entity(entity), &scene.lights[light.index()]);
        }
    }
    let variant = variant::number(scene, &chosen);
    world_surfaces.0 = Drawer::new(scene, root, &entities.0, prepared)
        .in_variant(variant)
        .draw(&mut commands, &mut stores);
    if is_unseen {
        super::bodies::draw_colliders(
            &mut commands,
            scene,
            &entities.0,
            &mut stores.meshes,
            &mut stores.surfaces.plain,
        );
    }
}

/// Puts a floor under what is a thing rather than a place, once its world is built.
fn lay_floor(
    mut commands: Commands,
    mut preparing: ResMut<Preparing>,
    world: Option<Res<VisitWorld>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    let Some(world) = world else { return };
    let is_its_own = |floorless: &mut (Entity, Arc<Scene>)| Arc::ptr_eq(&floorless.1, &world.scene);
    let Some((root, _)) = preparing.floorless.take_if(is_its_own) else {
        return;
    };
    if let Some(stage) = world.simulation.stage() {
        super::floor::spawn(
            &mut commands,
            root,
            stage,
            &mut meshes,
            &mut images,
            &mut materials,
        );
    }
}

/// Draws a scene of its own below `root`, as its file has it at rest. Its lights stay dark: they would shine on what
/// belongs to others.
pub(crate) fn draw_below(
    commands: &mut Commands,
    root: Entity,
    prepared: Prepared,
    stores: &mut Stores<'_>,
) {
    let scene = Arc::clone(&prepared.scene);
    let mut entities = BTreeMap::new();
    spawn_nodes(commands, &scene, root, &mut entities);
    Drawer::new(&scene, root, &entities, prepared).draw(commands, stores);
}

/// The tree of nodes below a root, without what they draw.
fn spawn_nodes(
    commands: &mut Commands,
    scene: &Scene,
    root: Entity,
    entities: &mut BTreeMap<NodeIndex, Entity>,
) {
    for node in scene.nodes_in_scene() {
        let described = &scene.nodes[node.index()];
        let parent = described
            .parent
            .and_then(|parent| entities.get(&parent).copied())
            .unwrap_or(root);
        let entity = commands
            .spawn((
                Name::new(described.name.clone()),
                engine_transform(&described.transform),
                if described.is_hidden {
                    Visibility::Hidden
                } else {
                    Visibility::Inherited
                },
                ChildOf(parent),
            ))
            .id();
        entities.insert(node, entity);
    }
}

/// Spawns a whole scene at once.
#[cfg(test)]
pub(super) fn spawn(commands: &mut Commands, scene: &Arc<Scene>, stores: &mut Stores<'_>) {
    use super::{Inbox, PictureWishes};
    use crate::look::Preset;
    let root = commands.spawn((Transform::default(), SceneryRoot)).id();
    let inbox = Inbox::of(&stores.surfaces.images, &stores.meshes);
    let wishes = PictureWishes::new(Preset::Low, None, inbox.clone());
    let prepared = prepare::prepare(scene, &wishes);
    inbox.empty_into(&mut stores.surfaces.images, &mut stores.meshes);
    draw_below(commands, root, prepared, stores);
}

/// A transform of the description as one of the engine.
pub(crate) fn engine_transform(transform: &scene::Transform) -> Transform {
    Transform {
        translation: transform.translation,
        rotation: transform.rotation,
        scale: transform.scale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::state::app::StatesPlugin;

    #[test]
    fn nothing_is_kept_of_a_world_that_one_has_left() {
        let surface = Surface::Plain(Handle::default());
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_state(Stage::Inside)
            .init_resource::<Preparing>()
            .insert_resource(IsSceneryComplete(true))
            .insert_resource(NodeEntities([(NodeIndex(0), Entity::PLACEHOLDER)].into()))
            .insert_resource(WorldSurfaces([(MaterialIndex(0), surface)].into()))
            .add_systems(OnEnter(Stage::Outside), clear);
        app.update();
        let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
        next.set(Stage::Outside);
        app.update();
        assert!(!app.world().resource::<IsSceneryComplete>().0);
        assert!(app.world().resource::<NodeEntities>().0.is_empty());
        assert!(app.world().resource::<WorldSurfaces>().0.is_empty());
    }
}
