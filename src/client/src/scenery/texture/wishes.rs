//! How pictures are wanted: by the preset, and by what the adapter reads.

use super::{super::Inbox, forms};
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
    /// Where they are handed in, and the meshes that they lie on.
    pub(crate) inbox: Inbox,
}

impl PictureWishes {
    /// For pictures of tests.
    #[cfg(test)]
    pub(crate) const fn small(inbox: Inbox) -> Self {
        Self {
            max_side: 64,
            anisotropy: 1,
            form: PixelForm::Rgba8,
            inbox,
        }
    }

    /// Where there is no adapter, compressed pictures become pixels.
    pub(crate) fn new(preset: Preset, device: Option<&RenderDevice>, inbox: Inbox) -> Self {
        Self {
            max_side: preset.texture_side(),
            anisotropy: preset.anisotropy(),
            form: device.map_or(PixelForm::Rgba8, forms::of_device),
            inbox,
        }
    }
}

/// The wishes at present.
#[derive(SystemParam)]
pub(crate) struct WishedPictures<'w> {
    preset: Res<'w, Preset>,
    device: Option<Res<'w, RenderDevice>>,
    inbox: Res<'w, Inbox>,
}

impl WishedPictures<'_> {
    pub(crate) fn now(&self) -> PictureWishes {
        PictureWishes::new(*self.preset, self.device.as_deref(), self.inbox.clone())
    }
}
