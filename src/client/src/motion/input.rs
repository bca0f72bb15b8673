//! Keys and mouse of a window. A screen that wants them for itself carries [`TakesInput`]; while there is one, nobody
//! walks and the mouse is free.

use super::Wishes;
use crate::{
    app::order::{ClientSystems, Stage},
    camera::Zoom,
    link::Visit,
};
use bevy::{
    input::{
        InputSystems,
        mouse::{AccumulatedMouseMotion, AccumulatedMouseScroll, MouseScrollUnit},
    },
    prelude::*,
    window::{CursorGrabMode, CursorOptions, PrimaryWindow},
};
use simulation::AvatarInput;

/// Radians a pixel of mouse motion at sensitivity 1.
const RADIANS_A_PIXEL: f32 = 0.0022;

/// Pixels of a smooth wheel for one step of a wheel with steps.
const PIXELS_A_LINE: f32 = 60.0;

/// Factor of the mouse's motion.
#[derive(Resource)]
pub(crate) struct MouseSensitivity(pub(crate) f32);

/// On the root of a screen that wants keys and mouse for itself.
#[derive(Component)]
pub(crate) struct TakesInput;

/// Whether a screen had keys and mouse for itself when this frame began: a key that closes a screen does nothing else.
#[derive(Resource, Default)]
pub(crate) struct InputTaken {
    pub(crate) is_taken: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.insert_resource(MouseSensitivity(1.0))
        .init_resource::<InputTaken>();
    app.add_systems(PreUpdate, note_screens.after(InputSystems));
    app.add_systems(
        Update,
        (
            catch_cursor,
            (look_around, press).run_if(is_free),
            stand_still.run_if(not(is_free)),
        )
            .in_set(ClientSystems::Intend)
            .run_if(in_state(Stage::Inside))
            .run_if(any_with_component::<PrimaryWindow>),
    );
    app.add_systems(OnExit(Stage::Inside), free_cursor);
}

fn note_screens(screens: Query<(), With<TakesInput>>, mut taken: ResMut<InputTaken>) {
    let is_taken = !screens.is_empty();
    if taken.is_taken != is_taken {
        taken.is_taken = is_taken;
    }
}

pub(super) fn is_free(taken: Res<InputTaken>) -> bool {
    !taken.is_taken
}

/// A click takes the cursor; a screen that takes input frees it, and gives it back when it closes.
fn catch_cursor(
    buttons: Res<ButtonInput<MouseButton>>,
    taken: Res<InputTaken>,
    mut cursors: Query<&mut CursorOptions, With<PrimaryWindow>>,
    mut was_taken: Local<bool>,
) {
    let is_given_back = std::mem::replace(&mut *was_taken, taken.is_taken) && !taken.is_taken;
    for mut cursor in &mut cursors {
        let is_wished = if taken.is_taken {
            false
        } else if is_given_back || buttons.just_pressed(MouseButton::Left) {
            true
        } else {
            continue;
        };
        if cursor.visible == is_wished {
            set_caught(&mut cursor, is_wished);
        }
    }
}

fn free_cursor(mut cursors: Query<&mut CursorOptions, With<PrimaryWindow>>) {
    for mut cursor in &mut cursors {
        set_caught(&mut cursor, false);
    }
}

fn set_caught(cursor: &mut CursorOptions, is_caught: bool) {
    cursor.visible = !is_caught;
    cursor.grab_mode = if is_caught {
        CursorGrabMode::Locked
    } else {
        CursorGrabMode::None
    };
}

/// Keys that are down when a screen opens count no more.
fn stand_still(mut wishes: ResMut<Wishes>) {
    let (yaw, pitch) = (wishes.input.yaw, wishes.input.pitch);
    wishes.input = AvatarInput {
        yaw,
        pitch,
        ..AvatarInput::default()
    };
}

fn look_around(
    moved: Res<AccumulatedMouseMotion>,
    wheel: Res<AccumulatedMouseScroll>,
    sensitivity: Res<MouseSensitivity>,
    mut zoom: ResMut<Zoom>,
    cursors: Query<&CursorOptions, With<PrimaryWindow>>,
    mut wishes: ResMut<Wishes>,
) {
    if cursors.iter().all(|cursor| cursor.visible) {
        return;
    }
    zoom.turn(match wheel.unit {
        MouseScrollUnit::Line => wheel.delta.y,
        MouseScrollUnit::Pixel => wheel.delta.y / PIXELS_A_LINE,
    });
    let turn = moved.delta * RADIANS_A_PIXEL * sensitivity.0 / zoom.times();
    wishes.input.yaw -= turn.x;
    wishes.input.pitch = (wishes.input.pitch - turn.y).clamp(-1.5, 1.5);
}

pub(super) fn press(
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

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::state::app::StatesPlugin;

    fn inside() -> (App, Entity) {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin, plugin))
            .insert_state(Stage::Inside)
            .init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<ButtonInput<MouseButton>>()
            .init_resource::<AccumulatedMouseMotion>()
            .init_resource::<AccumulatedMouseScroll>()
            .init_resource::<Zoom>()
            .init_resource::<Visit>()
            .init_resource::<Wishes>();
        let window = app
            .world_mut()
            .spawn((Window::default(), CursorOptions::default(), PrimaryWindow))
            .id();
        app.update();
        (app, window)
    }

    fn is_caught(app: &App, window: Entity) -> bool {
        let cursor = app.world().get::<CursorOptions>(window).unwrap();
        assert_eq!(cursor.visible, cursor.grab_mode == CursorGrabMode::None);
        !cursor.visible
    }

    #[test]
    fn a_screen_has_keys_and_mouse_and_gives_them_back() {
        let (mut app, window) = inside();
        assert!(!is_caught(&app, window), "nobody has clicked");
        let mut buttons = app.world_mut().resource_mut::<ButtonInput<MouseButton>>();
        buttons.press(MouseButton::Left);
        let mut keys = app.world_mut().resource_mut::<ButtonInput<KeyCode>>();
        keys.press(KeyCode::KeyW);
        app.update();
        assert!(is_caught(&app, window));
        assert_eq!(app.world().resource::<Wishes>().input.walk, Vec2::Y);
        let screen = app.world_mut().spawn(TakesInput).id();
        app.update();
        assert!(!is_caught(&app, window), "the button is still down");
        assert_eq!(app.world().resource::<Wishes>().input.walk, Vec2::ZERO);
        app.world_mut().despawn(screen);
        app.update();
        assert!(is_caught(&app, window));
        assert_eq!(app.world().resource::<Wishes>().input.walk, Vec2::Y);
    }

    #[test]
    fn outside_the_world_the_mouse_is_free() {
        let (mut app, window) = inside();
        let mut buttons = app.world_mut().resource_mut::<ButtonInput<MouseButton>>();
        buttons.press(MouseButton::Left);
        app.update();
        assert!(is_caught(&app, window));
        app.world_mut()
            .resource_mut::<NextState<Stage>>()
            .set(Stage::Over);
        app.update();
        assert!(!is_caught(&app, window));
    }
}
