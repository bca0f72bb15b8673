//! The end of a visit: what happened, and what to do.

use super::{
    backdrop,
    button::{Action, Weight, button},
    crossing::CameFrom,
    studio::Studio,
    theme,
    words::{Texts, Words},
};
use crate::{
    app::{Config, order::Stage},
    link::{FaultKind, Visit},
};
use bevy::{
    input_focus::{AutoFocus, tab_navigation::TabGroup},
    prelude::*,
};

#[derive(Component)]
struct FailureScreen;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<CameFrom>();
    app.add_systems(OnEnter(Stage::Over), open);
    app.add_systems(OnExit(Stage::Over), close);
}

/// What happened, what to do, and the words for another try.
fn explain(kind: FaultKind, words: &'static Texts) -> (&'static str, &'static str, &'static str) {
    let (title, advice) = match kind {
        FaultKind::Unreachable => (words.fault_unreachable, words.advice_unreachable),
        FaultKind::Busy => (words.fault_busy, words.advice_busy),
        FaultKind::Full => (words.fault_full, words.advice_full),
        FaultKind::Refused => (words.fault_refused, words.advice_refused),
        FaultKind::NoSuchWorld => (words.fault_no_world, words.advice_no_world),
        FaultKind::Version => (words.fault_version, words.advice_version),
        FaultKind::Certificate => (words.fault_certificate, words.advice_certificate),
        FaultKind::Stranger => (words.fault_stranger, words.advice_stranger),
        FaultKind::Broken => (words.fault_broken, words.advice_broken),
        FaultKind::Disk => (words.fault_disk, words.advice_disk),
        FaultKind::Here => (words.fault_here, words.advice_here),
        FaultKind::Replaced => (words.fault_replaced, words.advice_replaced),
        FaultKind::Closed => (words.fault_closed, words.advice_closed),
    };
    let again = match kind {
        FaultKind::Replaced | FaultKind::Closed => words.come_back,
        _ => words.retry,
    };
    (title, advice, again)
}

fn open(
    mut commands: Commands,
    words: Res<Words>,
    visit: Res<Visit>,
    config: Res<Config>,
    (studio, came_from): (Res<Studio>, Res<CameFrom>),
) {
    // About a stranger one is asked, not told.
    let Some(fault) = visit
        .fault
        .as_ref()
        .filter(|fault| fault.kind != FaultKind::Stranger)
    else {
        return;
    };
    commands
        .spawn((
            FailureScreen,
            TabGroup::modal(),
            theme::cover(),
            BackgroundColor(Color::BLACK),
            GlobalZIndex(110),
        ))
        .with_children(|screen| {
            backdrop::spawn(screen, 0.0);
            let way_out = studio
                .shown(&config.0)
                .and_then(|shown| shown.way_out(words.0));
            let (title, advice, again) = explain(fault.kind, words.0);
            let is_own = fault.kind == FaultKind::Broken && way_out.is_some();
            let way_out = way_out.map(|label| (Action::LeaveStudio, label));
            let back = || Some((Action::TurnBack, came_from.way_out(words.0)?));
            let way_out = way_out.or_else(back);
            let advice = if is_own {
                words.0.studio_broken_advice
            } else {
                advice
            };
            let end = End {
                title,
                advice,
                line: &fault.line,
            };
            card(screen, &end, words.0, |card| {
                card.spawn(choices(again, way_out, words.0));
            });
        });
}

/// What a screen says of an end.
pub(super) struct End<'a> {
    /// What happened.
    pub(super) title: &'static str,
    /// What to do.
    pub(super) advice: &'static str,
    /// The particulars.
    pub(super) line: &'a str,
}

/// The card of an end, with more below.
pub(super) fn card(
    screen: &mut ChildSpawnerCommands,
    end: &End,
    words: &'static Texts,
    more: impl FnOnce(&mut ChildSpawnerCommands),
) {
    screen
        .spawn((
            Node {
                width: px(640),
                max_width: percent(92),
                padding: UiRect::all(px(34)),
                row_gap: px(theme::PAD),
                ..theme::panel_node()
            },
            theme::ground(theme::PANEL_DENSE),
        ))
        .with_children(|card| {
            card.spawn((
                Node {
                    width: px(44),
                    height: px(5),
                    border_radius: BorderRadius::all(px(3)),
                    ..default()
                },
                BackgroundColor(theme::ALARM),
            ));
            card.spawn(theme::strong(end.title, theme::TITLE, theme::TEXT));
            card.spawn(theme::text(end.advice, theme::BODY + 1.0, theme::TEXT));
            card.spawn(detail(end.line, words));
            more(card);
        });
}

