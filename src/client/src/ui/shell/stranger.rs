//! A server that was never seen before, and that no invitation vouches for: the person decides, once.

use crate::{
    app::{Config, order::Stage},
    link::{FaultKind, Visit},
    ui::{
        backdrop,
        button::Action,
        card::{answers, card, fact},
        theme,
        words::{Texts, Words},
    },
};
use bevy::{input_focus::tab_navigation::TabGroup, prelude::*};
use protocol::{Fingerprint, WorldAddress};

/// Characters of a fingerprint that stand together.
const GROUP: usize = 4;
/// Groups on a line.
const GROUPS_A_LINE: usize = 8;

#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Stage::Over), ask);
    app.add_systems(OnExit(Stage::Over), close);
}

/// A fingerprint as it is compared by eye or read out: groups of four, eight on a line.
pub(super) fn grouped(fingerprint: Fingerprint) -> String {
    let digits: Vec<char> = fingerprint.to_string().chars().collect();
    let groups: Vec<String> = digits
        .chunks(GROUP)
        .map(|group| group.iter().collect())
        .collect();
    let lines: Vec<String> = groups
        .chunks(GROUPS_A_LINE)
        .map(|line| line.join(" "))
        .collect();
    lines.join("\n")
}

fn ask(mut commands: Commands, words: Res<Words>, config: Res<Config>, visit: Res<Visit>) {
    let Some(fault) = visit
        .fault
        .as_ref()
        .filter(|fault| fault.kind == FaultKind::Stranger)
    else {
        return;
    };
    let Some(presented) = fault.presented else {
        return;
    };
    commands
        .spawn((
            Question,
            TabGroup::modal(),
            theme::cover(),
            BackgroundColor(Color::BLACK),
            GlobalZIndex(110),
        ))
        .with_children(|screen| {
            backdrop::spawn(screen, 0.3);
            screen
                .spawn(card(680.0))
                .with_children(|card| fill(card, words.0, &config.0.address, presented));
        });
}

fn fill(
    card: &mut ChildSpawnerCommands,
    words: &'static Texts,
    address: &WorldAddress,
    presented: Fingerprint,
) {
    card.spawn(theme::strong(
        words.fault_stranger,
        theme::TITLE,
        theme::TEXT,
    ));
    card.spawn(theme::text(words.advice_stranger, theme::BODY, theme::TEXT));
    card.spawn(fact(words.stranger_address, address.to_string()));
    card.spawn(fact(words.stranger_fingerprint, grouped(presented)));
    let enter = (Action::Trust, words.stranger_enter);
    answers(card, (Action::GoOutside, words.stranger_back), Some(enter));
}

fn close(mut commands: Commands, questions: Query<Entity, With<Question>>) {
    for question in &questions {
        commands.entity(question).despawn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_shown_whole_in_groups_that_can_be_compared() {
        let fingerprint = Fingerprint(std::array::from_fn(|index| index as u8 * 7));
        let shown = grouped(fingerprint);
        assert_eq!(shown.lines().count(), 2);
        assert!(shown.split_whitespace().all(|group| group.len() == GROUP));
        let joined: String = shown.split_whitespace().collect();
        assert_eq!(joined.parse(), Ok(fingerprint));
    }
}
