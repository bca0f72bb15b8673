//! Gaussian splats of a PLY, as the program of "3D Gaussian Splatting" (Kerbl and others, 2023) and those after it write them: logarithms
//! of sizes, opacities before the logistic function, rotations whose real part comes first, and colours as harmonics.

use super::ply_header::Element;
use scene::writer::{Array, ArrayShape, Draft};
use serde_json::{Map, Value, json};

/// What the first harmonic of a splat is worth as a colour.
pub(super) const HARMONIC: f32 = 0.282_094_8;
/// The extension of glTF, by which its attributes begin as well.
const NAME: &str = "KHR_gaussian_splatting";
/// Splats that cover less than this hardly show, and are left out.
const LEAST_OPACITY: f32 = 0.05;

/// Where the numbers of a splat are among those of a vertex.
pub(super) struct Places {
    color: [usize; 3],
    opacity: usize,
    scale: [usize; 3],
    rotation: [usize; 4],
}

impl Places {
    pub(super) fn of(element: &Element) -> Option<Self> {
        Some(Self {
            color: element.places([&["f_dc_0"], &["f_dc_1"], &["f_dc_2"]])?,
            opacity: element.place(&["opacity"])?,
            scale: element.places([&["scale_0"], &["scale_1"], &["scale_2"]])?,
            rotation: element.places([&["rot_0"], &["rot_1"], &["rot_2"], &["rot_3"]])?,
        })
    }
}

/// Splats in the order of their middles.
#[derive(Default)]
pub(super) struct Splats {
    harmonics: Vec<[f32; 3]>,
    opacities: Vec<f32>,
    scales: Vec<[f32; 3]>,
    rotations: Vec<[f32; 4]>,
}

impl Splats {
    /// Adds one and returns its opacity; `None` when it hardly shows, and is not added.
    pub(super) fn add(&mut self, places: &Places, values: &[f32]) -> Option<f32> {
        let opacity = 1.0 / (1.0 + (-values[places.opacity]).exp());
        if opacity < LEAST_OPACITY {
            return None;
        }
        let size = |place: usize| values[place].exp().min(f32::MAX);
        let [w, x, y, z] = places.rotation.map(|place| values[place]);
        let length = (w * w + x * x + y * y + z * z).sqrt();
        let rotation = match length > 0.0 && length.is_finite() {
            true => [x, y, z, w].map(|part| part / length),
            false => [0.0, 0.0, 0.0, 1.0],
        };
        self.harmonics.push(places.color.map(|place| values[place]));
        self.opacities.push(opacity);
        self.scales.push(places.scale.map(size));
        self.rotations.push(rotation);
        Some(opacity)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.opacities.is_empty()
    }

    /// Adds their attributes to those of a primitive and returns what its `extensions` say.
    pub(super) fn write(&self, draft: &mut Draft, attributes: &mut Map<String, Value>) -> Value {
        for (name, shape, values) in [
            ("SCALE", ArrayShape::Vec3, self.scales.as_flattened()),
            ("ROTATION", ArrayShape::Vec4, self.rotations.as_flattened()),
            ("OPACITY", ArrayShape::Scalar, &self.opacities),
            (
                "SH_DEGREE_0_COEF_0",
                ArrayShape::Vec3,
                self.harmonics.as_flattened(),
            ),
        ] {
            let place = draft.add(Array::floats(shape, values));
            attributes.insert(format!("{NAME}:{name}"), place.into());
        }
        json!({ NAME: { "kernel": "ellipse", "colorSpace": "srgb_rec709_display" } })
    }
}
