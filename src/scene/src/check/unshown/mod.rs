//! What a file holds and the product does not show, play or obey. None of it is a fault of glTF, and nothing else would tell
//! people: each kind is told once, at its first place, with how often it occurs.

mod avatar;
mod looks;
mod motion;
mod places;
mod solids;

use crate::{Purpose, description::scene::Scene, error::Issue, source::json::Item};
use solids::Solids;

pub(super) use avatar::of_avatar;

/// What of a scene comes to nothing, or to something else than the file says.
pub(super) fn of_scene(root: &Item<'_>, scene: &Scene, purpose: Purpose) -> Vec<Issue> {
    // A clip moves bones, whatever else is in its file.
    if purpose == Purpose::AnimationClip {
        return Vec::new();
    }
    let mut found = vec![
        looks::other_uv_sets(root, scene),
        looks::further_influences(scene),
        looks::splats_as_points(root, scene),
        places::other_scenes(root, scene),
    ];
    match purpose {
        Purpose::World => {
            found.extend([
                motion::animations_of_a_graph(scene),
                motion::animations_left_out(scene),
                places::cameras(scene),
            ]);
            if scene.physics.is_described {
                let solids = Solids::new(scene);
                found.extend([
                    solids::other_dialect(root),
                    solids::further_systems(root, scene),
                    solids.further_joints(root),
                    solids.hulls(root),
                    solids.bare_parts(),
                ]);
            }
        }
        Purpose::Prop => found.push(places::left_behind_by_things(scene)),
        // VRM itself says that a body has neither animations nor cameras.
        Purpose::Avatar | Purpose::AnimationClip => {}
    }
    found.into_iter().flatten().collect()
}

/// Places of one kind: the first, and how many there are.
#[derive(Default)]
struct Places {
    first: String,
    count: usize,
}

impl Places {
    fn add(&mut self, pointer: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = pointer();
        }
        self.count += 1;
    }

    /// A finding that says what is so at the first place, and that it is so at others, which `others` names in the plural;
    /// nothing without a place.
    fn told(self, code: &'static str, severity: u8, what: &str, others: &str) -> Option<Issue> {
        let message = match self.count {
            0 => return None,
            1 => what.to_owned(),
            count => format!("{what} ({count} {others} in all)"),
        };
        Some(Issue {
            severity,
            ..Issue::warning(code, self.first, message)
        })
    }
}
