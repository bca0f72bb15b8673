//! The application without a window, one update at a time: whoever holds it decides when and whether it draws.

use super::{Drawing, Ending, PictureTarget, make, offscreen::STEP, order::Stage};
use crate::{
    ClientConfig, ClientError, Display, Offscreen, camera::Eye, look::Sun, motion::Me,
    scenery::IsSceneryComplete,
};
use bevy::{
    asset::RenderAssetUsages,
    camera::{Exposure, RenderTarget},
    core_pipeline::tonemapping::{DebandDither, Tonemapping},
    ecs::system::RunSystemOnce,
    light::{CascadeShadowConfig, DirectionalLightShadowMap},
    prelude::*,
    render::{
        RenderApp,
        render_resource::{
            CachedPipelineState, Extent3d, PipelineCache, PollType, TextureDimension,
            TextureFormat, TextureUsages,
        },
        renderer::RenderDevice,
    },
    shader::ShaderCacheError,
    time::TimeUpdateStrategy,
};
use std::time::{Duration, Instant};

/// A client that its owner steps; for the offscreen program and for benches.
pub struct SteppedClient {
    pub(super) app: App,
    pub(super) target: RenderTarget,
}

/// How a client looks at its world, for pictures of the same view by other means.
pub struct View {
    /// Place of the camera in the world.
    pub world_from_camera: Transform,
    /// Its lens.
    pub projection: PerspectiveProjection,
    /// Smoothing of edges.
    pub msaa: Msaa,
    /// Exposure, tone curve and dithering.
    pub development: (Exposure, Tonemapping, DebandDither),
    /// The sun, how its shadows are split, and where it shines from.
    pub sun: (DirectionalLight, CascadeShadowConfig, Transform),
    /// Pixels on a side of its shadow maps.
    pub shadow_map: DirectionalLightShadowMap,
}

impl SteppedClient {
    /// A client that draws into memory. `config.display` must be [`Display::Offscreen`]; its count of pictures and
    /// its screenshot mean nothing here.
    ///
    /// # Errors
    /// [`ClientError`] when nothing can draw, or when the display is a window.
    pub fn start(config: ClientConfig) -> Result<Self, ClientError> {
        let Display::Offscreen(options) = config.display.clone() else {
            return Err(ClientError::Drawing(
                "a window cannot be stepped".to_owned(),
            ));
        };
        Ok(Self::new(make(config)?, &options))
    }

    pub(super) fn new(mut app: App, options: &Offscreen) -> Self {
        app.init_resource::<Drawing>()
            .insert_resource(TimeUpdateStrategy::ManualDuration(STEP));
        let target = make_target(&mut app, options);
        app.insert_resource(PictureTarget(target.clone()));
        app.finish();
        app.cleanup();
        Self { app, target }
    }

    /// One step of a tick, with or without a picture, and how long it took; a picture is waited for.
    ///
    /// # Errors
    /// [`ClientError`] when the visit ended badly, or a shader or pipeline is at fault.
    pub fn update(&mut self, is_drawing: bool) -> Result<Duration, ClientError> {
        self.app.world_mut().resource_mut::<Drawing>().is_on = is_drawing;
        let before = Instant::now();
        self.app.update();
        if is_drawing {
            finish_drawing(&self.app)?;
        }
        match self.app.world_mut().resource_mut::<Ending>().0.take() {
            Some(error) => Err(error),
            None => Ok(before.elapsed()),
        }
    }

    /// True when the world is built and all of it has reached the adapter.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        let world = self.app.world();
        *world.resource::<State<Stage>>().get() == Stage::Inside
            && world.resource::<IsSceneryComplete>().0
            && world.resource::<Me>().is_here
    }

    /// How it looks at the world now; nothing before it is loaded.
    pub fn view(&mut self) -> Option<View> {
        self.app.world_mut().run_system_once(look).ok().flatten()
    }
}

fn look(
    eyes: Query<
        (
            &Transform,
            &Projection,
            &Msaa,
            &Exposure,
            &Tonemapping,
            &DebandDither,
        ),
        With<Eye>,
    >,
    suns: Query<(&DirectionalLight, &CascadeShadowConfig, &Transform), With<Sun>>,
    shadow_map: Res<DirectionalLightShadowMap>,
) -> Option<View> {
    let (transform, projection, msaa, exposure, tonemapping, dither) = eyes.iter().next()?;
    let (light, cascades, from) = suns.iter().next()?;
    let Projection::Perspective(projection) = projection else {
        return None;
    };
    Some(View {
        world_from_camera: *transform,
        projection: projection.clone(),
        msaa: *msaa,
        development: (*exposure, *tonemapping, *dither),
        sun: (*light, cascades.clone(), *from),
        shadow_map: shadow_map.clone(),
    })
}

pub(super) fn finish_drawing(app: &App) -> Result<(), ClientError> {
    let device = app.world().resource::<RenderDevice>().wgpu_device();
    device
        .poll(PollType::Wait {
            submission_index: None,
            timeout: None,
        })
        .map_err(|error| ClientError::Drawing(error.to_string()))?;
    // The engine draws without what a broken pipeline would have drawn; a picture that lacks something is no picture.
    let pipelines = app
        .get_sub_app(RenderApp)
        .and_then(|render| render.world().get_resource::<PipelineCache>());
    for pipeline in pipelines.into_iter().flat_map(PipelineCache::pipelines) {
        // The other errors mean that something is still being loaded.
        if let CachedPipelineState::Err(
            error @ (ShaderCacheError::ProcessShaderError(_)
            | ShaderCacheError::CreateShaderModule(_)),
        ) = &pipeline.state
        {
            return Err(ClientError::Drawing(error.to_string()));
        }
    }
    Ok(())
}

pub(super) fn make_target(app: &mut App, options: &Offscreen) -> RenderTarget {
    let size = Extent3d {
        width: options.width,
        height: options.height,
        depth_or_array_layers: 1,
    };
    let mut image = Image::new_uninit(
        size,
        TextureDimension::D2,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.usage |= TextureUsages::RENDER_ATTACHMENT;
    app.world_mut()
        .resource_mut::<Assets<Image>>()
        .add(image)
        .into()
}
