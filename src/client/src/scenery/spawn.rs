//! Puts a loaded world into the engine: first pictures and meshes on worker threads, then nodes.

use super::{
    SceneSurfaces, SurfaceStores, WishedPictures,
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
use scene::{NodeIndex, Scene};
use std::{collections::BTreeMap, sync::Arc};

/// Updates after the last spawn until everything has surely reached the adapter.
const SETTLING_UPDATES: u32 = 4;

/// Root of everything that the world file draws.
#[derive(Component)]
pub(crate) struct SceneryRoot;

/// The engine's entity of each node of what is drawn: the world's, or that of one which comes. Empty while something else is drawn
/// than the world that is there.
#[derive(Resource, Default)]
pub(crate) struct NodeEntities(pub(crate) BTreeMap<NodeIndex, Entity>);

/// The engine's materials of those of the same.
#[derive(Resource, Default)]
pub(crate) struct WorldSurfaces(pub(crate) SceneSurfaces);

/// True when the world is whole on the screen.
#[derive(Resource, Default)]
pub(crate) struct IsSceneryComplete(pub(crate) bool);

/// A world on its way into the engine.
#[derive(Resource, Default)]
struct Preparing {
    underway: Option<(Task<Option<Prepared>>, Interest)>,
    ready: Option<Prepared>,
    drawn: Option<Drawn>,
    settling: u32,
}

/// A scene in the engine.
struct Drawn {
    root: Entity,
    scene: Arc<Scene>,
    /// Its world is built, so that it is seen, with a floor where it needs one.
    is_shown: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<NodeEntities>()
        .init_resource::<WorldSurfaces>()
        .init_resource::<IsSceneryComplete>()
        .init_resource::<Preparing>();
    app.add_systems(
        Update,
        (begin, draw, disown, show)
            .chain()
            .in_set(ClientSystems::Receive)
            .after(crate::link::Received),
    );
    app.add_systems(Startup, prepare::keep_worker_ready)
        .add_systems(OnEnter(Stage::Outside), clear)
        .add_systems(
            OnEnter(Stage::Over),
            clear.run_if(not(resource_exists::<VisitWorld>)),
        );
}

/// A world that one has left is not drawn, nor one that was never built.
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
    surfaces.0 = SceneSurfaces::default();
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

/// Puts a scene into the engine as soon as it is ready, unseen: its physics may take longer, and going to the adapter takes time.
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
    let is_shown = preparing.drawn.as_ref().is_some_and(|drawn| drawn.is_shown);
    if preparing.settling > 0 && is_shown && dawn.is_over() {
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
        .spawn((SceneryRoot, Transform::default(), Visibility::Hidden))
        .id();
    preparing.drawn = Some(Drawn {
        root,
        scene: Arc::clone(&prepared.scene),
        is_shown: false,
    });
    let is_unseen = prepared.meshes.made.is_empty();
    spawn_nodes(&mut commands, scene, root, &mut entities.0);
    for node in scene.shining() {
        let light = scene.nodes[node.index()].light;
        if let (Some(light), Some(&entity)) = (light, entities.0.get(&node)) {
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

/// Nodes and materials are known by their numbers: of another world than the one that is there they are nobody's, and what is seen of
/// it goes when that one is drawn.
fn disown(
    mut preparing: ResMut<Preparing>,
    world: Option<Res<VisitWorld>>,
    mut entities: ResMut<NodeEntities>,
    mut surfaces: ResMut<WorldSurfaces>,
) {
    let Some(world) = world else { return };
    let is_other = |drawn: &mut Drawn| !Arc::ptr_eq(&drawn.scene, &world.scene);
    if preparing.drawn.take_if(is_other).is_some() {
        entities.0.clear();
        surfaces.0 = SceneSurfaces::default();
    }
}

/// Lets what is drawn be seen once its world is built, with a floor under what is a thing rather than a place.
fn show(
    mut commands: Commands,
    mut preparing: ResMut<Preparing>,
    world: Option<Res<VisitWorld>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    let Some(world) = world else { return };
    let drawn = preparing.drawn.as_mut();
    let Some(drawn) = drawn.filter(|drawn| !drawn.is_shown) else {
        return;
    };
    drawn.is_shown = true;
    let root = drawn.root;
    commands.entity(root).insert(Visibility::Inherited);
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
    inbox.empty_into(None, &mut stores.surfaces.images, &mut stores.meshes);
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
    use super::{super::Surface, *};
    use bevy::state::app::StatesPlugin;
    use scene::{MaterialIndex, Topology};

    #[test]
    fn nothing_is_kept_of_a_world_that_one_has_left() {
        let surfaces = SceneSurfaces::of(MaterialIndex(0), Surface::Plain(Handle::default()));
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_state(Stage::Inside)
            .init_resource::<Preparing>()
            .insert_resource(IsSceneryComplete(true))
            .insert_resource(NodeEntities([(NodeIndex(0), Entity::PLACEHOLDER)].into()))
            .insert_resource(WorldSurfaces(surfaces))
            .add_systems(OnEnter(Stage::Outside), clear);
        app.update();
        let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
        next.set(Stage::Outside);
        app.update();
        assert!(!app.world().resource::<IsSceneryComplete>().0);
        assert!(app.world().resource::<NodeEntities>().0.is_empty());
        let surfaces = &app.world().resource::<WorldSurfaces>().0;
        assert!(surfaces.on(Topology::Triangles, MaterialIndex(0)).is_none());
    }

    /// An application that draws what `ready` is, without an adapter.
    fn drawing(ready: Prepared) -> App {
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .init_resource::<NodeEntities>()
            .init_resource::<WorldSurfaces>()
            .init_resource::<IsSceneryComplete>()
            .init_resource::<ChosenVariant>()
            .init_resource::<Dawn>()
            .insert_resource(Preparing {
                ready: Some(ready),
                ..Preparing::default()
            })
            .add_systems(Update, (draw, disown, show).chain());
        super::super::testing::add_stores(app.world_mut());
        app
    }

    /// Whether each root is seen, and how many nodes are known.
    fn seen(app: &mut App) -> (Vec<bool>, usize) {
        let world = app.world_mut();
        let mut roots = world.query_filtered::<&Visibility, With<SceneryRoot>>();
        let roots = roots.iter(world).map(|own| *own != Visibility::Hidden);
        (roots.collect(), world.resource::<NodeEntities>().0.len())
    }

    fn floors(app: &mut App) -> usize {
        let world = app.world_mut();
        let mut floors = world.query::<&super::super::Floor>();
        floors.iter(world).count()
    }

    fn built(scene: &Arc<Scene>) -> VisitWorld {
        let rules = simulation::WorldRules { gravity: 9.81 };
        let role = simulation::Role::Follower;
        crate::testing::visit_world(simulation::Simulation::new(Arc::clone(scene), rules, role))
    }

    #[test]
    fn a_world_is_drawn_before_it_is_built_and_seen_with_its_floor_afterwards() {
        let scene = || {
            let node = scene::Node::default();
            Arc::new(super::super::testing::triangles(vec![node], 0))
        };
        let (first, second) = (scene(), scene());
        let (images, meshes) = (Assets::default(), Assets::default());
        let wishes = super::super::PictureWishes::small(super::super::Inbox::of(&images, &meshes));
        let mut app = drawing(prepare::prepare(&first, &wishes));
        app.update();
        assert_eq!(seen(&mut app), (vec![false], 1));
        assert_eq!(floors(&mut app), 0);
        for _ in 0..2 * SETTLING_UPDATES {
            app.update();
            assert!(!app.world().resource::<IsSceneryComplete>().0);
        }
        app.insert_resource(built(&first));
        for _ in 0..2 * SETTLING_UPDATES {
            app.update();
            assert_eq!(seen(&mut app), (vec![true], 1));
            assert_eq!(floors(&mut app), 1);
        }
        assert!(app.world().resource::<IsSceneryComplete>().0);
        // Another world comes: what is there stays to be seen until that is drawn, and its nodes are nobody's.
        app.insert_resource(built(&second));
        app.update();
        assert_eq!(seen(&mut app), (vec![true], 0));
        let ready = Some(prepare::prepare(&second, &wishes));
        app.world_mut().resource_mut::<Preparing>().ready = ready;
        app.update();
        assert_eq!(seen(&mut app), (vec![true], 1));
        // One that comes to be built waits until it is.
        let third = Some(prepare::prepare(&scene(), &wishes));
        app.world_mut().resource_mut::<Preparing>().ready = third;
        app.update();
        let is_waiting = app.world().resource::<Preparing>().ready.is_some();
        assert!(is_waiting && seen(&mut app) == (vec![true], 1));
    }
}
