//! One view, from where one wishes.

use super::stage::{EYES, Model, Place, about_x, about_y, product};

/// Distance at which the point that is looked at stands, in metres: near enough for shadows to be fine.
const STANDS_AT: f32 = 14.0;
/// Share of the picture that a model takes when no distance is stated.
const FILLED: f32 = 0.9;

/// Where a picture is taken from.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// To the right of the front, from where the model is seen, and above it, in degrees.
    pub(super) from: [f32; 2],
    /// The point of the file in the middle of the picture, in metres; the middle of the model when absent.
    pub(super) look_at: Option<[f32; 3]>,
    /// From that point, in metres; so far away that everything is in the picture when absent.
    pub(super) distance: Option<f32>,
    /// From the bottom to the top of the picture, in radians.
    pub(super) field_of_view: f32,
    /// Width of the picture by its height.
    pub(super) aspect: f32,
}

/// The world as a GLB.
///
/// # Errors
/// One line when it cannot be written.
pub(super) fn make(model: Model, view: &View) -> Result<Vec<u8>, String> {
    let [right, above] = view.from.map(f32::to_radians);
    let rotation = product(about_x(above), about_y(-right));
    let look_at = view.look_at.unwrap_or_else(|| model.middle());
    let corners = corners(&model).map(|corner| {
        turned(
            rotation,
            std::array::from_fn(|axis| corner[axis] - look_at[axis]),
        )
    });
    let distance = view.distance.unwrap_or_else(|| fitting(&corners, view));
    let scale = STANDS_AT / distance.max(1.0e-6);
    let reach = corners.iter().map(|[_, _, toward]| -toward * scale);
    let reach = reach.fold(0.0, f32::max);
    let place = Place {
        at: [0.0, EYES, -STANDS_AT],
        rotation,
        scale,
    };
    model.stand(look_at, &[place], 2.0 * (STANDS_AT + reach))
}

/// The distance from which all corners are in the picture, some room around them.
fn fitting(corners: &[[f32; 3]], view: &View) -> f32 {
    let up = (view.field_of_view / 2.0).tan() * FILLED;
    let needed = corners
        .iter()
        .map(|[x, y, toward]| toward + (x.abs() / (up * view.aspect)).max(y.abs() / up));
    needed.fold(0.0, f32::max)
}

fn corners(model: &Model) -> [[f32; 3]; 8] {
    std::array::from_fn(|corner| {
        std::array::from_fn(|axis| match corner >> axis & 1 {
            0 => model.low[axis],
            _ => model.high[axis],
        })
    })
}

/// A point turned by a quaternion.
fn turned(rotation: [f32; 4], [x, y, z]: [f32; 3]) -> [f32; 3] {
    let [a, b, c, w] = rotation;
    let [x, y, z, _] = product(product(rotation, [x, y, z, 0.0]), [-a, -b, -c, w]);
    [x, y, z]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::testing;
    use glam::{Vec3, Vec4};

    const FRONT: View = View {
        from: [0.0, 0.0],
        look_at: None,
        distance: None,
        field_of_view: 0.8,
        aspect: 1.5,
    };

    /// Where the corners of the triangle come to, in the axes of the eye.
    fn seen(view: &View) -> Vec<Vec3> {
        let model = Model::open(&testing::triangle([100.0, 2.0, 0.0])).unwrap();
        let scene = testing::load(&make(model, view).unwrap());
        let place = scene
            .nodes
            .iter()
            .position(|node| node.transform.translation.z == -STANDS_AT);
        let place = scene.nodes[place.unwrap()].transform;
        let place = glam::Mat4::from_scale_rotation_translation(
            place.scale,
            place.rotation,
            place.translation,
        );
        let look_at = view.look_at.unwrap_or([104.5, 4.0, 1.5]);
        testing::CORNERS
            .map(|corner| Vec3::from(corner) + Vec3::new(100.0, 2.0, 0.0) - Vec3::from(look_at))
            .map(|corner| (place * Vec4::from((corner, 1.0))).truncate() - Vec3::Y * EYES)
            .to_vec()
    }

    fn is_in_picture(at: &Vec3, view: &View) -> bool {
        let up = (view.field_of_view / 2.0).tan() * -at.z;
        at.z < 0.0 && at.y.abs() <= up && at.x.abs() <= up * view.aspect
    }

    #[test]
    fn everything_is_in_the_picture_from_every_side() {
        for (right, above) in [
            (0.0, 0.0),
            (30.0, 25.0),
            (-90.0, 0.0),
            (180.0, 89.0),
            (77.0, -60.0),
        ] {
            for aspect in [0.3, 1.0, 2.5] {
                let view = View {
                    from: [right, above],
                    aspect,
                    ..FRONT
                };
                let seen = seen(&view);
                assert!(
                    seen.iter().all(|at| is_in_picture(at, &view)),
                    "{view:?} {seen:?}"
                );
            }
        }
    }

    #[test]
    fn the_eye_goes_to_the_right_and_up() {
        let sides = seen(&FRONT);
        assert!(
            sides[1].x > sides[0].x && sides[2].y > sides[0].y,
            "{sides:?}"
        );
        // From its right end that end is near; from above its top is.
        let right = seen(&View {
            from: [60.0, 0.0],
            ..FRONT
        });
        assert!(right[1].z > right[0].z + 1.0, "{right:?}");
        let above = seen(&View {
            from: [0.0, 60.0],
            ..FRONT
        });
        assert!(above[2].z > above[0].z, "{above:?}");
    }

    #[test]
    fn a_point_that_is_looked_at_is_in_the_middle_at_its_distance() {
        let view = View {
            from: [25.0, 40.0],
            look_at: Some([109.0, 2.0, 0.0]),
            distance: Some(2.0),
            ..FRONT
        };
        let seen = seen(&view);
        assert!(
            seen[1].abs_diff_eq(Vec3::NEG_Z * STANDS_AT, 1e-3),
            "{seen:?}"
        );
        // Nine metres in the file, at two metres' distance.
        let length = (seen[1] - seen[0]).length();
        assert!((length - 9.0 * STANDS_AT / 2.0).abs() < 1e-2, "{length}");
    }
}
