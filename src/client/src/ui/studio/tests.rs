//! The ways into the studio and out of it.

use super::{
    Studio,
    arrival::{Arrival, Why},
    *,
};
use crate::{
    Opener,
    app::order::{self, Stage},
    camera::ViewMode,
    link::Visit,
    script::IsPaused,
    testing,
    ui::{Locale, button::Action, words::Words},
};
use bevy::{state::app::StatesPlugin, window::FileDragAndDrop};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Time in which a file surely is opened.
const PATIENCE: Duration = Duration::from_secs(30);

fn address(text: &str) -> WorldAddress {
    text.parse().unwrap()
}

/// What hosts the file `N.glb` hosts it at port N; nothing else is hosted.
fn opener() -> Opener {
    Opener::new(|opened| {
        let world = opened.world();
        let stem = world.file_stem().unwrap().to_string_lossy();
        let port: u16 = stem.parse().map_err(|_fault| format!("{stem} is broken"))?;
        Ok(HostedWorld {
            address: address(&format!("stoa://127.0.0.1:{port}/file")),
            invitation: None,
            open_to_others: String::new(),
        })
    })
}

/// Somebody at a stage of a visit to a world that this program hosts or somebody else does.
fn app(stage: Stage, is_own: bool) -> App {
    let mut config = testing::config();
    config.surroundings.opener = Some(opener());
    config.surroundings.hosted = is_own.then(|| HostedWorld {
        address: config.address.clone(),
        invitation: None,
        open_to_others: String::new(),
    });
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin, order::plugin))
        .insert_resource(Config(config))
        .insert_resource(Words::of(Locale::English))
        .insert_resource(Visit {
            welcome: Some(testing::welcome()),
            ..Visit::default()
        })
        .insert_resource(ViewMode::behind())
        .init_resource::<Studio>()
        .init_resource::<IsPaused>()
        .add_message::<Action>()
        .add_plugins(arrival::plugin);
    app.insert_state(stage);
    app.update();
    app
}

fn drop_files(app: &mut App, names: &[&str]) {
    for name in names {
        app.world_mut().write_message(FileDragAndDrop::DroppedFile {
            window: Entity::PLACEHOLDER,
            path_buf: PathBuf::from(name),
        });
    }
    app.update();
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if !matches!(
            app.world().resource::<Arrival>(),
            Arrival::Converting(_) | Arrival::Opening(..) | Arrival::Leaving(_)
        ) {
            break;
        }
        app.update();
        std::thread::yield_now();
    }
    app.update();
}

fn choose(app: &mut App, action: Action) {
    app.world_mut().write_message(action);
    drop_files(app, &[]);
}

/// Where one is, and at which stage.
fn place(app: &App) -> (Stage, String) {
    let stage = *app.world().resource::<State<Stage>>().get();
    let config = &app.world().resource::<Config>().0;
    (stage, config.address.to_string())
}

fn way_out(app: &App) -> Option<String> {
    let (studio, config) = (
        app.world().resource::<Studio>(),
        app.world().resource::<Config>(),
    );
    let words = app.world().resource::<Words>();
    studio.shown(&config.0)?.way_out(words.0)
}

const NOWHERE: &str = "stoa://127.0.0.1:9/nowhere";
const STUDIO: &str = "stoa://127.0.0.1:77/file";

fn enter(app: &mut App) {
    let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
    next.set(Stage::Inside);
    app.update();
}

#[test]
fn from_the_start_screen_one_goes_to_the_studio_and_back_to_it() {
    let mut app = app(Stage::Outside, false);
    drop_files(&mut app, &["77.glb"]);
    assert_eq!(place(&app), (Stage::Entering, STUDIO.to_owned()));
    assert_eq!(way_out(&app).as_deref(), Some("Leave the studio"));
    enter(&mut app);
    choose(&mut app, Action::LeaveStudio);
    assert_eq!(place(&app).0, Stage::Outside);
}

#[test]
fn from_a_world_of_ones_own_one_comes_back_into_it_by_any_number_of_files() {
    let mut app = app(Stage::Inside, true);
    drop_files(&mut app, &["76.glb"]);
    assert_eq!(way_out(&app).as_deref(), Some("Back to Nowhere"));
    enter(&mut app);
    drop_files(&mut app, &["readme.txt", "77.gltf", "cloth.png"]);
    assert_eq!(place(&app), (Stage::Entering, STUDIO.to_owned()));
    enter(&mut app);
    choose(&mut app, Action::LeaveStudio);
    assert_eq!(place(&app), (Stage::Entering, NOWHERE.to_owned()));
    assert_eq!(way_out(&app), None);
}

#[test]
fn a_visit_to_somebody_else_ends_only_when_one_says_so() {
    let mut app = app(Stage::Inside, false);
    let here = (Stage::Inside, NOWHERE.to_owned());
    drop_files(&mut app, &["77.glb"]);
    assert!(matches!(
        app.world().resource::<Arrival>(),
        Arrival::Asked(_)
    ));
    assert_eq!(place(&app), here);
    choose(&mut app, Action::LetFileBe);
    assert!(matches!(app.world().resource::<Arrival>(), Arrival::Idle));
    assert_eq!(place(&app), here);
    drop_files(&mut app, &["77.glb"]);
    choose(&mut app, Action::LookAtFile);
    assert_eq!(place(&app), (Stage::Entering, STUDIO.to_owned()));
    enter(&mut app);
    choose(&mut app, Action::LeaveStudio);
    assert_eq!(place(&app), (Stage::Entering, NOWHERE.to_owned()));
}

