//! Hangs what a world file draws on its nodes: meshes with materials, skins, morphs, instances, levels of detail.

use super::{
    Form, Forms, Pictures, SceneSurfaces, Skins, Surface, SurfaceStores, Surfaces,
    prepare::Prepared,
    spawn::{Stores, engine_transform},
    variant,
};
use bevy::{
    camera::visibility::{NoFrustumCulling, VisibilityRange},
    mesh::morph::MeshMorphWeights,
    prelude::*,
};
use scene::{MeshIndex, NodeIndex, Scene};
use std::{collections::BTreeMap, ops::Range};

/// Shares of the picture's height below which levels give way where a file does not say: the finest, and each next half.
const FIRST_COVERAGE: f32 = 0.3;
/// Tangent of half the field of view for which shares of a picture's height are meant.
pub(super) const HALF_VIEW: f32 = 0.577;
/// Further away, in metres, nothing ends.
pub(super) const ENDLESS: f32 = 1.0e6;

/// What drawing needs to know.
pub(super) struct Drawer<'s> {
    scene: &'s Scene,
    entities: &'s BTreeMap<NodeIndex, Entity>,
    forms: Forms,
    skins: Skins<'s>,
    meshes: BTreeMap<(MeshIndex, usize, Form), (Handle<Mesh>, bool)>,
    pictures: Pictures,
    surfaces: Surfaces,
    variant: Option<u32>,
    /// Whoever chooses another look of the world changes it.
    is_of_world: bool,
    /// Half the size of meshes that have levels, in metres of their own space.
    radii: BTreeMap<MeshIndex, f32>,
}

impl<'s> Drawer<'s> {
    pub(super) fn new(
        scene: &'s Scene,
        root: Entity,
        entities: &'s BTreeMap<NodeIndex, Entity>,
        prepared: Prepared,
    ) -> Self {
        Self {
            scene,
            entities,
            forms: prepared.forms,
            skins: Skins::new(scene, root, entities),
            meshes: prepared.meshes.made,
            pictures: prepared.pictures,
            surfaces: Surfaces::default(),
            variant: None,
            is_of_world: false,
            radii: prepared.meshes.radii,
        }
    }

    /// As a part of the world, in the look that was chosen for it.
    pub(super) fn in_variant(self, variant: Option<u32>) -> Self {
        Self {
            variant,
            is_of_world: true,
            ..self
        }
    }

    /// Draws all nodes; gives the engine's materials.
    pub(super) fn draw(
        mut self,
        commands: &mut Commands<'_, '_>,
        stores: &mut Stores<'_>,
    ) -> SceneSurfaces {
        for (&node, &entity) in self.entities {
            let levels = &self.scene.nodes[node.index()].levels;
            if levels.nodes.is_empty() {
                self.draw_node(commands, node, entity, None, stores);
                continue;
            }
            let ranges = self.ranges(node);
            self.draw_node(commands, node, entity, ranges.first().cloned(), stores);
            for (level, range) in levels.nodes.iter().zip(ranges.into_iter().skip(1)) {
                if self.scene.is_hidden(*level) {
                    continue;
                }
                // In a place of its own, but it is hidden and moves with its node.
                let place = self.beside(node, *level);
                let stand_in = commands
                    .spawn((place, Visibility::Inherited, ChildOf(entity)))
                    .id();
                self.draw_node(commands, *level, stand_in, Some(range), stores);
            }
        }
        self.surfaces.made()
    }

    /// Where a level is in the space of its node: both say it in that of the node's parent.
    fn beside(&self, node: NodeIndex, level: NodeIndex) -> Transform {
        let [node, level] = [node, level].map(|index| self.scene.nodes[index.index()].transform);
        if node == level {
            return Transform::IDENTITY;
        }
        let place = Transform::from_matrix((node.affine().inverse() * level.affine()).into());
        // A node of no size has no inside.
        if place.is_finite() {
            place
        } else {
            Transform::IDENTITY
        }
    }

    /// Distances in metres at which each level of a node is drawn, itself first.
    fn ranges(&self, node: NodeIndex) -> Vec<Range<f32>> {
        let described = &self.scene.nodes[node.index()];
        let radius = described.mesh.and_then(|mesh| self.radii.get(&mesh));
        let radius = radius.copied().unwrap_or(1.0);
        let world = self.forms.world_from_node(node);
        let scale = world.matrix3.determinant().abs().cbrt();
        ranges(
            radius * scale,
            described.levels.nodes.len() + 1,
            &described.levels.coverage,
        )
    }

