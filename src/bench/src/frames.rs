//! Time of a picture of the plaza: our client against the engine's own glTF loader, in one process, from the same place,
//! with the same size, shadows and smoothing of edges. Pictures alternate, so that whatever else the machine does
//! burdens both alike.
//!
//! The baseline draws the file and the sun, and nothing else: no sky, no light from it, no haze, no people, nothing that
//! moves. It does not know `EXT_mesh_gpu_instancing` and draws one of each instanced thing. All of that makes it faster
//! than a fair comparison would.

use crate::{engine, report::Metric};
use anyhow::{Context, Result, bail};
use bevy::{
    asset::RenderAssetUsages,
    camera::RenderTarget,
    prelude::*,
    render::{
        RenderPlugin,
        render_resource::{Extent3d, PollType, TextureDimension, TextureFormat, TextureUsages},
        renderer::RenderDevice,
    },
};
use client::{ClientConfig, SteppedClient, Surroundings, View};
use server::{Server, ServerConfig};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Ratio of the medians that is allowed.
const PASS: f64 = 1.5;
/// Ratio that we want.
const GOAL: f64 = 1.0;
/// Pictures before measuring: pipelines are built and textures uploaded.
const WARM_UP: u32 = 10;
/// Longest time until a side is loaded.
const LOADING_LIMIT: Duration = Duration::from_secs(300);

/// What is compared.
pub(crate) struct Frames {
    /// Folder of the world; its only GLB is drawn.
    pub(crate) world: PathBuf,
    /// Folder of assets.
    pub(crate) assets: PathBuf,
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
    /// Pictures on each side.
    pub(crate) pictures: u32,
}

pub(crate) fn run(frames: &Frames) -> Result<()> {
    let server = Server::start(&ServerConfig {
        worlds: vec![frames.world.clone()],
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..ServerConfig::default()
    })?;
    let mut client = SteppedClient::start(client_config(frames, &server)?)?;
    let started = Instant::now();
    while !client.is_loaded() {
        client.update(true)?;
        if started.elapsed() > LOADING_LIMIT {
            bail!("the client did not load the world");
        }
    }
    // The eye settles behind the avatar.
    for _ in 0..60 {
        client.update(false)?;
    }
    let view = client.view().context("the client has no camera")?;
    let mut baseline = Baseline::start(&engine::glb_in(&frames.world)?, frames.size, view)?;
    let (mut ours_ms, mut theirs_ms, mut updates_ms) = (Vec::new(), Vec::new(), Vec::new());
    for picture in 0..WARM_UP + frames.pictures {
        let ours = client.update(true)?;
        let theirs = baseline.draw()?;
        let update = client.update(false)?;
        if picture >= WARM_UP {
            ours_ms.push(ours.as_secs_f64() * 1e3);
            theirs_ms.push(theirs.as_secs_f64() * 1e3);
            updates_ms.push(update.as_secs_f64() * 1e3);
        }
    }
    server.stop();
    Metric {
        bench: "frames",
        metric: "update_without_picture_ms_p50",
        value: quantile(&mut updates_ms, 0.5),
        unit: "ms",
        baseline: None,
    }
    .print();
    for (metric, share) in [("picture_ms_p50", 0.5), ("picture_ms_p95", 0.95)] {
        let metric = Metric {
            bench: "frames",
            metric,
            value: quantile(&mut ours_ms, share),
            unit: "ms",
            baseline: Some(quantile(&mut theirs_ms, share)),
        };
        if share == 0.5 {
            metric.print_ratio_against(PASS, GOAL);
        } else {
            metric.print();
        }
    }
    Ok(())
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(index).copied().unwrap_or(f64::NAN)
}

fn client_config(frames: &Frames, server: &server::RunningServer) -> Result<ClientConfig> {
    let mut address = server
        .addresses()
        .first()
        .cloned()
        .context("the server hosts nothing")?;
    address.host = Ipv4Addr::LOCALHOST.to_string();
    address.fingerprint = Some(server.fingerprint());
    let assets = frames.assets.clone();
    engine::client_config(address, assets, frames.size, Surroundings::default())
}

/// The same file by the engine's own loader.
struct Baseline(App);

impl Baseline {
    fn start(glb: &Path, size: (u32, u32), view: View) -> Result<Self> {
        let mut app = engine::headless(RenderPlugin {
            synchronous_pipeline_compilation: true,
            ..default()
        });
        let glb = std::path::absolute(glb)?;
        let scene: Handle<WorldAsset> = app
            .world()
            .resource::<AssetServer>()
            .load(GltfAssetLabel::Scene(0).from_asset(glb));
        let target = make_target(&mut app, size);
        stage(&mut app, scene.clone(), target, view);
        let mut baseline = Self(app);
        let started = Instant::now();
        while !baseline.is_loaded(&scene) {
            baseline.draw()?;
            if started.elapsed() > LOADING_LIMIT {
                bail!("the engine's loader did not load the world");
            }
        }
        Ok(baseline)
    }

    fn is_loaded(&self, scene: &Handle<WorldAsset>) -> bool {
        self.0
            .world()
            .resource::<AssetServer>()
            .is_loaded_with_dependencies(scene)
    }

    /// One picture, and how long it took.
    fn draw(&mut self) -> Result<Duration> {
        let before = Instant::now();
        self.0.update();
        let device = self.0.world().resource::<RenderDevice>().wgpu_device();
        device.poll(PollType::Wait {
            submission_index: None,
            timeout: None,
        })?;
        Ok(before.elapsed())
    }
}

fn make_target(app: &mut App, (width, height): (u32, u32)) -> RenderTarget {
    let mut image = Image::new_uninit(
        Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        },
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

fn stage(app: &mut App, scene: Handle<WorldAsset>, target: RenderTarget, view: View) {
    let world = app.world_mut();
    world.insert_resource(view.shadow_map);
    world.spawn(WorldAssetRoot(scene));
    world.spawn((
        Camera3d::default(),
        Projection::Perspective(view.projection),
        view.development,
        view.msaa,
        view.world_from_camera,
        target,
    ));
    world.spawn(view.sun);
}
