//! Lines around surfaces with a drawn look: what has one is drawn once more, swollen and from its inside.

use super::{
    super::draw::{ENDLESS, HALF_VIEW},
    toon::OutlineMaterial,
};
use crate::app::order::ClientSystems;
use bevy::{
    camera::visibility::{NoFrustumCulling, VisibilityRange},
    light::NotShadowCaster,
    mesh::{morph::MeshMorphWeights, skinning::SkinnedMesh},
    prelude::*,
};
use scene::{OutlineMode, ToonMaterial};

/// Lines in metres that are narrower than this share of the picture's height are not drawn: they would be dots.
const NARROWEST: f32 = 1.0 / 4_000.0;

/// The line around something drawn, as a component of it. It is to be inserted after mesh, skin, morph weights and range.
#[derive(Component, Clone, Debug, PartialEq)]
#[component(immutable)]
pub(crate) struct Outline {
    pub(super) material: Handle<OutlineMaterial>,
    /// Metres beyond which it is not drawn.
    pub(super) reach: f32,
}

/// What draws the line around something.
#[derive(Component, Clone, Copy)]
pub(super) struct Hull(Entity);

/// On what draws a line.
#[derive(Component, Clone, Copy)]
pub(crate) struct IsHull;

pub(super) fn plugin(app: &mut App) {
    app.add_observer(draw)
        .add_observer(erase)
        .add_systems(Update, bend.in_set(ClientSystems::Show));
}

impl Outline {
    pub(super) fn new(toon: &ToonMaterial, material: Handle<OutlineMaterial>) -> Self {
        let reach = match toon.outline_mode {
            OutlineMode::World => toon.outline_width / (2.0 * HALF_VIEW * NARROWEST),
            OutlineMode::None | OutlineMode::Screen => ENDLESS,
        };
        Self { material, reach }
    }
}

/// The hull moves with what it is around, is hidden and goes with it.
fn draw(
    outlined: On<Insert, Outline>,
    mut commands: Commands,
    drawn: Query<(
        &Outline,
        &Mesh3d,
        Option<&SkinnedMesh>,
        Option<&MeshMorphWeights>,
        Option<&VisibilityRange>,
        Has<NoFrustumCulling>,
    )>,
) {
    let Ok((outline, mesh, skin, weights, range, is_always_drawn)) = drawn.get(outlined.entity)
    else {
        return;
    };
    let mut hull = commands.spawn((
        IsHull,
        NotShadowCaster,
        mesh.clone(),
        MeshMaterial3d(outline.material.clone()),
        Transform::default(),
        ChildOf(outlined.entity),
    ));
    if let Some(skin) = skin {
        hull.insert(skin.clone());
    }
    if let Some(weights) = weights {
        hull.insert(weights.clone());
    }
    if is_always_drawn {
        hull.insert(NoFrustumCulling);
    }
    let (start, end) = range.map_or((0.0, ENDLESS), |range| {
        (range.start_margin.start, range.end_margin.end)
    });
    let end = end.min(outline.reach);
    if (start, end) != (0.0, ENDLESS) {
        hull.insert(VisibilityRange::abrupt(start, end.max(start)));
    }
    let hull = Hull(hull.id());
    commands.entity(outlined.entity).insert(hull);
}

fn erase(outlined: On<Discard, Outline>, mut commands: Commands, hulls: Query<&Hull>) {
    if let Ok(hull) = hulls.get(outlined.entity) {
        commands.entity(hull.0).try_despawn();
    }
}

