//! What is stored: changes wait here until the disk has them, and only then count.

use super::{Hold, PersonId, World, things::Standing};
use crate::store::Change;
use network::CloseCode;
use protocol::{
    ChatLine, Denial, Note, ServerMessage, TICKS_PER_SECOND,
    limits::{MAX_CHAT_HISTORY, RESUME_SECS},
};
use scene::NodeIndex;
use simulation::BodyState;
use tokio::sync::oneshot;

/// Ticks between two looks at which bodies have moved. With the commit that follows, less than a second.
const SAVE_TICKS: u64 = 45;
/// A body that moved less is where it was, in metres and in quaternion components.
const LEAST_MOTION: f32 = 0.001;

/// A change under way to the disk, and what to do when it is there.
pub(super) enum Pending {
    Poses(Vec<usize>),
    Unhold(u32),
    Say {
        person: PersonId,
        request: u32,
        line: ChatLine,
    },
    Pin {
        person: PersonId,
        request: u32,
        note: Note,
    },
    Unpin {
        person: PersonId,
        request: u32,
        note: u64,
    },
    Place {
        person: PersonId,
        request: u32,
        standing: Box<Standing>,
    },
    TakeAway {
        person: PersonId,
        request: u32,
        thing: u64,
    },
    Grab {
        person: PersonId,
        request: u32,
        number: usize,
    },
    Release {
        person: PersonId,
        request: u32,
        number: usize,
    },
}

impl World {
    /// Puts things where they were when the world stopped.
    pub(super) fn restore(&mut self, poses: &[(u32, BodyState)], holds: Vec<(u32, String)>) {
        for (node, state) in poses {
            let Some(number) = self.body_of_node(*node) else {
                continue;
            };
            self.simulation.set_body(self.bodies[number].index, state);
            self.bodies[number].saved = Some(*state);
        }
        for (node, did) in holds {
            if let Some(number) = self.body_of_node(node) {
                let until = RESUME_SECS * u64::from(TICKS_PER_SECOND);
                self.bodies[number].hold = Hold::Awaits(did, until);
            }
        }
    }

    fn body_of_node(&self, node: u32) -> Option<usize> {
        self.bodies
            .iter()
            .position(|body| body.node == NodeIndex(node))
    }

    /// Hands a change of somebody's to the disk; false when it takes no more, and they are told.
    pub(super) fn submit(
        &mut self,
        change: Change,
        pending: Pending,
        person: PersonId,
        request: u32,
    ) -> bool {
        match self.store.submit(change) {
            Ok(number) => {
                self.pending.insert(number, pending);
                true
            }
            Err(reason) => {
                self.deny(person, request, Denial::Storage(reason));
                false
            }
        }
    }

    /// Carries out what the disk has confirmed, and tells of what it refused.
    pub(super) fn settle_changes(&mut self) {
        for outcome in self.store.outcomes() {
            let Some(pending) = self.pending.remove(&outcome.number) else {
                continue;
            };
            match outcome.result {
                Ok(()) => self.confirm(pending),
                Err(reason) => self.refuse(pending, reason),
            }
        }
    }

    fn confirm(&mut self, pending: Pending) {
        match pending {
            Pending::Poses(_) => self.is_saving_poses = false,
            Pending::Unhold(node) => drop(self.unsaved_holds.remove(&node)),
            Pending::Say {
                person,
                request,
                line,
            } => {
                self.chat.push(line.clone());
                if self.chat.len() > MAX_CHAT_HISTORY {
                    self.chat.remove(0);
                }
                self.tell_all(ServerMessage::Chat(line));
                self.done(person, request);
            }
            Pending::Pin {
                person,
                request,
                note,
            } => {
                self.notes.push(note.clone());
                self.tell_all(ServerMessage::NotePinned(note));
                self.done(person, request);
            }
            Pending::Unpin {
                person,
                request,
                note,
            } => {
                self.notes.retain(|known| known.id != note);
                self.tell_all(ServerMessage::NoteRemoved(note));
                self.done(person, request);
            }
            Pending::Place {
                person,
                request,
                standing,
            } => {
                self.put_up(*standing);
                self.done(person, request);
            }
            Pending::TakeAway {
                person,
                request,
                thing,
            } => {
                self.take_down(thing);
                self.done(person, request);
            }
            Pending::Grab {
                person,
                request,
                number,
            } => self.finish_grab(person, request, number),
            Pending::Release {
                person, request, ..
            } => self.done(person, request),
        }
    }

