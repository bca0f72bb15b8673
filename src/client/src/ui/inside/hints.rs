//! The crosshair, and what one could do now: each key with what it would do, only when it would.

use super::{Layer, fade::Opacity, legible, root};
use crate::{
    app::order::{ClientSystems, Stage},
    camera::Framing,
    link::{Visit, VisitWorld},
    motion::{Reach, TakesInput},
    scenery::IsSceneryComplete,
    things::Placing,
    ui::{
        crossing::{self, KEY_LABEL},
        theme, things,
        words::{Texts, Words},
    },
};
use bevy::{
    prelude::*,
    window::{CursorOptions, PrimaryWindow},
};

/// Seconds in which somebody who has just come in sees how to get help.
const GREETING_SECS: f32 = 22.0;
/// Seconds in which that goes.
const FADE_SECS: f32 = 1.5;
/// Width of the crosshair in the theme's units: as it is, and over something to take.
const CROSSHAIR: (f32, f32) = (7.0, 15.0);

/// The dot in the middle.
#[derive(Component)]
struct Crosshair;

/// What lies around the middle of the view, which a panel beside it moves.
#[derive(Component)]
struct Middle;

/// Keys that would do something now, with what they would do.
#[derive(Component, PartialEq)]
struct Offers(Vec<(&'static str, String)>);

/// How to get help, for who has just come in.
#[derive(Component)]
struct Greeting {
    age_secs: f32,
}

/// How to look around, while the mouse is free.
#[derive(Component)]
struct ClickHint;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Stage::Inside), (put_up_crosshair, greet));
    app.add_systems(
        Update,
        (keep_in_middle, aim, offer, age_greeting, ask_for_click)
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
}

fn put_up_crosshair(mut commands: Commands) {
    commands.spawn((
        Middle,
        root(Layer::Hints, theme::cover()),
        children![(Crosshair, crosshair_node(CROSSHAIR.0), Outline::default())],
    ));
}

fn crosshair_node(width: f32) -> Node {
    Node {
        width: px(width),
        height: px(width),
        border: UiRect::all(px(1.5)),
        border_radius: BorderRadius::MAX,
        ..default()
    }
}

/// The crosshair stays in the middle of what is seen.
fn keep_in_middle(framing: Res<Framing>, mut covers: Query<&mut Node, With<Middle>>) {
    let padding = UiRect::left(percent(framing.left_share * 100.0));
    for mut cover in &mut covers {
        if cover.padding != padding {
            cover.padding = padding;
        }
    }
}

/// A quiet dot; a ring over something that can be taken.
fn aim(
    reach: Res<Reach>,
    mut crosshair: Query<
        (
            &mut Node,
            &mut BackgroundColor,
            &mut BorderColor,
            &mut Outline,
        ),
        With<Crosshair>,
    >,
) {
    let is_over = reach.body.is_some();
    let (width, ground, border) = if is_over {
        (CROSSHAIR.1, Color::NONE, theme::ACCENT)
    } else {
        (CROSSHAIR.0, theme::TEXT, theme::TEXT)
    };
    for (mut node, mut color, mut line, mut outline) in &mut crosshair {
        if node.width != px(width) {
            (node.width, node.height) = (px(width), px(width));
        }
        color.set_if_neq(BackgroundColor(ground));
        line.set_if_neq(BorderColor::all(border));
        // A dark rim keeps it visible before a bright sky.
        outline.set_if_neq(Outline::new(px(1), px(0), Color::srgba(0.0, 0.0, 0.0, 0.6)));
    }
}

/// What the keys would do now; `there` is where the portal leads that one stands before, `clear` what is said of the thing
/// that one could take away.
fn offers(
    reach: &Reach,
    is_holding: bool,
    is_sitting: bool,
    there: Option<String>,
    clear: Option<String>,
    words: &'static Texts,
) -> Vec<(&'static str, String)> {
    let hand = match (is_holding, reach.body) {
        (true, _) => vec![("E", words.hint_put), ("F", words.hint_throw)],
        (false, Some(_)) => vec![("E", words.hint_grab)],
        (false, None) => vec![],
    };
    let seat = match (is_sitting, reach.seat) {
        (true, _) => Some(("X", words.hint_stand)),
        (false, Some(_)) => Some(("X", words.hint_sit)),
        (false, None) => None,
    };
    let board = reach.is_at_board.then_some(("N", words.hint_write));
    let here = hand.into_iter().chain(seat).chain(board);
    let here = here.map(|(key, meaning)| (key, meaning.to_owned()));
    let there = there.map(|there| (KEY_LABEL, there));
    let clear = clear.map(|clear| (words.key_delete, clear));
    here.chain(there).chain(clear).collect()
}