    fn draw_node(
        &mut self,
        commands: &mut Commands<'_, '_>,
        node: NodeIndex,
        entity: Entity,
        range: Option<Range<f32>>,
        stores: &mut Stores<'_>,
    ) {
        let described = &self.scene.nodes[node.index()];
        let Some(index) = described.mesh else { return };
        let skin = self.skins.of(commands, described, |skin| {
            let poses = self.scene.skins[skin].inverse_bind_matrices.clone();
            stores.bind_poses.add(poses)
        });
        let instances = &described.instances;
        let once = [scene::Transform::default()];
        let places = if instances.is_empty() {
            &once
        } else {
            instances.as_slice()
        };
        let primitives = &self.scene.meshes[index.index()].primitives;
        for (part, primitive) in primitives.iter().enumerate() {
            let surface = self.surface(primitive, &mut stores.surfaces);
            for place in places {
                let form = self.forms.of(self.scene, node, place);
                let made = self.meshes.get(&(index, part, form));
                let Some((handle, is_skinned)) = made.cloned() else {
                    continue;
                };
                let mut drawn =
                    commands.spawn((Mesh3d(handle), engine_transform(place), ChildOf(entity)));
                if self.is_of_world {
                    drawn.insert(variant::Primitive { mesh: index, part });
                }
                if let Some(range) = &range {
                    drawn.insert(VisibilityRange::abrupt(range.start, range.end));
                }
                if let (true, Some(skin)) = (is_skinned, &skin) {
                    // Bounds of the bind pose do not follow the joints.
                    drawn.insert((skin.clone(), NoFrustumCulling));
                }
                if !primitive.targets.is_empty() {
                    let mut weights = self.scene.rest_weights(described).to_vec();
                    // The engine takes further weights for displacements of somebody else.
                    weights.resize(primitive.targets.len(), 0.0);
                    drawn.insert((MeshMorphWeights::Value { weights }, NoFrustumCulling));
                }
                surface.lay(&mut drawn);
            }
        }
    }

    /// The chosen material of a primitive; those of other variants are made ready beside it.
    fn surface(&mut self, primitive: &scene::Primitive, stores: &mut SurfaceStores<'_>) -> Surface {
        let mut handle = |material| {
            let on = primitive.topology;
            self.surfaces
                .handle(self.scene, material, on, &self.pictures, stores)
        };
        for (_, material) in &primitive.variants {
            handle(Some(*material));
        }
        handle(primitive.material_in(self.variant))
    }
}

