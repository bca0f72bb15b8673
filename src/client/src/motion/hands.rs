//! One's own hands: what one carries and throws moves at once in the local physics, and is handed back to the server's
//! motion when that has caught up.

use super::Me;
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Said, Visit, VisitWorld},
};
use bevy::prelude::*;
use protocol::{EntityId, HandPose};
use replication::{EntityState, Flags, Pose};
use session::{ActionError, Session, SessionEvent};
use simulation::{BodyNews, BodyState, Hands, Simulation};

/// What one moves oneself.
#[derive(Resource, Default)]
pub(crate) struct OwnHands {
    hands: Hands,
    /// The request for what is in the hand.
    grab: Option<(u32, EntityId)>,
    /// Thrown here, still held as far as the server has said.
    let_go: Option<EntityId>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<OwnHands>();
    app.add_systems(Update, hear.in_set(ClientSystems::Act));
    app.add_systems(OnExit(Stage::Inside), empty);
    app.add_systems(
        Update,
        fade.in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
}

impl OwnHands {
    /// The body in one's hand, also before the server has agreed to that.
    pub(super) fn held(&self, world: &VisitWorld, visit: &Visit) -> Option<EntityId> {
        let here = self.hands.held().and_then(|index| world.entity_of(index));
        here.or(visit.holding.filter(|held| self.let_go != Some(*held)))
    }

    pub(super) fn grab(
        &mut self,
        world: &mut VisitWorld,
        session: &Session,
        entity: EntityId,
    ) -> Result<u32, ActionError> {
        let request = session.grab(entity)?;
        let pose = session.view().pose(entity, session.now_secs());
        if let (Some(index), Some(pose)) = (world.index_of(entity), pose) {
            let shown = self.hands.shown(index, &state_of(&pose, false), 1.0);
            if self.hands.take(&mut world.simulation, index, &shown) {
                self.grab = Some((request, entity));
            }
        }
        Ok(request)
    }

    pub(super) fn throw(
        &mut self,
        world: &mut VisitWorld,
        session: &Session,
        entity: EntityId,
        velocity: Vec3,
    ) -> Result<u32, ActionError> {
        let is_here = world.index_of(entity) == self.hands.held();
        let begin = is_here
            .then(|| self.hands.throw(&mut world.simulation, velocity))
            .flatten();
        self.let_go = Some(entity);
        let hand = begin.map(|state| HandPose {
            position: state.position.to_array(),
            rotation: state.rotation.to_array(),
            spin: state.angular_velocity.to_array(),
        });
        session.throw(entity, velocity, hand)
    }

    /// One tick of the local physics, with the hands and feet of who is there.
    pub(super) fn step(&mut self, simulation: &mut Simulation, me: &Me, is_seated: bool) {
        let motion = &me.motion;
        if !is_seated {
            self.hands
                .touch(simulation, motion.position, motion.is_crouching);
        }
        let hand = Simulation::carry_point(motion.eyes(), motion.yaw, motion.pitch);
        self.hands.carry(simulation, hand);
        simulation.step();
        self.hands.note_step(simulation);
    }

    /// Takes the server's word on a body, and tells where to show it.
    pub(crate) fn follow(
        &mut self,
        simulation: &mut Simulation,
        index: usize,
        followed: &BodyState,
        news: &BodyNews,
        fraction: f32,
    ) -> BodyState {
        self.hands.compare(simulation, index, news, followed);
        simulation.set_body(index, followed);
        self.hands.shown(index, followed, fraction)
    }

    fn give_back(&mut self, world: &mut VisitWorld, session: &Session, entity: EntityId) {
        let pose = session.view().pose(entity, session.now_secs());
        if let (Some(index), Some(pose)) = (world.index_of(entity), pose) {
            let followed = state_of(&pose, false);
            self.hands
                .give_back(&mut world.simulation, index, &followed);
        }
    }
}

/// Nothing is taken along into another world: its bodies are others.
fn empty(mut own: ResMut<OwnHands>) {
    *own = OwnHands::default();
}

fn hear(
    mut said: MessageReader<Said>,
    mut own: ResMut<OwnHands>,
    world: Option<ResMut<VisitWorld>>,
    link: Option<Res<Link>>,
) {
    let (Some(mut world), Some(link)) = (world, link) else {
        said.clear();
        return;
    };
    for Said(event) in said.read() {
        match event {
            SessionEvent::Thrown { entity, tick, .. } => {
                if let Some(index) = world.index_of(*entity) {
                    own.hands.confirm_throw(index, *tick);
                }
            }
            SessionEvent::Denied { request, .. } => {
                if let Some((_, entity)) = own.grab.take_if(|(asked, _)| asked == request) {
                    own.give_back(&mut world, &link.0, entity);
                }
            }
            SessionEvent::Holding(holding) => {
                own.let_go = None;
                let held = own.hands.held().and_then(|index| world.entity_of(index));
                if let Some(entity) = held.filter(|_| holding.is_none()) {
                    own.give_back(&mut world, &link.0, entity);
                }
            }
            SessionEvent::Resumed(_) => {
                own.hands.clear(&mut world.simulation);
                *own = OwnHands::default();
            }
            _ => {}
        }
    }
}

fn fade(time: Res<Time<Real>>, mut own: ResMut<OwnHands>) {
    own.hands.fade(time.delta_secs());
}

/// A pose of the session as the physics wants it.
pub(crate) fn state_of(pose: &Pose, is_sleeping: bool) -> BodyState {
    BodyState {
        position: pose.position,
        rotation: pose.rotation,
        linear_velocity: pose.linear_velocity,
        angular_velocity: pose.angular_velocity,
        is_sleeping,
    }
}

/// What the server has told last of a body.
pub(crate) fn news_of(
    tick: u64,
    pose: &Pose,
    state: &EntityState,
    me: Option<EntityId>,
) -> BodyNews {
    BodyNews {
        tick,
        state: state_of(pose, state.flags.contains(Flags::ASLEEP)),
        is_held: state.flags.contains(Flags::HELD),
        is_held_by_me: state.parent.is_some() && state.parent == me,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bevy::state::app::StatesPlugin;

    #[test]
    fn nothing_in_the_hand_comes_along_into_another_world() {
        let loose = (Vec3::Y, Vec3::splat(0.5), Some(testing::loose()));
        let mut simulation = testing::boxes([loose]);
        let state = simulation.body(0).unwrap();
        let mut own = OwnHands {
            grab: Some((4, EntityId(9))),
            let_go: Some(EntityId(8)),
            ..OwnHands::default()
        };
        assert!(own.hands.take(&mut simulation, 0, &state));
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin, plugin))
            .add_message::<Said>()
            .insert_state(Stage::Inside)
            .insert_resource(own);
        app.update();
        assert!(app.world().resource::<OwnHands>().hands.held().is_some());
        let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
        next.set(Stage::Outside);
        app.update();
        let own = app.world().resource::<OwnHands>();
        assert_eq!((own.hands.held(), own.grab, own.let_go), (None, None, None));
    }
}
