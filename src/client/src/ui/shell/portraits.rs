//! Portraits of the avatars that every client ships, read when they are first shown.

use crate::app::Config;
use bevy::{asset::RenderAssetUsages, image::ImageSampler, prelude::*};
use protocol::SHIPPED_AVATARS;
use std::path::Path;

/// Largest portrait file in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A picture for each shipped avatar, in their order; none where its file cannot be read.
#[derive(Resource, Default)]
pub(super) struct Portraits(Vec<Option<Handle<Image>>>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Portraits>();
    app.add_systems(Startup, read_all);
}

impl Portraits {
    pub(super) fn get(&self, place: usize) -> Option<Handle<Image>> {
        self.0.get(place).cloned().flatten()
    }
}

/// The name under a portrait.
pub(super) fn name(stem: &str) -> String {
    let mut letters = stem.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Four small files; only where somebody can look at them.
fn read_all(
    config: Res<Config>,
    windows: Query<(), With<Window>>,
    mut portraits: ResMut<Portraits>,
    mut images: ResMut<Assets<Image>>,
) {
    if windows.is_empty() {
        return;
    }
    let folder = config.0.assets.join("avatars");
    portraits.0 = SHIPPED_AVATARS
        .iter()
        .map(|stem| {
            let file = folder.join(format!("{stem}.png"));
            match read(&file) {
                Ok(image) => Some(images.add(image)),
                Err(error) => {
                    tracing::warn!("{}: {error}", file.display());
                    None
                }
            }
        })
        .collect();
}

fn read(file: &Path) -> Result<Image, String> {
    let bytes = scene::read_bounded(file, MAX_BYTES)?;
    let picture = image::load_from_memory(&bytes).map_err(|error| error.to_string())?;
    let mut portrait = Image::from_dynamic(picture, true, RenderAssetUsages::RENDER_WORLD);
    portrait.sampler = ImageSampler::linear();
    Ok(portrait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_avatar_has_a_portrait() {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/avatars");
        for stem in SHIPPED_AVATARS {
            let portrait = read(&assets.join(format!("{stem}.png"))).unwrap();
            assert!(portrait.width() >= 128 && portrait.width() == portrait.height());
        }
    }

    #[test]
    fn a_damaged_portrait_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.png");
        std::fs::write(&file, b"no picture").unwrap();
        assert!(read(&file).is_err());
        assert!(read(&folder.path().join("y.png")).is_err());
    }

    #[test]
    fn names_begin_with_a_capital() {
        assert_eq!(name("mira"), "Mira");
        assert_eq!(name(""), "");
    }
}
