//! How pictures are wanted: by the preset, and by what the adapter reads.

use super::{PictureInbox, forms};
use crate::look::Preset;
use bevy::{ecs::system::SystemParam, prelude::*, render::renderer::RenderDevice};
use scene::basis::PixelForm;

/// How pictures are wanted.
#[derive(Clone)]
pub(crate) struct PictureWishes {
    /// Most pixels on a side.
    pub(crate) max_side: u32,
    /// Samples along the slant of a surface that is seen at a slant.
    pub(crate) anisotropy: u16,
    /// What pictures become that are compressed for adapters.
    pub(crate) form: PixelForm,
    /// Where they are handed in.
    pub(crate) inbox: PictureInbox,
}

impl PictureWishes {
    /// For pictures of tests.
    #[cfg(test)]
    pub(crate) const fn small(inbox: PictureInbox) -> Self {
        Self {
            max_side: 64,
            anisotropy: 1,
            form: PixelForm::Rgba8,
            inbox,
        }
    }

    /// Where there is no adapter, compressed pictures become pixels.
    pub(crate) fn new(preset: Preset, device: Option<&RenderDevice>, inbox: PictureInbox) -> Self {
        Self {
            max_side: preset.texture_side(),
            anisotropy: preset.anisotropy(),
            form: device.map_or(PixelForm::Rgba8, forms::of_device),
            inbox,
        }
    }

    /// Bytes of the largest level of a picture, by what the header of its image says.
    pub(super) fn bytes(&self, image: &scene::Image) -> u64 {
        let mut size = (image.width, image.height);
        while size.0.max(size.1) > self.max_side.max(1) {
            size = ((size.0 / 2).max(1), (size.1 / 2).max(1));
        }
        let form = match image.format {
            scene::ImageFormat::Basis => self.form,
            scene::ImageFormat::Png | scene::ImageFormat::Jpeg => PixelForm::Rgba8,
        };
        form.bytes(size.0, size.1)
    }
}

/// The wishes at present.
#[derive(SystemParam)]
pub(crate) struct WishedPictures<'w> {
    preset: Res<'w, Preset>,
    device: Option<Res<'w, RenderDevice>>,
    inbox: Res<'w, PictureInbox>,
}

impl WishedPictures<'_> {
    pub(crate) fn now(&self) -> PictureWishes {
        PictureWishes::new(*self.preset, self.device.as_deref(), self.inbox.clone())
    }
}
