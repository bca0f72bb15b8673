//! Light on its way through glass (KHR_materials_volume, KHR_materials_dispersion).

use bevy::math::Vec3;
use std::f32::consts::E;

/// Darker glass than this is drawn as this: without an end, colours would become numbers without one.
const DARKEST: f32 = 1.0e-4;

/// The attenuation colour with which the engine lets through what the specification says. That is, a channel `c` after one
/// attenuation distance; the engine lets through exp(-(1 - c)^e).
pub(super) fn attenuation(color: Vec3) -> Vec3 {
    color.map(|channel| 1.0 - (-channel.clamp(DARKEST, 1.0).ln()).powf(1.0 / E))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use crate::app::studio::{SIDE, Studio};
    use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
    use scene::Material;

    /// Where the pane stands before the eye, in metres, and how far behind it the wall is.
    const AWAY: f32 = 2.0;
    const BEHIND: f32 = 2.0;

    /// A studio without any light, and a white wall in the right half of the picture.
    fn studio() -> Option<Studio> {
        let mut studio = testing::studio(Tonemapping::None)?;
        studio.app.insert_resource(ClearColor(Color::BLACK));
        let world = studio.app.world_mut();
        let wall = Mesh::from(Rectangle::new(20.0, 20.0));
        let mesh = world.resource_mut::<Assets<Mesh>>().add(wall);
        let white = StandardMaterial {
            base_color: Color::WHITE,
            unlit: true,
            ..default()
        };
        let white = world.resource_mut::<Assets<StandardMaterial>>().add(white);
        let place = Transform::from_xyz(10.0, 0.0, -AWAY - BEHIND);
        world.spawn((Mesh3d(mesh), MeshMaterial3d(white), place));
        Some(studio)
    }

    /// What is seen through a pane of a material, turned by an angle in radians: a row of pixels, linear.
    fn through(
        studio: &mut Studio,
        change: impl FnOnce(&mut Material),
        turn: f32,
    ) -> Vec<[f32; 3]> {
        through_scaled(studio, change, turn, 1.0)
    }

    /// The same through a pane that its node makes so many times as large as its mesh.
    fn through_scaled(
        studio: &mut Studio,
        change: impl FnOnce(&mut Material),
        turn: f32,
        scale: f32,
    ) -> Vec<[f32; 3]> {
        let mut material = Material {
            metallic: 0.0,
            roughness: 0.0,
            transmission: 1.0,
            ..Material::default()
        };
        change(&mut material);
        let pane = Mesh::from(Rectangle::new(8.0 / scale, 8.0 / scale));
        let place = Transform::from_xyz(0.0, 0.0, -AWAY)
            .with_rotation(Quat::from_rotation_y(turn))
            .with_scale(Vec3::splat(scale));
        testing::show(studio, testing::scene_of(material), pane, place, ());
        let picture = studio.picture();
        let pixel = |x: u32| picture.get_pixel(x, SIDE / 2).0;
        (0..SIDE)
            .map(|x| {
                let [red, green, blue, _] = pixel(x);
                [red, green, blue]
                    .map(|channel| scene::linear_from_srgb(f32::from(channel) / 255.0))
            })
            .collect()
    }

    /// Pixels from the left edge up to where a channel becomes bright.
    fn edge(row: &[[f32; 3]], channel: usize) -> usize {
        let brightest = row.iter().map(|pixel| pixel[channel]).fold(0.0, f32::max);
        row.iter()
            .position(|pixel| pixel[channel] > brightest / 2.0)
            .unwrap()
    }

    #[test]
    fn glass_swallows_the_share_of_light_that_its_depth_and_colour_say() {
        let Some(mut studio) = studio() else { return };
        let color = Vec3::new(1.0, 0.5, 0.2);
        let bright = |row: &[[f32; 3]]| Vec3::from(row[SIDE as usize - 8]);
        let clear = bright(&through(&mut studio, |glass| glass.thickness = 1.0, 0.0));
        assert!(clear.min_element() > 0.8, "{clear}");
        for (thickness, distance) in [(1.0, 1.0), (1.0, 2.0), (2.0, 1.0), (0.0, 1.0)] {
            let tinted = |glass: &mut Material| {
                glass.thickness = thickness;
                glass.attenuation_distance = distance;
                glass.attenuation_color = color;
            };
            let shown = bright(&through(&mut studio, tinted, 0.0)) / clear;
            let expected = color.powf(thickness / distance);
            assert!(
                (shown - expected).abs().max_element() < 0.03,
                "{thickness} m, colour at {distance} m: {shown} instead of {expected}"
            );
        }
    }

    #[test]
    fn glass_is_as_deep_as_its_node_makes_it() {
        let Some(mut studio) = studio() else { return };
        let color = Vec3::new(1.0, 0.5, 0.2);
        let mut deep = |thickness: f32, scale: f32| {
            let tinted = |glass: &mut Material| {
                glass.thickness = thickness;
                glass.attenuation_distance = 1.0;
                glass.attenuation_color = color;
            };
            let row = through_scaled(&mut studio, tinted, 0.0, scale);
            Vec3::from(row[SIDE as usize - 8])
        };
        let whole = deep(1.0, 1.0);
        for scale in [0.01, 0.5, 4.0] {
            let scaled = deep(1.0 / scale, scale);
            assert!(
                (scaled - whole).abs().max_element() < 0.02,
                "{scale}: {scaled} instead of {whole}"
            );
        }
        assert!(deep(1.0, 4.0).z < 0.1 * whole.z);
    }

    #[test]
    fn thick_glass_moves_what_is_behind_it_and_thin_glass_does_not() {
        let Some(mut studio) = studio() else { return };
        let at = |studio: &mut Studio, thickness: f32| {
            edge(
                &through(studio, |glass| glass.thickness = thickness, 0.8),
                1,
            )
        };
        let middle = SIDE as usize / 2;
        assert!(at(&mut studio, 0.0).abs_diff(middle) <= 1);
        let (thin, thick) = (at(&mut studio, 0.3), at(&mut studio, 0.6));
        assert!(thin.abs_diff(middle) >= 2 && thick.abs_diff(middle) > thin.abs_diff(middle));
    }

    #[test]
    fn dispersion_bends_blue_more_than_green_and_green_more_than_red() {
        let Some(mut studio) = studio() else { return };
        let mut edges = |dispersion: f32| {
            let prism = |glass: &mut Material| {
                glass.thickness = 0.6;
                glass.dispersion = dispersion;
            };
            let row = through(&mut studio, prism, 0.8);
            [0, 1, 2].map(|channel| edge(&row, channel).abs_diff(SIDE as usize / 2))
        };
        let [red, green, blue] = edges(0.0);
        assert!(red == green && green == blue);
        let [split_red, split_green, split_blue] = edges(15.0);
        assert_eq!(split_green, green);
        assert!(
            split_red < split_green && split_green < split_blue,
            "{split_red} {split_green} {split_blue}"
        );
    }
}