#[test]
fn a_file_that_cannot_be_shown_ends_nothing_and_can_be_tried_again() {
    for (stage, is_own) in [(Stage::Outside, false), (Stage::Inside, true)] {
        let mut app = app(stage, is_own);
        drop_files(&mut app, &["broken.glb"]);
        for _ in 0..2 {
            let Arrival::Refused(refused) = app.world().resource::<Arrival>() else {
                panic!("it is not refused");
            };
            let Why::Unfit { line, checked } = &refused.why else {
                panic!("it needs no conversion");
            };
            assert_eq!(line, "broken is broken");
            assert!(checked.0.is_err(), "there is no such file");
            assert_eq!(place(&app), (stage, NOWHERE.to_owned()));
            choose(&mut app, Action::TryFileAgain);
        }
        choose(&mut app, Action::LetFileBe);
        assert_eq!(place(&app), (stage, NOWHERE.to_owned()));
        assert!(matches!(app.world().resource::<Arrival>(), Arrival::Idle));
    }
}

#[test]
fn a_file_that_is_taken_away_again_leaves_nothing_behind() {
    let mut app = app(Stage::Inside, true);
    let window = Entity::PLACEHOLDER;
    for (event, is_held) in [
        (
            FileDragAndDrop::HoveredFile {
                window,
                path_buf: PathBuf::from("77.glb"),
            },
            true,
        ),
        (FileDragAndDrop::HoveredFileCanceled { window }, false),
    ] {
        app.world_mut().write_message(event);
        app.update();
        let arrival = app.world().resource::<Arrival>();
        assert_eq!(matches!(arrival, Arrival::Held), is_held);
    }
    assert_eq!(place(&app), (Stage::Inside, NOWHERE.to_owned()));
}

/// Puts a program in the converter's place, which gets `convert --json -- IN OUT`.
#[cfg(unix)]
fn convert_with(app: &mut App, folder: &Path, lines: &str) {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let importer = folder.join("importer");
    fs::write(&importer, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&importer, fs::Permissions::from_mode(0o700)).unwrap();
    let mut config = app.world_mut().resource_mut::<Config>();
    config.0.surroundings.importer = importer;
}

#[cfg(unix)]
#[test]
fn a_file_of_another_format_is_seen_as_what_it_became() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = app(Stage::Inside, true);
    convert_with(&mut app, folder.path(), "cp /dev/null \"$6\"; echo '{}'");
    drop_files(&mut app, &["wood.png", "77.mtl", "77.OBJ"]);
    assert_eq!(place(&app), (Stage::Entering, STUDIO.to_owned()));
    let shown = |app: &App| {
        let studio = app.world().resource::<Studio>();
        let opened = studio.0.as_ref().unwrap().opened.clone();
        (opened.source().to_path_buf(), opened.world())
    };
    let (source, glb) = shown(&app);
    assert_eq!(source, Path::new("77.OBJ"));
    assert!(glb.ends_with("77.glb") && glb.is_file());
    enter(&mut app);
    // Of files that are dropped together, one that needs no conversion goes first.
    drop_files(&mut app, &["76.fbx", "76.glb"]);
    assert_eq!(shown(&app).0, Path::new("76.glb"));
    assert!(!glb.exists(), "nobody needs it any more");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_not_converted_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (stage, is_own) in [(Stage::Outside, false), (Stage::Inside, true)] {
        let mut app = app(stage, is_own);
        convert_with(&mut app, folder.path(), "echo 'it is empty' >&2; exit 1");
        drop_files(&mut app, &["77.fbx"]);
        let fault = |app: &App| match app.world().resource::<Arrival>() {
            Arrival::Refused(refused) => match &refused.why {
                Why::Unconverted(fault) => Some(fault.clone()),
                Why::Unfit { .. } => None,
            },
            _ => None,
        };
        let refused = ConversionError::Refused("it is empty".to_owned());
        assert_eq!(fault(&app), Some(refused));
        let nowhere = folder.path().join("no such program");
        let mut config = app.world_mut().resource_mut::<Config>();
        config.0.surroundings.importer.clone_from(&nowhere);
        choose(&mut app, Action::TryFileAgain);
        assert_eq!(fault(&app), Some(ConversionError::Absent(nowhere)));
        choose(&mut app, Action::LetFileBe);
        assert_eq!(place(&app), (stage, NOWHERE.to_owned()));
    }
}

#[cfg(unix)]
#[test]
fn whoever_stops_a_conversion_or_goes_elsewhere_does_not_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = app(Stage::Inside, true);
    convert_with(&mut app, folder.path(), "sleep 50");
    let begin = |app: &mut App| {
        app.world_mut().write_message(FileDragAndDrop::DroppedFile {
            window: Entity::PLACEHOLDER,
            path_buf: PathBuf::from("77.obj"),
        });
        app.update();
        app.update();
        let arrival = app.world().resource::<Arrival>();
        assert!(matches!(arrival, Arrival::Converting(_)));
        assert!(app.world().resource::<IsPaused>().0);
    };
    begin(&mut app);
    choose(&mut app, Action::LetFileBe);
    assert!(matches!(app.world().resource::<Arrival>(), Arrival::Idle));
    begin(&mut app);
    // What is dropped meanwhile takes its place.
    drop_files(&mut app, &["broken.glb"]);
    choose(&mut app, Action::LetFileBe);
    begin(&mut app);
    let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
    next.set(Stage::Over);
    app.update();
    assert!(matches!(app.world().resource::<Arrival>(), Arrival::Idle));
}
