//! The eye: first and third person, kept out of walls.

mod framing;

pub(crate) use framing::Framing;

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
use simulation::{AvatarMotion, Simulation};

/// Distance behind the head in third person, metres.
const BEHIND: f32 = 3.4;
/// Beside the head, so that the own avatar does not hide what one looks at, metres.
const BESIDE: f32 = 0.35;
/// Above the eyes, metres.
const ABOVE: f32 = 0.12;
/// Room that the eye needs, metres.
const EYE_RADIUS: f32 = 0.18;
/// So far below the eyes this room lies within the body's own, which is free of walls and ceilings, metres.
const BELOW_EYES: f32 = 0.06;
/// The eye keeps off what stops it on its way, so that nothing stops it when it goes on along that, metres.
const GAP: f32 = 0.02;
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
    /// From behind, as far away as there is room.
    pub(crate) const fn behind() -> Self {
        Self {
            is_first_person: false,
            distance: BEHIND,
        }
    }

    /// As in another world: the eye stands where there is room.
    pub(crate) fn restore(&mut self, is_first_person: bool) {
        self.is_first_person = is_first_person;
        self.distance = BEHIND;
    }

    /// Where the line of sight through the middle of the picture passes the head, world space.
    pub(crate) fn sight(&self, motion: &AvatarMotion, simulation: &Simulation) -> Vec3 {
        if self.is_first_person {
            motion.eyes()
        } else {
            pivot(motion, simulation)
        }
    }
}

/// Vertical field of view in radians.
#[derive(Resource)]
pub(crate) struct FieldOfView(pub(crate) f32);

impl FieldOfView {
    /// Before somebody chooses another.
    pub(crate) const USUAL: f32 = 1.05;
}

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
        .insert_resource(ViewMode::behind())
        .insert_resource(FieldOfView(FieldOfView::USUAL));
    app.add_plugins(framing::plugin);
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
    (field, zoom, framing): (Res<FieldOfView>, Res<Zoom>, Res<Framing>),
    mut eyes: Query<(&mut Transform, &mut Projection), With<Eye>>,
) {
    let shown = me.shown();
    let rotation = Quat::from_rotation_y(shown.yaw) * Quat::from_rotation_x(shown.pitch);
    let position = match world {
        Some(world) if !mode.is_first_person => {
            let secs = time.delta_secs();
            behind(&shown, rotation, &world.simulation, &mut mode, secs)
        }
        _ => shown.eyes(),
    };
    let angle = zoom.narrow(field.0);
    for (mut transform, mut projection) in &mut eyes {
        *transform = Transform {
            translation: position,
            rotation,
            scale: Vec3::ONE,
        };
        let Projection::Perspective(seen) = &*projection else {
            continue;
        };
        let angle = framing.widen(angle, field.0, seen.aspect_ratio);
        if let Projection::Perspective(perspective) = &mut *projection
            && (perspective.fov - angle).abs() > 1e-4
        {
            perspective.fov = angle;
        }
    }
}

/// What the eye turns around in third person: beside the head and above it, as far as there is room.
fn pivot(motion: &AvatarMotion, simulation: &Simulation) -> Vec3 {
    let aside = Quat::from_rotation_y(motion.yaw) * Vec3::X;
    let neck = motion.eyes() - Vec3::Y * BELOW_EYES;
    let beside = neck + aside * way(simulation, neck, aside, BESIDE);
    beside + Vec3::Y * way(simulation, beside, Vec3::Y, BELOW_EYES + ABOVE)
}

/// How far the eye can go in a direction.
fn way(simulation: &Simulation, from: Vec3, direction: Vec3, limit: f32) -> f32 {
    let free = simulation.cast_ball(from, direction, EYE_RADIUS, limit + GAP);
    (free - GAP).max(0.0)
}

fn behind(
    shown: &AvatarMotion,
    rotation: Quat,
    simulation: &Simulation,
    mode: &mut ViewMode,
    secs: f32,
) -> Vec3 {
    let pivot = pivot(shown, simulation);
    let back = rotation * Vec3::Z;
    let free = way(simulation, pivot, back, BEHIND);
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
    use crate::testing;

    /// Where the eye comes to in third person, in a narrow place with a floor at 0.
    fn eye_among(boxes: &[(Vec3, Vec3)], yaw: f32) -> Vec3 {
        let floor = (Vec3::new(0.0, -0.5, 0.0), Vec3::new(60.0, 1.0, 60.0));
        let boxes = boxes.iter().chain([&floor]);
        let mut simulation = testing::boxes(boxes.map(|(position, size)| (*position, *size, None)));
        simulation.step();
        let mut mode = ViewMode {
            is_first_person: false,
            distance: BEHIND,
        };
        let motion = AvatarMotion::at(Vec3::ZERO, yaw);
        let rotation = Quat::from_rotation_y(yaw);
        behind(&motion, rotation, &simulation, &mut mode, 1.0)
    }

    #[test]
    fn the_eye_stays_out_of_a_wall_that_one_walks_along() {
        // As near as the body comes to it.
        let face = 0.32;
        let wall = (Vec3::new(face + 0.5, 2.0, 0.0), Vec3::new(1.0, 4.0, 60.0));
        let eye = eye_among(&[wall], 0.0);
        assert!(eye.x <= face - EYE_RADIUS, "{eye} is in the wall");
        assert!(eye.z > BEHIND - 0.1, "{eye} is not behind the head");
        // With the wall on the left there is room.
        let eye = eye_among(&[wall], std::f32::consts::PI);
        assert!((eye.x + BESIDE).abs() < 1e-3, "{eye}");
    }

    #[test]
    fn the_eye_stays_below_a_ceiling_under_which_one_just_fits() {
        let height = 1.77;
        let ceiling = (
            Vec3::new(0.0, height + 0.5, 0.0),
            Vec3::new(60.0, 1.0, 60.0),
        );
        let eye = eye_among(&[ceiling], 0.0);
        assert!(eye.y <= height - EYE_RADIUS, "{eye} is in the ceiling");
        assert!((eye.x - BESIDE).abs() < 1e-3, "{eye}");
        assert!(eye.z > BEHIND - 0.1, "{eye} is not behind the head");
    }

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
