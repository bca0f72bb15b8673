//! Timed inputs: a script does what a person can do, through the same wishes as keys and mouse.

mod keys;
mod parse;

pub(crate) use parse::Script;

use crate::{
    app::{
        Drawing,
        order::{ClientSystems, Stage},
    },
    link::{Link, Visit, VisitWorld},
    motion::{Me, Wishes},
};
use bevy::prelude::*;
use parse::{Direction, ScriptCommand};

/// Distance at which a walk to a point has arrived, metres.
const ARRIVED_METRES: f32 = 0.35;
/// Longest walk to a point, seconds.
const GOTO_LIMIT_SECS: f64 = 60.0;

/// The script that runs, and where it is.
#[derive(Resource)]
pub(crate) struct Running {
    script: Script,
    next: usize,
    /// Seconds by the script's clock, which stands still while it waits for people.
    clock_secs: f64,
    /// Direction, end by the script's clock, run.
    walk: Option<(Direction, f64, bool)>,
    crouch_until: f64,
    goto: Option<(Vec3, f64)>,
    wait: Option<(usize, f64)>,
}

impl Running {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            next: 0,
            clock_secs: 0.0,
            walk: None,
            crouch_until: 0.0,
            goto: None,
            wait: None,
        }
    }
}

/// True while the clock of the script stands still, since nobody can tell how long what it began will take.
#[derive(Resource, Default)]
pub(crate) struct IsPaused(pub(crate) bool);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<IsPaused>();
    app.add_systems(
        Update,
        play.in_set(ClientSystems::Intend)
            .run_if(in_state(Stage::Inside)),
    );
}

fn play(
    time: Res<Time<Real>>,
    mut running: ResMut<Running>,
    mut wishes: ResMut<Wishes>,
    me: Res<Me>,
    visit: Res<Visit>,
    world: Option<Res<VisitWorld>>,
    link: Option<Res<Link>>,
    is_paused: Res<IsPaused>,
    mut commands: Commands,
) {
    let (Some(world), Some(link)) = (world, link) else {
        return;
    };
    if running.script.steps.is_empty() {
        return;
    }
    let running = &mut *running;
    if is_paused.0 {
        hold_still(&mut wishes);
        return;
    }
    if let Some((count, left)) = running.wait {
        let left = left - time.delta_secs_f64();
        running.wait = (visit.people.len() < count && left > 0.0).then_some((count, left));
        hold_still(&mut wishes);
        return;
    }
    running.clock_secs += time.delta_secs_f64();
    while running.wait.is_none()
        && let Some(step) = running
            .script
            .steps
            .get(running.next)
            .filter(|step| step.at_secs <= running.clock_secs)
            .cloned()
    {
        running.next += 1;
        start(
            running,
            &step.command,
            &mut wishes,
            &me,
            &visit,
            &world,
            &link,
            &mut commands,
        );
    }
    steer(running, &mut wishes, &me);
}

fn hold_still(wishes: &mut Wishes) {
    wishes.input.walk = Vec2::ZERO;
    wishes.input.is_running = false;
}

