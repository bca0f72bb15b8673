//! Writing to everybody: Enter opens a line, Enter sends it, Escape closes it. What is typed is never lost.

use super::{
    Layer,
    field::{self, Field, FieldLook},
    root,
};
use crate::{
    app::order::{ClientSystems, Stage},
    motion::{Answer, InputTaken, Request, TakesInput, Wishes},
    ui::{theme, words::Words},
};
use bevy::{
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    text::{EditableText, TextEdit},
};
use protocol::limits::MAX_CHAT_BYTES;
use std::collections::VecDeque;

/// Texts that were denied and are kept.
const MAX_KEPT: usize = 20;

/// What is being written.
#[derive(Resource, Default)]
pub(super) struct Chat {
    /// The line is there.
    pub(super) is_open: bool,
    /// What stood in the line when it was closed.
    draft: String,
    /// What the server did not take, oldest first.
    kept: VecDeque<String>,
    /// Enter was pressed. Sent a frame later, since letters of the same frame are still on their way into the line.
    is_sending: bool,
}

/// The part of the screen that belongs to the chat: the lines that were said, and the line to write in.
#[derive(Component)]
pub(super) struct ChatCorner;

/// The node that the line to write in stands in.
#[derive(Component)]
struct Desk;

#[derive(Component)]
struct ChatField;