/// Distances at which `count` levels of something `radius` metres large are drawn. The last coverage, when there is one
/// for each level, is where the coarsest ends.
fn ranges(radius: f32, count: usize, coverage: &[f32]) -> Vec<Range<f32>> {
    let end = |level: usize| {
        let stated = coverage.get(level).copied();
        let share = match stated {
            Some(share) => share,
            None if level + 1 == count => 0.0,
            None => FIRST_COVERAGE / 2f32.powi(level as i32),
        };
        if share > 0.0 {
            (radius / (share * HALF_VIEW)).min(ENDLESS)
        } else {
            ENDLESS
        }
    };
    let mut start = 0.0f32;
    (0..count)
        .map(|level| {
            let range = start..end(level).max(start);
            start = range.end;
            range
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenery::testing::{self, triangles};
    use scene::{Node, SkinIndex, Topology};

    #[test]
    fn a_mesh_on_nodes_with_and_without_a_skin_is_drawn_in_both_ways() {
        let with_skin = Node {
            skin: Some(SkinIndex(0)),
            ..Node::default()
        };
        let scene = triangles(vec![with_skin, Node::default()], 1);
        let mut skinned = testing::skinned(&mut testing::spawned(scene));
        skinned.sort_unstable();
        assert_eq!(skinned, [false, true]);
    }

    #[test]
    fn mirrored_nodes_and_instances_are_seen_from_outside() {
        let mirrored = scene::Transform {
            scale: Vec3::new(-1.0, 1.0, 1.0),
            ..scene::Transform::default()
        };
        let at = |transform| Node {
            transform,
            ..Node::default()
        };
        let plain = scene::Transform::default();
        let mut scene = triangles(vec![at(plain), at(mirrored), at(plain), at(mirrored)], 0);
        // Instances of both kinds, and a mirror in a mirror.
        scene.nodes[2].instances = vec![plain, mirrored];
        scene.nodes[3].parent = Some(NodeIndex(1));
        scene.nodes[1].children = vec![NodeIndex(3)];
        scene.roots.truncate(3);
        let mut world = testing::spawned(scene);
        assert_eq!(testing::facing(&mut world), [true; 5]);
    }

    #[test]
    fn a_joint_outside_of_the_drawn_scene_stands_where_the_file_has_it() {
        let with_skin = Node {
            skin: Some(SkinIndex(0)),
            ..Node::default()
        };
        let mut scene = triangles(vec![with_skin], 1);
        let mut joint = Node::default();
        joint.transform.translation = Vec3::Y * 3.0;
        scene.nodes.push(joint);
        let mut world = testing::spawned(scene);
        assert_eq!(testing::skinned(&mut world), [true]);
        let mut skins = world.query::<&bevy::mesh::skinning::SkinnedMesh>();
        let joint = skins.single(&world).unwrap().joints[0];
        let place = world.get::<Transform>(joint).unwrap();
        assert_eq!(place.translation, Vec3::Y * 3.0);
    }

    #[test]
    fn a_level_goes_with_its_node_and_a_hidden_one_is_not_seen() {
        let at = |height: f32| {
            let mut node = Node::default();
            node.transform.translation = Vec3::Y * height;
            node
        };
        let mut scene = triangles(vec![at(1.0), at(3.0)], 0);
        scene.roots.truncate(1);
        scene.nodes[0].levels.nodes = vec![NodeIndex(1)];
        let heights = |world: &mut World| {
            let mut ranged = world.query_filtered::<Entity, With<VisibilityRange>>();
            let drawn: Vec<Entity> = ranged.iter(world).collect();
            let placed = drawn
                .iter()
                .map(|one| testing::placed(world, *one).translation.y);
            let mut heights: Vec<f32> = placed.collect();
            heights.sort_by(f32::total_cmp);
            heights
        };
        let mut world = testing::spawned(scene.clone());
        assert_eq!(heights(&mut world), [1.0, 3.0]);
        let mut places = world.query::<&mut Transform>();
        let mut places = places.iter_mut(&mut world);
        let mut node = places.find(|place| place.translation.y == 1.0).unwrap();
        node.translation.y = 11.0;
        assert_eq!(heights(&mut world), [11.0, 13.0]);
        scene.nodes[1].is_hidden = true;
        assert_eq!(heights(&mut testing::spawned(scene)), [1.0]);
    }

    #[test]
    fn a_primitive_has_as_many_weights_as_targets() {
        let mut scene = triangles(vec![Node::default()], 0);
        scene.nodes[0].weights = vec![0.25, 0.5, 0.75];
        let targets = &mut scene.meshes[0].primitives[0].targets;
        targets.push(scene::MorphTarget::default());
        let mut world = testing::spawned(scene);
        let mut morphed = world.query::<&MeshMorphWeights>();
        let is_one = |weights: &MeshMorphWeights| matches!(weights, MeshMorphWeights::Value { weights } if *weights == [0.25]);
        assert!(is_one(morphed.single(&world).unwrap()));
    }

    #[test]
    fn lines_and_points_are_not_lit_and_share_one_surface() {
        let mut scene = triangles(vec![Node::default(); 2], 0);
        scene.materials.push(scene::Material {
            base_color: Vec4::new(0.25, 0.5, 0.0, 1.0),
            emissive: Vec3::new(0.5, 0.0, 0.0),
            ..scene::Material::default()
        });
        let primitive = &mut scene.meshes[0].primitives[0];
        primitive.material = Some(scene::MaterialIndex(0));
        let mut lines = primitive.clone();
        lines.topology = Topology::Lines;
        lines.indices.truncate(2);
        scene.meshes[0].primitives.push(lines);
        let mut world = testing::spawned(scene);
        let mut drawn = world.query::<&MeshMaterial3d<StandardMaterial>>();
        let mut handles: Vec<_> = drawn.iter(&world).map(|own| own.0.id()).collect();
        assert_eq!(handles.len(), 4);
        handles.sort();
        handles.dedup();
        let materials = world.resource::<Assets<StandardMaterial>>();
        let unlit = handles.iter().filter_map(|handle| materials.get(*handle));
        let unlit: Vec<_> = unlit.filter(|material| material.unlit).collect();
        assert_eq!((handles.len(), unlit.len()), (2, 1));
        let color = unlit[0].base_color.to_linear();
        assert!((color.red - 0.75).abs() < 1e-4, "{color:?}");
    }

    #[test]
    fn levels_follow_each_other_without_a_gap() {
        let stated = ranges(1.0, 3, &[0.5, 0.1, 0.01]);
        assert_eq!(stated[0].start, 0.0);
        assert!((stated[0].end - 3.466).abs() < 0.01);
        assert_eq!(stated[1].start, stated[0].end);
        assert!((stated[2].end - 173.3).abs() < 0.5);
        let guessed = ranges(1.0, 2, &[]);
        assert!(guessed[0].end > 1.0 && guessed[1].end == ENDLESS);
        let odd = ranges(1.0, 2, &[0.1, 0.5]);
        assert!(odd[1].end >= odd[1].start);
    }
}
