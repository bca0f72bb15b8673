//! Properties that the world file animates beside nodes: visibility, materials, textures, lights
//! (KHR_animation_pointer). They loop in world time like everything else.

use super::{
    NodeEntities, SurfaceStores, WorldSurfaces,
    animate::{Playing, secs_of, shown_tick},
    lights,
    surface::{Extra, make_unlit, set_factors},
};
use crate::{
    app::order::ClientSystems,
    link::{Link, VisitWorld},
};
use bevy::prelude::*;
use scene::{Light, LightIndex, Material, MaterialIndex, NodeIndex, Property, Scene, Topology};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What the properties were last set to, and what they belong to with all changes so far.
#[derive(Resource, Default)]
struct Changed {
    /// Whose properties they are.
    scene: Option<Arc<Scene>>,
    values: BTreeMap<Property, Vec<f32>>,
    materials: BTreeMap<MaterialIndex, Material>,
    lights: BTreeMap<LightIndex, Light>,
    /// Nodes whose light is drawn.
    shining: Vec<NodeIndex>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Changed>()
        .add_systems(Update, change.in_set(ClientSystems::Pose));
}

fn change(
    mut commands: Commands,
    world: Option<Res<VisitWorld>>,
    link: Option<Res<Link>>,
    mut playing: ResMut<Playing>,
    entities: Res<NodeEntities>,
    surfaces: Res<WorldSurfaces>,
    mut changed: ResMut<Changed>,
    mut stores: SurfaceStores,
) {
    let (Some(world), Some(link)) = (world, link) else {
        return;
    };
    let scene = &world.scene;
    let is_of_it = changed.scene.as_ref();
    let is_of_it = is_of_it.is_some_and(|own| Arc::ptr_eq(own, scene));
    if surfaces.is_changed() || !is_of_it {
        *changed = Changed {
            scene: Some(Arc::clone(scene)),
            shining: scene.shining(),
            ..Changed::default()
        };
    }
    let changed = &mut *changed;
    let (mut materials, mut lamps) = (BTreeSet::new(), BTreeSet::new());
    let tick = shown_tick(&link);
    for index in playing.of(scene).to_vec() {
        let animation = &scene.animations[index];
        let secs = secs_of(animation, tick);
        for channel in &animation.properties {
            let values = channel.sample(secs);
            if changed.values.get(&channel.property) == Some(&values) {
                continue;
            }
            match channel.property {
                Property::Visibility(node) => {
                    if let Some(&entity) = entities.0.get(&node) {
                        commands.entity(entity).insert(seen(&values));
                    }
                }
                Property::Material(index, property) => {
                    let material = changed.material(scene, index);
                    material.set(property, &values);
                    materials.insert(index);
                }
                Property::TextureTransform(index, slot, property) => {
                    let material = changed.material(scene, index);
                    material.set_texture_transform(slot, property, &values);
                    materials.insert(index);
                }
                Property::Light(index, property) => {
                    let light = changed.lights.entry(index);
                    let light = light.or_insert(scene.lights[index.index()]);
                    light.set(property, &values);
                    lamps.insert(index);
                }
            }
            changed.values.insert(channel.property, values);
        }
    }
    for index in materials {
        if let Some(described) = changed.materials.get(&index) {
            show(scene, index, described, &surfaces, &mut stores);
        }
    }
    if lamps.is_empty() {
        return;
    }
    for node in &changed.shining {
        let light = scene.nodes[node.index()].light;
        let light = light.filter(|light| lamps.contains(light));
        if let (Some(light), Some(&entity)) = (light, entities.0.get(node)) {
            lights::insert(&mut commands.entity(entity), &changed.lights[&light]);
        }
    }
}

/// Gives the surfaces of a material what it has become.
fn show(
    scene: &Scene,
    index: MaterialIndex,
    described: &Material,
    surfaces: &WorldSurfaces,
    stores: &mut SurfaceStores<'_>,
) {
    if let Some(surface) = surfaces.0.on(Topology::Triangles, index) {
        stores.change(surface, |shown, extra| {
            set_factors(described, shown);
            if let Extra::Lobes(lobes) = extra {
                lobes.set_factors(scene, described);
            }
        });
    }
    // Points have the same.
    if let Some(surface) = surfaces.0.on(Topology::Lines, index) {
        stores.change(surface, |shown, _| {
            set_factors(described, shown);
            make_unlit(shown);
        });
    }
}

impl Changed {
    fn material(&mut self, scene: &Scene, index: MaterialIndex) -> &mut Material {
        let described = &scene.materials[index.index()];
        self.materials
            .entry(index)
            .or_insert_with(|| described.clone())
    }
}

fn seen(values: &[f32]) -> Visibility {
    if values.first().is_some_and(|value| *value == 0.0) {
        Visibility::Hidden
    } else {
        Visibility::Inherited
    }
}
