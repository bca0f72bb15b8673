//! Shaders of our own, embedded in the program under the asset source `shaders://`.

use bevy::{
    asset::io::{
        AssetSourceBuilder,
        memory::{Dir, MemoryAssetReader},
    },
    prelude::*,
    shader::Shader,
};
use std::path::Path;

/// Every shader, by its path in the source.
pub(crate) const SHADERS: [(&str, &str); 7] = [
    (
        "around.wgsl",
        include_str!("../../../../shaders/around.wgsl"),
    ),
    ("hull.wgsl", include_str!("../../../../shaders/hull.wgsl")),
    ("film.wgsl", include_str!("../../../../shaders/film.wgsl")),
    (
        "lights.wgsl",
        include_str!("../../../../shaders/lights.wgsl"),
    ),
    ("lobes.wgsl", include_str!("../../../../shaders/lobes.wgsl")),
    ("toon.wgsl", include_str!("../../../../shaders/toon.wgsl")),
    (
        "toon_bindings.wgsl",
        include_str!("../../../../shaders/toon_bindings.wgsl"),
    ),
];

/// Keeps the modules that other shaders import.
#[derive(Resource)]
struct Kept(#[allow(dead_code, reason = "only tests look at what is kept")] Vec<Handle<Shader>>);

/// Makes the source; before the engine's plugins, since they open all sources.
pub(crate) fn embed(app: &mut App) {
    let folder = Dir::default();
    for (name, text) in SHADERS {
        folder.insert_asset_text(Path::new(name), text);
    }
    app.register_asset_source(
        "shaders",
        AssetSourceBuilder::new(move || {
            Box::new(MemoryAssetReader {
                root: folder.clone(),
            })
        }),
    );
}

pub(crate) fn plugin(app: &mut App) {
    app.add_systems(PreStartup, load);
}

fn load(mut commands: Commands, server: Res<AssetServer>) {
    let shaders = SHADERS
        .iter()
        .map(|(name, _)| server.load(format!("shaders://{name}")));
    commands.insert_resource(Kept(shaders.collect()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::{
        render::{
            RenderPlugin,
            render_resource::{DownlevelFlags, WgpuFeatures},
            settings::{RenderCreation, WgpuSettings},
        },
        shader::{ShaderCache, ShaderDefVal},
        winit::WinitPlugin,
    };

    /// The engine's shaders and ours, loaded as the product loads them, without an adapter.
    fn loaded() -> App {
        let mut app = App::new();
        embed(&mut app);
        let settings = WgpuSettings {
            backends: None,
            ..default()
        };
        let render = RenderPlugin {
            render_creation: RenderCreation::from(settings),
            ..default()
        };
        app.add_plugins(
            DefaultPlugins
                .build()
                .disable::<bevy::log::LogPlugin>()
                .disable::<WinitPlugin>()
                .set(render),
        );
        app.add_plugins(plugin);
        app.finish();
        app.cleanup();
        for _ in 0..100_000 {
            app.update();
            let server = app.world().resource::<AssetServer>();
            let kept = &app.world().resource::<Kept>().0;
            if kept.iter().all(|shader| server.is_loaded(shader)) {
                return app;
            }
        }
        panic!("the shaders were not loaded");
    }

    /// What the engine defines for a surface with everything.
    fn definitions(names: &[&str]) -> Vec<ShaderDefVal> {
        let numbers = [
            ("MATERIAL_BIND_GROUP", 3),
            ("MAX_DIRECTIONAL_LIGHTS", 10),
            ("MAX_CASCADES_PER_LIGHT", 4),
            ("MAX_RECT_LIGHTS", 8),
            ("AVAILABLE_STORAGE_BUFFER_BINDINGS", 16),
            ("TONEMAPPING_LUT_TEXTURE_BINDING_INDEX", 24),
            ("TONEMAPPING_LUT_SAMPLER_BINDING_INDEX", 25),
        ];
        let surface = [
            "MESH_PIPELINE",
            "VERTEX_OUTPUT_INSTANCE_INDEX",
            "VERTEX_POSITIONS",
            "VERTEX_NORMALS",
            "VERTEX_UVS",
            "VERTEX_UVS_A",
            "SHADOW_FILTER_METHOD_HARDWARE_2X2",
        ];
        let numbers = numbers.map(|(name, value)| ShaderDefVal::UInt(name.to_owned(), value));
        let names = surface.iter().chain(names);
        numbers
            .into_iter()
            .chain(names.map(|name| ShaderDefVal::from(*name)))
            .collect()
    }

    #[test]
    fn every_shader_is_composed_with_the_engines_modules() {
        let app = loaded();
        let mut cache = ShaderCache::<(), ()>::new(
            (),
            WgpuFeatures::all(),
            DownlevelFlags::all(),
            |(), _, _| Ok(()),
        );
        for (id, shader) in app.world().resource::<Assets<Shader>>().iter() {
            cache.set_shader(id, shader.clone());
        }
        let everything = [
            "VERTEX_UVS_B",
            "VERTEX_TANGENTS",
            "VERTEX_COLORS",
            "ENVIRONMENT_MAP",
            "MAY_DISCARD",
            "MORPH_TARGETS",
            "OUTLINE",
            "SKINNED",
            "STANDARD_MATERIAL_NORMAL_MAP",
            "STANDARD_MATERIAL_CLEARCOAT",
            "STANDARD_MATERIAL_ANISOTROPY",
            "STANDARD_MATERIAL_SPECULAR_TRANSMISSION",
            "STANDARD_MATERIAL_DIFFUSE_TRANSMISSION",
            "STANDARD_MATERIAL_DIFFUSE_OR_SPECULAR_TRANSMISSION",
        ];
        let kept = &app.world().resource::<Kept>().0;
        // Modules are composed as parts of what imports them.
        let whole = kept.iter().zip(SHADERS);
        let whole =
            whole.filter(|(_, (_, text))| text.contains("@fragment") || text.contains("@vertex"));
        for (number, (shader, (name, _))) in whole.enumerate() {
            for (case, names) in [&[][..], &everything[..]].into_iter().enumerate() {
                let made = cache.get(number * 2 + case, shader.id(), &definitions(names));
                assert!(made.is_ok(), "{name}: {}", made.unwrap_err());
            }
        }
    }
}