fn start(
    running: &mut Running,
    command: &ScriptCommand,
    wishes: &mut Wishes,
    me: &Me,
    visit: &Visit,
    world: &VisitWorld,
    link: &Link,
    commands: &mut Commands,
) {
    match command {
        ScriptCommand::Walk {
            direction,
            secs,
            is_running,
        } => running.walk = Some((*direction, running.clock_secs + secs, *is_running)),
        ScriptCommand::Turn { degrees } => wishes.input.yaw += degrees.to_radians(),
        ScriptCommand::Look { degrees } => {
            wishes.input.pitch = degrees.to_radians().clamp(-1.5, 1.5);
        }
        ScriptCommand::Jump => wishes.input.is_jumping = true,
        ScriptCommand::Crouch { secs } => running.crouch_until = running.clock_secs + secs,
        ScriptCommand::Grab => wishes.is_grabbing = true,
        ScriptCommand::Throw => wishes.is_throwing = true,
        ScriptCommand::Sit => wishes.is_sitting = true,
        ScriptCommand::Stand => wishes.is_standing = true,
        ScriptCommand::View => wishes.is_changing_view = true,
        ScriptCommand::Say(text) => wishes.say = Some(text.clone()),
        ScriptCommand::Press(key) => {
            let key = *key;
            commands.queue(move |world: &mut World| keys::press(world, key));
        }
        ScriptCommand::Type(text) => {
            let text = text.clone();
            commands.queue(move |world: &mut World| keys::write(world, &text));
        }
        ScriptCommand::Drop(file) => {
            let file = file.clone();
            commands.queue(move |world: &mut World| keys::drop_file(world, file));
        }
        ScriptCommand::Emote(name) => wishes.emote = Some(name.clone()),
        ScriptCommand::Goto(point) => {
            running.goto = Some((*point, running.clock_secs + GOTO_LIMIT_SECS));
        }
        ScriptCommand::Face(name) => {
            if let Some(target) = find(name, visit, world, link) {
                let away = target - me.motion.eyes();
                wishes.input.yaw = f32::atan2(-away.x, -away.z);
                wishes.input.pitch = f32::atan2(away.y, Vec2::new(away.x, away.z).length());
            }
        }
        ScriptCommand::WaitPeople { count, secs } => running.wait = Some((*count, *secs)),
        ScriptCommand::Screenshot(file) => {
            let file = file.clone();
            commands.queue(
                move |world: &mut World| match world.get_resource_mut::<Drawing>() {
                    Some(mut drawing) => drawing.wanted.push(file),
                    None => tracing::warn!(
                        "{} is not written: a script's pictures need --offscreen",
                        file.display()
                    ),
                },
            );
        }
        ScriptCommand::Quit => commands.queue(|world: &mut World| {
            if let Some(mut drawing) = world.get_resource_mut::<Drawing>() {
                drawing.is_quitting = true;
            } else {
                world.write_message(AppExit::Success);
            }
        }),
    }
}

/// A person by name, a placed thing by title, or a node of the world by name, in world space.
fn find(name: &str, visit: &Visit, world: &VisitWorld, link: &Link) -> Option<Vec3> {
    let now = link.0.now_secs();
    let person = visit
        .people
        .values()
        .find(|person| person.name.as_str() == name);
    if let Some(person) = person {
        return link
            .0
            .view()
            .pose(person.entity, now)
            .map(|pose| pose.position + Vec3::Y * 1.5);
    }
    if let Some(thing) = visit.things.iter().find(|thing| thing.title == name) {
        return Some(Vec3::from_array(thing.position));
    }
    let node = world
        .scene
        .nodes_in_scene()
        .into_iter()
        .find(|node| world.scene.nodes[node.index()].name == name)?;
    let moving = world
        .bodies
        .iter()
        .find(|body| body.node == node.0)
        .and_then(|body| link.0.view().pose(body.entity, now));
    Some(moving.map_or_else(
        || Vec3::from(world.scene.world_from_node(node).translation),
        |pose| pose.position,
    ))
}

fn steer(running: &mut Running, wishes: &mut Wishes, me: &Me) {
    hold_still(wishes);
    wishes.input.is_crouching = running.clock_secs < running.crouch_until;
    if let Some((point, until)) = running.goto {
        let away = (point - me.motion.position) * Vec3::new(1.0, 0.0, 1.0);
        if away.length() < ARRIVED_METRES || running.clock_secs > until {
            running.goto = None;
        } else {
            wishes.input.yaw = f32::atan2(-away.x, -away.z);
            wishes.input.walk = Vec2::Y;
            return;
        }
    }
    let Some((direction, until, is_running)) = running.walk else {
        return;
    };
    if running.clock_secs >= until {
        running.walk = None;
        return;
    }
    wishes.input.is_running = is_running;
    wishes.input.walk = match direction {
        Direction::Forward => Vec2::Y,
        Direction::Back => Vec2::NEG_Y,
        Direction::Left => Vec2::NEG_X,
        Direction::Right => Vec2::X,
    };
}
