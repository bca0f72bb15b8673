//! What `stoa-import preview` is asked for.

use super::view::View;
use crate::{check::PurposeName, convert};
use clap::Parser as _;
use std::{ops::RangeInclusive, path::PathBuf, str::FromStr};

/// Pixels that a side of a picture, or of a view on a sheet, may have.
const SIDES: RangeInclusive<u32> = 64..=1024;
/// Most pixels on a side of a view on a sheet.
const WIDEST_CELL: u32 = 768;
/// Degrees that a picture may show from bottom to top: no more than the eye sees of which it is the middle.
const FIELDS_OF_VIEW: RangeInclusive<f32> = 15.0..=60.0;
/// Where the sun stands that is not stated: from the left behind one.
const USUAL_SUN: Pair = Pair([-35.0, 40.0]);
/// Faces are lit from the front: hair and brows throw no shadow on what is to be seen.
const SUN_ON_FACES: Pair = Pair([-8.0, 10.0]);
/// Light from above, the sides and below in even light that is all there is, and its share where there is a sun as well.
const EVEN_LIGHT: [f32; 3] = [1.1, 0.9, 0.5];
const SHARE_BESIDE_SUN: f32 = 0.45;
/// A height at which the sun has set, in degrees.
const SET: f32 = -60.0;

/// What to draw and how large.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// File to draw: whatever `convert` takes.
    pub(super) input: PathBuf,
    /// Picture to write, as PNG.
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) look: Look,
}

/// What a picture shows, how large, in which light.
#[derive(clap::Args)]
pub(super) struct Look {
    /// Pixels on a side of each of the eight views, height of each head; with `--from` of the picture, whose sides may differ.
    #[arg(long, value_name = "PIXELS|WxH", default_value = "256")]
    size: Size,
    /// Of an avatar: draw its head with each preset expression that its file has, named, instead of all sides.
    #[arg(long, conflicts_with = "from")]
    pub(super) expressions: bool,
    /// One picture instead of eight views, from there: degrees to the right of the model's front, and above it.
    #[arg(long, value_name = "RIGHT,ABOVE", allow_hyphen_values = true)]
    from: Option<Pair>,
    /// The point of the file in the middle of the picture, in metres; without it the middle of the model.
    #[arg(
        long,
        value_name = "X,Y,Z",
        requires = "from",
        allow_hyphen_values = true
    )]
    look_at: Option<Triple>,
    /// How far from that point the picture is taken, in metres; without it so far that everything is seen.
    #[arg(long, value_name = "METRES", requires = "from", value_parser = distance)]
    distance: Option<f32>,
    /// Degrees that the picture shows from bottom to top, 15 to 60.
    #[arg(long, value_name = "DEGREES", requires = "from", default_value_t = 45.0, value_parser = field_of_view)]
    field_of_view: f32,
    /// Where the sun stands: degrees to the right of whoever looks, who has it behind at 0, and above; or `none` for soft
    /// light from all sides alone. Without it -35,40, for
    /// expressions -8,10.
    #[arg(long, value_name = "RIGHT,ABOVE|none", allow_hyphen_values = true)]
    sun: Option<Sun>,
    /// What lights the shade beside the sun.
    #[arg(long, value_enum, default_value_t)]
    sky: Sky,
    #[command(flatten)]
    pub(super) wishes: convert::Wishes,
}

impl Look {
    /// What flags ask for, of a file for a purpose.
    ///
    /// # Errors
    /// What is wrong with the flags.
    pub(super) fn of(flags: &[&str], purpose: Option<PurposeName>) -> Result<Self, String> {
        #[derive(clap::Parser)]
        #[command(no_binary_name = true)]
        struct Line {
            #[command(flatten)]
            look: Look,
        }
        let purpose = purpose.map(|purpose| format!("--as={}", purpose.name()));
        let line = Line::try_parse_from(flags.iter().copied().chain(purpose.as_deref()));
        line.map(|line| line.look)
            .map_err(|error| error.to_string())
    }

