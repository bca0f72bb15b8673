//! A world whose files have changed while it runs: people, talk and time go on, everything of the files is as they are now.

use super::{Seat, World, keeping::Pending, list_bodies, sending::SendGroup};
use crate::{
    hosted::{WorldContent, main_content},
    store::Change,
};
use network::CloseCode;
use protocol::{Activity, PersonId};
use simulation::BodyState;

impl World {
    /// Goes on with other files. Whoever is there is asked to come back at once, and does so as the same person in the same
    /// place, or at a spawn point where that place is no more. Hands are empty and seats are free then; bodies of the same
    /// main file stay where they are.
    pub(super) fn change(&mut self, content: WorldContent) {
        if self.closed.is_some() {
            return;
        }
        let everybody: Vec<PersonId> = self.people.keys().copied().collect();
        for person in &everybody {
            self.drop_held(*person);
            self.dismiss(*person, CloseCode::Changed, "the world has changed");
        }
        let is_same_scene = main_content(&self.info) == main_content(&content.info);
        let poses = if is_same_scene {
            self.poses()
        } else {
            Vec::new()
        };
        let WorldContent {
            info,
            simulation,
            shelved,
            placers,
        } = content;
        (self.info, self.simulation, self.shelved) = (info, simulation, shelved);
        self.placers = placers;
        self.simulation.set_tick(self.tick);
        self.set_things();
        self.simulation.settle();
        self.bodies = list_bodies(&self.simulation, self.next_id);
        self.next_id += self.bodies.len() as u32;
        self.seats = self
            .simulation
            .seat_places()
            .iter()
            .map(Seat::new)
            .collect();
        self.groups = std::array::from_fn(|_| SendGroup::default());
        self.forget_bodies_under_way();
        self.restore(&poses, Vec::new());
        for person in everybody {
            self.settle_person(person);
        }
        if let Err(reason) = self.store.submit(Change::Content(main_content(&self.info))) {
            // At the next start its poses are those of another file, and are forgotten then.
            tracing::warn!(world = self.info.id, "the change is not stored: {reason}");
        }
        tracing::info!(world = self.info.id, "its files have changed");
    }

    fn poses(&self) -> Vec<(u32, BodyState)> {
        let states = self.bodies.iter().filter_map(|body| {
            let state = self.simulation.body(body.index)?;
            Some((body.node.0, state))
        });
        states.collect()
    }

    /// What was to be done with bodies that are no more. Who asked for it learns that the connection was lost.
    fn forget_bodies_under_way(&mut self) {
        self.pending.retain(|_, pending| match pending {
            Pending::Say { .. }
            | Pending::Pin { .. }
            | Pending::Unpin { .. }
            | Pending::Place { .. }
            | Pending::TakeAway { .. } => true,
            Pending::Poses(_)
            | Pending::Unhold(_)
            | Pending::Grab { .. }
            | Pending::Release { .. } => false,
        });
        self.is_saving_poses = false;
        self.unsaved_holds.clear();
    }

    /// Gives somebody who was there a place in the world as it is now.
    fn settle_person(&mut self, person: PersonId) {
        let tick = self.tick;
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        known.holding = None;
        known.info.activity = Activity::Standing;
        known.track.stand(tick);
        known.track.forget_carrier(tick);
        let sample = *known.track.newest();
        known.obstacle = self.simulation.add_avatar(sample.position);
        if !self.simulation.has_room(sample.position) {
            let (position, yaw) = self.spawn_place(None);
            if let Some(known) = self.people.get_mut(&person) {
                known.track.place(position, yaw, tick);
                self.simulation.move_avatar(known.obstacle, position);
            }
        }
    }
}
