//! Which share of a picture shows the world's own surfaces: two pictures without shadows, one with the surfaces and one without,
//! and the pixels that differ. The grid floor and the sky are in both.

use super::{SteppedClient, offscreen::SETTLING_UPDATES};
use crate::{
    ClientError,
    scenery::{Floor, SceneryRoot},
    stats::Figures,
};
use bevy::{
    ecs::system::RunSystemOnce,
    light::NotShadowCaster,
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};

/// Pixels whose channels differ by less, of 255, are taken for the same.
const LEAST_DIFFERENCE: u8 = 4;

/// The picture that came back from the adapter.
#[derive(Resource, Default)]
struct Captured(Option<Image>);

/// Measures, and notes it among the figures. Afterwards the world is hidden: this is the last thing in a run.
pub(super) fn measure(client: &mut SteppedClient) -> Result<(), ClientError> {
    change(client, stop_casting)?;
    let with = capture(client)?;
    change(client, hide_surfaces)?;
    let without = capture(client)?;
    let share = differing_share(&with, &without);
    client
        .app
        .world_mut()
        .resource_mut::<Figures>()
        .covered_share = Some(share);
    Ok(())
}

fn change<Marker>(
    client: &mut SteppedClient,
    system: impl IntoSystem<(), (), Marker>,
) -> Result<(), ClientError> {
    let world = client.app.world_mut();
    world
        .run_system_once(system)
        .map_err(|error| ClientError::Drawing(error.to_string()))
}

/// Surfaces cast no shadow on the floor from now on. Lights keep theirs, since without them every pipeline would be new.
fn stop_casting(mut commands: Commands, drawn: Query<Entity, With<Mesh3d>>) {
    for entity in &drawn {
        commands.entity(entity).insert(NotShadowCaster);
    }
}

/// Hides what is drawn and leaves the lights.
fn hide_surfaces(
    roots: Query<Entity, With<SceneryRoot>>,
    children: Query<&Children>,
    mut drawn: Query<&mut Visibility, (With<Mesh3d>, Without<Floor>)>,
) {
    for root in &roots {
        for child in children.iter_descendants(root) {
            if let Ok(mut visibility) = drawn.get_mut(child) {
                *visibility = Visibility::Hidden;
            }
        }
    }
}

/// Takes the next picture.
fn capture(client: &mut SteppedClient) -> Result<Vec<[u8; 4]>, ClientError> {
    let target = client.target.as_image().cloned().unwrap_or_default();
    let world = client.app.world_mut();
    world.init_resource::<Captured>();
    world.spawn(Screenshot::image(target)).observe(
        |captured: On<ScreenshotCaptured>, mut last: ResMut<Captured>| {
            last.0 = Some(captured.image.clone());
        },
    );
    for _ in 0..SETTLING_UPDATES {
        client.update(true)?;
        let image = client.app.world_mut().resource_mut::<Captured>().0.take();
        if let Some(data) = image.and_then(|image| image.data) {
            return Ok(data.as_chunks().0.to_vec());
        }
    }
    Err(ClientError::Drawing(
        "a picture did not come back from the adapter".to_owned(),
    ))
}

fn differing_share(one: &[[u8; 4]], other: &[[u8; 4]]) -> f32 {
    let differing = one.iter().zip(other).filter(|(one, other)| {
        one.iter()
            .zip(*other)
            .any(|(one, other)| one.abs_diff(*other) >= LEAST_DIFFERENCE)
    });
    differing.count() as f32 / one.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_does_not_cover() {
        let floor = [[100, 100, 100, 255]; 4];
        let mut picture = floor;
        assert_eq!(differing_share(&picture, &floor), 0.0);
        picture[0][1] += LEAST_DIFFERENCE - 1;
        assert_eq!(differing_share(&picture, &floor), 0.0);
        picture[3][2] -= LEAST_DIFFERENCE;
        assert_eq!(differing_share(&picture, &floor), 0.25);
        assert_eq!(differing_share(&[], &[]), 0.0);
    }
}
