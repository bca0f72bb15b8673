//! The eye: first and third person, kept out of walls.

use crate::{
    app::{
        Drawing, PictureTarget,
        order::{ClientSystems, Stage},
    },
    link::VisitWorld,
    look::Preset,
    motion::{Me, Wishes},
};
use bevy::{
    camera::{Exposure, ShadowLodOrigin},
    core_pipeline::tonemapping::{DebandDither, Tonemapping},
    prelude::*,
};
use simulation::AvatarMotion;

/// Distance behind the head in third person, metres.
const BEHIND: f32 = 3.4;
/// Beside the head, so that the own avatar does not hide what one looks at, metres.
const BESIDE: f32 = 0.35;
/// Above the eyes, metres.
const ABOVE: f32 = 0.12;
/// Room that the eye needs, metres.
const EYE_RADIUS: f32 = 0.18;
/// How quickly the eye comes back out after an obstacle, a second.
const RETURN_RATE: f32 = 5.0;
/// Factor of one step of the wheel.
const ZOOM_STEP: f32 = 1.15;
/// Closest look.
const MAX_ZOOM: f32 = 32.0;
/// Exposure for a bright evening; worlds ask for more or less of it.
pub(crate) const EV100: f32 = 12.2;

/// The camera that draws the world.
#[derive(Component)]
pub(crate) struct Eye;

/// How one looks at oneself.
#[derive(Resource)]
pub(crate) struct ViewMode {
    pub(crate) is_first_person: bool,
    /// Distance that is free behind the head now.
    distance: f32,
}

impl ViewMode {
    /// Where the line of sight through the middle of the picture passes the head, world space.
    pub(crate) fn sight(&self, motion: &AvatarMotion) -> Vec3 {
        if self.is_first_person {
            motion.eyes()
        } else {
            pivot(motion)
        }
    }
}

/// Vertical field of view in radians.
#[derive(Resource)]
pub(crate) struct FieldOfView(pub(crate) f32);

/// How many times closer everything looks, 1 to [`MAX_ZOOM`].
#[derive(Resource)]
pub(crate) struct Zoom(f32);

impl Default for Zoom {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Zoom {
    /// So many times closer, within the limits.
    pub(crate) fn of(times: f32) -> Self {
        Self(if times > 1.0 {
            times.min(MAX_ZOOM)
        } else {
            1.0
        })
    }

    /// How many times.
    pub(crate) fn times(&self) -> f32 {
        self.0
    }

    /// Closer by so many steps of a wheel, or away again.
    pub(crate) fn turn(&mut self, steps: f32) {
        if !steps.is_nan() {
            // More steps than these lead from any look to any other.
            *self = Self::of(self.0 * ZOOM_STEP.powf(steps.clamp(-100.0, 100.0)));
        }
    }

    /// The angle that remains of a field of view, radians.
    fn narrow(&self, field: f32) -> f32 {
        2.0 * f32::atan((field * 0.5).tan() / self.0)
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Zoom>()
        .insert_resource(ViewMode {
            is_first_person: false,
            distance: BEHIND,
        })
        .insert_resource(FieldOfView(1.05));
    app.add_systems(Startup, open_eye);
    app.add_systems(
        Update,
        (
            switch_on,
            change_mode,
            follow.run_if(in_state(Stage::Inside)),
        )
            .chain()
            .in_set(ClientSystems::View),
    );
}

fn open_eye(
    mut commands: Commands,
    preset: Res<Preset>,
    target: Option<Res<PictureTarget>>,
    field: Res<FieldOfView>,
) {
    let mut eye = commands.spawn((
        Eye,
        IsDefaultUiCamera,
        Camera3d::default(),
        ShadowLodOrigin,
        Projection::Perspective(PerspectiveProjection {
            fov: field.0,
            near: 0.08,
            far: 2_000.0,
            ..default()
        }),
        Tonemapping::AcesFitted,
        DebandDither::Enabled,
        Exposure { ev100: EV100 },
        preset.msaa(),
        Transform::from_xyz(0.0, 1.6, 4.0),
    ));
    if let Some(target) = target {
        eye.insert(target.0.clone());
    }
}

/// Without a window the eye is open only in updates that draw.
fn switch_on(drawing: Option<Res<Drawing>>, mut eyes: Query<&mut Camera, With<Eye>>) {
    let is_on = drawing.is_none_or(|drawing| drawing.is_on);
    for mut camera in &mut eyes {
        if camera.is_active != is_on {
            camera.is_active = is_on;
        }
    }
}

fn change_mode(mut wishes: ResMut<Wishes>, mut mode: ResMut<ViewMode>) {
    if std::mem::take(&mut wishes.is_changing_view) {
        mode.is_first_person = !mode.is_first_person;
    }
}

fn follow(
    time: Res<Time<Real>>,
    me: Res<Me>,
    world: Option<Res<VisitWorld>>,
    mut mode: ResMut<ViewMode>,
    (field, zoom): (Res<FieldOfView>, Res<Zoom>),
    mut eyes: Query<(&mut Transform, &mut Projection), With<Eye>>,
) {
    let shown = me.shown();
    let head = shown.eyes();
    let rotation = Quat::from_rotation_y(shown.yaw) * Quat::from_rotation_x(shown.pitch);
    let position = if mode.is_first_person {
        head
    } else {
        behind(
            &shown,
            rotation,
            world.as_deref(),
            &mut mode,
            time.delta_secs(),
        )
    };
    let angle = zoom.narrow(field.0);
    for (mut transform, mut projection) in &mut eyes {
        *transform = Transform {
            translation: position,
            rotation,
            scale: Vec3::ONE,
        };
        if let Projection::Perspective(perspective) = &mut *projection
            && (perspective.fov - angle).abs() > 1e-4
        {
            perspective.fov = angle;
        }
    }
}

/// What the eye turns around in third person.
fn pivot(motion: &AvatarMotion) -> Vec3 {
    motion.eyes() + Quat::from_rotation_y(motion.yaw) * Vec3::X * BESIDE + Vec3::Y * ABOVE
}

fn behind(
    shown: &AvatarMotion,
    rotation: Quat,
    world: Option<&VisitWorld>,
    mode: &mut ViewMode,
    secs: f32,
) -> Vec3 {
    let pivot = pivot(shown);
    let back = rotation * Vec3::Z;
    let free = world.map_or(BEHIND, |world| {
        world.simulation.cast_ball(pivot, back, EYE_RADIUS, BEHIND)
    });
    // Inwards at once, since the eye must not be in a wall; outwards gently.
    mode.distance = if free < mode.distance {
        free
    } else {
        mode.distance + (free - mode.distance) * (1.0 - (-RETURN_RATE * secs).exp())
    };
    pivot + back * mode.distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wheel_looks_closer_within_limits() {
        let mut zoom = Zoom::default();
        assert!((zoom.narrow(1.05) - 1.05).abs() < 1e-6);
        zoom.turn(5.0);
        assert!(zoom.narrow(1.05) < 0.6);
        zoom.turn(1e9);
        assert_eq!(zoom.0, MAX_ZOOM);
        zoom.turn(f32::NAN);
        assert_eq!(zoom.0, MAX_ZOOM);
        zoom.turn(-1e9);
        assert_eq!(zoom.0, 1.0);
        assert_eq!((Zoom::of(1e9).0, Zoom::of(f32::NAN).0), (MAX_ZOOM, 1.0));
    }
}