    /// Where the one picture is taken from; none when a sheet of eight is wished.
    pub(super) fn view(&self) -> Option<View> {
        let (width, height) = self.size();
        self.from.map(|Pair(from)| View {
            from,
            look_at: self.look_at.map(|Triple(point)| point),
            distance: self.distance,
            field_of_view: self.field_of_view.to_radians(),
            aspect: width as f32 / height as f32,
        })
    }

    /// Width and height of the one picture.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.size.0, self.size.1)
    }

    /// Pixels on a side of each view of a sheet, or the height of each head.
    pub(super) fn cell(&self) -> u32 {
        self.size.0
    }

    /// Whether the size is one of what is wished.
    ///
    /// # Errors
    /// One line when a sheet's views would not be squares, or too large.
    pub(super) fn require_fitting_size(&self) -> Result<(), String> {
        if self.from.is_some() {
            return Ok(());
        }
        let Size(width, height) = self.size;
        if width != height {
            let fault = match self.expressions {
                true => "heads have one height: state one number",
                false => "the eight views are squares: state one number, or --from",
            };
            return Err(fault.to_owned());
        }
        if width > WIDEST_CELL {
            return Err(format!(
                "each picture on a sheet has at most {WIDEST_CELL} pixels on a side"
            ));
        }
        Ok(())
    }

    /// The `world.toml` of the world that is drawn.
    pub(super) fn world(&self) -> String {
        let usual = if self.expressions {
            SUN_ON_FACES
        } else {
            USUAL_SUN
        };
        let sun = self.sun.unwrap_or(Sun::At(usual));
        let (azimuth, elevation, share) = match sun {
            // One looks to the north, and the sun's azimuth is that of noon.
            Sun::At(Pair([right, above])) => (180.0 - right, above, SHARE_BESIDE_SUN),
            Sun::None => (0.0, SET, 1.0),
        };
        let sky = match (self.sky, sun) {
            (Sky::Clear, Sun::At(_)) => String::new(),
            (Sky::Even, _) | (_, Sun::None) => {
                let [top, horizon, bottom] = EVEN_LIGHT.map(|light| [light * share; 3]);
                format!(
                    "kind = \"gradient\"\ntop_color = {top:?}\nhorizon_color = {horizon:?}\n\
                     bottom_color = {bottom:?}\n"
                )
            }
        };
        format!(
            "title = \"Preview\"\nmain = \"model.glb\"\n[sky]\nclouds = 0.0\nhaze_metres = 0.0\n\
             time_of_day = 12.0\nsun_azimuth = {azimuth:?}\nsun_elevation = {elevation:?}\n{sky}"
        )
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size(u32, u32);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (width, height) = text.split_once('x').unwrap_or((text, text));
        let side = |text: &str| text.parse().ok().filter(|side| SIDES.contains(side));
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Self(width, height)),
            _ => Err(format!(
                "write PIXELS or WIDTHxHEIGHT, each {} to {}",
                SIDES.start(),
                SIDES.end()
            )),
        }
    }
}

/// An angle to the right, from -180 to 180 degrees, and one upwards, from -90 to 90.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pair([f32; 2]);

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pair = numbers(text)
            .filter(|[right, above]: &[f32; 2]| right.abs() <= 180.0 && above.abs() <= 90.0);
        let fault = "write two angles: -180 to 180 degrees to the right, -90 to 90 upwards";
        pair.map(Self).ok_or_else(|| fault.to_owned())
    }
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Triple([f32; 3]);

impl FromStr for Triple {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "write three numbers: X,Y,Z".to_owned();
        numbers(text).map(Self).ok_or_else(fault)
    }
}

/// What lights the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sun {
    None,
    At(Pair),
}

impl FromStr for Sun {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            _ => text.parse().map(Self::At),
        }
    }
}

/// What lights the shade.
#[derive(Clone, Copy, Debug, Default, PartialEq, clap::ValueEnum)]
enum Sky {
    /// A blue sky, as over a world.
    #[default]
    Clear,
    /// White light from everywhere, as programs for single models have it.
    Even,
}

