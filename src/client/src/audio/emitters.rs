//! What sounds: emitters of KHR_audio_emitter, and the steps of people.

use super::{
    decoded::{MAX_SOUND_BYTES, clips},
    device::Loudspeaker,
    follow::{self, Told},
    footstep::{VARIANTS, footstep},
    mixer::{Command, Distance, Emission, Listener, Place, Voice},
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    camera::Eye,
    config::Display,
    link::{Link, LoadedHere, Visit, VisitWorld},
    motion::Me,
    settings::Kept,
};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use protocol::EntityId;
use scene::{DistanceModel, NodeIndex, Scene, worker::Worker};
use sound::Clip;
use std::{collections::BTreeMap, sync::Arc};

/// Metres between two steps of a walker.
const STRIDE: f32 = 0.75;

/// The loudspeaker and what was sent to it.
#[derive(Resource)]
pub(super) struct Speaker {
    loudspeaker: Loudspeaker,
    steps: Vec<Arc<Clip>>,
    /// Voices so far: steps vary with it.
    played: u64,
    /// Way since the last step, by entity; `None` is oneself.
    strides: BTreeMap<Option<EntityId>, (Vec3, f32)>,
}

#[derive(Resource, Default)]
struct Decoding(Option<Task<Vec<Option<Arc<Clip>>>>>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Decoding>().add_systems(Startup, open);
    app.add_plugins(follow::plugin);
    app.add_systems(
        Update,
        (
            decode,
            start_emitters.run_if(in_state(Stage::Inside)),
            listen,
            step,
            set_volume.run_if(resource_exists_and_changed::<Kept>),
        )
            .chain()
            .in_set(ClientSystems::Show)
            .run_if(resource_exists::<Speaker>),
    );
    app.add_systems(
        OnExit(Stage::Inside),
        silence.run_if(resource_exists::<Speaker>),
    );
}

/// Pictures without a window are made without sound.
fn open(mut commands: Commands, config: Res<Config>) {
    if config.0.display == Display::Window {
        commands.insert_resource(Speaker::new(Loudspeaker::start()));
    }
}

/// Loudness is heard by ratios: the square makes even steps of it.
fn set_volume(kept: Res<Kept>, speaker: Res<Speaker>) {
    let volume = kept.0.values.volume;
    speaker.loudspeaker.send(Command::Volume(volume * volume));
}

/// A world that one is no longer in is not heard, nor what was still being unpacked of it.
fn silence(mut speaker: ResMut<Speaker>, mut decoding: ResMut<Decoding>, mut told: ResMut<Told>) {
    decoding.0 = None;
    told.0.clear();
    speaker.strides.clear();
    speaker.loudspeaker.send(Command::StopAll);
}

fn decode(
    mut loaded: MessageReader<LoadedHere>,
    world: Option<Res<VisitWorld>>,
    mut decoding: ResMut<Decoding>,
) {
    let Some(world) = world.filter(|_| loaded.read().count() > 0) else {
        return;
    };
    let scene = Arc::clone(&world.scene);
    decoding.0 = Some(AsyncComputeTaskPool::get().spawn(async move {
        let worker = Worker::new();
        clips(&scene, MAX_SOUND_BYTES, |clip, limit| {
            Clip::decode_apart(&clip.bytes, &worker, limit)
        })
    }));
}

fn start_emitters(
    world: Option<Res<VisitWorld>>,
    mut decoding: ResMut<Decoding>,
    mut speaker: ResMut<Speaker>,
    mut told: ResMut<Told>,
) {
    let (Some(task), Some(world)) = (&mut decoding.0, world) else {
        return;
    };
    let Some(clips) = block_on(poll_once(task)) else {
        return;
    };
    decoding.0 = None;
    let scene = &world.scene;
    speaker.loudspeaker.send(Command::StopAll);
    for &emitter in &scene.sound.scene_emitters {
        play(&mut speaker, scene, &clips, emitter, None);
    }
    told.0.clear();
    for node in scene.nodes_in_scene() {
        let emitters = &scene.nodes[node.index()].emitters;
        if emitters.is_empty() {
            continue;
        }
        let transform = Transform::from_matrix(scene.world_from_node(node).into());
        let forward = transform.rotation * Vec3::NEG_Z;
        told.0.insert(node, (transform.translation, forward));
        for &emitter in emitters {
            play(
                &mut speaker,
                scene,
                &clips,
                emitter,
                Some((node, transform)),
            );
        }
    }
}

fn play(
    speaker: &mut Speaker,
    scene: &Scene,
    clips: &[Option<Arc<Clip>>],
    emitter: u32,
    at: Option<(NodeIndex, Transform)>,
) {
    let Some(emitter) = scene.sound.emitters.get(emitter as usize) else {
        return;
    };
    let place = match (emitter.positional, at) {
        (Some(positional), Some((node, at))) => Place::At(Emission {
            position: at.translation,
            forward: at.rotation * Vec3::NEG_Z,
            distance: match positional.model {
                DistanceModel::Linear => Distance::Linear,
                DistanceModel::Inverse => Distance::Inverse,
                DistanceModel::Exponential => Distance::Exponential,
            },
            reference_metres: positional.ref_distance,
            maximum_metres: positional.max_distance,
            rolloff: positional.rolloff_factor,
            cone_inner_radians: positional.cone_inner_angle,
            cone_outer_radians: positional.cone_outer_angle,
            cone_outer_gain: positional.cone_outer_gain,
            source: Some(node.0),
        }),
        _ => Place::Everywhere,
    };
    for source in emitter
        .sources
        .iter()
        .filter_map(|&source| scene.sound.sources.get(source as usize))
        .filter(|source| source.is_autoplaying)
    {
        let Some(clip) = source
            .clip
            .and_then(|clip| clips.get(clip as usize).cloned().flatten())
        else {
            continue;
        };
        speaker.play(
            clip,
            place,
            emitter.gain * source.gain,
            source.playback_rate,
            source.is_looping,
        );
    }
}

