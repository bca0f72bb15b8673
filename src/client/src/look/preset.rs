//! Graphics presets: chosen from the adapter, or by the person.

use crate::{
    app::order::ClientSystems,
    settings::{Graphics, Kept},
};
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

    /// Pixels on a side of the sky.
    pub(crate) fn sky_side(self) -> u32 {
        match self {
            Self::Low => 128,
            Self::Medium | Self::High => 384,
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

    /// Depth is drawn first, so that hidden surfaces are not shaded: where shading is dear and corners are cheap.
    pub(crate) fn has_depth_prepass(self) -> bool {
        self == Self::Low
    }

    /// Edges are smoothed by drawing more samples.
    pub(crate) fn msaa(self) -> Msaa {
        match self {
            Self::Low => Msaa::Off,
            Self::Medium | Self::High => Msaa::Sample4,
        }
    }
}

/// What suits the adapter.
#[derive(Resource, Default)]
pub(crate) struct SuitedPreset(Preset);

impl SuitedPreset {
    /// The setting that asks for it.
    pub(crate) fn as_setting(&self) -> Graphics {
        match self.0 {
            Preset::Low => Graphics::Low,
            Preset::Medium => Graphics::Medium,
            Preset::High => Graphics::High,
        }
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Preset>()
        .init_resource::<SuitedPreset>()
        .add_systems(PreStartup, (look_at_adapter, choose).chain())
        .add_systems(
            Update,
            choose
                .in_set(ClientSystems::Receive)
                .run_if(resource_exists_and_changed::<Kept>),
        );
}

fn look_at_adapter(
    info: Option<Res<RenderAdapterInfo>>,
    device: Option<Res<RenderDevice>>,
    mut suited: ResMut<SuitedPreset>,
) {
    let (Some(info), Some(device)) = (info, device) else {
        return;
    };
    let has_indirect = device
        .features()
        .contains(WgpuFeatures::INDIRECT_FIRST_INSTANCE);
    // The engine does not export the type of this field.
    let kind = format!("{:?}", info.0.device_type);
    suited.0 = suit(&kind, has_indirect);
    tracing::info!(
        "drawing on {} ({kind}), which suits the preset {:?}",
        info.0.name,
        suited.0
    );
}

/// A software rasterizer counts as a processor, and gets the least.
fn suit(kind: &str, has_indirect: bool) -> Preset {
    match kind {
        "DiscreteGpu" => Preset::High,
        "IntegratedGpu" | "VirtualGpu" if has_indirect => Preset::Medium,
        _ => Preset::Low,
    }
}

fn choose(kept: Option<Res<Kept>>, suited: Res<SuitedPreset>, mut preset: ResMut<Preset>) {
    let graphics = kept.map_or(Graphics::Automatic, |kept| kept.0.values.graphics);
    preset.set_if_neq(match graphics {
        Graphics::Automatic => suited.0,
        Graphics::Low => Preset::Low,
        Graphics::Medium => Preset::Medium,
        Graphics::High => Preset::High,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsFile;

    #[test]
    fn a_software_rasterizer_gets_the_least_and_a_card_the_most() {
        assert_eq!(suit("Cpu", true), Preset::Low);
        assert_eq!(suit("Other", true), Preset::Low);
        assert_eq!(suit("IntegratedGpu", true), Preset::Medium);
        assert_eq!(suit("IntegratedGpu", false), Preset::Low);
        assert_eq!(suit("DiscreteGpu", true), Preset::High);
    }

    #[test]
    fn the_person_overrules_the_adapter_and_may_leave_it_the_choice() {
        let mut app = App::new();
        app.insert_resource(Kept(SettingsFile::default()))
            .add_plugins(plugin)
            .insert_resource(SuitedPreset(Preset::Medium));
        for (graphics, preset) in [
            (Graphics::Automatic, Preset::Medium),
            (Graphics::High, Preset::High),
            (Graphics::Low, Preset::Low),
            (Graphics::Automatic, Preset::Medium),
        ] {
            let mut kept = app.world_mut().resource_mut::<Kept>();
            kept.0.values.graphics = graphics;
            app.update();
            assert_eq!(*app.world().resource::<Preset>(), preset);
        }
    }
}
