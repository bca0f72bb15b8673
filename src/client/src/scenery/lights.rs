//! Lights of KHR_lights_punctual. Both sides shine along -Z; the engine takes lumens where the file says candela.

use bevy::{light::SimulationLightSystems, math::Vec3A, prelude::*, transform::TransformSystems};
use scene::{Light, LightKind};
use std::f32::consts::TAU;

/// Shortest and longest reach of a light whose file states none, in metres: beyond, lamps cost more than they show.
const REACHES: std::ops::RangeInclusive<f32> = 30.0..=100.0;
/// What it gives where it ends, in lux.
const FAINTEST_LUX: f32 = 0.1;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        PostUpdate,
        keep_directions
            .after(TransformSystems::Propagate)
            .before(SimulationLightSystems::UpdateBounds)
            .before(SimulationLightSystems::AssignLightsToClusters)
            .before(SimulationLightSystems::UpdateDirectionalLightCascades)
            .before(SimulationLightSystems::UpdateLightFrusta),
    );
}

/// A light does not know of scale (KHR_lights_punctual). The engine takes its direction from a matrix, and of one without size that
/// is no number, which would go into all that is drawn.
fn keep_directions(
    mut lights: Query<
        (Entity, &mut GlobalTransform),
        Or<(With<DirectionalLight>, With<PointLight>, With<SpotLight>)>,
    >,
    nodes: Query<(&Transform, Option<&ChildOf>)>,
) {
    for (entity, mut place) in &mut lights {
        let has_direction = |axis: Vec3A| axis.length_squared().is_normal();
        let matrix = place.affine().matrix3;
        if [matrix.x_axis, matrix.y_axis, matrix.z_axis]
            .into_iter()
            .all(has_direction)
        {
            continue;
        }
        let (mut rotation, mut next) = (Quat::IDENTITY, Some(entity));
        while let Some((own, parent)) = next.and_then(|node| nodes.get(node).ok()) {
            rotation = own.rotation * rotation;
            next = parent.map(ChildOf::parent);
        }
        let upright =
            Transform::from_translation(place.translation()).with_rotation(rotation.normalize());
        *place = upright.into();
    }
}

pub(super) fn insert(entity: &mut EntityCommands<'_>, light: &Light) {
    let color = Color::linear_rgb(light.color.x, light.color.y, light.color.z);
    let range = light.range.unwrap_or_else(|| reach(light.intensity));
    // A point of one candela gives 4 pi lumens; the engine uses the same factor for spots.
    let lumens = light.intensity * 2.0 * TAU;
    match light.kind {
        LightKind::Directional => entity.insert(DirectionalLight {
            color,
            illuminance: light.intensity,
            ..default()
        }),
        LightKind::Point => entity.insert(PointLight {
            color,
            intensity: lumens,
            range,
            ..default()
        }),
        LightKind::Spot {
            inner_radians,
            outer_radians,
        } => entity.insert(SpotLight {
            color,
            intensity: lumens,
            range,
            inner_angle: inner_radians,
            outer_angle: outer_radians,
            ..default()
        }),
    };
}

/// How far a light of so many candela is seen to shine, in metres.
fn reach(candela: f32) -> f32 {
    let metres = (candela.max(0.0) / FAINTEST_LUX).sqrt();
    metres.clamp(*REACHES.start(), *REACHES.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::FRAC_PI_2;

    #[test]
    fn a_light_without_a_range_reaches_as_far_as_it_is_seen() {
        for (candela, metres) in [(0.0, 30.0), (10.0, 30.0), (250.0, 50.0), (1e30, 100.0)] {
            assert_eq!(reach(candela), metres);
        }
    }

    #[test]
    fn a_light_on_a_node_without_size_shines_where_it_points() {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, TransformPlugin, plugin));
        let world = app.world_mut();
        let turned = Transform::from_rotation(Quat::from_rotation_y(FRAC_PI_2));
        let above = world.spawn(turned.with_scale(Vec3::ZERO)).id();
        let mut on = |scale: Vec3| {
            let place = Transform::from_xyz(1.0, 2.0, 3.0).with_scale(scale);
            world
                .spawn((place, SpotLight::default(), ChildOf(above)))
                .id()
        };
        let lights = [on(Vec3::ONE), on(Vec3::new(1.0, 1.0, 0.0))];
        for _ in 0..2 {
            app.update();
            for light in lights {
                let place = app.world().get::<GlobalTransform>(light).unwrap();
                let way = Vec3::from(place.forward());
                assert!(way.distance(Vec3::NEG_X) < 1e-5, "{way}");
            }
        }
    }
}
