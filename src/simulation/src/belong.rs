//! Which body a node belongs to.

use crate::animate::AnimatedNodes;
use scene::{MotionKind, NodeIndex, Scene};

/// What carries a node, as far as motions say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// No motion here or above.
    None,
    /// The nearest motion is static, and no animation moves it.
    Fixed,
    /// A body.
    Body(NodeIndex),
}

/// For every node of a scene: the body whose part it is. A body is the nearest node with a motion, itself included; a
/// node without one that is moved by an animation is a body by itself.
pub(crate) struct Belonging {
    carriers: Vec<Carrier>,
    is_animated: Vec<bool>,
}

impl Belonging {
    /// One walk over the nodes of the default scene, parents first.
    pub(crate) fn new(scene: &Scene, order: &[NodeIndex], animated: &AnimatedNodes) -> Self {
        let mut belonging = Self {
            carriers: vec![Carrier::None; scene.nodes.len()],
            is_animated: vec![false; scene.nodes.len()],
        };
        for &index in order {
            let node = &scene.nodes[index.index()];
            let parent = node.parent.map(NodeIndex::index);
            let is_animated = animated.is_animated(index)
                || parent.is_some_and(|parent| belonging.is_animated[parent]);
            belonging.is_animated[index.index()] = is_animated;
            belonging.carriers[index.index()] = match &node.physics.motion {
                Some(motion) if motion.kind == MotionKind::Static && !is_animated => Carrier::Fixed,
                Some(_) => Carrier::Body(index),
                None => parent.map_or(Carrier::None, |parent| belonging.carriers[parent]),
            };
        }
        belonging
    }

    /// The body that a node is part of; `None` for the fixed world.
    pub(crate) fn body(&self, node: NodeIndex) -> Option<NodeIndex> {
        match self.carriers[node.index()] {
            Carrier::Body(body) => Some(body),
            Carrier::Fixed => None,
            Carrier::None => self.is_animated[node.index()].then_some(node),
        }
    }

    /// True when an animation moves the node or one above it.
    pub(crate) fn is_animated(&self, node: NodeIndex) -> bool {
        self.is_animated[node.index()]
    }
}
