//! From a file that is let go of over the window to the world in which it is seen, and back to where one was. Where a visit
//! to somebody else's world would end, one is asked first; a file that cannot be shown ends nothing.

use super::{
    Back, Place, Shown, Studio,
    conversion::{self, Conversion, ConversionError, needs_conversion},
    has_ending,
    report::Checked,
};
use crate::{
    HostedWorld, Opened, Opener,
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    camera::ViewMode,
    link::{self, Visit},
    script::IsPaused,
    ui::{button::Action, inside::legible},
};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
    window::FileDragAndDrop,
};
use protocol::WorldAddress;
use std::path::PathBuf;

/// Files that one looks at as they are, rather than at what lies beside them.
const ENDINGS: [&str; 4] = ["glb", "gltf", "vrm", "vrma"];

/// How far a dropped file is.
#[derive(Resource, Default)]
pub(super) enum Arrival {
    /// None is on its way.
    #[default]
    Idle,
    /// Held over the window.
    Held,
    /// Whoever is in somebody's world is asked.
    Asked(PathBuf),
    /// Being converted, while one stays where one is.
    Converting(Box<Conversion>),
    /// Being read and hosted, while one stays where one is.
    Opening(Opened, Opening),
    /// It cannot be shown.
    Refused(Box<Refused>),
    /// Out of where one was; the way leads on.
    Leaving(Box<Destination>),
}

pub(super) type Opening = Task<Result<HostedWorld, Refused>>;

/// Why a file cannot be shown.
pub(super) struct Refused {
    pub(super) file: PathBuf,
    pub(super) why: Why,
}

pub(super) enum Why {
    /// What the server said, and the checker.
    Unfit { line: String, checked: Box<Checked> },
    /// It is of another format, and was not converted.
    Unconverted(ConversionError),
}

/// Where one goes.
pub(super) struct Destination {
    address: WorldAddress,
    hosted: Option<HostedWorld>,
    is_first_person: Option<bool>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Arrival>()
        .add_message::<FileDragAndDrop>();
    app.add_systems(
        Update,
        (
            (go_on, take_files, convert, arrive)
                .chain()
                .in_set(ClientSystems::Receive),
            obey.in_set(ClientSystems::Act),
            pause_script.in_set(ClientSystems::Listen),
        ),
    )
    .add_systems(OnEnter(Stage::Over), give_way)
    .add_systems(OnExit(Stage::Inside), stop)
    .add_systems(OnExit(Stage::Outside), stop);
}

/// What is held over the window, and what is let go of there.
fn take_files(
    mut events: MessageReader<FileDragAndDrop>,
    config: Res<Config>,
    visit: Res<Visit>,
    studio: Res<Studio>,
    stage: Res<State<Stage>>,
    mut arrival: ResMut<Arrival>,
) {
    if config.0.surroundings.opener.is_none() {
        return;
    }
    let mut files = Vec::new();
    for event in events.read() {
        match event {
            FileDragAndDrop::DroppedFile { path_buf, .. } => files.push(path_buf.clone()),
            FileDragAndDrop::HoveredFile { .. } => {
                if matches!(*arrival, Arrival::Idle) {
                    *arrival = Arrival::Held;
                }
            }
            FileDragAndDrop::HoveredFileCanceled { .. } => {
                if matches!(*arrival, Arrival::Held) {
                    *arrival = Arrival::Idle;
                }
            }
        }
    }
    // One after the other: what is on its way is not overtaken. A conversion may take long, and gives way.
    if matches!(*arrival, Arrival::Opening(..) | Arrival::Leaving(_)) {
        return;
    }
    let Some(file) = choose(files) else { return };
    let hosted = config.0.surroundings.hosted.as_ref();
    let is_own = hosted.is_some_and(|hosted| hosted.serves(&config.0.address));
    let is_asked = *stage.get() == Stage::Inside
        && visit.fault.is_none()
        && !is_own
        && studio.shown(&config.0).is_none();
    *arrival = if is_asked {
        Arrival::Asked(file)
    } else {
        begin(file, &config)
    };
}

