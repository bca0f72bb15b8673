//! A material in the engine, of whichever kind it had to be.

use super::{
    lobes::{LobedMaterial, Lobes},
    toon::{DrawnMaterial, Toon},
};
use bevy::{ecs::system::SystemParam, prelude::*};

/// The engine's handle of a material.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Surface {
    /// The engine's own suffices.
    Plain(Handle<StandardMaterial>),
    /// With lobes of `shaders/lobes.wgsl`.
    Lobed(Handle<LobedMaterial>),
    /// With the drawn look of `shaders/toon.wgsl`.
    Drawn(Handle<DrawnMaterial>),
}

/// What a material has beside the engine's own.
pub(crate) enum Extra<'m> {
    Nothing,
    Lobes(&'m mut Lobes),
    Toon(&'m mut Toon),
}

/// The engine's stores of pictures and materials.
#[derive(SystemParam)]
pub(crate) struct SurfaceStores<'w> {
    pub(crate) images: ResMut<'w, Assets<Image>>,
    pub(crate) plain: ResMut<'w, Assets<StandardMaterial>>,
    pub(crate) lobed: ResMut<'w, Assets<LobedMaterial>>,
    pub(crate) drawn: ResMut<'w, Assets<DrawnMaterial>>,
}

impl Surface {
    /// Lays the material on something drawn.
    pub(crate) fn lay(&self, drawn: &mut EntityCommands<'_>) {
        match self {
            Self::Plain(handle) => drawn.insert(MeshMaterial3d(handle.clone())),
            Self::Lobed(handle) => drawn.insert(MeshMaterial3d(handle.clone())),
            Self::Drawn(handle) => drawn.insert(MeshMaterial3d(handle.clone())),
        };
    }
}

impl SurfaceStores<'_> {
    /// Changes a material in place.
    pub(crate) fn change(
        &mut self,
        surface: &Surface,
        change: impl FnOnce(&mut StandardMaterial, Extra<'_>),
    ) {
        match surface {
            Surface::Plain(handle) => {
                if let Some(mut material) = self.plain.get_mut(handle) {
                    change(&mut material, Extra::Nothing);
                }
            }
            Surface::Lobed(handle) => {
                if let Some(mut material) = self.lobed.get_mut(handle) {
                    let material = &mut *material;
                    change(&mut material.base, Extra::Lobes(&mut material.extension));
                }
            }
            Surface::Drawn(handle) => {
                if let Some(mut material) = self.drawn.get_mut(handle) {
                    let material = &mut *material;
                    change(&mut material.base, Extra::Toon(&mut material.extension));
                }
            }
        }
    }

    /// A copy that can be changed alone.
    pub(crate) fn copy(&mut self, surface: &Surface) -> Surface {
        match surface {
            Surface::Plain(handle) => {
                let copy = self.plain.get(handle).cloned().unwrap_or_default();
                Surface::Plain(self.plain.add(copy))
            }
            Surface::Lobed(handle) => {
                let copy = self.lobed.get(handle).cloned().unwrap_or_default();
                Surface::Lobed(self.lobed.add(copy))
            }
            Surface::Drawn(handle) => {
                let copy = self.drawn.get(handle).cloned().unwrap_or_default();
                Surface::Drawn(self.drawn.add(copy))
            }
        }
    }
}
