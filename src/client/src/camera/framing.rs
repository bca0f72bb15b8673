//! A panel beside the view takes its room: what is looked at stands in the middle of what is left, and fits into it.

use super::Eye;
use crate::{
    app::order::{ClientSystems, Stage},
    link::{LoadedHere, VisitWorld},
};
use bevy::{camera::SubCameraView, prelude::*};
use simulation::Stage as Show;

/// Most of the picture's width that a panel may take.
const MAX_SHARE: f32 = 0.6;
/// Parts into which the height of a picture is divided, to write down where a view lies in it.
const PARTS: f32 = 4_096.0;

/// What lies beside the view.
#[derive(Resource, Default)]
pub(crate) struct Framing {
    /// Share of the picture's width that a panel takes on the left, 0 for none.
    pub(crate) left_share: f32,
    thing: Option<Thing>,
}

/// A thing on show: what of a view it takes.
#[derive(Clone, Copy, Debug)]
struct Thing {
    /// Half its width by its distance.
    half_width: f32,
    /// How many times closer it is looked at at first.
    zoom: f32,
}

impl Framing {
    fn share(&self) -> f32 {
        if self.left_share > 0.0 {
            self.left_share.min(MAX_SHARE)
        } else {
            0.0
        }
    }

    /// A vertical field of view, widened as far as the thing on show needs it beside a panel.
    pub(super) fn widen(&self, angle: f32, field: f32, aspect: f32) -> f32 {
        let Some(thing) = self.thing else {
            return angle;
        };
        let free = 1.0 - self.share();
        let shown = (field * 0.5).tan() / thing.zoom * aspect * free;
        let factor = (thing.half_width / shown.max(1e-6)).clamp(1.0, 1.0 / free);
        2.0 * ((angle * 0.5).tan() * factor).atan()
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Framing>();
    app.add_systems(OnEnter(Stage::Outside), forget);
    app.add_systems(
        Update,
        (
            measure.in_set(ClientSystems::Act),
            shift.in_set(ClientSystems::Show),
        ),
    );
}

fn forget(mut framing: ResMut<Framing>) {
    *framing = Framing::default();
}

fn measure(
    mut loaded: MessageReader<LoadedHere>,
    world: Option<Res<VisitWorld>>,
    mut framing: ResMut<Framing>,
) {
    if loaded.read().count() == 0 {
        return;
    }
    framing.thing = world.and_then(|world| {
        let bounds = world.scene.bounds()?;
        Some(thing(world.simulation.stage()?, bounds))
    });
}

fn thing(show: &Show, (low, high): (Vec3, Vec3)) -> Thing {
    let half_width = (high.x - show.center.x).max(show.center.x - low.x);
    let distance = (show.feet.z - high.z).max(0.05);
    Thing {
        half_width: half_width / distance,
        zoom: show.zoom,
    }
}

fn shift(framing: Res<Framing>, mut eyes: Query<(&mut Camera, &Projection), With<Eye>>) {
    for (mut camera, projection) in &mut eyes {
        let Projection::Perspective(perspective) = projection else {
            continue;
        };
        let share = framing.share();
        let wished = (share > 0.0).then(|| view_beside(share, perspective.aspect_ratio));
        if camera.sub_camera_view != wished {
            camera.sub_camera_view = wished;
        }
    }
}

/// A view whose middle is moved to the right by half of what a panel takes.
fn view_beside(share: f32, aspect: f32) -> SubCameraView {
    let size = Vec2::new((PARTS * aspect).round().max(1.0), PARTS);
    SubCameraView {
        full_size: size.as_uvec2(),
        offset: Vec2::new(-0.5 * share * size.x, 0.0),
        size: size.as_uvec2(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::FieldOfView, *};
    use bevy::camera::CameraProjection;

    const FIELD: f32 = FieldOfView::USUAL;

    #[test]
    fn the_middle_of_the_view_is_the_middle_of_what_a_panel_leaves() {
        let perspective = PerspectiveProjection {
            fov: FIELD,
            aspect_ratio: 16.0 / 9.0,
            ..default()
        };
        let matrix = perspective.get_clip_from_view_for_sub(&view_beside(0.3, 16.0 / 9.0));
        let seen = matrix.project_point3(Vec3::new(0.0, 0.0, -5.0));
        // The picture goes from -1 to 1, the panel takes its first 0.3.
        assert!((seen.x - 0.3).abs() < 1e-3 && seen.y.abs() < 1e-3, "{seen}");
    }

    #[test]
    fn only_what_would_not_fit_beside_a_panel_is_looked_at_from_wider() {
        let mut framing = Framing {
            left_share: 0.3,
            thing: None,
        };
        let aspect = 16.0 / 9.0;
        let widened = |framing: &Framing| framing.widen(FIELD, FIELD, aspect);
        assert_eq!(widened(&framing), FIELD, "a place is seen as it is");
        let tan = (FIELD * 0.5).tan();
        let thing = |half_width| {
            Some(Thing {
                half_width,
                zoom: 1.0,
            })
        };
        framing.thing = thing(tan * aspect * 0.5);
        assert!((widened(&framing) - FIELD).abs() < 1e-5);
        framing.thing = thing(tan * aspect * 0.85);
        let wide = (widened(&framing) * 0.5).tan();
        assert!((wide * 0.7 - tan * 0.85).abs() < 1e-4, "{wide}");
        framing.thing = thing(1e9);
        assert!(((widened(&framing) * 0.5).tan() - tan / 0.7).abs() < 1e-4);
        framing.left_share = f32::NAN;
        assert!(widened(&framing).is_finite());
    }
}
