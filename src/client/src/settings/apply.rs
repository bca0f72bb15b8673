//! Settings reach the features that obey them, in the frame of the change.

use super::Kept;
use crate::{app::order::ClientSystems, camera::FieldOfView, motion::MouseSensitivity};
use bevy::{
    prelude::*,
    window::{PrimaryWindow, WindowMode},
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        apply
            .in_set(ClientSystems::Receive)
            .run_if(resource_exists_and_changed::<Kept>),
    );
}

fn apply(
    kept: Res<Kept>,
    mut sensitivity: ResMut<MouseSensitivity>,
    mut field: ResMut<FieldOfView>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
) {
    let values = &kept.0.values;
    sensitivity.0 = values.mouse_sensitivity;
    field.0 = values.field_of_view_degrees.to_radians();
    for mut window in &mut windows {
        let mode = window_mode(values.is_fullscreen);
        if window.mode != mode {
            window.mode = mode;
        }
    }
}

/// Full screen borrows the screen as it is: no other resolution, and other windows can still be reached.
pub(crate) fn window_mode(is_fullscreen: bool) -> WindowMode {
    if is_fullscreen {
        WindowMode::BorderlessFullscreen(MonitorSelection::Current)
    } else {
        WindowMode::Windowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, SettingsFile};

    #[test]
    fn a_changed_setting_holds_in_the_same_frame() {
        let mut app = App::new();
        app.insert_resource(Kept(SettingsFile::default()))
            .insert_resource(MouseSensitivity(1.0))
            .insert_resource(FieldOfView(1.0))
            .add_plugins(plugin);
        let window = app
            .world_mut()
            .spawn((Window::default(), PrimaryWindow))
            .id();
        app.update();
        app.world_mut().resource_mut::<Kept>().0.values = Settings {
            mouse_sensitivity: 2.2,
            field_of_view_degrees: 90.0,
            is_fullscreen: true,
            ..Settings::default()
        };
        app.update();
        assert_eq!(app.world().resource::<MouseSensitivity>().0, 2.2);
        let right_angle = std::f32::consts::FRAC_PI_2;
        assert!((app.world().resource::<FieldOfView>().0 - right_angle).abs() < 1e-6);
        let mode = app.world().get::<Window>(window).unwrap().mode;
        assert_eq!(mode, window_mode(true));
    }
}
