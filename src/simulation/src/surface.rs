//! Friction and bounce between two surfaces. Of two different rules glTF takes the first of average, minimum, maximum
//! and multiply; the engine takes another, so such pairs are decided here.

use bevy::{
    ecs::system::SystemParam,
    prelude::{Component, Entity, Query},
};
use bevy_rapier3d::prelude as rapier;
use scene::{Combine, SurfaceMaterial};

/// What a collider is made of.
#[derive(Component, Clone, Copy, Debug, Default)]
pub(crate) struct Surface(pub(crate) SurfaceMaterial);

impl Surface {
    /// True when this surface's rules may differ from those of a surface without any.
    pub(crate) fn has_own_rules(&self) -> bool {
        self.0.friction_combine != Combine::Average
            || self.0.restitution_combine != Combine::Average
    }

    /// The engine's components; right by themselves for two surfaces of the same rules. The engine knows one friction,
    /// and OMI_physics_body asks for the sliding one then.
    pub(crate) fn components(&self) -> (rapier::Friction, rapier::Restitution) {
        (
            rapier::Friction {
                coefficient: self.0.dynamic_friction,
                combine_rule: engine_rule(self.0.friction_combine),
            },
            rapier::Restitution {
                coefficient: self.0.restitution,
                combine_rule: engine_rule(self.0.restitution_combine),
            },
        )
    }
}

/// Decides friction and bounce of a pair; the engine asks for pairs in which a surface has its own rules.
#[derive(SystemParam)]
pub(crate) struct ContactRules<'w, 's> {
    surfaces: Query<'w, 's, &'static Surface>,
}

impl rapier::BevyPhysicsHooks for ContactRules<'_, '_> {
    fn modify_solver_contacts(&self, context: rapier::ContactModificationContextView<'_, '_>) {
        let surface = |entity: Entity| {
            self.surfaces
                .get(entity)
                .map_or_else(|_| SurfaceMaterial::default(), |surface| surface.0)
        };
        let (one, other) = (surface(context.collider1()), surface(context.collider2()));
        *context.raw.friction = combined(
            (one.dynamic_friction, one.friction_combine),
            (other.dynamic_friction, other.friction_combine),
        );
        *context.raw.restitution = combined(
            (one.restitution, one.restitution_combine),
            (other.restitution, other.restitution_combine),
        );
    }
}

/// Two values with their rules become one.
fn combined(one: (f32, Combine), other: (f32, Combine)) -> f32 {
    match one.1.min(other.1) {
        Combine::Average => (one.0 + other.0) * 0.5,
        Combine::Minimum => one.0.min(other.0),
        Combine::Maximum => one.0.max(other.0),
        Combine::Multiply => one.0 * other.0,
    }
}

fn engine_rule(rule: Combine) -> rapier::CoefficientCombineRule {
    match rule {
        Combine::Average => rapier::CoefficientCombineRule::Average,
        Combine::Minimum => rapier::CoefficientCombineRule::Min,
        Combine::Maximum => rapier::CoefficientCombineRule::Max,
        Combine::Multiply => rapier::CoefficientCombineRule::Multiply,
    }
}
