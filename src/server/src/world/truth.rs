//! What is true, for who measures how well it is told.

use super::World;
use replication::{Kind, TrueEntity};

impl World {
    /// Everything that moves, after the last tick.
    pub(crate) fn truth(&self) -> Vec<TrueEntity> {
        let people = self.people.values().map(|known| {
            let shown = known.track.at_tick(self.tick);
            TrueEntity {
                entity: known.info.entity,
                kind: Kind::Avatar,
                pose: shown.pose(),
                flags: shown.flags,
            }
        });
        let bodies = self.bodies.iter().filter_map(|body| {
            let sample = self.body_sample(body)?;
            Some(TrueEntity {
                entity: body.entity,
                kind: Kind::Body,
                pose: sample.pose,
                flags: sample.flags,
            })
        });
        people.chain(bodies).collect()
    }
}
