//! Puts sky, sun and haze of a world into the engine: reckoned on a worker thread first, then hung up.

use super::{Dome, Preset, SkyModel, environment};
use crate::{
    app::order::{ClientSystems, Stage},
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
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use scene::Scene;
use std::sync::Arc;

/// Illuminance of full sun in lux; the camera's exposure is set for it.
pub(crate) const SUN_LUX: f32 = 26_000.0;
/// Luminance of sky colour 1 in candela a square metre.
const SKY_NITS: f32 = 6_200.0;

/// The one sun of a world.
#[derive(Component)]
pub(crate) struct Sun;

/// The light of the world that was loaded last, while it is reckoned.
#[derive(Resource, Default)]
pub(crate) struct Dawn(Option<Task<Light>>);

/// What a worker thread makes of a world's sky.
struct Light {
    maps: environment::Environment,
    model: SkyModel,
    haze: Option<DistanceFog>,
    exposure_steps: f32,
}

impl Dawn {
    /// True when sky and sun are those of the world.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_none()
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Dawn>();
    app.add_systems(
        Update,
        reckon
            .in_set(ClientSystems::Receive)
            .after(crate::link::Received),
    );
    app.add_systems(OnEnter(Stage::Outside), forget);
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

/// The light of a world that one has left is not waited for.
fn forget(mut dawn: ResMut<Dawn>) {
    dawn.0 = None;
}

fn reckon(
    mut loaded: MessageReader<LoadedHere>,
    world: Option<Res<VisitWorld>>,
    preset: Res<Preset>,
    mut dawn: ResMut<Dawn>,
) {
    let Some(world) = world.filter(|_| loaded.read().count() > 0) else {
        return;
    };
    let (scene, sky) = (Arc::clone(&world.scene), world.manifest.sky.clone());
    let side = preset.sky_side();
    dawn.0 = Some(AsyncComputeTaskPool::get().spawn(async move { Light::of(&sky, &scene, side) }));
}

impl Light {
    fn of(sky: &scene::Sky, scene: &Scene, side: u32) -> Self {
        let dome = Dome::new(sky, scene);
        Self {
            maps: environment::make(&dome, side),
            model: dome.model,
            haze: haze(&dome, sky.haze_metres),
            exposure_steps: sky.exposure_steps,
        }
    }
}

fn light_world(
    mut commands: Commands,
    mut dawn: ResMut<Dawn>,
    preset: Res<Preset>,
    eyes: Query<Entity, With<Eye>>,
    suns: Query<Entity, With<Sun>>,
    mut images: ResMut<Assets<Image>>,
) {
    let Some(light) = dawn.0.as_mut().and_then(|task| block_on(poll_once(task))) else {
        return;
    };
    dawn.0 = None;
    for old in &suns {
        commands.entity(old).despawn();
    }
    let (seen, diffuse, specular) = (
        images.add(light.maps.seen),
        images.add(light.maps.diffuse),
        images.add(light.maps.specular),
    );
    for eye in &eyes {
        let mut eye = commands.entity(eye);
        eye.insert((
            Exposure {
                ev100: EV100 - light.exposure_steps,
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
        match &light.haze {
            Some(haze) => eye.insert(haze.clone()),
            None => eye.remove::<DistanceFog>(),
        };
    }
    commands.insert_resource(DirectionalLightShadowMap {
        size: preset.shadow_side(),
    });
    commands.spawn(sun(&light.model, *preset));
}

fn sun(sky: &SkyModel, preset: Preset) -> impl Bundle {
    let strength = sky.sun.max_element().max(1e-3);
    let color = sky.sun / strength;
    let from = if sky.to_sun.y > 0.02 {
        sky.to_sun
    } else {
        Vec3::new(0.3, 0.9, 0.2)
    };
    (
        Sun,
        DirectionalLight {
            color: Color::linear_rgb(color.x, color.y, color.z),
            illuminance: SUN_LUX * strength,
            shadow_maps_enabled: true,
            ..default()
        },
        cascades(preset),
        Transform::from_translation(from * 50.0).looking_at(Vec3::ZERO, Vec3::Y),
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bevy::state::app::StatesPlugin;
    use scene::{Sky, WorldManifest};

    fn dark() -> (App, Entity) {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin, plugin))
            .init_state::<Stage>()
            .init_resource::<Preset>()
            .init_resource::<Assets<Image>>()
            .add_message::<LoadedHere>();
        let eye = app.world_mut().spawn(Eye).id();
        (app, eye)
    }

    /// A world with haze has been loaded; its light comes in a later frame.
    fn load(app: &mut App, haze_metres: f32) {
        let manifest = WorldManifest {
            sky: Sky {
                haze_metres,
                ..Sky::default()
            },
            ..WorldManifest::default()
        };
        app.insert_resource(VisitWorld {
            manifest,
            ..testing::visit_world(testing::simulation(Scene::default()))
        });
        app.world_mut().write_message(LoadedHere);
        app.update();
    }

    fn wait(app: &mut App) {
        while !app.world().resource::<Dawn>().is_over() {
            app.update();
        }
    }

    #[test]
    fn the_haze_of_a_world_ends_with_it() {
        let (mut app, eye) = dark();
        for (metres, has_haze) in [(300.0, true), (0.0, false), (300.0, true)] {
            load(&mut app, metres);
            wait(&mut app);
            let fog = app.world().get::<DistanceFog>(eye);
            assert_eq!(fog.is_some(), has_haze, "{metres}");
        }
    }

    #[test]
    fn the_sky_is_made_beside_the_frames_and_whoever_leaves_does_not_wait_for_it() {
        let (mut app, eye) = dark();
        load(&mut app, 0.0);
        wait(&mut app);
        assert!(app.world().get::<Skybox>(eye).is_some());
        let mut suns = app.world_mut().query_filtered::<(), With<Sun>>();
        assert_eq!(suns.iter(app.world()).count(), 1);
        app.insert_resource(Dawn(Some(
            AsyncComputeTaskPool::get().spawn(std::future::pending()),
        )));
        app.update();
        assert!(!app.world().resource::<Dawn>().is_over());
        let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
        next.set(Stage::Outside);
        app.update();
        assert!(app.world().resource::<Dawn>().is_over());
    }
}
