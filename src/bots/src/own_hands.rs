//! Hands as a desktop client has them: what one carries and throws moves in one's own world at once.

use crate::ground::Ground;
use glam::Vec3;
use protocol::{BodyInfo, EntityId, HandPose};
use replication::{Flags, Pose};
use scene::NodeIndex;
use session::{ActionError, Session, SessionEvent};
use simulation::{AvatarMotion, BodyNews, BodyState, Hands, Simulation, TICK_SECS};
use std::path::Path;

/// A world of one's own, and what one moves in it.
pub(crate) struct OwnHands {
    ground: Ground,
    hands: Hands,
    bodies: Vec<BodyInfo>,
    /// The request for what is in the hand.
    grab: Option<(u32, EntityId)>,
}

impl OwnHands {
    pub(crate) fn load(world: &Path) -> Result<Self, String> {
        Ok(Self {
            ground: Ground::load(world)?,
            hands: Hands::default(),
            bodies: Vec::new(),
            grab: None,
        })
    }

    /// Bodies of the world that one is in now.
    pub(crate) fn enter(&mut self, bodies: &[BodyInfo]) {
        self.bodies = bodies.to_vec();
        self.grab = None;
        self.hands.clear(self.ground.simulation_mut());
    }

    /// Takes a body: it comes at once, and goes back when the server does not agree.
    pub(crate) fn grab(&mut self, session: &Session, entity: EntityId) -> Result<u32, ActionError> {
        let request = session.grab(entity)?;
        let shown = self.shown(session, entity);
        if let (Some(index), Some(shown)) = (self.index_of(entity), shown)
            && self.hands.take(
                self.ground.simulation_mut(),
                index,
                &state_of(&shown, false),
            )
        {
            self.grab = Some((request, entity));
        }
        Ok(request)
    }

    /// Lets go of what is in the hand.
    pub(crate) fn throw(
        &mut self,
        session: &Session,
        entity: EntityId,
        velocity: Vec3,
    ) -> Result<u32, ActionError> {
        let is_held = self
            .index_of(entity)
            .is_some_and(|index| self.hands.held() == Some(index));
        let begin = is_held
            .then(|| self.hands.throw(self.ground.simulation_mut(), velocity))
            .flatten();
        let hand = begin.map(|state| HandPose {
            position: state.position.to_array(),
            rotation: state.rotation.to_array(),
            spin: state.angular_velocity.to_array(),
        });
        session.throw(entity, velocity, hand)
    }

    pub(crate) fn hear(&mut self, session: &Session, event: &SessionEvent) {
        match event {
            SessionEvent::Thrown { entity, tick, .. } => {
                if let Some(index) = self.index_of(*entity) {
                    self.hands.confirm_throw(index, *tick);
                }
            }
            SessionEvent::Denied { request, .. } => {
                if let Some((_, entity)) = self.grab.take_if(|(asked, _)| asked == request) {
                    self.give_back(session, entity);
                }
            }
            // What was thrown is in no hand any more; what is still held here was taken away.
            SessionEvent::Holding(None) => {
                if let Some(index) = self.hands.held()
                    && let Some(entity) = self.entity_of(index)
                {
                    self.give_back(session, entity);
                }
            }
            _ => {}
        }
    }

    /// One tick: the server's word on everything, the own hand, a step.
    pub(crate) fn tick(&mut self, session: &Session, motion: &AvatarMotion, me: EntityId) {
        let now_secs = session.now_secs();
        let view = session.view();
        let simulation = self.ground.simulation_mut();
        for body in &self.bodies {
            let Some(index) = simulation.body_of_node(NodeIndex(body.node)) else {
                continue;
            };
            let (Some(pose), Some((tick, newest, state))) =
                (view.pose(body.entity, now_secs), view.news(body.entity))
            else {
                continue;
            };
            let followed = state_of(&pose, state.flags.contains(Flags::ASLEEP));
            let news = BodyNews {
                tick,
                state: state_of(&newest, state.flags.contains(Flags::ASLEEP)),
                is_held: state.flags.contains(Flags::HELD),
                is_held_by_me: state.parent == Some(me),
            };
            self.hands.compare(simulation, index, &news, &followed);
            simulation.set_body(index, &followed);
        }
        let server_tick = view.server_tick(now_secs).unwrap_or_default().max(0.0) as u64;
        drop(view);
        let hand = Simulation::carry_point(motion.eyes(), motion.yaw, motion.pitch);
        self.hands.carry(simulation, hand);
        self.hands
            .touch(simulation, motion.position, motion.is_crouching);
        self.ground.step(server_tick);
        self.hands.note_step(self.ground.simulation_mut());
        self.hands.fade(TICK_SECS);
    }

    /// Where a body is shown now.
    pub(crate) fn shown(&self, session: &Session, entity: EntityId) -> Option<Pose> {
        let now_secs = session.now_secs();
        let pose = session.view().pose(entity, now_secs)?;
        let Some(index) = self.index_of(entity) else {
            return Some(pose);
        };
        let shown = self.hands.shown(index, &state_of(&pose, false), 1.0);
        Some(Pose {
            position: shown.position,
            rotation: shown.rotation,
            linear_velocity: shown.linear_velocity,
            angular_velocity: shown.angular_velocity,
            ..pose
        })
    }

    fn give_back(&mut self, session: &Session, entity: EntityId) {
        let now_secs = session.now_secs();
        let pose = session.view().pose(entity, now_secs);
        if let (Some(index), Some(pose)) = (self.index_of(entity), pose) {
            let followed = state_of(&pose, false);
            self.hands
                .give_back(self.ground.simulation_mut(), index, &followed);
        }
    }

    fn index_of(&self, entity: EntityId) -> Option<usize> {
        let body = self.bodies.iter().find(|body| body.entity == entity)?;
        self.ground.simulation().body_of_node(NodeIndex(body.node))
    }

    fn entity_of(&self, index: usize) -> Option<EntityId> {
        let node = self.ground.simulation().bodies().get(index)?.node;
        let body = self.bodies.iter().find(|body| body.node == node.0)?;
        Some(body.entity)
    }
}

fn state_of(pose: &Pose, is_sleeping: bool) -> BodyState {
    BodyState {
        position: pose.position,
        rotation: pose.rotation,
        linear_velocity: pose.linear_velocity,
        angular_velocity: pose.angular_velocity,
        is_sleeping,
    }
}
