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

/// Whether the mouse was caught when a screen took it, so that it is caught again when the screen closes.
#[derive(Resource, Default)]
struct Owed(bool);

pub(super) fn plugin(app: &mut App) {
    app.insert_resource(MouseSensitivity(1.0))
        .init_resource::<InputTaken>()
        .init_resource::<Owed>();
    app.add_systems(PreUpdate, (note_screens, let_go).after(InputSystems));
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

/// Another window hears of it when a button comes up: here none is down any more. The engine does the same with keys.
fn let_go(
    windows: Query<&Window, With<PrimaryWindow>>,
    mut buttons: ResMut<ButtonInput<MouseButton>>,
) {
    let is_elsewhere = windows.iter().any(|window| !window.focused);
    if is_elsewhere && buttons.get_pressed().len() > 0 {
        buttons.release_all();
    }
}

/// A click takes the cursor; a screen that takes input frees it, and gives it back when it closes. Whoever goes to another
/// window takes it along.
fn catch_cursor(
    buttons: Res<ButtonInput<MouseButton>>,
    taken: Res<InputTaken>,
    mut owed: ResMut<Owed>,
    mut windows: Query<(&Window, &mut CursorOptions), With<PrimaryWindow>>,
) {
    for (window, mut cursor) in &mut windows {
        let is_caught = cursor.grab_mode != CursorGrabMode::None;
        let is_wished = if taken.is_taken || !window.focused {
            owed.0 = taken.is_taken && (owed.0 || is_caught);
            false
        } else {
            std::mem::take(&mut owed.0) || is_caught || buttons.just_pressed(MouseButton::Left)
        };
        // The system may have refused to catch it: then it is to be seen.
        if is_wished != is_caught || cursor.visible == is_caught {
            set_caught(&mut cursor, is_wished);
        }
    }
}

fn free_cursor(
    mut owed: ResMut<Owed>,
    mut cursors: Query<&mut CursorOptions, With<PrimaryWindow>>,
) {
    owed.0 = false;
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
    input.is_crouching =
        keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::KeyC]);
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

    fn click(app: &mut App) {
        let mut buttons = app.world_mut().resource_mut::<ButtonInput<MouseButton>>();
        buttons.press(MouseButton::Left);
        app.update();
        let mut buttons = app.world_mut().resource_mut::<ButtonInput<MouseButton>>();
        buttons.clear();
    }

    fn focus(app: &mut App, window: Entity, is_focused: bool) {
        let mut window = app.world_mut().get_mut::<Window>(window).unwrap();
        window.focused = is_focused;
        app.update();
    }

    #[test]
    fn another_window_has_the_mouse_and_a_click_catches_it_again() {
        let (mut app, window) = inside();
        click(&mut app);
        assert!(is_caught(&app, window));
        focus(&mut app, window, false);
        assert!(!is_caught(&app, window));
        focus(&mut app, window, true);
        assert!(!is_caught(&app, window), "nobody has clicked");
        // The button came up over the other window.
        click(&mut app);
        assert!(is_caught(&app, window));
    }

    #[test]
    fn a_mouse_that_the_system_did_not_catch_is_seen_and_can_be_caught_again() {
        let (mut app, window) = inside();
        click(&mut app);
        // What the engine leaves where the system refuses.
        let mut cursor = app.world_mut().get_mut::<CursorOptions>(window).unwrap();
        cursor.grab_mode = CursorGrabMode::None;
        app.update();
        assert!(!is_caught(&app, window));
        let mut buttons = app.world_mut().resource_mut::<ButtonInput<MouseButton>>();
        buttons.release(MouseButton::Left);
        click(&mut app);
        assert!(is_caught(&app, window));
    }

    #[test]
    fn a_screen_gives_back_no_mouse_that_nobody_had_caught() {
        let (mut app, window) = inside();
        let screen = app.world_mut().spawn(TakesInput).id();
        app.update();
        app.world_mut().despawn(screen);
        app.update();
        assert!(!is_caught(&app, window));
    }

    #[test]
    fn both_control_keys_crouch() {
        for key in [KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::KeyC] {
            let (mut app, _) = inside();
            let mut keys = app.world_mut().resource_mut::<ButtonInput<KeyCode>>();
            keys.press(key);
            app.update();
            assert!(app.world().resource::<Wishes>().input.is_crouching);
        }
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
