//! A gamepad, beside keys and mouse: whoever touches a stick or a button wins over a key that is up. The system's gamepads
//! are there when the program was built with the feature `gamepad`.

use super::{
    Wishes,
    input::{MouseSensitivity, is_free},
};
use crate::{
    app::order::{ClientSystems, Stage},
    camera::Zoom,
    link::Visit,
};
use bevy::prelude::*;

/// Radians a second at a full stick and sensitivity 1.
const RADIANS_A_SECOND: f32 = 3.0;
/// Steps of the wheel that a press of the pad up or down stands for.
const ZOOM_STEPS: f32 = 2.0;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        play.after(super::input::press)
            .in_set(ClientSystems::Intend)
            .run_if(in_state(Stage::Inside))
            .run_if(is_free),
    );
}

fn play(
    gamepads: Query<&Gamepad>,
    time: Res<Time<Real>>,
    sensitivity: Res<MouseSensitivity>,
    visit: Res<Visit>,
    mut zoom: ResMut<Zoom>,
    mut wishes: ResMut<Wishes>,
) {
    let is_seated = visit.sitting.is_some();
    for gamepad in &gamepads {
        let input = &mut wishes.input;
        let walk = gamepad.left_stick();
        if walk != Vec2::ZERO {
            input.walk = walk.clamp_length_max(1.0);
        }
        // Squared, so that small turns are easy and fast ones possible.
        let look = gamepad.right_stick() * gamepad.right_stick().length();
        let turn = look * RADIANS_A_SECOND * sensitivity.0 * time.delta_secs() / zoom.times();
        input.yaw -= turn.x;
        input.pitch = (input.pitch + turn.y).clamp(-1.5, 1.5);
        input.is_running |= gamepad.pressed(GamepadButton::LeftTrigger2);
        input.is_crouching |= gamepad.pressed(GamepadButton::East);
        input.is_jumping |= gamepad.just_pressed(GamepadButton::South);
        wishes.is_grabbing |= gamepad.just_pressed(GamepadButton::West);
        wishes.is_throwing |= gamepad.just_pressed(GamepadButton::RightTrigger2);
        let is_rising = gamepad.just_pressed(GamepadButton::North);
        wishes.is_sitting |= is_rising && !is_seated;
        wishes.is_standing |= is_rising && is_seated;
        wishes.is_changing_view |= gamepad.just_pressed(GamepadButton::RightThumb);
        if gamepad.just_pressed(GamepadButton::DPadLeft) {
            wishes.emote = Some("wave".to_owned());
        }
        for (button, steps) in [
            (GamepadButton::DPadUp, ZOOM_STEPS),
            (GamepadButton::DPadDown, -ZOOM_STEPS),
        ] {
            if gamepad.just_pressed(button) {
                zoom.turn(steps);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::{state::app::StatesPlugin, time::TimeUpdateStrategy};
    use std::time::Duration;

    #[test]
    fn sticks_and_buttons_walk_look_and_jump() {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_state(Stage::Inside)
            .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(
                16,
            )))
            .insert_resource(MouseSensitivity(1.0))
            .init_resource::<super::super::input::InputTaken>()
            .init_resource::<Visit>()
            .init_resource::<Zoom>()
            .init_resource::<Wishes>()
            .add_systems(Update, play.run_if(is_free));
        let mut gamepad = Gamepad::default();
        gamepad.analog_mut().set(GamepadAxis::LeftStickY, 0.5);
        gamepad.analog_mut().set(GamepadAxis::RightStickX, 1.0);
        gamepad.digital_mut().press(GamepadButton::South);
        app.world_mut().spawn(gamepad);
        // The first update has no duration yet.
        app.update();
        app.update();
        let input = app.world().resource::<Wishes>().input;
        assert_eq!(input.walk, Vec2::new(0.0, 0.5));
        assert!(input.is_jumping);
        assert!(input.yaw < 0.0, "the right stick turns to the right");
    }
}