    fn refuse(&mut self, pending: Pending, reason: String) {
        let (person, request) = match pending {
            Pending::Poses(numbers) => {
                self.is_saving_poses = false;
                for number in numbers {
                    self.bodies[number].saved = None;
                }
                return;
            }
            // Tried again with the next save.
            Pending::Unhold(_) => return,
            Pending::Grab {
                person,
                request,
                number,
            } => {
                self.refuse_grab(person, number);
                (person, request)
            }
            // The body flies already: the disk is told again until it knows.
            Pending::Release {
                person,
                request,
                number,
            } => {
                self.keep_hold(number);
                (person, request)
            }
            Pending::Say {
                person, request, ..
            }
            | Pending::Pin {
                person, request, ..
            }
            | Pending::Unpin {
                person, request, ..
            }
            | Pending::Place {
                person, request, ..
            }
            | Pending::TakeAway {
                person, request, ..
            } => (person, request),
        };
        self.deny(person, request, Denial::Storage(reason));
    }

    /// Notes under way to the board.
    pub(super) fn pending_notes(&self) -> usize {
        self.pending
            .values()
            .filter(|pending| matches!(pending, Pending::Pin { .. }))
            .count()
    }

    /// Hands the poses of what has moved to the disk, unless the last ones are still under way.
    pub(super) fn save_poses(&mut self) {
        if !self.tick.is_multiple_of(SAVE_TICKS) {
            return;
        }
        self.save_holds();
        if !self.is_saving_poses {
            self.save_moved();
        }
    }

    fn save_moved(&mut self) {
        let mut numbers = Vec::new();
        let mut states = Vec::new();
        for (number, body) in self.bodies.iter_mut().enumerate() {
            // What never rests would be written for ever; it begins where the file has it.
            let is_kept = !self.simulation.bodies()[body.index].is_driven;
            let Some(state) = self
                .simulation
                .body(body.index)
                .filter(|state| is_kept && state.is_believable())
            else {
                continue;
            };
            if body.saved.is_none_or(|saved| has_moved(&saved, &state)) {
                body.saved = Some(state);
                numbers.push(number);
                states.push((body.node.0, state));
            }
        }
        if states.is_empty() {
            return;
        }
        match self.store.submit(Change::Poses(states)) {
            Ok(job) => {
                self.is_saving_poses = true;
                self.pending.insert(job, Pending::Poses(numbers));
            }
            Err(_) => {
                for number in numbers {
                    self.bodies[number].saved = None;
                }
            }
        }
    }

    /// Tells the disk of hands that are empty again.
    pub(super) fn save_holds(&mut self) {
        for node in self.unsaved_holds.clone() {
            let number = self.body_of_node(node);
            let hold = number.map_or(&Hold::Free, |number| &self.bodies[number].hold);
            if let Hold::Asked(_) = hold {
                // The disk may refuse that; until it has answered, nothing must come after it.
                continue;
            }
            let is_held_again = *hold != Hold::Free;
            let is_under_way = self
                .pending
                .values()
                .any(|pending| matches!(pending, Pending::Unhold(waiting) if *waiting == node));
            if is_held_again {
                self.unsaved_holds.remove(&node);
            } else if !is_under_way
                && let Ok(job) = self.store.submit(Change::Hold { node, did: None })
            {
                self.pending.insert(job, Pending::Unhold(node));
            }
        }
    }

    /// The server stops: everybody is told, everything is saved.
    pub(super) fn begin_closing(&mut self, reason: String, answer: oneshot::Sender<()>) {
        self.save_moved();
        self.closed = Some(answer);
        self.tell_all(ServerMessage::Closing { reason });
        let everybody: Vec<PersonId> = self.people.keys().copied().collect();
        for person in everybody {
            self.dismiss(person, CloseCode::Closing, "the server stops");
        }
    }

    pub(super) fn finish_closing(&mut self) {
        if self.closed.is_none() {
            return;
        }
        self.store.close();
        self.settle_changes();
        self.is_closed = true;
        if self
            .closed
            .take()
            .is_some_and(|answer| answer.send(()).is_err())
        {
            tracing::debug!("nobody waits for the end of the world");
        }
    }
}

fn has_moved(before: &BodyState, now: &BodyState) -> bool {
    before.is_sleeping != now.is_sleeping
        || before.position.distance(now.position) > LEAST_MOTION
        || before.rotation.dot(now.rotation).abs() < 1.0 - LEAST_MOTION * LEAST_MOTION
}
