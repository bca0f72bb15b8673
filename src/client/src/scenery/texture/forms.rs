//! In which form pictures that are compressed for adapters stay.

use super::Reading;
use bevy::render::{
    render_resource::{AstcBlock, AstcChannel, TextureFormat, WgpuFeatures},
    renderer::RenderDevice,
};
use scene::basis::PixelForm;

/// The best form that an adapter reads.
pub(super) fn of_device(device: &RenderDevice) -> PixelForm {
    let has = |feature| device.features().contains(feature);
    if has(WgpuFeatures::TEXTURE_COMPRESSION_BC) {
        PixelForm::Bc7
    } else if has(WgpuFeatures::TEXTURE_COMPRESSION_ASTC) {
        PixelForm::Astc4x4
    } else if has(WgpuFeatures::TEXTURE_COMPRESSION_ETC2) {
        PixelForm::Etc2
    } else {
        PixelForm::Rgba8
    }
}

/// The engine's name of a form that is read in one way.
pub(super) fn engine_format(form: PixelForm, reading: Reading) -> TextureFormat {
    let astc = |channel| TextureFormat::Astc {
        block: AstcBlock::B4x4,
        channel,
    };
    match (form, reading) {
        (PixelForm::Rgba8, Reading::Color) => TextureFormat::Rgba8UnormSrgb,
        (PixelForm::Rgba8, Reading::Numbers) => TextureFormat::Rgba8Unorm,
        (PixelForm::Bc7, Reading::Color) => TextureFormat::Bc7RgbaUnormSrgb,
        (PixelForm::Bc7, Reading::Numbers) => TextureFormat::Bc7RgbaUnorm,
        (PixelForm::Astc4x4, Reading::Color) => astc(AstcChannel::UnormSrgb),
        (PixelForm::Astc4x4, Reading::Numbers) => astc(AstcChannel::Unorm),
        (PixelForm::Etc2, Reading::Color) => TextureFormat::Etc2Rgba8UnormSrgb,
        (PixelForm::Etc2, Reading::Numbers) => TextureFormat::Etc2Rgba8Unorm,
    }
}
