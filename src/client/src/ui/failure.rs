//! The end of a visit: what happened, and what to do.

use super::{
    backdrop,
    button::{Action, Weight, button},
    theme,
    words::{Texts, Words},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Fault, FaultKind, Visit},
};
use bevy::prelude::*;

#[derive(Component)]
struct FailureScreen;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Stage::Over), open);
    app.add_systems(OnExit(Stage::Over), close);
    app.add_systems(
        Update,
        obey.in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Over)),
    );
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
        FaultKind::Broken => (words.fault_broken, words.advice_broken),
        FaultKind::Disk => (words.fault_disk, words.advice_disk),
        FaultKind::Here => (words.fault_here, words.advice_here),
        FaultKind::Replaced => (words.fault_replaced, words.advice_replaced),
        FaultKind::Closed => (words.fault_closed, words.advice_closed),
        FaultKind::Left => (words.fault_left, words.advice_closed),
    };
    let again = match kind {
        FaultKind::Replaced | FaultKind::Closed | FaultKind::Left => words.come_back,
        _ => words.retry,
    };
    (title, advice, again)
}

fn open(mut commands: Commands, words: Res<Words>, visit: Res<Visit>) {
    let Some(fault) = &visit.fault else { return };
    commands
        .spawn((
            FailureScreen,
            theme::cover(),
            BackgroundColor(Color::BLACK),
            GlobalZIndex(110),
        ))
        .with_children(|screen| {
            backdrop::spawn(screen, 0.0);
            card(screen, fault, words.0);
        });
}

fn card(screen: &mut ChildSpawnerCommands, fault: &Fault, words: &'static Texts) {
    let (title, advice, again) = explain(fault.kind, words);
    let is_bad = fault.kind != FaultKind::Left;
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
                BackgroundColor(if is_bad { theme::ALARM } else { theme::CALM }),
            ));
            card.spawn(theme::strong(title, theme::TITLE, theme::TEXT));
            card.spawn(theme::text(advice, theme::BODY + 1.0, theme::TEXT));
            if is_bad {
                card.spawn(detail(&fault.line));
            }
            card.spawn((
                Node {
                    margin: UiRect::top(px(theme::GAP)),
                    column_gap: px(theme::PAD),
                    ..default()
                },
                children![
                    button(Action::Retry, Weight::First, (KeyCode::KeyR, "R"), again),
                    button(
                        Action::Quit,
                        Weight::Second,
                        (KeyCode::KeyQ, "Q"),
                        words.quit
                    ),
                ],
            ));
        });
}

/// The particulars, as standard error has them too.
fn detail(line: &str) -> impl Bundle {
    (
        Node {
            padding: UiRect::axes(px(theme::PAD - 4.0), px(theme::GAP + 2.0)),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
            ..default()
        },
        BackgroundColor(theme::RAISED),
        children![(
            theme::text(line, theme::SMALL, theme::TEXT_SOFT),
            TextLayout::linebreak(LineBreak::WordOrCharacter),
        )],
    )
}

fn close(mut commands: Commands, screens: Query<Entity, With<FailureScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

fn obey(
    mut chosen: MessageReader<Action>,
    mut next: ResMut<NextState<Stage>>,
    mut exit: MessageWriter<AppExit>,
) {
    for action in chosen.read() {
        match action {
            Action::Retry => next.set(Stage::Entering),
            Action::Quit => drop(exit.write(AppExit::Success)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;

    #[test]
    fn every_end_says_what_happened_and_what_to_do() {
        let kinds = [
            FaultKind::Unreachable,
            FaultKind::Busy,
            FaultKind::Full,
            FaultKind::Refused,
            FaultKind::NoSuchWorld,
            FaultKind::Version,
            FaultKind::Certificate,
            FaultKind::Broken,
            FaultKind::Disk,
            FaultKind::Here,
            FaultKind::Replaced,
            FaultKind::Closed,
            FaultKind::Left,
        ];
        for locale in [Locale::English, Locale::Chinese] {
            let words = Words::of(locale).0;
            let titles: std::collections::BTreeSet<_> =
                kinds.iter().map(|kind| explain(*kind, words).0).collect();
            assert_eq!(titles.len(), kinds.len());
            assert!(kinds.iter().all(|kind| !explain(*kind, words).1.is_empty()));
        }
    }
}