/// Systems that take keys for the chat.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ChatKeys;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Chat>();
    app.add_systems(OnEnter(Stage::Inside), spawn);
    app.add_systems(OnExit(Stage::Inside), forget);
    app.add_systems(
        Update,
        (
            listen.in_set(ChatKeys).in_set(ClientSystems::Listen),
            keep_denied.in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

fn spawn(mut commands: Commands) {
    let corner = Node {
        position_type: PositionType::Absolute,
        left: px(theme::PAD),
        bottom: px(theme::PAD),
        width: percent(46),
        max_width: px(620),
        flex_direction: FlexDirection::Column,
        row_gap: px(theme::GAP),
        padding: UiRect::all(px(theme::GAP)),
        border_radius: BorderRadius::all(px(theme::RADIUS)),
        ..default()
    };
    commands.spawn((
        ChatCorner,
        root(Layer::Chat, corner),
        BackgroundColor(Color::NONE),
    ));
}

fn forget(
    mut chat: ResMut<Chat>,
    mut focus: ResMut<InputFocus>,
    written: Query<&EditableText, With<ChatField>>,
) {
    if let Ok(text) = written.single() {
        chat.draft = field::value(text);
        focus.clear();
    }
    chat.is_open = false;
    chat.is_sending = false;
}

fn listen(
    mut commands: Commands,
    mut keys: ResMut<ButtonInput<KeyCode>>,
    mut chat: ResMut<Chat>,
    mut focus: ResMut<InputFocus>,
    mut wishes: ResMut<Wishes>,
    words: Res<Words>,
    corner: Query<Entity, With<ChatCorner>>,
    taken: Res<InputTaken>,
    desk: Query<Entity, With<Desk>>,
    written: Query<(Entity, &EditableText, &Field), With<ChatField>>,
) {
    let enter = [KeyCode::Enter, KeyCode::NumpadEnter];
    let is_enter = keys.any_just_pressed(enter);
    let Ok((entity, text, field)) = written.single() else {
        if is_enter
            && !taken.is_taken
            && let Ok(corner) = corner.single()
        {
            keys.clear();
            let written = open(&mut commands, &mut chat, corner, &words);
            focus.set(written, FocusCause::Navigated);
        }
        return;
    };
    if focus.get() != Some(entity) {
        focus.set(entity, FocusCause::Navigated);
    }
    let value = field::value(text);
    let is_sent = chat.is_sending && !field.is_too_long(&value);
    let is_closed = keys.just_pressed(KeyCode::Escape) && !text.is_composing();
    chat.is_sending = is_enter && !text.is_composing();
    if is_sent || is_closed {
        if is_closed {
            chat.draft = value;
        } else if !value.is_empty() {
            wishes.say = Some(value);
        }
        chat.is_open = false;
        chat.is_sending = false;
        focus.clear();
        for desk in &desk {
            commands.entity(desk).despawn();
        }
    }
    // Keys that write must not walk, wave or open anything.
    keys.clear();
}

fn open(commands: &mut Commands, chat: &mut Chat, corner: Entity, words: &Words) -> Entity {
    chat.is_open = true;
    let draft = chat.next_draft();
    let desk = commands
        .spawn((
            Desk,
            TakesInput,
            Node {
                flex_direction: FlexDirection::Column,
                flex_shrink: 0.0,
                ..default()
            },
        ))
        .id();
    commands.entity(corner).add_child(desk);
    let look = FieldLook {
        draft: &draft,
        hint: words.0.chat_hint,
        max_bytes: MAX_CHAT_BYTES,
        lines: 1,
    };
    field::spawn(commands, desk, &look, ChatField)
}

impl Chat {
    /// What the line begins with: what stood in it last, else what the server did not take.
    fn next_draft(&mut self) -> String {
        let draft = std::mem::take(&mut self.draft);
        if draft.is_empty() {
            self.kept.pop_front().unwrap_or_default()
        } else {
            draft
        }
    }

    fn keep(&mut self, text: String) {
        if self.kept.len() < MAX_KEPT && !self.kept.contains(&text) {
            self.kept.push_back(text);
        }
    }
}

/// A text that was denied comes back into the line: into an empty one at once, else when it is opened again.
fn keep_denied(
    mut chat: ResMut<Chat>,
    mut answers: MessageReader<Answer>,
    mut written: Query<&mut EditableText, With<ChatField>>,
) {
    for answer in answers.read() {
        let Answer {
            request: Request::Say(text),
            outcome: Err(_),
        } = answer
        else {
            continue;
        };
        match written.single_mut() {
            Ok(mut line) if field::is_empty(&line) => {
                line.queue_edit(TextEdit::Insert(text.as_str().into()));
            }
            _ => chat.keep(text.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An application inside a world, with keys and the chat alone.
    fn inside() -> App {
        let mut app = App::new();
        app.add_plugins(bevy::state::app::StatesPlugin)
            .insert_state(Stage::Inside)
            .init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<InputFocus>()
            .init_resource::<Wishes>()
            .init_resource::<InputTaken>()
            .insert_resource(Words::of(crate::ui::Locale::English))
            .add_message::<Answer>()
            .configure_sets(Update, (ClientSystems::Listen, ClientSystems::Show).chain())
            .add_plugins(plugin);
        app.update();
        app
    }

    fn press(app: &mut App, key: KeyCode) {
        let mut keys = app.world_mut().resource_mut::<ButtonInput<KeyCode>>();
        keys.release(key);
        keys.clear();
        keys.press(key);
        app.update();
    }

    fn line(app: &mut App) -> Option<Mut<'_, EditableText>> {
        let mut lines = app.world_mut().query_filtered::<Entity, With<ChatField>>();
        let line = lines.iter(app.world()).next()?;
        app.world_mut().get_mut(line)
    }

    fn is_body_free(app: &mut App) -> bool {
        let mut screens = app.world_mut().query::<&TakesInput>();
        screens.iter(app.world()).next().is_none()
    }

    #[test]
    fn enter_opens_a_line_and_enter_sends_it() {
        let mut app = inside();
        assert!(is_body_free(&mut app));
        press(&mut app, KeyCode::Enter);
        assert!(!is_body_free(&mut app));
        line(&mut app).unwrap().editor.set_text(" hello, 你好 ");
        press(&mut app, KeyCode::Enter);
        app.update();
        let said = app.world_mut().resource_mut::<Wishes>().say.take();
        assert_eq!(said.as_deref(), Some("hello, 你好"));
        assert!(line(&mut app).is_none() && is_body_free(&mut app));
        assert_eq!(app.world().resource::<InputFocus>().get(), None);
    }

    #[test]
    fn escape_closes_the_line_alone_and_keeps_what_stood_in_it() {
        let mut app = inside();
        press(&mut app, KeyCode::Enter);
        line(&mut app).unwrap().editor.set_text("half a");
        press(&mut app, KeyCode::Escape);
        let keys = app.world().resource::<ButtonInput<KeyCode>>();
        assert!(!keys.just_pressed(KeyCode::Escape), "a menu would open");
        assert!(line(&mut app).is_none());
        press(&mut app, KeyCode::Enter);
        assert_eq!(line(&mut app).unwrap().value().to_string(), "half a");
        assert_eq!(app.world().resource::<Wishes>().say, None);
    }

    #[test]
    fn letters_of_a_line_do_nothing_else() {
        let mut app = inside();
        press(&mut app, KeyCode::Enter);
        press(&mut app, KeyCode::KeyG);
        let keys = app.world().resource::<ButtonInput<KeyCode>>();
        assert!(!keys.just_pressed(KeyCode::KeyG));
    }

    #[test]
    fn a_line_that_is_too_long_stays_open_and_whole() {
        let mut app = inside();
        press(&mut app, KeyCode::Enter);
        let long = "好".repeat(MAX_CHAT_BYTES / 3 + 1);
        line(&mut app).unwrap().editor.set_text(&long);
        press(&mut app, KeyCode::Enter);
        app.update();
        assert_eq!(app.world().resource::<Wishes>().say, None);
        assert_eq!(line(&mut app).unwrap().value().to_string(), long);
    }

    #[test]
    fn a_denied_line_stands_there_again_when_one_opens_the_chat() {
        let mut app = inside();
        app.world_mut().write_message(Answer {
            request: Request::Say("hello".to_owned()),
            outcome: Err(protocol::Denial::TooFast),
        });
        app.update();
        press(&mut app, KeyCode::Enter);
        assert_eq!(line(&mut app).unwrap().value().to_string(), "hello");
    }

    #[test]
    fn another_screen_that_takes_input_keeps_the_chat_closed() {
        let mut app = inside();
        app.world_mut().resource_mut::<InputTaken>().is_taken = true;
        press(&mut app, KeyCode::Enter);
        assert!(line(&mut app).is_none());
    }

    #[test]
    fn denied_texts_come_back_one_after_the_other() {
        let mut chat = Chat::default();
        chat.keep("first".to_owned());
        chat.keep("second".to_owned());
        chat.keep("second".to_owned());
        chat.draft = "half a".to_owned();
        assert_eq!(chat.next_draft(), "half a");
        assert_eq!(chat.next_draft(), "first");
        assert_eq!(chat.next_draft(), "second");
        assert_eq!(chat.next_draft(), "");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut chat = Chat::default();
        for number in 0..MAX_KEPT + 5 {
            chat.keep(format!("{number}"));
        }
        assert_eq!(chat.kept.len(), MAX_KEPT);
    }
}
