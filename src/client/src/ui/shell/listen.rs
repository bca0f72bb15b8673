//! Keys that open and close pages, and the buttons that do the same.

use super::page::{Page, Shell, Wish, after, ground};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    motion::InputTaken,
    settings::Kept,
    ui::button::Action,
};
use bevy::{input_focus::InputFocus, prelude::*, text::EditableText, window::PrimaryWindow};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Shell>();
    app.add_systems(OnEnter(Stage::Outside), begin_outside);
    app.add_systems(OnExit(Stage::Outside), close);
    app.add_systems(OnExit(Stage::Inside), close);
    app.add_systems(
        Update,
        (press_keys.run_if(any_with_component::<PrimaryWindow>), obey)
            .chain()
            .in_set(ClientSystems::Listen),
    );
}

/// Who has never been here is asked who they are; everybody else, where to.
fn begin_outside(config: Res<Config>, mut shell: ResMut<Shell>) {
    shell.0 = if config.0.surroundings.is_first_start {
        Some(Page::Welcome)
    } else {
        ground(Stage::Outside)
    };
}

fn close(mut shell: ResMut<Shell>) {
    shell.0 = None;
}

fn press_keys(
    keys: Res<ButtonInput<KeyCode>>,
    taken: Res<InputTaken>,
    focus: Res<InputFocus>,
    texts: Query<&EditableText>,
    stage: Res<State<Stage>>,
    mut shell: ResMut<Shell>,
    mut kept: ResMut<Kept>,
) {
    if keys.just_pressed(KeyCode::F11) {
        let values = &mut kept.0.values;
        values.is_fullscreen = !values.is_fullscreen;
    }
    let is_anothers = taken.is_taken && shell.0.is_none();
    let text = focus.get().and_then(|entity| texts.get(entity).ok());
    if is_anothers || text.is_some_and(EditableText::is_composing) {
        return;
    }
    let wish = if keys.just_pressed(KeyCode::Escape) {
        Wish::Back
    } else if keys.just_pressed(KeyCode::F1) {
        Wish::Help
    } else {
        return;
    };
    shell.set_if_neq(Shell(after(shell.0, *stage.get(), wish)));
}

fn obey(mut chosen: MessageReader<Action>, stage: Res<State<Stage>>, mut shell: ResMut<Shell>) {
    for action in chosen.read() {
        let wish = match action {
            Action::Resume => Wish::Close,
            Action::Back => Wish::Back,
            Action::Open(page) => Wish::Open(*page),
            _ => continue,
        };
        shell.set_if_neq(Shell(after(shell.0, *stage.get(), wish)));
    }
}
