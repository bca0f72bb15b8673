//! Puts sky, sun and haze of a world into the engine.

use super::{Dome, Preset, environment};
use crate::{
    app::order::ClientSystems,
    camera::{EV100, Eye},
    link::{LoadedHere, VisitWorld},
};
use bevy::{
    camera::Exposure,
    core_pipeline::prepass::DepthPrepass,
    light::{
        CascadeShadowConfig, CascadeShadowConfigBuilder, DirectionalLightShadowMap,
        EnvironmentMapLight, Skybox,
    },
    pbr::{DistanceFog, FogFalloff},
    prelude::*,
};

/// Illuminance of full sun in lux; the camera's exposure is set for it.
const SUN_LUX: f32 = 26_000.0;
/// Luminance of sky colour 1 in candela a square metre.
const SKY_NITS: f32 = 6_200.0;

/// The one sun of a world.
#[derive(Component)]
pub(crate) struct Sun;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            light_world,
            retune.run_if(resource_exists_and_changed::<Preset>),
        )
            .chain()
            .in_set(ClientSystems::View),
    );
}

fn light_world(
    mut commands: Commands,
    mut loaded: MessageReader<LoadedHere>,
    world: Option<Res<VisitWorld>>,
    preset: Res<Preset>,
    eyes: Query<Entity, With<Eye>>,
    suns: Query<Entity, With<Sun>>,
    mut images: ResMut<Assets<Image>>,
) {
    let Some(world) = world.filter(|_| loaded.read().count() > 0) else {
        return;
    };
    for old in &suns {
        commands.entity(old).despawn();
    }
    let dome = Dome::new(&world.manifest.sky, &world.scene);
    let maps = environment::make(&dome, if *preset == Preset::Low { 128 } else { 384 });
    let (seen, diffuse, specular) = (
        images.add(maps.seen),
        images.add(maps.diffuse),
        images.add(maps.specular),
    );
    for eye in &eyes {
        let mut eye = commands.entity(eye);
        eye.insert((
            Exposure {
                ev100: EV100 - world.manifest.sky.exposure_steps,
            },
            Skybox {
                image: Some(seen.clone()),
                brightness: SKY_NITS,
                ..default()
            },
            EnvironmentMapLight {
                diffuse_map: diffuse.clone(),
                specular_map: specular.clone(),
                intensity: SKY_NITS * 0.9,
                ..default()
            },
        ));
        if let Some(fog) = haze(&dome, world.manifest.sky.haze_metres) {
            eye.insert(fog);
        }
    }
    commands.insert_resource(DirectionalLightShadowMap {
        size: preset.shadow_side(),
    });
    let sky = &dome.model;
    let strength = sky.sun.max_element().max(1e-3);
    let color = sky.sun / strength;
    let from = if sky.to_sun.y > 0.02 {
        sky.to_sun
    } else {
        Vec3::new(0.3, 0.9, 0.2)
    };
    commands.spawn((
        Sun,
        DirectionalLight {
            color: Color::linear_rgb(color.x, color.y, color.z),
            illuminance: SUN_LUX * strength,
            shadow_maps_enabled: true,
            ..default()
        },
        cascades(*preset),
        Transform::from_translation(from * 50.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
}

fn cascades(preset: Preset) -> CascadeShadowConfig {
    let (cascades, reach) = preset.shadow_cascades();
    CascadeShadowConfigBuilder {
        num_cascades: cascades,
        maximum_distance: reach,
        first_cascade_far_bound: reach / 4.0,
        ..default()
    }
    .build()
}

/// Another preset holds at once for edges, depth and shadows; pictures are as wide as they were read until the next entry.
fn retune(
    mut commands: Commands,
    preset: Res<Preset>,
    mut eyes: Query<(Entity, &mut Msaa), With<Eye>>,
    mut suns: Query<&mut CascadeShadowConfig, With<Sun>>,
) {
    for (eye, mut msaa) in &mut eyes {
        msaa.set_if_neq(preset.msaa());
        if preset.has_depth_prepass() {
            commands.entity(eye).insert(DepthPrepass);
        } else {
            commands.entity(eye).remove::<DepthPrepass>();
        }
    }
    for mut config in &mut suns {
        *config = cascades(*preset);
    }
    commands.insert_resource(DirectionalLightShadowMap {
        size: preset.shadow_side(),
    });
}

/// Haze of the horizon's colour, warmer towards the sun.
fn haze(dome: &Dome, half_metres: f32) -> Option<DistanceFog> {
    if half_metres <= 0.0 {
        return None;
    }
    // Fog is laid over what is already exposed: sky colour 1 is about middle grey times two there.
    let (mean, glow) = (dome.mean_light(), dome.model.sun);
    let color = |light: Vec3| Color::linear_rgb(light.x, light.y, light.z);
    Some(DistanceFog {
        color: color(mean),
        directional_light_color: color(glow * 0.5),
        directional_light_exponent: 24.0,
        falloff: FogFalloff::Exponential {
            density: std::f32::consts::LN_2 / half_metres,
        },
    })
}
