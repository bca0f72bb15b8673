//! Keys and files of a script: they reach the screens as those of a window do.

use bevy::{
    input::{
        ButtonState,
        keyboard::{Key, KeyboardInput, NativeKey},
    },
    input_focus::InputFocus,
    prelude::*,
    text::{EditableText, TextEdit},
    window::FileDragAndDrop,
};
use std::path::PathBuf;

/// A key goes down and up in the next frame.
pub(super) fn press(world: &mut World, key_code: KeyCode) {
    for state in [ButtonState::Pressed, ButtonState::Released] {
        world.write_message(KeyboardInput {
            key_code,
            logical_key: Key::Unidentified(NativeKey::Unidentified),
            state,
            text: None,
            repeat: false,
            window: Entity::PLACEHOLDER,
        });
    }
}

/// Letters go into the field that is open, if any.
pub(super) fn write(world: &mut World, text: &str) {
    let focus = world.get_resource::<InputFocus>().and_then(InputFocus::get);
    if let Some(mut field) = focus.and_then(|field| world.get_mut::<EditableText>(field)) {
        field.queue_edit(TextEdit::Insert(text.into()));
    }
}

/// A file is let go of over the window.
pub(super) fn drop_file(world: &mut World, path_buf: PathBuf) {
    world.write_message(FileDragAndDrop::DroppedFile {
        window: Entity::PLACEHOLDER,
        path_buf,
    });
}
