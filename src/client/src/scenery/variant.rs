//! Looks that a world file offers (KHR_materials_variants): one is chosen, the rest wait.

use super::WorldSurfaces;
use crate::{
    app::{Config, order::ClientSystems},
    link::VisitWorld,
};
use bevy::prelude::*;
use scene::{MeshIndex, Scene};

/// Name of the variant that is shown; `None` shows the file as it is. Whoever writes here changes the world's look.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChosenVariant(pub(crate) Option<String>);

/// Which primitive something drawn is.
#[derive(Component, Clone, Copy)]
pub(super) struct Primitive {
    pub(super) mesh: MeshIndex,
    pub(super) part: usize,
}

pub(super) fn plugin(app: &mut App) {
    let chosen = app.world().resource::<Config>().0.variant.clone();
    app.insert_resource(ChosenVariant(chosen)).add_systems(
        Update,
        wear.in_set(ClientSystems::Pose)
            .run_if(resource_changed::<ChosenVariant>),
    );
}

/// Number of a variant in its scene.
pub(super) fn number(scene: &Scene, chosen: &ChosenVariant) -> Option<u32> {
    let name = chosen.0.as_ref()?;
    let number = scene.variants.iter().position(|known| known == name);
    if number.is_none() {
        tracing::warn!(
            "there is no variant `{name}`: the world has {}",
            scene.variants.join(", ")
        );
    }
    number.map(|number| number as u32)
}

/// Lays the chosen materials on what is drawn already.
fn wear(
    mut commands: Commands,
    chosen: Res<ChosenVariant>,
    world: Option<Res<VisitWorld>>,
    surfaces: Res<WorldSurfaces>,
    drawn: Query<(Entity, &Primitive)>,
) {
    let Some(world) = world else { return };
    let variant = number(&world.scene, &chosen);
    for (entity, place) in &drawn {
        // What is drawn may be of the world before, for a moment.
        let mesh = world.scene.meshes.get(place.mesh.index());
        let Some(primitive) = mesh.and_then(|mesh| mesh.primitives.get(place.part)) else {
            continue;
        };
        let material = primitive.material_in(variant);
        let surface = material.and_then(|material| surfaces.0.on(primitive.topology, material));
        if let Some(surface) = surface
            && !primitive.variants.is_empty()
        {
            surface.lay(&mut commands.entity(entity));
        }
    }
}