/// Finite numbers with commas between them.
fn numbers<const COUNT: usize>(text: &str) -> Option<[f32; COUNT]> {
    let numbers = text.split(',').map(|part| part.trim().parse().ok());
    let numbers: Option<Vec<f32>> = numbers.collect();
    let numbers = numbers.filter(|numbers| numbers.iter().all(|number| number.is_finite()))?;
    numbers.try_into().ok()
}

fn distance(text: &str) -> Result<f32, String> {
    let [distance] = numbers(text).ok_or("not a number")?;
    (1.0e-3..=1.0e6)
        .contains(&distance)
        .then_some(distance)
        .ok_or_else(|| "from 0.001 to 1000000 metres".to_owned())
}

fn field_of_view(text: &str) -> Result<f32, String> {
    let [degrees] = numbers(text).ok_or("not a number")?;
    FIELDS_OF_VIEW
        .contains(&degrees)
        .then_some(degrees)
        .ok_or_else(|| {
            format!(
                "from {} to {} degrees",
                FIELDS_OF_VIEW.start(),
                FIELDS_OF_VIEW.end()
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{SkyKind, WorldManifest};

    fn options(flags: &str) -> Result<Look, String> {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        Look::of(&flags, Some(PurposeName::Prop))
    }

    #[test]
    fn a_sheet_is_what_is_drawn_without_a_wish() {
        let options = options("").unwrap();
        assert!(options.view().is_none());
        assert_eq!(options.cell(), 256);
        assert!(options.require_fitting_size().is_ok());
    }

    #[test]
    fn one_view_is_described_by_flags() {
        let flags =
            "--from -30,20.5 --look-at 0,1.5,-0.25 --distance 2 --field-of-view 30 --size 512x256";
        let options = options(flags).unwrap();
        let view = options.view().unwrap();
        assert_eq!(
            (view.from, view.look_at),
            ([-30.0, 20.5], Some([0.0, 1.5, -0.25]))
        );
        assert_eq!((view.distance, view.aspect), (Some(2.0), 2.0));
        assert_eq!(options.size(), (512, 256));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_in_words() {
        for (flags, words) in [
            ("--from 30", "two angles"),
            ("--from 30,95", "two angles"),
            ("--from nan,0", "two angles"),
            ("--from 0,0 --look-at 1,2", "three numbers"),
            ("--from 0,0 --distance 0", "metres"),
            ("--from 0,0 --field-of-view 90", "15 to 60"),
            ("--from 0,0 --size 20000x10", "WIDTHxHEIGHT"),
            ("--distance 2", "--from"),
            ("--look-at 1,2,3", "--from"),
            ("--field-of-view 40", "--from"),
            ("--sun up", "two angles"),
        ] {
            let fault = options(flags).map(|_| ()).unwrap_err();
            assert!(fault.contains(words), "{flags}: {fault}");
        }
        for (flags, words) in [
            ("--size 300x200", "squares"),
            ("--size 1000", "768"),
            ("--expressions --size 300x200", "heads"),
            ("--from 0,0 --size 300x200", ""),
        ] {
            let fault = options(flags).unwrap().require_fitting_size();
            assert_eq!(fault.is_err(), !words.is_empty(), "{flags}");
            assert!(fault.err().unwrap_or_default().contains(words), "{flags}");
        }
    }

    #[test]
    fn the_light_is_that_of_a_world_without_a_fault() {
        let sky = |flags: &str| {
            let (manifest, issues) =
                WorldManifest::parse(&options(flags).unwrap().world()).unwrap();
            assert!(issues.is_empty(), "{issues:?}");
            manifest.sky
        };
        assert_eq!(sky("").sun_azimuth, 215.0);
        let right = sky("--sun 90,10");
        assert_eq!((right.sun_azimuth, right.sun_elevation), (90.0, Some(10.0)));
        assert_eq!(sky("--sun -180,-5").sun_azimuth, 360.0);
        assert_eq!(right.top_color, None);
        let even = sky("--sky even --sun 90,10");
        assert!(even.kind == SkyKind::Gradient && even.sun_elevation == Some(10.0));
        for flags in ["--sun none", "--sun none --sky even"] {
            let alone = sky(flags);
            assert!(alone.sun_elevation < Some(0.0) && alone.top_color > even.top_color);
        }
    }
}