/// A script goes on when its file is there, or is refused.
fn pause_script(arrival: Res<Arrival>, mut is_paused: ResMut<IsPaused>) {
    is_paused.0 = matches!(
        *arrival,
        Arrival::Converting(_) | Arrival::Opening(..) | Arrival::Leaving(_)
    );
}

/// Of files that are dropped together, the one that names the others.
fn choose(mut files: Vec<PathBuf>) -> Option<PathBuf> {
    let first = |endings: &[&str]| files.iter().position(|file| has_ending(file, endings));
    let main = first(&ENDINGS).or_else(|| first(&conversion::ENDINGS));
    let main = main.unwrap_or(0);
    (main < files.len()).then(|| files.swap_remove(main))
}

/// Converts a file when it is of another format, else reads and hosts it.
fn begin(file: PathBuf, config: &Config) -> Arrival {
    let around = &config.0.surroundings;
    let Some(opener) = &around.opener else {
        return Arrival::Idle;
    };
    if !needs_conversion(&file) {
        return open(Opened::Itself(file), opener.clone());
    }
    match Conversion::begin(&file, &around.importer) {
        Ok(conversion) => Arrival::Converting(Box::new(conversion)),
        Err(fault) => Arrival::unconverted(file, fault),
    }
}

impl Arrival {
    fn unconverted(file: PathBuf, fault: ConversionError) -> Self {
        let why = Why::Unconverted(fault);
        Self::Refused(Box::new(Refused { file, why }))
    }
}

/// Reads and hosts a file beside everything else.
fn open(opened: Opened, opener: Opener) -> Arrival {
    let file = opened.clone();
    let task = AsyncComputeTaskPool::get().spawn(async move {
        opener.open(&file).map_err(|line| Refused {
            why: Why::Unfit {
                checked: Box::new(Checked::of(&file.world())),
                line,
            },
            file: file.source().to_path_buf(),
        })
    });
    Arrival::Opening(opened, task)
}

/// A visit that ends has a screen of its own, whose keys mean something else: what is asked or told here goes.
fn give_way(mut arrival: ResMut<Arrival>) {
    if matches!(*arrival, Arrival::Asked(..) | Arrival::Refused(..)) {
        *arrival = Arrival::default();
    }
}

/// Who goes elsewhere meanwhile does not wait for a file any more.
fn stop(mut arrival: ResMut<Arrival>) {
    if matches!(*arrival, Arrival::Converting(_)) {
        *arrival = Arrival::Idle;
    }
}

/// A file is converted: what it became is opened. What went wrong is told where one is.
fn convert(
    config: Res<Config>,
    stage: Res<State<Stage>>,
    mut arrival: ResMut<Arrival>,
    mut next: ResMut<NextState<Stage>>,
) {
    let Arrival::Converting(conversion) = arrival.bypass_change_detection() else {
        return;
    };
    let Some(result) = conversion.poll() else {
        return;
    };
    let file = conversion.source().to_path_buf();
    *arrival = match (result, &config.0.surroundings.opener) {
        (Ok(converted), Some(opener)) => open(Opened::Converted(converted), opener.clone()),
        (Ok(_), None) => Arrival::Idle,
        (Err(fault), _) => {
            make_room(&stage, &mut next);
            Arrival::unconverted(file, fault)
        }
    };
}

/// A visit that has ended already makes room for what is told: its screen would take the same keys.
fn make_room(stage: &State<Stage>, next: &mut NextState<Stage>) {
    if *stage.get() == Stage::Over {
        next.set(Stage::Outside);
    }
}

