//! A shader that cannot be composed with the engine's own modules, or is no program, ends a run without a window.

use super::{SteppedClient, make};
use crate::{ClientConfig, ClientError, Display, Offscreen, testing};
use bevy::{
    asset::uuid_handle,
    camera::visibility::NoFrustumCulling,
    prelude::*,
    render::render_resource::AsBindGroup,
    shader::{Shader, ShaderRef},
};

const SHADER: Handle<Shader> = uuid_handle!("5b6e2c1e-6f0e-4b8b-9d5c-3f6f2f6a7d10");
/// Pictures in which a pipeline is certainly built.
const PICTURES: usize = 4;

#[derive(Asset, TypePath, AsBindGroup, Clone)]
struct Shaded {}

impl Material for Shaded {
    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }
}

/// Draws a cube with a shader before anybody has entered anywhere.
fn draw_with(source: &'static str) -> Result<(), ClientError> {
    let options = Offscreen::of_size(32, 18);
    let config = ClientConfig {
        has_screens: false,
        display: Display::Offscreen(options.clone()),
        pin_unknown: true,
        ..testing::config()
    };
    let mut app = make(config)?;
    app.add_plugins(MaterialPlugin::<Shaded>::default());
    app.add_systems(
        Startup,
        |mut commands: Commands,
         mut meshes: ResMut<Assets<Mesh>>,
         mut materials: ResMut<Assets<Shaded>>| {
            commands.spawn((
                Mesh3d(meshes.add(Cuboid::default())),
                MeshMaterial3d(materials.add(Shaded {})),
                NoFrustumCulling,
            ));
        },
    );
    let shader = Shader::from_wgsl(source, "product/test.wgsl");
    let mut shaders = app.world_mut().resource_mut::<Assets<Shader>>();
    shaders.insert(&SHADER, shader).unwrap();
    let mut client = SteppedClient::new(app, &options);
    for _ in 0..PICTURES {
        client.update(true)?;
    }
    Ok(())
}

fn fault(source: &'static str) -> String {
    match draw_with(source) {
        Err(ClientError::Drawing(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_faulty_shader_ends_a_run_without_a_window() {
    let sound = "
        #import bevy_pbr::forward_io::VertexOutput
        @fragment fn fragment(in: VertexOutput) -> @location(0) vec4<f32> { return in.position; }";
    draw_with(sound).unwrap();
    let typo = "@fragment fn fragment( -> @location(0) vec4<f32> { return vec4(1.0); }";
    let told = fault(typo);
    assert!(told.contains("expected identifier"), "{told}");
    let wrong_type = "@fragment fn fragment() -> @location(0) vec4<f32> { return 1u; }";
    assert!(!fault(wrong_type).is_empty());
}
