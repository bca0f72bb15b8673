//! A material in the engine, of whichever kind it had to be.

mod glass;
mod lobes;
mod material;
mod outline;
#[cfg(test)]
mod testing;
mod toon;

pub(super) use lobes::LobedMaterial;
pub(crate) use material::{Surfaces, tint};
pub(super) use material::{make_unlit, set_factors};
pub(crate) use outline::IsHull;
pub(super) use toon::{DrawnMaterial, OutlineMaterial, textures as toon_textures};

use bevy::{ecs::system::SystemParam, prelude::*};
use lobes::Lobes;
use outline::Outline;
use scene::{MaterialIndex, Topology};
use std::collections::BTreeMap;
use toon::Factors;

/// The engine's handle of a material.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Surface {
    /// The engine's own suffices.
    Plain(Handle<StandardMaterial>),
    /// With lobes of `shaders/lobes.wgsl`.
    Lobed(Handle<LobedMaterial>),
    /// With the drawn look of `shaders/toon.wgsl`, and perhaps a line around it.
    Drawn(Handle<DrawnMaterial>, Option<Outline>),
}

/// Surfaces of the materials of one scene, on triangles and, unlit, on lines and points.
#[derive(Default)]
pub(crate) struct SceneSurfaces(BTreeMap<(MaterialIndex, bool), Surface>);

impl SceneSurfaces {
    /// The surface of a material, as far as something is drawn with it.
    pub(crate) fn on(&self, topology: Topology, material: MaterialIndex) -> Option<&Surface> {
        self.0.get(&(material, topology == Topology::Triangles))
    }

    #[cfg(test)]
    pub(crate) fn of(material: MaterialIndex, surface: Surface) -> Self {
        Self([((material, true), surface)].into())
    }
}

/// What a material has beside the engine's own.
pub(crate) enum Extra<'m> {
    Nothing,
    Lobes(&'m mut Lobes),
    Toon(&'m mut Factors),
}

/// The engine's stores of pictures and materials.
#[derive(SystemParam)]
pub(crate) struct SurfaceStores<'w> {
    pub(crate) images: ResMut<'w, Assets<Image>>,
    pub(crate) plain: ResMut<'w, Assets<StandardMaterial>>,
    pub(crate) lobed: ResMut<'w, Assets<LobedMaterial>>,
    pub(crate) drawn: ResMut<'w, Assets<DrawnMaterial>>,
    pub(super) outlines: ResMut<'w, Assets<OutlineMaterial>>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((lobes::plugin, toon::plugin, outline::plugin));
}

impl Surface {
    /// Lays the material on something drawn that has everything else already, in place of the one that it has.
    pub(crate) fn lay(&self, drawn: &mut EntityCommands<'_>) {
        drawn.remove::<(
            Outline,
            MeshMaterial3d<StandardMaterial>,
            MeshMaterial3d<LobedMaterial>,
            MeshMaterial3d<DrawnMaterial>,
        )>();
        match self {
            Self::Plain(handle) => {
                drawn.insert(MeshMaterial3d(handle.clone()));
            }
            Self::Lobed(handle) => {
                drawn.insert(MeshMaterial3d(handle.clone()));
            }
            Self::Drawn(handle, outline) => {
                drawn.insert(MeshMaterial3d(handle.clone()));
                if let Some(outline) = outline {
                    drawn.insert(outline.clone());
                }
            }
        }
    }
}

impl SurfaceStores<'_> {
    /// Changes a material in place, and the line around it.
    pub(crate) fn change(
        &mut self,
        surface: &Surface,
        change: impl Fn(&mut StandardMaterial, Extra<'_>),
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
            Surface::Drawn(handle, outline) => {
                if let Some(mut material) = self.drawn.get_mut(handle) {
                    let material = &mut *material;
                    let factors = material.extension.factors_mut();
                    change(&mut material.base, Extra::Toon(factors));
                }
                let outline = outline.as_ref().map(|outline| &outline.material);
                if let Some(mut material) = outline.and_then(|it| self.outlines.get_mut(it)) {
                    let material = &mut *material;
                    let factors = material.extension.factors_mut();
                    change(&mut material.base, Extra::Toon(factors));
                }
            }
        }
    }

    /// A copy that can be changed alone.
    pub(crate) fn copy(&mut self, surface: &Surface) -> Surface {
        match surface {
            Surface::Plain(handle) => Surface::Plain(copy(&mut self.plain, handle)),
            Surface::Lobed(handle) => Surface::Lobed(copy(&mut self.lobed, handle)),
            Surface::Drawn(handle, outline) => {
                let outline = outline.as_ref().map(|outline| Outline {
                    material: copy(&mut self.outlines, &outline.material),
                    ..outline.clone()
                });
                Surface::Drawn(copy(&mut self.drawn, handle), outline)
            }
        }
    }

    /// The same for lines and points, see [`make_unlit`].
    fn unlit(&mut self, surface: &Surface) -> Surface {
        let base = match surface {
            Surface::Plain(handle) => self.plain.get(handle),
            Surface::Lobed(handle) => self.lobed.get(handle).map(|lobed| &lobed.base),
            Surface::Drawn(handle, _) => self.drawn.get(handle).map(|drawn| &drawn.base),
        };
        let mut base = base.cloned().unwrap_or_default();
        make_unlit(&mut base);
        Surface::Plain(self.plain.add(base))
    }
}

fn copy<A: Asset + Clone + Default>(store: &mut Assets<A>, handle: &Handle<A>) -> Handle<A> {
    let copy = store.get(handle).cloned().unwrap_or_default();
    store.add(copy)
}
