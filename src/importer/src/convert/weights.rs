//! Weights of joints: those of all sets of a vertex sum to one together.

use super::quantize::place;
use scene::writer::{Array, Component, Draft};
use std::collections::{BTreeMap, BTreeSet};

/// What a sum of weights may differ from one.
const LARGEST_ROUNDING: f32 = 1.0e-6;

/// Makes the weights of every vertex sum to one where they do not by more than rounding explains.
pub(super) fn normalize(draft: &mut Draft) {
    change_each_vertex(draft, |weights| {
        let sum: f32 = weights.iter().sum();
        if sum > 0.0 && (sum - 1.0).abs() > LARGEST_ROUNDING {
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
    });
}

/// Weights as bytes that sum to one: what rounding loses goes to the largest.
pub(super) fn round(draft: &mut Draft) {
    let changed = change_each_vertex(draft, |weights| {
        let sum: f32 = weights.iter().sum();
        let scale = if sum > 0.0 { 255.0 / sum } else { 0.0 };
        for weight in weights.iter_mut() {
            *weight = (weight.max(0.0) * scale).round().min(255.0);
        }
        let rest = if sum > 0.0 {
            255.0 - weights.iter().sum::<f32>()
        } else {
            0.0
        };
        let largest = weights.iter_mut().max_by(|one, other| one.total_cmp(other));
        if let Some(largest) = largest {
            *largest += rest;
        }
    });
    for place in changed {
        if let Some(array) = &mut draft.arrays[place] {
            let bytes = array.to_floats().into_iter().map(|weight| weight as u8);
            *array = Array {
                rest: array.rest.clone(),
                ..Array::new(array.shape, Component::U8, true, bytes.collect())
            };
        }
    }
}

/// Changes the weights of each vertex, those of all its sets together, and says which arrays hold them.
fn change_each_vertex(draft: &mut Draft, weigh: impl Fn(&mut [f32])) -> Vec<usize> {
    let mut changed = Vec::new();
    for sets in alone(groups(draft)) {
        let arrays: Option<Vec<&Array>> = sets
            .iter()
            .map(|place| draft.arrays.get(*place)?.as_ref())
            .collect();
        let Some(arrays) = arrays else { continue };
        let count = arrays[0].count();
        let is_fitting = |array: &&Array| {
            array.component == Component::F32 && array.shape.lanes() == 4 && array.count() == count
        };
        if !arrays.iter().all(is_fitting) {
            continue;
        }
        let shape = arrays[0].shape;
        let mut values: Vec<Vec<f32>> = arrays.iter().map(|array| array.to_floats()).collect();
        for vertex in 0..count {
            let own = vertex * 4..vertex * 4 + 4;
            let mut weights: Vec<f32> = values
                .iter()
                .flat_map(|set| &set[own.clone()])
                .copied()
                .collect();
            weigh(&mut weights);
            for (set, four) in values.iter_mut().zip(weights.chunks_exact(4)) {
                set[own.clone()].copy_from_slice(four);
            }
        }
        for (place, values) in sets.iter().zip(values) {
            if let Some(array) = &mut draft.arrays[*place] {
                array.bytes = Array::floats(shape, &values).bytes;
            }
        }
        changed.extend(sets);
    }
    changed
}

/// The places of the weights of each primitive, set by set.
fn groups(draft: &Draft) -> BTreeSet<Vec<usize>> {
    let meshes = draft.list("meshes").iter();
    let primitives = meshes.flat_map(|mesh| mesh["primitives"].as_array().into_iter().flatten());
    let groups = primitives.map(|primitive| {
        let sets = (0..).map(|set| place(&primitive["attributes"][format!("WEIGHTS_{set}")]));
        sets.map_while(|place| place).collect::<Vec<usize>>()
    });
    groups.filter(|group| !group.is_empty()).collect()
}

/// Without those that share an array: what is right for one would be wrong for the other.
fn alone(groups: BTreeSet<Vec<usize>>) -> Vec<Vec<usize>> {
    let mut uses: BTreeMap<usize, usize> = BTreeMap::new();
    for place in groups.iter().flatten() {
        *uses.entry(*place).or_default() += 1;
    }
    let is_alone = |group: &Vec<usize>| group.iter().all(|place| uses.get(place) == Some(&1));
    groups.into_iter().filter(is_alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::writer::ArrayShape;
    use serde_json::json;

    /// Two sets that sum to one together, as "all bone influences" exports them, and one alone.
    fn draft() -> Draft {
        let mut draft = Draft::new(json!({ "meshes": [
            { "primitives": [{ "attributes": { "WEIGHTS_0": 0, "WEIGHTS_1": 1 } }] },
            { "primitives": [{ "attributes": { "WEIGHTS_0": 2 } }] },
        ] }));
        for weights in [
            [0.3, 0.2, 0.1, 0.1, 0.25, 0.25, 0.25, 0.25],
            [0.1, 0.1, 0.05, 0.05, 0.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5, 0.5, 1.0, 0.0, 0.0, 0.0],
        ] {
            draft.add(Array::floats(ArrayShape::Vec4, &weights));
        }
        draft
    }

    fn sums(draft: &Draft, places: &[usize]) -> Vec<f32> {
        let arrays: Vec<Vec<f32>> = places
            .iter()
            .map(|place| draft.arrays[*place].as_ref().unwrap().to_floats())
            .collect();
        let of_vertex = |vertex: usize| {
            let four = arrays
                .iter()
                .flat_map(|array| &array[vertex * 4..vertex * 4 + 4]);
            (four.sum::<f32>() * 1.0e4).round() / 1.0e4
        };
        vec![of_vertex(0), of_vertex(1)]
    }

    #[test]
    fn eight_weights_of_a_vertex_sum_to_one_together() {
        for change in [round, normalize] {
            let mut draft = draft();
            change(&mut draft);
            assert_eq!(sums(&draft, &[0, 1]), [1.0, 1.0]);
            assert_eq!(sums(&draft, &[2]), [1.0, 1.0]);
            let first = draft.arrays[0].as_ref().unwrap().to_floats();
            assert!((first[0] - 0.3).abs() < 0.01, "{first:?}");
        }
    }

    #[test]
    fn sets_that_two_primitives_combine_otherwise_stay() {
        let mut draft = draft();
        draft.json["meshes"][1]["primitives"][0]["attributes"]["WEIGHTS_0"] = 0.into();
        round(&mut draft);
        let first = draft.arrays[0].as_ref().unwrap();
        assert_eq!(first.component, Component::F32);
    }
}