fn offer(
    mut commands: Commands,
    reach: Res<Reach>,
    visit: Res<Visit>,
    words: Res<Words>,
    screens: Query<(), With<TakesInput>>,
    world: Option<Res<VisitWorld>>,
    placing: Res<Placing>,
    rows: Query<(Entity, &Offers)>,
) {
    let doorway = reach.doorway.zip(world);
    let there = doorway.and_then(|(index, world)| {
        let doorway = world.doorways.get(index)?;
        Some(crossing::label(doorway, words.0))
    });
    let wished = match placing.held() {
        _ if !screens.is_empty() || visit.lost.is_some() => vec![],
        Some((title, is_asked)) => things::offers(title, is_asked, words.0),
        None => offers(
            &reach,
            visit.holding.is_some(),
            visit.sitting.is_some(),
            there,
            things::label(&reach, &visit, words.0),
            words.0,
        ),
    };
    let wished = Offers(wished);
    if rows.iter().any(|(_, shown)| *shown == wished) || (rows.is_empty() && wished.0.is_empty()) {
        return;
    }
    for (row, _) in &rows {
        commands.entity(row).despawn();
    }
    if wished.0.is_empty() {
        return;
    }
    let keys = wished.0.clone();
    let strip = Node {
        position_type: PositionType::Absolute,
        width: percent(100),
        top: percent(60),
        justify_content: JustifyContent::Center,
        column_gap: px(theme::GAP),
        ..default()
    };
    commands
        .spawn((wished, root(Layer::Hints, strip)))
        .with_children(|strip| {
            for (key, meaning) in keys {
                strip
                    .spawn(pill())
                    .with_child(legible::key_hint(key, meaning));
            }
        });
}

fn pill() -> impl Bundle {
    (
        Node {
            padding: UiRect::axes(px(12), px(6)),
            border_radius: BorderRadius::all(px(theme::RADIUS)),
            ..default()
        },
        BackgroundColor(theme::PANEL_DENSE),
    )
}

fn greet(mut commands: Commands, words: Res<Words>) {
    let corner = Node {
        position_type: PositionType::Absolute,
        right: px(theme::PAD),
        bottom: px(theme::PAD),
        padding: UiRect::axes(px(12), px(8)),
        flex_direction: FlexDirection::Column,
        row_gap: px(6),
        border_radius: BorderRadius::all(px(theme::RADIUS)),
        ..default()
    };
    commands.spawn((
        Greeting { age_secs: 0.0 },
        Opacity(1.0),
        root(Layer::Hints, corner),
        BackgroundColor(theme::PANEL_DENSE),
        children![
            legible::key_hint("F1", words.0.help_hint),
            legible::key_hint(words.0.key_enter, words.0.chat_hint),
        ],
    ));
}

/// Counts from when the world is seen.
fn age_greeting(
    mut commands: Commands,
    time: Res<Time<Real>>,
    whole: Res<IsSceneryComplete>,
    mut greetings: Query<(Entity, &mut Greeting, &mut Opacity)>,
) {
    for (entity, mut greeting, mut seen) in &mut greetings {
        if whole.0 {
            greeting.age_secs += time.delta_secs();
        }
        let left = GREETING_SECS - greeting.age_secs;
        if left <= 0.0 {
            commands.entity(entity).despawn();
        } else {
            Opacity::set(&mut seen, (left / FADE_SECS).clamp(0.01, 1.0));
        }
    }
}

/// Where there is a window, a click catches the mouse.
fn ask_for_click(
    mut commands: Commands,
    words: Res<Words>,
    screens: Query<(), With<TakesInput>>,
    cursors: Query<&CursorOptions, With<PrimaryWindow>>,
    hints: Query<Entity, With<ClickHint>>,
) {
    let is_wished = screens.is_empty() && cursors.iter().any(|cursor| cursor.visible);
    if is_wished && hints.is_empty() {
        let strip = Node {
            position_type: PositionType::Absolute,
            width: percent(100),
            bottom: percent(18),
            justify_content: JustifyContent::Center,
            ..default()
        };
        commands
            .spawn((ClickHint, root(Layer::Hints, strip)))
            .with_children(|strip| {
                strip.spawn(pill()).with_child(legible::text(
                    words.0.click_to_look,
                    theme::BODY,
                    theme::TEXT,
                ));
            });
    } else if !is_wished {
        for hint in &hints {
            commands.entity(hint).despawn();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;
    use protocol::EntityId;

    #[test]
    fn each_key_is_offered_only_when_it_would_do_something() {
        let words = Words::of(Locale::English).0;
        let keys = |reach: &Reach, is_holding, is_sitting| -> Vec<&str> {
            let there = reach.doorway.map(|_| "Workshop".to_owned());
            let clear = reach.thing.map(|_| "Take away Lamp".to_owned());
            let offers = offers(reach, is_holding, is_sitting, there, clear, words);
            offers.into_iter().map(|(key, _)| key).collect()
        };
        let nothing = Reach::default();
        assert!(keys(&nothing, false, false).is_empty());
        assert_eq!(keys(&nothing, true, false), ["E", "F"]);
        assert_eq!(keys(&nothing, false, true), ["X"]);
        let all = Reach {
            body: Some(EntityId(1)),
            seat: Some(0),
            is_at_board: true,
            doorway: Some(0),
            thing: Some(1),
        };
        assert_eq!(keys(&all, false, false), ["E", "X", "N", "T", "Delete"]);
        let words_said: Vec<_> = offers(&all, false, true, None, None, words)
            .into_iter()
            .map(|(_, word)| word)
            .collect();
        assert_eq!(
            words_said,
            [words.hint_grab, words.hint_stand, words.hint_write]
        );
    }
}
