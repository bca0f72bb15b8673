//! A bare application that draws into memory: for tests of what materials and shaders look like.

use super::{adapter, add_engine, stepped};
use crate::{Display, Offscreen};
use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};
use std::{fs::File, io::Write as _};

/// Side of its pictures in pixels.
pub(crate) const SIDE: u32 = 64;
/// Updates after which a picture has surely come.
const PATIENCE: usize = 200;

/// The application and where it draws.
pub(crate) struct Studio {
    pub(crate) app: App,
    pub(crate) target: RenderTarget,
}

#[derive(Resource, Default)]
struct Taken(Option<Image>);

impl Studio {
    #[allow(
        clippy::print_stdout,
        reason = "a test says when it has nothing to draw with"
    )]
    /// With some plugins beside the engine; nothing, after a line that says so, where nothing can draw.
    pub(crate) fn open(plugins: impl FnOnce(&mut App)) -> Option<Self> {
        let Some(adapter) = adapter::open() else {
            let why = "there is no graphics adapter: what materials look like was not tested";
            println!("NOT CHECKED: {why}");
            // `cargo verify` gathers what nobody sees of tests that pass.
            if let Some(notes) = std::env::var_os("STOA_NOT_CHECKED") {
                let mut notes = File::options()
                    .create(true)
                    .append(true)
                    .open(notes)
                    .unwrap();
                writeln!(notes, "{why}").unwrap();
            }
            return None;
        };
        let options = Offscreen::of_size(SIDE, SIDE);
        let mut app = App::new();
        crate::look::shaders::embed(&mut app);
        add_engine(
            &mut app,
            &Display::Offscreen(options.clone()),
            false,
            adapter,
        );
        app.init_resource::<Taken>();
        plugins(&mut app);
        let target = stepped::make_target(&mut app, &options);
        app.finish();
        app.cleanup();
        Some(Self { app, target })
    }

    /// What it draws now, once everything has been loaded.
    pub(crate) fn picture(&mut self) -> image::RgbaImage {
        for _ in 0..6 {
            self.app.update();
        }
        let RenderTarget::Image(target) = &self.target else {
            panic!("a studio draws into an image");
        };
        let handle = target.handle.clone();
        self.app
            .world_mut()
            .spawn(Screenshot::image(handle))
            .observe(|taken: On<ScreenshotCaptured>, mut into: ResMut<Taken>| {
                into.0 = Some(taken.image.clone());
            });
        for _ in 0..PATIENCE {
            self.app.update();
            stepped::finish_drawing(&self.app).unwrap();
            if let Some(image) = self.app.world_mut().resource_mut::<Taken>().0.take() {
                return image.try_into_dynamic().unwrap().to_rgba8();
            }
        }
        panic!("no picture came in {PATIENCE} updates");
    }
}
