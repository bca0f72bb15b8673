//! A file that cannot be shown: the failure screen over wherever one is, with what the checker says of it.

use super::{
    arrival::{Arrival, Refused, Why},
    conversion::ConversionError,
    parts,
    report::{Checked, MAX_LINE, Report, Room, sentence},
};
use crate::{
    app::order::{ClientSystems, Stage},
    motion::TakesInput,
    ui::{
        backdrop,
        button::{Action, Weight, button},
        failure::{End, card, choice_row},
        inside::legible,
        theme,
        words::{Texts, Words},
    },
};
use bevy::{
    input_focus::{AutoFocus, tab_navigation::TabGroup},
    prelude::*,
};

/// Lines for findings, and letters on each, in the width of the card.
const ROOM: Room = Room {
    lines: 9.0,
    letters: 74.0,
};

#[derive(Component)]
struct Screen;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, show.in_set(ClientSystems::Show));
}

fn show(
    mut commands: Commands,
    arrival: Res<Arrival>,
    words: Res<Words>,
    stage: Res<State<Stage>>,
    screens: Query<Entity, With<Screen>>,
) {
    if !arrival.is_changed() && !words.is_changed() {
        return;
    }
    for screen in &screens {
        commands.entity(screen).despawn();
    }
    let Arrival::Refused(refused) = &*arrival else {
        return;
    };
    let is_inside = *stage.get() == Stage::Inside;
    let mut root = commands.spawn((
        Screen,
        TakesInput,
        TabGroup::modal(),
        theme::cover(),
        GlobalZIndex(115),
    ));
    root.insert(BackgroundColor(if is_inside {
        theme::VEIL
    } else {
        Color::BLACK
    }));
    root.with_children(|screen| {
        if !is_inside {
            backdrop::spawn(screen, 0.0);
        }
        fill(screen, refused, words.0);
    });
}

fn fill(screen: &mut ChildSpawnerCommands, refused: &Refused, words: &'static Texts) {
    let (line, checked) = match &refused.why {
        Why::Unfit { line, checked } => (line.clone(), Some(checked)),
        Why::Unconverted(fault) => {
            let line = legible::one_line(&fault.particulars(), MAX_LINE);
            (sentence(&line), None)
        }
    };
    let (title, advice) = match &refused.why {
        Why::Unfit { .. } => (words.fault_broken, words.studio_broken_advice),
        Why::Unconverted(fault) => (words.fault_unconverted, advice(fault, words)),
    };
    let end = End {
        title,
        advice,
        line: &line,
    };
    card(screen, &end, words, |card| {
        if let Some(checked) = checked {
            tell(card, checked, words);
        }
        card.spawn(choice_row()).with_children(|row| {
            let again = (KeyCode::KeyR, "R");
            row.spawn((
                button(Action::TryFileAgain, Weight::First, again, words.retry),
                AutoFocus,
            ));
            let back = (KeyCode::Escape, "Esc");
            row.spawn(button(
                Action::LetFileBe,
                Weight::Second,
                back,
                words.stranger_back,
            ));
        });
    });
}

/// What the checker says of it.
fn tell(card: &mut ChildSpawnerCommands, checked: &Checked, words: &'static Texts) {
    let Ok(report) = &checked.0 else { return };
    let report = Report::of(report, checked.1, words);
    let findings = report.findings(ROOM);
    parts::counts(card, &report);
    // What the server did not take may be nothing that the checker minds.
    if !findings.shown.is_empty() {
        parts::findings(card, &findings, words);
    }
}

/// What to do about a file that is not converted.
fn advice(fault: &ConversionError, words: &Texts) -> &'static str {
    match fault {
        ConversionError::Absent(_) => words.advice_no_converter,
        ConversionError::Late => words.advice_converts_long,
        ConversionError::Refused(_) => words.advice_unconverted,
        ConversionError::Here(_) => words.advice_converts_not_here,
    }
}
