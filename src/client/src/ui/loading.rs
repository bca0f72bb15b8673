//! The way in: what is being done, and how far it is.

use super::{
    backdrop::{self, COLUMNS, Glow},
    button::Action,
    theme,
    words::{Words, fill},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::Visit,
    motion::TakesInput,
    scenery::IsSceneryComplete,
};
use bevy::{prelude::*, text::LetterSpacing, window::PrimaryWindow};
use session::Progress;

/// Seconds in which the shown progress comes up to the true one.
const GLIDE_SECS: f32 = 0.35;
const MEGABYTE: f64 = 1_000_000.0;

/// The whole screen.
#[derive(Component)]
struct LoadingScreen;

/// The line that says what is being done.
#[derive(Component)]
struct Status;

/// The title of the world, once it is known.
#[derive(Component)]
struct WorldTitle;

/// What is shown now, 0 to 1; follows the truth smoothly and never goes back within one way in.
#[derive(Resource, Default)]
struct Shown(f32);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Shown>();
    app.add_systems(OnEnter(Stage::Entering), open);
    // A server that came back with another world leads here from inside.
    app.add_systems(
        OnEnter(Stage::Loading),
        open.run_if(not(any_with_component::<LoadingScreen>)),
    );
    app.add_systems(OnEnter(Stage::Outside), close);
    app.add_systems(OnEnter(Stage::Over), close);
    app.add_systems(
        Update,
        turn_back
            .in_set(ClientSystems::Listen)
            .run_if(any_with_component::<LoadingScreen>)
            .run_if(any_with_component::<PrimaryWindow>),
    );
    app.add_systems(
        Update,
        (
            update.run_if(any_with_component::<LoadingScreen>),
            close.run_if(in_state(Stage::Inside).and_then(|whole: Res<IsSceneryComplete>| whole.0)),
        )
            .chain()
            .in_set(ClientSystems::Show),
    );
}

fn open(mut commands: Commands, words: Res<Words>, mut shown: ResMut<Shown>) {
    shown.0 = 0.0;
    commands
        .spawn((
            LoadingScreen,
            TakesInput,
            theme::cover(),
            BackgroundColor(Color::BLACK),
            GlobalZIndex(100),
        ))
        .with_children(|screen| {
            backdrop::spawn(screen, 1.0);
            screen.spawn(heading(&words));
            screen.spawn(footing());
        });
}

fn heading(words: &Words) -> impl Bundle {
    (
        Node {
            position_type: PositionType::Absolute,
            top: percent(13),
            flex_direction: FlexDirection::Column,
            align_items: AlignItems::Center,
            row_gap: px(theme::GAP),
            ..default()
        },
        children![
            (
                theme::strong("STOA", theme::HERO, theme::TEXT),
                LetterSpacing::Px(16.0),
            ),
            theme::text(words.0.tagline, theme::LEAD, theme::TEXT_SOFT),
        ],
    )
}

fn footing() -> impl Bundle {
    (
        Node {
            position_type: PositionType::Absolute,
            bottom: percent(6),
            flex_direction: FlexDirection::Column,
            align_items: AlignItems::Center,
            row_gap: px(theme::GAP),
            ..default()
        },
        children![
            (WorldTitle, theme::strong("", theme::LEAD, theme::TEXT)),
            (Status, theme::text("", theme::BODY, theme::TEXT_SOFT)),
        ],
    )
}

/// On the way in Escape leads outside, also while the world is already being built around one.
fn turn_back(keys: Res<ButtonInput<KeyCode>>, mut chosen: MessageWriter<Action>) {
    if keys.just_pressed(KeyCode::Escape) {
        chosen.write(Action::GoOutside);
    }
}

fn update(
    time: Res<Time<Real>>,
    words: Res<Words>,
    visit: Res<Visit>,
    stage: Res<State<Stage>>,
    mut shown: ResMut<Shown>,
    mut status: Single<&mut Text, (With<Status>, Without<WorldTitle>)>,
    mut title: Single<&mut Text, (With<WorldTitle>, Without<Status>)>,
    mut glows: Query<(&Glow, &mut Node)>,
) {
    let (fraction, line) = progress(visit.progress.as_ref(), *stage.get(), &words);
    let step = 1.0 - (-time.delta_secs() / GLIDE_SECS).exp();
    shown.0 = shown.0.max(shown.0 + (fraction - shown.0) * step);
    if status.0 != line {
        status.0 = line;
    }
    if let Some(welcome) = &visit.welcome
        && title.0 != welcome.world.title
    {
        title.0.clone_from(&welcome.world.title);
    }
    for (glow, mut node) in &mut glows {
        let lit = (shown.0 * COLUMNS as f32 - glow.0 as f32).clamp(0.0, 1.0);
        node.height = percent(lit * 100.0);
    }
}

