//! Screens inside a world, one in each file. All of them go when one leaves the world.

mod banner;
mod board;
mod board_face;
mod chat;
mod fade;
mod field;
mod highlight;
mod hints;
mod history;
pub(super) mod legible;
mod notices;
mod people;
mod plates;
mod told;

pub(super) use notices::{Notice, Tone};
pub(super) use told::denial;

use crate::{
    app::order::{ClientSystems, Stage},
    motion::{InputTaken, TakesInput},
};
use bevy::{
    input::mouse::{AccumulatedMouseScroll, MouseScrollUnit},
    prelude::*,
};

/// A line of a wheel, in the theme's units.
const WHEEL_LINE: f32 = 60.0;

/// Hides what lies over the world, for a clear view, and shows it again.
const HIDING_KEY: KeyCode = KeyCode::KeyH;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<IsViewClear>();
    app.add_systems(
        Update,
        (
            listen.in_set(ClientSystems::Intend),
            hide.in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
    app.add_plugins((
        fade::plugin,
        legible::plugin,
        field::plugin,
        plates::plugin,
        hints::plugin,
        chat::plugin,
        history::plugin,
        people::plugin,
        board::plugin,
        board_face::plugin,
        highlight::plugin,
        banner::plugin,
        notices::plugin,
        told::plugin,
    ));
}

/// What lies over what, from the world upwards; the menu and the screens outside a world lie over all of it.
#[derive(Component, Clone, Copy, PartialEq, PartialOrd)]
pub(in crate::ui) enum Layer {
    Plates = 5,
    Hints = 10,
    Chat = 20,
    Panels = 30,
    Notices = 40,
}

/// The root of a screen inside a world.
pub(in crate::ui) fn root(layer: Layer, node: Node) -> impl Bundle {
    (
        node,
        layer,
        GlobalZIndex(layer as i32),
        Pickable::IGNORE,
        DespawnOnExit(Stage::Inside),
    )
}

/// How far up the wheel or a touchpad turns a list, in the theme's units.
fn turned(wheel: &AccumulatedMouseScroll, scale: &UiScale) -> f32 {
    match wheel.unit {
        MouseScrollUnit::Line => wheel.delta.y * WHEEL_LINE,
        MouseScrollUnit::Pixel => wheel.delta.y / scale.0.max(0.05),
    }
}

/// True while one wants to see the world alone.
#[derive(Resource, Default)]
struct IsViewClear(bool);

fn listen(
    keys: Res<ButtonInput<KeyCode>>,
    taken: Res<InputTaken>,
    mut is_clear: ResMut<IsViewClear>,
) {
    if keys.just_pressed(HIDING_KEY) && !taken.is_taken {
        is_clear.0 = !is_clear.0;
    }
}

/// What one opens, and what went wrong, is seen even then.
fn hide(
    is_clear: Res<IsViewClear>,
    screens: Query<(), With<TakesInput>>,
    mut roots: Query<(&Layer, &mut Node)>,
) {
    for (layer, mut node) in &mut roots {
        let is_hidden = is_clear.0 && *layer < Layer::Panels && screens.is_empty();
        let wished = if is_hidden {
            Display::None
        } else {
            Display::Flex
        };
        if node.display != wished {
            node.display = wished;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_view_keeps_what_one_opened_and_what_went_wrong() {
        let mut app = App::new();
        app.insert_resource(IsViewClear(true))
            .add_systems(Update, hide);
        let mut put = |layer| app.world_mut().spawn(root(layer, Node::default())).id();
        let (plate, notice) = (put(Layer::Plates), put(Layer::Notices));
        app.update();
        let shown = |app: &App, entity| app.world().get::<Node>(entity).unwrap().display;
        assert_eq!(shown(&app, plate), Display::None);
        assert_eq!(shown(&app, notice), Display::Flex);
        app.world_mut().resource_mut::<IsViewClear>().0 = false;
        app.update();
        assert_eq!(shown(&app, plate), Display::Flex);
    }
}
