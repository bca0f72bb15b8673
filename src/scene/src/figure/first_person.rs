//! What the wearer of an avatar sees of it: the first-person rules of VRM 1.0.

use crate::description::{
    avatar::{Avatar, FirstPersonRule},
    scene::{MorphTarget, NodeIndex, Primitive, Skin, Topology},
};

impl Avatar {
    /// The rule of a node's mesh; without one it is automatic.
    #[must_use]
    pub fn first_person_rule(&self, node: NodeIndex) -> FirstPersonRule {
        let annotation = self.first_person.iter().find(|(named, _)| *named == node);
        annotation.map_or(FirstPersonRule::Auto, |(_, rule)| *rule)
    }

    /// True for the head and what hangs from it.
    #[must_use]
    pub fn is_head(&self, node: NodeIndex) -> bool {
        let head = self.bones.get("head");
        let mut next = Some(node);
        while let Some(index) = next {
            if Some(&index) == head {
                return true;
            }
            next = self.scene.nodes[index.index()].parent;
        }
        false
    }

    /// Parts a skinned primitive: the triangles, lines or points without the head, and those with a corner that moves with it.
    #[must_use]
    pub fn split_head(&self, primitive: &Primitive, skin: &Skin) -> (Primitive, Primitive) {
        let (body, head) = self.forms_without_head(primitive, skin);
        (primitive.subset(&body), primitive.subset(&head))
    }

    fn forms_without_head(&self, primitive: &Primitive, skin: &Skin) -> (Vec<u32>, Vec<u32>) {
        let of_head: Vec<bool> = skin
            .joints
            .iter()
            .map(|joint| self.is_head(*joint))
            .collect();
        let moves_with_head = |vertex: u32| {
            let sets = primitive.joints.iter().zip(&primitive.joint_weights);
            sets.filter(|(joints, _)| !joints.is_empty())
                .any(|(joints, weights)| {
                    let (joints, weights) = (joints[vertex as usize], weights[vertex as usize]);
                    (0..4).any(|lane| {
                        weights[lane] > 0.0 && of_head.get(usize::from(joints[lane])) == Some(&true)
                    })
                })
        };
        let (mut body, mut head) = (Vec::new(), Vec::new());
        let corners = match primitive.topology {
            Topology::Triangles => 3,
            Topology::Lines => 2,
            Topology::Points => 1,
        };
        for form in primitive.indices.chunks_exact(corners) {
            let part = if form.iter().any(|&vertex| moves_with_head(vertex)) {
                &mut head
            } else {
                &mut body
            };
            part.extend_from_slice(form);
        }
        (body, head)
    }
}

impl Primitive {
    /// The part of the geometry that some of its indices form, with no other vertices.
    #[must_use]
    pub fn subset(&self, indices: &[u32]) -> Self {
        let mut used: Vec<u32> = indices.to_vec();
        used.sort_unstable();
        used.dedup();
        let place = |index: &u32| used.binary_search(index).unwrap_or_default() as u32;
        Self {
            topology: self.topology,
            positions: pick(&self.positions, &used),
            normals: pick(&self.normals, &used),
            tangents: pick(&self.tangents, &used),
            uv_sets: self.uv_sets.iter().map(|set| pick(set, &used)).collect(),
            colors: pick(&self.colors, &used),
            joints: self.joints.iter().map(|set| pick(set, &used)).collect(),
            joint_weights: self
                .joint_weights
                .iter()
                .map(|set| pick(set, &used))
                .collect(),
            indices: indices.iter().map(place).collect(),
            targets: self
                .targets
                .iter()
                .map(|target| MorphTarget {
                    positions: pick(&target.positions, &used),
                    normals: pick(&target.normals, &used),
                })
                .collect(),
            material: self.material,
            variants: self.variants.clone(),
            splats: pick(&self.splats, &used),
        }
    }
}

fn pick<T: Copy>(values: &[T], used: &[u32]) -> Vec<T> {
    used.iter()
        .filter_map(|&index| values.get(index as usize).copied())
        .collect()
}