/// A file is hosted: one goes there. What went wrong is told where one is.
fn arrive(
    mut commands: Commands,
    config: Res<Config>,
    (visit, mode): (Res<Visit>, Res<ViewMode>),
    stage: Res<State<Stage>>,
    mut studio: ResMut<Studio>,
    mut arrival: ResMut<Arrival>,
    mut next: ResMut<NextState<Stage>>,
) {
    let Arrival::Opening(_, task) = arrival.bypass_change_detection() else {
        return;
    };
    let Some(result) = block_on(poll_once(task)) else {
        return;
    };
    let Arrival::Opening(opened, _) = std::mem::take(&mut *arrival) else {
        return;
    };
    let hosted = match result {
        Ok(hosted) => hosted,
        Err(refused) => {
            *arrival = Arrival::Refused(Box::new(refused));
            make_room(&stage, &mut next);
            return;
        }
    };
    let back = match (studio.shown(&config.0), *stage.get()) {
        (_, Stage::Outside) => Back::Start,
        (Some(shown), _) => match &shown.back {
            Back::Nowhere => back_to(&config, &visit, &mode, Some(shown.opened.clone())),
            back => back.clone(),
        },
        (None, Stage::Over) => Back::Start,
        (None, _) => back_to(&config, &visit, &mode, None),
    };
    studio.0 = Some(Shown {
        opened,
        address: hosted.address.clone(),
        back,
    });
    let destination = Destination {
        address: hosted.address.clone(),
        hosted: Some(hosted),
        is_first_person: None,
    };
    depart(&mut commands, &mut next, &mut arrival, destination);
}

/// The world of now, to come back to; that of a file when a command opened one.
fn back_to(config: &Config, visit: &Visit, mode: &ViewMode, opened: Option<Opened>) -> Back {
    let address = config.0.address.clone();
    let welcome = visit.welcome.as_ref();
    let title = welcome.map_or(address.world.as_str(), |welcome| &welcome.world.title);
    Back::World(Box::new(Place {
        title: legible::one_line(title, super::MAX_NAME),
        address,
        hosted: config.0.surroundings.hosted.clone(),
        is_first_person: mode.is_first_person,
        opened,
        may_place: visit.rights().may_place,
    }))
}

/// What belongs to a world goes on the way outside, from where the way leads on.
fn depart(
    commands: &mut Commands,
    next: &mut NextState<Stage>,
    arrival: &mut Arrival,
    destination: Destination,
) {
    link::leave(commands);
    next.set(Stage::Outside);
    *arrival = Arrival::Leaving(Box::new(destination));
}

fn go_on(
    stage: Res<State<Stage>>,
    mut arrival: ResMut<Arrival>,
    mut config: ResMut<Config>,
    mut mode: ResMut<ViewMode>,
    mut next: ResMut<NextState<Stage>>,
) {
    if *stage.get() != Stage::Outside || !matches!(*arrival, Arrival::Leaving(_)) {
        return;
    }
    if let Arrival::Leaving(destination) = std::mem::take(&mut *arrival) {
        config.0.address = destination.address;
        if destination.hosted.is_some() {
            config.0.surroundings.hosted = destination.hosted;
        }
        if let Some(is_first_person) = destination.is_first_person {
            mode.restore(is_first_person);
        }
        next.set(Stage::Entering);
    }
}

/// Answers and ways back.
fn obey(
    mut commands: Commands,
    mut chosen: MessageReader<Action>,
    config: Res<Config>,
    mut studio: ResMut<Studio>,
    mut arrival: ResMut<Arrival>,
    mut next: ResMut<NextState<Stage>>,
) {
    for action in chosen.read() {
        match action {
            Action::LookAtFile | Action::TryFileAgain => {
                let file = match &*arrival {
                    Arrival::Asked(file) => file.clone(),
                    Arrival::Refused(refused) => refused.file.clone(),
                    _ => continue,
                };
                *arrival = begin(file, &config);
            }
            Action::LetFileBe => {
                if matches!(
                    *arrival,
                    Arrival::Asked(_) | Arrival::Refused(_) | Arrival::Converting(_)
                ) {
                    *arrival = Arrival::Idle;
                }
            }
            Action::LeaveStudio | Action::PlaceThing => {
                let Some(shown) = studio.shown(&config.0) else {
                    continue;
                };
                if let Back::World(place) = shown.back.clone() {
                    // Its report is there again as well.
                    studio.0 = place.opened.map(|opened| Shown {
                        opened,
                        address: place.address.clone(),
                        back: Back::Nowhere,
                    });
                    let destination = Destination {
                        address: place.address,
                        hosted: place.hosted,
                        is_first_person: Some(place.is_first_person),
                    };
                    depart(&mut commands, &mut next, &mut arrival, destination);
                } else {
                    link::leave(&mut commands);
                    next.set(Stage::Outside);
                }
            }
            _ => {}
        }
    }
}