impl Speaker {
    fn new(loudspeaker: Loudspeaker) -> Self {
        let steps = (0..VARIANTS)
            .map(|variant| Arc::new(footstep(variant)))
            .collect();
        Self {
            loudspeaker,
            steps,
            played: 1,
            strides: BTreeMap::new(),
        }
    }

    fn play(&mut self, clip: Arc<Clip>, place: Place, gain: f32, rate: f32, is_looping: bool) {
        self.played += 1;
        self.loudspeaker.send(Command::Play(Voice {
            clip,
            place,
            gain,
            rate,
            is_looping,
        }));
    }

    pub(super) fn send(&self, command: Command) {
        self.loudspeaker.send(command);
    }

    /// A walker has moved; a step sounds after each stride on the ground.
    fn walk(&mut self, who: Option<EntityId>, position: Vec3, is_grounded: bool) {
        let (last, way) = self.strides.entry(who).or_insert((position, 0.0));
        let moved = (position - *last).length();
        *last = position;
        // A jump over metres is a teleport, not a walk.
        *way = if is_grounded && moved < 2.0 {
            *way + moved
        } else {
            STRIDE * 0.6
        };
        if *way >= STRIDE {
            *way = 0.0;
            let clip = Arc::clone(&self.steps[(self.played % u64::from(VARIANTS)) as usize]);
            let rate = 0.92 + 0.04 * (self.played % 5) as f32;
            self.play(
                clip,
                Place::At(Emission::point(position, 1.5)),
                0.35,
                rate,
                false,
            );
        }
    }
}

fn listen(speaker: Res<Speaker>, eyes: Query<&Transform, With<Eye>>) {
    for eye in &eyes {
        speaker.loudspeaker.send(Command::Listen(Listener {
            position: eye.translation,
            right: eye.rotation * Vec3::X,
        }));
    }
}

fn step(
    mut speaker: ResMut<Speaker>,
    me: Res<Me>,
    visit: Res<Visit>,
    link: Option<Res<Link>>,
    stage: Res<State<Stage>>,
) {
    let Some(link) = link.filter(|_| *stage.get() == Stage::Inside) else {
        return;
    };
    if visit.sitting.is_none() {
        speaker.walk(None, me.motion.position, me.motion.is_grounded);
    }
    let now = link.0.now_secs();
    let view = link.0.view();
    for person in visit.people.values() {
        if let (Some(pose), Some(state)) = (
            view.pose(person.entity, now),
            view.newest_state(person.entity),
        ) {
            speaker.walk(
                Some(person.entity),
                pose.position,
                state.flags.contains(replication::Flags::GROUNDED),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Offscreen, settings::SettingsFile, testing};
    use bevy::state::app::StatesPlugin;
    use std::sync::mpsc::Receiver;

    /// Somebody inside whose volume is set to a half, and what the loudspeaker is told.
    fn inside() -> (App, Receiver<Command>) {
        let (loudspeaker, heard) = Loudspeaker::heard();
        let humming = testing::sounds([[0].into()]);
        let humming = testing::visit_world(testing::simulation(humming));
        let mut config = testing::config();
        config.display = Display::Offscreen(Offscreen::of_size(1, 1));
        let mut settings = SettingsFile::default();
        settings.values.volume = 0.5;
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin, plugin))
            .insert_state(Stage::Inside)
            .insert_resource(Config(config))
            .insert_resource(Kept(settings))
            .insert_resource(Speaker::new(loudspeaker))
            .insert_resource(humming)
            .init_resource::<Me>()
            .init_resource::<Visit>()
            .add_message::<LoadedHere>();
        app.update();
        (app, heard)
    }

    /// The clips of the world have been unpacked.
    fn unpack(app: &mut App) {
        let clips = vec![Some(Arc::new(Clip::mono(vec![0.5; 480], 48_000)))];
        let task = AsyncComputeTaskPool::get().spawn(async { clips });
        while !task.is_finished() {
            std::thread::yield_now();
        }
        app.world_mut().resource_mut::<Decoding>().0 = Some(task);
    }

    fn go(app: &mut App, stage: Stage) {
        let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
        next.set(stage);
        app.update();
    }

    #[test]
    fn the_sounds_of_a_world_begin_at_the_volume_that_was_set() {
        let (mut app, heard) = inside();
        unpack(&mut app);
        app.update();
        let commands: Vec<Command> = heard.try_iter().collect();
        let is_played = |command: &Command| matches!(command, Command::Play(_));
        assert!(commands.iter().any(is_played));
        let mut volumes = commands.iter().filter_map(|command| match command {
            Command::Volume(volume) => Some(*volume),
            _ => None,
        });
        assert_eq!(volumes.next_back(), Some(0.25));
    }

    #[test]
    fn a_world_that_was_left_while_its_sounds_were_unpacked_stays_silent() {
        for stage in [Stage::Over, Stage::Outside, Stage::Loading] {
            let (mut app, heard) = inside();
            unpack(&mut app);
            go(&mut app, stage);
            app.update();
            let commands: Vec<Command> = heard.try_iter().collect();
            let last = commands
                .iter()
                .rfind(|command| matches!(command, Command::Play(_) | Command::StopAll));
            assert!(matches!(last, Some(Command::StopAll)), "{stage:?} {last:?}");
            go(&mut app, Stage::Inside);
            assert!(heard.try_iter().count() == 0, "{stage:?}");
        }
    }
}