/// Morph weights change while a face moves; joints are the same entities for both.
fn bend(
    drawn: Query<(&MeshMorphWeights, &Hull), Changed<MeshMorphWeights>>,
    mut hulls: Query<&mut MeshMorphWeights, Without<Hull>>,
) {
    for (weights, hull) in &drawn {
        if let Ok(mut own) = hulls.get_mut(hull.0) {
            own.clone_from(weights);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, pictured, scene_of, textured};
    use super::*;
    use crate::{
        app::studio::{SIDE, Studio},
        scenery::Surface,
    };
    use bevy::{
        ecs::system::RunSystemOnce,
        mesh::{
            VertexAttributeValues, morph::MorphAttributes, skinning::SkinnedMeshInverseBindposes,
        },
    };
    use scene::{Material, TextureTransform};

    /// Metres from top to bottom of the picture at one metre's distance.
    const VIEW: f32 = 0.828;

    fn studio() -> Option<Studio> {
        let light = AmbientLight {
            brightness: 1_000.0,
            ..default()
        };
        testing::studio((light, Transform::default()))
    }

    /// A black look with a red line that shines by itself.
    fn look(outline_mode: OutlineMode, outline_width: f32) -> ToonMaterial {
        ToonMaterial {
            outline_mode,
            outline_width,
            outline_color: Vec3::X,
            outline_lighting_mix: 0.0,
            ..ToonMaterial::default()
        }
    }

    fn material(toon: ToonMaterial) -> Material {
        Material {
            base_color: Vec4::new(0.0, 0.0, 0.0, 1.0),
            toon: Some(Box::new(toon)),
            ..Material::default()
        }
    }

    /// Hangs a mesh with a look before the eye, so many metres away.
    fn hang(
        studio: &mut Studio,
        look: ToonMaterial,
        mesh: Mesh,
        away: f32,
        more: impl Bundle,
    ) -> Entity {
        let place = Transform::from_xyz(0.0, 0.0, -away);
        testing::show(studio, scene_of(material(look)), mesh, place, more)
    }

    fn ball(radius: f32) -> Mesh {
        Sphere::new(radius).mesh().uv(48, 24)
    }

    fn hulls(studio: &mut Studio) -> usize {
        let world = studio.app.world_mut();
        world
            .query::<&MeshMaterial3d<OutlineMaterial>>()
            .iter(world)
            .count()
    }

    /// Places of red pixels from the middle of the picture, to the right and up.
    fn line(studio: &mut Studio) -> Vec<Vec2> {
        let picture = studio.picture();
        let red = picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0[0] > 120 && pixel.0[1] < 150);
        let middle = Vec2::splat((SIDE - 1) as f32 / 2.0);
        red.map(|(x, y, _)| (Vec2::new(x as f32, y as f32) - middle) * Vec2::new(1.0, -1.0))
            .collect()
    }

    /// Width in pixels of the line around a ball in the middle.
    fn width(studio: &mut Studio) -> f32 {
        let row = |place: &&Vec2| place.y.abs() < 1.0;
        line(studio).iter().filter(row).count() as f32 / 4.0
    }

    #[test]
    fn lines_are_so_many_metres_or_so_much_of_the_screen_wide() {
        let Some(mut studio) = studio() else { return };
        let pixels = SIDE as f32;
        for (toon, away, expected) in [
            (
                look(OutlineMode::World, 0.2),
                3.0,
                0.2 / (3.0 * VIEW) * pixels,
            ),
            (
                look(OutlineMode::World, 0.2),
                6.0,
                0.2 / (6.0 * VIEW) * pixels,
            ),
            (look(OutlineMode::Screen, 0.08), 3.0, 0.08 * pixels),
            (look(OutlineMode::Screen, 0.08), 6.0, 0.08 * pixels),
        ] {
            let mode = toon.outline_mode;
            hang(&mut studio, toon, ball(0.6), away, ());
            let drawn = width(&mut studio);
            assert!(
                (drawn - expected).abs() < 1.0,
                "{mode:?} at {away} m is {drawn} pixels wide, not {expected}"
            );
        }
    }

    #[test]
    fn what_has_no_line_or_is_too_far_for_it_is_drawn_once() {
        let Some(mut studio) = studio() else { return };
        for toon in [look(OutlineMode::None, 0.2), look(OutlineMode::World, 0.0)] {
            hang(&mut studio, toon, ball(0.6), 3.0, ());
            assert_eq!(hulls(&mut studio), 0);
        }
        // A millimetre, which is seen at one metre and a half and not at ten.
        hang(
            &mut studio,
            look(OutlineMode::World, 0.001),
            ball(0.6),
            10.0,
            (),
        );
        assert_eq!(hulls(&mut studio), 1);
        let world = studio.app.world_mut();
        let mut ranges =
            world.query_filtered::<&VisibilityRange, With<MeshMaterial3d<OutlineMaterial>>>();
        let range = ranges.single(world).unwrap();
        assert!(range.is_visible_at_all(1.5) && !range.is_visible_at_all(10.0));
        // Another look takes the line of the one before along.
        let mut drawn = world.query_filtered::<Entity, With<Hull>>();
        let drawn = drawn.single(world).unwrap();
        world
            .run_system_once(move |mut commands: Commands| {
                Surface::Plain(Handle::default()).lay(&mut commands.entity(drawn));
            })
            .unwrap();
        assert_eq!(hulls(&mut studio), 0);
    }

    #[test]
    fn the_green_of_a_picture_says_where_a_line_is_wide() {
        let Some(mut studio) = studio() else { return };
        for (color, is_there) in [([0, 255, 0, 255], true), ([255, 0, 255, 255], false)] {
            let toon = ToonMaterial {
                outline_width_texture: Some(textured(TextureTransform::default())),
                ..look(OutlineMode::World, 0.2)
            };
            let place = Transform::from_xyz(0.0, 0.0, -3.0);
            let scene = pictured(material(toon), color);
            testing::show(&mut studio, scene, ball(0.6), place, ());
            assert_eq!(width(&mut studio) > 2.0, is_there);
        }
    }

    #[test]
    fn a_line_follows_joints_and_morph_targets() {
        let Some(mut studio) = studio() else { return };
        let mut mesh = ball(0.3);
        let count = mesh.count_vertices();
        let joints = VertexAttributeValues::Uint16x4(vec![[0; 4]; count]);
        mesh.insert_attribute(Mesh::ATTRIBUTE_JOINT_INDEX, joints);
        mesh.insert_attribute(
            Mesh::ATTRIBUTE_JOINT_WEIGHT,
            vec![[1.0, 0.0, 0.0, 0.0]; count],
        );
        let aside = MorphAttributes::new(Vec3::X * 0.6, Vec3::ZERO, Vec3::ZERO);
        mesh.set_morph_targets(vec![aside; count]);
        let world = studio.app.world_mut();
        let joint = world.spawn(Transform::from_xyz(0.0, 0.6, -3.0)).id();
        let mut poses = world.resource_mut::<Assets<SkinnedMeshInverseBindposes>>();
        let inverse_bindposes = poses.add(SkinnedMeshInverseBindposes::from(vec![Mat4::IDENTITY]));
        let skin = SkinnedMesh {
            inverse_bindposes,
            joints: vec![joint],
        };
        let weights = MeshMorphWeights::Value { weights: vec![1.0] };
        let bent = (skin, weights, NoFrustumCulling);
        let drawn = hang(&mut studio, look(OutlineMode::World, 0.1), mesh, 3.0, bent);
        let pixels = 0.6 / (3.0 * VIEW) * SIDE as f32;
        for (weight, expected) in [(1.0, Vec2::new(pixels, pixels)), (0.0, Vec2::Y * pixels)] {
            let mut morph = studio
                .app
                .world_mut()
                .get_mut::<MeshMorphWeights>(drawn)
                .unwrap();
            *morph = MeshMorphWeights::Value {
                weights: vec![weight],
            };
            let line = line(&mut studio);
            let middle = line.iter().sum::<Vec2>() / line.len() as f32;
            assert!(line.len() > 20, "{} pixels", line.len());
            assert!(
                middle.distance(expected) < 2.0,
                "{middle} instead of {expected}"
            );
        }
    }
}
