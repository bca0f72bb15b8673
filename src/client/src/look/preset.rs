//! Graphics presets: chosen from the adapter at first, changed by the person at will.

use bevy::{
    prelude::*,
    render::{
        render_resource::WgpuFeatures,
        renderer::{RenderAdapterInfo, RenderDevice},
    },
};

/// How much is drawn.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Preset {
    /// For software rasterisers and the weakest adapters.
    #[default]
    Low,
    /// For built-in adapters.
    Medium,
    /// For graphics cards.
    High,
}

impl Preset {
    /// Widest texture in pixels.
    pub(crate) fn texture_side(self) -> u32 {
        match self {
            Self::Low => 512,
            Self::Medium => 2048,
            Self::High => 4096,
        }
    }

    /// Samples along the slant of a surface that is seen at a slant.
    pub(crate) fn anisotropy(self) -> u16 {
        match self {
            Self::Low => 1,
            Self::Medium => 4,
            Self::High => 8,
        }
    }

    /// Pixels on a side of the sun's shadow map.
    pub(crate) fn shadow_side(self) -> usize {
        match self {
            Self::Low => 1024,
            Self::Medium => 2048,
            Self::High => 4096,
        }
    }

    /// Shadow maps one behind the other, and how far they reach in metres.
    pub(crate) fn shadow_cascades(self) -> (usize, f32) {
        match self {
            Self::Low => (1, 38.0),
            Self::Medium => (2, 80.0),
            Self::High => (4, 150.0),
        }
    }

    /// Edges are smoothed by drawing more samples.
    pub(crate) fn msaa(self) -> Msaa {
        match self {
            Self::Low => Msaa::Off,
            Self::Medium | Self::High => Msaa::Sample4,
        }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Preset>()
        .add_systems(PreStartup, choose);
}

fn choose(
    info: Option<Res<RenderAdapterInfo>>,
    device: Option<Res<RenderDevice>>,
    mut preset: ResMut<Preset>,
) {
    let (Some(info), Some(device)) = (info, device) else {
        return;
    };
    let kind = format!("{:?}", info.0.device_type);
    *preset = match kind.as_str() {
        "DiscreteGpu" => Preset::High,
        "IntegratedGpu" | "VirtualGpu"
            if device
                .features()
                .contains(WgpuFeatures::INDIRECT_FIRST_INSTANCE) =>
        {
            Preset::Medium
        }
        _ => Preset::Low,
    };
    tracing::info!(
        "drawing on {} ({kind}) with the preset {:?}",
        info.0.name,
        *preset
    );
}