/// Where one can go from here; out of the studio, or of a portal, it is back to where one was.
fn choices(
    again: &'static str,
    way_out: Option<(Action, String)>,
    words: &'static Texts,
) -> impl Bundle {
    let to_start = || (Action::GoOutside, words.to_start.to_owned());
    let (elsewhere, label) = way_out.unwrap_or_else(to_start);
    let escape = (KeyCode::Escape, "Esc");
    (
        choice_row(),
        children![
            (
                button(Action::Retry, Weight::First, (KeyCode::KeyR, "R"), again),
                AutoFocus,
            ),
            button(elsewhere, Weight::Second, escape, label),
            button(
                Action::Quit,
                Weight::Second,
                (KeyCode::KeyQ, "Q"),
                words.quit
            ),
        ],
    )
}

/// The row of buttons of a card.
pub(super) fn choice_row() -> Node {
    Node {
        margin: UiRect::top(px(theme::GAP)),
        column_gap: px(theme::PAD),
        row_gap: px(theme::GAP),
        flex_wrap: FlexWrap::Wrap,
        ..default()
    }
}

/// The particulars, as standard error has them too.
fn detail(line: &str, words: &Texts) -> impl Bundle {
    (
        Node {
            flex_direction: FlexDirection::Column,
            row_gap: px(4),
            padding: UiRect::axes(px(theme::PAD - 4.0), px(theme::GAP + 2.0)),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
            ..default()
        },
        BackgroundColor(theme::RAISED),
        children![
            theme::strong(words.fault_detail, theme::SMALL, theme::TEXT_SOFT),
            (
                theme::text(line, theme::SMALL, theme::TEXT_SOFT),
                TextLayout::linebreak(LineBreak::WordOrCharacter),
            ),
        ],
    )
}

fn close(mut commands: Commands, screens: Query<Entity, With<FailureScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{link::Fault, testing, ui::Locale};
    use bevy::state::app::StatesPlugin;

    const KINDS: [FaultKind; 13] = [
        FaultKind::Unreachable,
        FaultKind::Busy,
        FaultKind::Full,
        FaultKind::Refused,
        FaultKind::NoSuchWorld,
        FaultKind::Version,
        FaultKind::Certificate,
        FaultKind::Stranger,
        FaultKind::Broken,
        FaultKind::Disk,
        FaultKind::Here,
        FaultKind::Replaced,
        FaultKind::Closed,
    ];

    /// Every text on the screen of a fault.
    fn texts(fault: Fault, locale: Locale) -> (Vec<String>, Vec<Action>) {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .init_state::<Stage>()
            .init_resource::<Studio>()
            .insert_resource(Config(testing::config()))
            .insert_resource(Words::of(locale))
            .insert_resource(Visit {
                fault: Some(fault),
                ..Visit::default()
            })
            .add_plugins(plugin);
        let mut next = app.world_mut().resource_mut::<NextState<Stage>>();
        next.set(Stage::Over);
        app.update();
        let world = app.world_mut();
        let mut all_texts = world.query::<&Text>();
        let texts = all_texts.iter(world).map(|text| text.0.clone()).collect();
        let mut all_actions = world.query::<&Action>();
        let actions = all_actions.iter(world).copied().collect();
        (texts, actions)
    }

    #[test]
    fn every_end_has_a_screen_that_says_what_happened_and_what_to_do() {
        let mut titles = std::collections::BTreeSet::new();
        for locale in [Locale::English, Locale::Chinese] {
            let words = Words::of(locale).0;
            for kind in KINDS {
                let (title, advice, again) = explain(kind, words);
                assert!(titles.insert(title), "{title} stands for two ends");
                let (texts, actions) = texts(Fault::new(kind, "the particulars"), locale);
                if kind == FaultKind::Stranger {
                    assert!(texts.is_empty(), "that is a question, not an end");
                    continue;
                }
                for wanted in [title, advice, again, "the particulars"] {
                    assert!(
                        texts.iter().any(|text| text == wanted),
                        "{kind:?}: {wanted}"
                    );
                }
                let wanted = [Action::Retry, Action::GoOutside, Action::Quit];
                assert_eq!(actions.len(), wanted.len());
                assert!(wanted.iter().all(|action| actions.contains(action)));
            }
        }
    }
}
