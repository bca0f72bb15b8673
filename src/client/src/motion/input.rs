//! Keys and mouse of a window.

use super::Wishes;
use crate::{
    app::order::{ClientSystems, Stage},
    link::Visit,
};
use bevy::{
    input::mouse::AccumulatedMouseMotion,
    prelude::*,
    window::{CursorGrabMode, CursorOptions, PrimaryWindow},
};

/// Radians a pixel of mouse motion at sensitivity 1.
const RADIANS_A_PIXEL: f32 = 0.0022;

/// Factor of the mouse's motion.
#[derive(Resource)]
pub(crate) struct MouseSensitivity(pub(crate) f32);

/// On the root of a screen that takes keys and mouse while it is there: the body rests meanwhile.
#[derive(Component)]
pub(crate) struct TakesInput;

pub(super) fn plugin(app: &mut App) {
    app.insert_resource(MouseSensitivity(1.0));
    app.add_systems(
        Update,
        (
            (catch_cursor, look_around, press).run_if(not(any_with_component::<TakesInput>)),
            rest.run_if(any_with_component::<TakesInput>),
        )
            .in_set(ClientSystems::Intend)
            .run_if(in_state(Stage::Inside))
            .run_if(any_with_component::<PrimaryWindow>),
    );
}

/// Whoever writes or reads a menu neither walks nor crouches.
fn rest(mut wishes: ResMut<Wishes>) {
    wishes.input.walk = Vec2::ZERO;
    wishes.input.is_running = false;
    wishes.input.is_crouching = false;
}

/// A click takes the cursor, Escape gives it back.
fn catch_cursor(
    buttons: Res<ButtonInput<MouseButton>>,
    keys: Res<ButtonInput<KeyCode>>,
    mut cursors: Query<&mut CursorOptions, With<PrimaryWindow>>,
) {
    for mut cursor in &mut cursors {
        if keys.just_pressed(KeyCode::Escape) {
            (cursor.grab_mode, cursor.visible) = (CursorGrabMode::None, true);
        } else if buttons.just_pressed(MouseButton::Left) && cursor.visible {
            (cursor.grab_mode, cursor.visible) = (CursorGrabMode::Locked, false);
        }
    }
}

fn look_around(
    moved: Res<AccumulatedMouseMotion>,
    sensitivity: Res<MouseSensitivity>,
    cursors: Query<&CursorOptions, With<PrimaryWindow>>,
    mut wishes: ResMut<Wishes>,
) {
    if cursors.iter().all(|cursor| cursor.visible) {
        return;
    }
    let turn = moved.delta * RADIANS_A_PIXEL * sensitivity.0;
    wishes.input.yaw -= turn.x;
    wishes.input.pitch = (wishes.input.pitch - turn.y).clamp(-1.5, 1.5);
}

fn press(
    keys: Res<ButtonInput<KeyCode>>,
    buttons: Res<ButtonInput<MouseButton>>,
    visit: Res<Visit>,
    mut wishes: ResMut<Wishes>,
) {
    let axis = |plus: [KeyCode; 2], minus: [KeyCode; 2]| {
        f32::from(i8::from(keys.any_pressed(plus)) - i8::from(keys.any_pressed(minus)))
    };
    let input = &mut wishes.input;
    input.walk = Vec2::new(
        axis(
            [KeyCode::KeyD, KeyCode::ArrowRight],
            [KeyCode::KeyA, KeyCode::ArrowLeft],
        ),
        axis(
            [KeyCode::KeyW, KeyCode::ArrowUp],
            [KeyCode::KeyS, KeyCode::ArrowDown],
        ),
    );
    input.is_running = keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    input.is_crouching = keys.any_pressed([KeyCode::ControlLeft, KeyCode::KeyC]);
    input.is_jumping |= keys.just_pressed(KeyCode::Space);
    wishes.is_grabbing = keys.just_pressed(KeyCode::KeyE);
    wishes.is_throwing =
        keys.just_pressed(KeyCode::KeyF) || buttons.just_pressed(MouseButton::Right);
    let is_seated = visit.sitting.is_some();
    wishes.is_sitting = keys.just_pressed(KeyCode::KeyX) && !is_seated;
    wishes.is_standing = keys.just_pressed(KeyCode::KeyX) && is_seated;
    wishes.is_changing_view = keys.just_pressed(KeyCode::KeyV);
    if keys.just_pressed(KeyCode::KeyG) {
        wishes.emote = Some("wave".to_owned());
    }
}