/// How far the way in is, 0 to 1, and what is being done.
fn progress(progress: Option<&Progress>, stage: Stage, words: &Words) -> (f32, String) {
    let words = words.0;
    if stage == Stage::Inside {
        return (1.0, words.building.to_owned());
    }
    if stage == Stage::Loading {
        return (0.82, words.reading.to_owned());
    }
    match progress.map(|progress| progress.stage) {
        None | Some(session::Stage::Resolving) => (0.03, words.resolving.to_owned()),
        Some(session::Stage::Connecting) => (0.08, words.connecting.to_owned()),
        Some(session::Stage::Proving) => (0.14, words.proving.to_owned()),
        Some(session::Stage::Downloading { bytes, total }) => {
            let share = bytes as f64 / total.max(1) as f64;
            let megabytes = |bytes: u64| format!("{:.1}", bytes as f64 / MEGABYTE);
            (
                0.16 + 0.56 * share.clamp(0.0, 1.0) as f32,
                fill(words.downloading, &[&megabytes(bytes), &megabytes(total)]),
            )
        }
        Some(session::Stage::Loading) => (0.74, words.reading.to_owned()),
    }
}

fn close(mut commands: Commands, screens: Query<Entity, With<LoadingScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;
    use bevy::state::app::StatesPlugin;

    fn on_the_way() -> App {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .init_state::<Stage>()
            .add_message::<Action>()
            .init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<IsSceneryComplete>()
            .init_resource::<Visit>()
            .insert_resource(Words::of(Locale::English))
            .add_plugins(plugin);
        app.world_mut().spawn((Window::default(), PrimaryWindow));
        app.update();
        app
    }

    fn go(app: &mut App, stage: Stage) {
        let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
        next.set(stage);
        app.update();
    }

    /// Screens that stand, and take keys and mouse.
    fn standing(app: &mut App) -> usize {
        let mut screens = app
            .world_mut()
            .query_filtered::<(), (With<LoadingScreen>, With<TakesInput>)>();
        screens.iter(app.world()).count()
    }

    #[test]
    fn until_the_last_stone_is_set_escape_leads_outside_and_no_key_goes_elsewhere() {
        for stages in [&[][..], &[Stage::Loading], &[Stage::Loading, Stage::Inside]] {
            let mut app = on_the_way();
            for &stage in stages {
                go(&mut app, stage);
            }
            assert_eq!(standing(&mut app), 1, "{stages:?}");
            let mut keys = app.world_mut().resource_mut::<ButtonInput<KeyCode>>();
            keys.press(KeyCode::Escape);
            app.update();
            let mut actions = app.world_mut().resource_mut::<Messages<Action>>();
            let asked: Vec<Action> = actions.drain().collect();
            assert_eq!(asked, [Action::GoOutside], "{stages:?}");
            go(&mut app, Stage::Outside);
            assert_eq!(standing(&mut app), 0, "{stages:?}");
        }
    }

    #[test]
    fn a_world_that_changed_while_one_was_away_has_its_screen_too() {
        let mut app = on_the_way();
        go(&mut app, Stage::Loading);
        go(&mut app, Stage::Inside);
        app.world_mut().resource_mut::<IsSceneryComplete>().0 = true;
        app.update();
        assert_eq!(standing(&mut app), 0);
        go(&mut app, Stage::Loading);
        assert_eq!(standing(&mut app), 1);
    }

    #[test]
    fn progress_grows_along_the_way_in() {
        let words = Words::of(Locale::English);
        let stages = [
            session::Stage::Resolving,
            session::Stage::Connecting,
            session::Stage::Proving,
            session::Stage::Downloading { bytes: 0, total: 9 },
            session::Stage::Downloading { bytes: 9, total: 9 },
            session::Stage::Loading,
        ];
        let mut last = 0.0;
        for stage in stages {
            let at = Progress {
                stage,
                fraction: None,
            };
            let (fraction, _) = progress(Some(&at), Stage::Entering, &words);
            assert!(fraction > last, "{stage:?}");
            last = fraction;
        }
        assert!(progress(None, Stage::Loading, &words).0 > last);
        assert_eq!(progress(None, Stage::Inside, &words).0, 1.0);
    }

    #[test]
    fn a_download_without_bytes_is_no_division_by_zero() {
        let at = Progress {
            stage: session::Stage::Downloading { bytes: 0, total: 0 },
            fraction: None,
        };
        let (fraction, line) = progress(Some(&at), Stage::Entering, &Words::of(Locale::English));
        assert!(fraction.is_finite());
        assert_eq!(line, "Fetching the world: 0.0 of 0.0 MB");
    }
}
