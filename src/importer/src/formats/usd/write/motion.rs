//! What moves over time: transforms of prims, joints and the weights of shapes, as one animation.

use super::{
    skin::Skeleton,
    transform::{self, Transform, parts, quaternion},
    writer::Writer,
};
use crate::formats::{
    motion::Parts,
    usd::{limits::MAX_KEYS, stage::values::Values},
};
use scene::writer::ArrayShape;
use serde_json::json;

/// Time codes a second where a layer does not say.
const REST_RATE: f64 = 24.0;

/// A node's keys of one kind, at time codes.
struct Track {
    node: usize,
    path: &'static str,
    shape: ArrayShape,
    keys: Vec<(f64, Vec<f32>)>,
}

/// All that moves.
#[derive(Default)]
pub(crate) struct Motion {
    tracks: Vec<Track>,
}

impl Motion {
    fn add(
        &mut self,
        node: usize,
        path: &'static str,
        shape: ArrayShape,
        mut keys: Vec<(f64, Vec<f32>)>,
    ) {
        let is_still = keys.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if is_still {
            keys.truncate(1);
        }
        if !keys.is_empty() {
            self.tracks.push(Track {
                node,
                path,
                shape,
                keys,
            });
        }
    }

    /// Adds what a prim's own transform does.
    pub(crate) fn add_transform(&mut self, node: usize, transform: &Transform) {
        let times = transform.times();
        let keys = |own: fn(&transform::Parts) -> Vec<f32>| -> Vec<(f64, Vec<f32>)> {
            let times = times.iter();
            times
                .map(|time| (*time, own(&parts(&transform.matrix(Some(*time))))))
                .collect()
        };
        if !times.is_empty() {
            self.add(
                node,
                "translation",
                ArrayShape::Vec3,
                keys(|own| own.translation.to_vec()),
            );
            self.add(
                node,
                "rotation",
                ArrayShape::Vec4,
                keys(|own| own.rotation.to_vec()),
            );
            self.add(
                node,
                "scale",
                ArrayShape::Vec3,
                keys(|own| own.scale.to_vec()),
            );
        }
    }

    /// Adds what an animation does to the joints of a skeleton. What stands still in it is how they are at rest.
    ///
    /// # Errors
    /// One line when a layer is damaged there.
    pub(crate) fn add_joints(
        &mut self,
        writer: &mut Writer<'_, '_>,
        animation: usize,
        skeleton: &Skeleton,
    ) -> Result<(), String> {
        let values = writer.values;
        let joints = values.texts(animation, "joints")?;
        let nodes: Vec<Option<usize>> = joints.iter().map(|joint| skeleton.node(joint)).collect();
        for (name, path, lanes) in [
            ("translations", "translation", 3),
            ("rotations", "rotation", 4),
            ("scales", "scale", 3),
        ] {
            let samples = values.samples(animation, name)?;
            let pose = match samples.is_empty() {
                true => values.numbers(animation, name)?.unwrap_or_default(),
                false => Vec::new(),
            };
            let shape = if lanes == 4 {
                ArrayShape::Vec4
            } else {
                ArrayShape::Vec3
            };
            for (place, node) in nodes.iter().enumerate() {
                let Some(node) = node else { continue };
                let own = pose.get(place * lanes..place * lanes + lanes).map(part);
                if let Some(own) = own.filter(|own| own.iter().all(|part| part.is_finite())) {
                    writer.model.node(*node)[path] = own.into();
                }
                let keys = samples.iter().take(MAX_KEYS).filter_map(|(time, own)| {
                    let own = own.get(place * lanes..place * lanes + lanes)?;
                    Some((*time, part(own)))
                });
                let keys = keys.collect();
                self.add(*node, path, shape, keys);
            }
        }
        Ok(())
    }

    /// Adds what an animation does to the shapes of a mesh, in their order.
    ///
    /// # Errors
    /// One line when a layer is damaged there.
    pub(crate) fn add_shapes(
        &mut self,
        values: &Values<'_>,
        animation: usize,
        node: usize,
        shapes: &[String],
    ) -> Result<(), String> {
        let names = values.texts(animation, "blendShapes")?;
        let places: Vec<Option<usize>> = shapes
            .iter()
            .map(|shape| names.iter().position(|name| name == shape))
            .collect();
        let samples = values.samples(animation, "blendShapeWeights")?;
        let keys = samples.iter().map(|(time, own)| {
            let weight = |place: &Option<usize>| place.and_then(|place| own.get(place).copied());
            let weights = places
                .iter()
                .map(|place| weight(place).unwrap_or(0.0) as f32);
            (*time, weights.collect())
        });
        let keys = keys.collect();
        if !shapes.is_empty() {
            self.add(node, "weights", ArrayShape::Scalar, keys);
        }
        Ok(())
    }

    /// Writes all as one animation that begins with the first key.
    pub(crate) fn write(self, writer: &mut Writer<'_, '_>, root: usize) {
        let metadata = &writer.values.stage.layers[root].metadata;
        let rate = metadata
            .time_codes_per_second
            .or(metadata.frames_per_second);
        let rate = rate
            .filter(|rate| *rate > 0.0 && rate.is_finite())
            .unwrap_or(REST_RATE);
        let tracks = self.tracks.iter();
        let times = tracks.flat_map(|track| &track.keys).map(|(time, _)| *time);
        let start = times.fold(f64::INFINITY, f64::min);
        let mut parts = Parts::default();
        for track in self.tracks {
            let keys = track.keys.into_iter();
            let keys = keys
                .map(|(time, own)| ((time - start) / rate, own))
                .collect();
            parts.add(track.node, track.path, track.shape, keys, writer.model);
        }
        if !parts.channels.is_empty() {
            let animation = json!({
                "name": writer.model.name(),
                "channels": parts.channels,
                "samplers": parts.samplers,
            });
            writer.model.push("animations", animation);
        }
    }
}

/// A part of a transform as glTF has it: of a rotation the real part comes last.
fn part(own: &[f64]) -> Vec<f32> {
    match own {
        [w, x, y, z] => {
            let own = quaternion(&[*w, *x, *y, *z]).as_quat();
            own.to_array().to_vec()
        }
        own => own.iter().map(|part| *part as f32).collect(),
    }
}
