//! Controls: buttons that are pressed by pointer, by the key that stands on them, or by Enter when Tab or the arrows
//! have brought the focus to them. The keyboard alone is enough everywhere.

use super::{
    shell::{Page, Setting},
    theme,
};
use crate::app::order::ClientSystems;
use bevy::{
    input::keyboard::Key,
    input_focus::{
        FocusCause, InputFocus,
        tab_navigation::{NavAction, TabGroup, TabIndex, TabNavigation},
    },
    picking::hover::Hovered,
    prelude::*,
    text::EditableText,
    ui_widgets::Activate,
};

/// What a control asks for.
#[derive(Component, Message, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Enter the same world once more.
    Retry,
    Quit,
    /// To the start screen, out of the world where one is in it.
    GoOutside,
    /// Remember the certificate of an unknown server, and enter.
    Trust,
    /// Close what is open, back to the world.
    Resume,
    /// One page back.
    Back,
    Open(Page),
    CopyInvitation,
    EnterHome,
    /// Enter the world whose address stands in the field.
    EnterAddress,
    /// Look like a shipped avatar, by its place in the list.
    Wear(usize),
    /// Take the name in the field and the chosen look.
    KeepPersona,
    /// Turn a setting by so many steps.
    Turn(Setting, i8),
    /// Go to the studio and look at the file that was dropped.
    LookAtFile,
    /// Stay where one is: the file is let be.
    LetFileBe,
    /// Open the file once more that could not be shown.
    TryFileAgain,
    /// Out of the studio, to where one was before.
    LeaveStudio,
    /// The same, and to place there what is looked at.
    PlaceThing,
    /// Not to place it, or not to wear it.
    KeepThing,
    /// Let others get the file of one's own avatar.
    ShareAvatar,
    /// Not to.
    KeepAvatar,
    /// To look like the avatar that is looked at.
    WearFile,
    /// Take away the thing that one was asked about.
    TakeAway,
    /// Leave it where it is.
    LetStand,
    /// Through the portal that one stands before.
    GoThrough,
    /// Not through it.
    StayHere,
    /// To the world that one came from through a portal, beyond which one could not arrive.
    TurnBack,
}

/// A key that does the same as a press on the button.
#[derive(Component)]
pub(super) struct Shortcut {
    key: KeyCode,
    /// What is written on the button, when it is a letter.
    letter: Option<char>,
}

impl From<(KeyCode, &str)> for Shortcut {
    fn from((key, label): (KeyCode, &str)) -> Self {
        Self {
            key,
            letter: latin_letter(label),
        }
    }
}

/// What Enter does in a text field.
#[derive(Component)]
pub(super) struct Submits(pub(super) Action);

/// What the arrows to the left and right do on a control that has the focus.
#[derive(Component)]
pub(super) struct Turns(pub(super) Setting);

/// How much a button stands out.
#[derive(Component, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The one that most people want.
    First,
    Second,
    /// One of several, and it is the chosen one.
    Chosen,
}

pub(super) fn plugin(app: &mut App) {
    app.add_message::<Action>();
    app.add_observer(press);
    app.add_systems(
        Update,
        (drop_lost_focus, (move_focus, press_keys, submit))
            .chain()
            .in_set(ClientSystems::Listen),
    );
    app.add_systems(Update, paint.in_set(ClientSystems::Show));
}

/// What makes an entity a control: it can be pressed, and the focus can be on it. The node is the caller's.
pub(super) fn control(action: Action, weight: Weight) -> impl Bundle {
    (
        bevy::ui_widgets::Button,
        action,
        weight,
        TabIndex(0),
        Hovered::default(),
        BackgroundColor(ground(weight, false)),
        BorderColor::all(theme::HAIRLINE),
        Outline::new(px(2), px(3), Color::NONE),
    )
}

/// A button with its key.
pub(super) fn button(
    action: Action,
    weight: Weight,
    key: (KeyCode, &'static str),
    label: impl Into<String>,
) -> impl Bundle {
    let color = ink(weight);
    (
        control(action, weight),
        Shortcut::from(key),
        button_node(),
        children![
            theme::strong(label, theme::BODY, color),
            theme::text(key.1, theme::SMALL, color),
        ],
    )
}

/// A button without a key of its own.
pub(super) fn plain_button(
    action: Action,
    weight: Weight,
    label: impl Into<String>,
) -> impl Bundle {
    (
        control(action, weight),
        button_node(),
        children![theme::strong(label, theme::BODY, ink(weight))],
    )
}

/// The node of a button.
fn button_node() -> Node {
    Node {
        min_width: px(150),
        height: px(46),
        padding: UiRect::horizontal(px(theme::PAD)),
        column_gap: px(theme::GAP + 2.0),
        align_items: AlignItems::Center,
        justify_content: JustifyContent::Center,
        border: UiRect::all(px(1)),
        border_radius: BorderRadius::all(px(23)),
        ..default()
    }
}

/// Colour of a button's text.
fn ink(weight: Weight) -> Color {
    match weight {
        Weight::First => theme::ON_ACCENT,
        Weight::Second | Weight::Chosen => theme::TEXT,
    }
}

fn ground(weight: Weight, is_hovered: bool) -> Color {
    match (weight, is_hovered) {
        (Weight::First, false) => theme::ACCENT,
        (Weight::First, true) => theme::ACCENT.lighter(0.08),
        (Weight::Second, false) => theme::RAISED,
        (Weight::Second, true) | (Weight::Chosen, _) => theme::RAISED_BRIGHT,
    }
}

fn press(press: On<Activate>, controls: Query<&Action>, mut chosen: MessageWriter<Action>) {
    if let Ok(action) = controls.get(press.entity) {
        chosen.write(*action);
    }
}

/// A focus that has gone with its screen would keep keys from everything else.
fn drop_lost_focus(mut focus: ResMut<InputFocus>, entities: Query<()>) {
    if focus.get().is_some_and(|entity| !entities.contains(entity)) {
        focus.clear();
    }
}

/// Tab and the arrows go round the controls of the screen.
fn move_focus(
    keys: Res<ButtonInput<KeyCode>>,
    groups: Query<Entity, With<TabGroup>>,
    navigation: TabNavigation,
    texts: Query<&EditableText>,
    turns: Query<&Turns>,
    mut focus: ResMut<InputFocus>,
    mut chosen: MessageWriter<Action>,
) {
    let Some(group) = groups.iter().next() else {
        return;
    };
    let text = focus.get().and_then(|entity| texts.get(entity).ok());
    if text.is_some_and(EditableText::is_composing) {
        return;
    }
    let turning = focus.get().and_then(|entity| turns.get(entity).ok());
    let is_shifted = keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    let is_tab = keys.just_pressed(KeyCode::Tab);
    let side = i8::from(keys.just_pressed(KeyCode::ArrowRight))
        - i8::from(keys.just_pressed(KeyCode::ArrowLeft));
    if let Some(Turns(setting)) = turning
        && side != 0
    {
        chosen.write(Action::Turn(*setting, side));
        return;
    }
    let sideways = if text.is_some() { 0 } else { side };
    let is_on = keys.just_pressed(KeyCode::ArrowDown) || (is_tab && !is_shifted) || sideways > 0;
    let is_back = keys.just_pressed(KeyCode::ArrowUp) || (is_tab && is_shifted) || sideways < 0;
    let direction = match (is_on, is_back) {
        (true, false) => NavAction::Next,
        (false, true) => NavAction::Previous,
        _ => return,
    };
    let next = navigation
        .navigate(&focus, direction)
        .or_else(|_outside| navigation.initialize(group, NavAction::First));
    if let Ok(next) = next {
        focus.set(next, FocusCause::Navigated);
    }
}

/// Keys of buttons, unless somebody writes.
fn press_keys(
    keys: Res<ButtonInput<KeyCode>>,
    letters: Res<ButtonInput<Key>>,
    focus: Res<InputFocus>,
    texts: Query<(), With<EditableText>>,
    buttons: Query<(&Shortcut, &Action)>,
    mut chosen: MessageWriter<Action>,
) {
    if focus.get().is_some_and(|entity| texts.contains(entity)) {
        return;
    }
    for (_, action) in buttons
        .iter()
        .filter(|(shortcut, _)| shortcut.is_struck(&keys, &letters))
    {
        chosen.write(*action);
    }
}

impl Shortcut {
    /// The letter that is written on the key counts, not the key's place: layouts differ. Where keys write other scripts,
    /// or nothing is known of them, it is the place.
    fn is_struck(&self, keys: &ButtonInput<KeyCode>, letters: &ButtonInput<Key>) -> bool {
        let mut written = letters
            .get_just_pressed()
            .filter_map(|key| match key {
                Key::Character(text) => latin_letter(text),
                _ => None,
            })
            .peekable();
        match (self.letter, written.peek()) {
            (Some(letter), Some(_)) => written.any(|written| written == letter),
            _ => keys.just_pressed(self.key),
        }
    }
}

/// The letter that a text is, when it is one of ours; large and small are the same.
fn latin_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    let letter = letters.next().filter(char::is_ascii_alphabetic)?;
    letters
        .next()
        .is_none()
        .then(|| letter.to_ascii_uppercase())
}

/// Enter in a text field, unless an input method is still composing.
fn submit(
    keys: Res<ButtonInput<KeyCode>>,
    focus: Res<InputFocus>,
    fields: Query<(&EditableText, &Submits)>,
    mut chosen: MessageWriter<Action>,
) {
    if !keys.any_just_pressed([KeyCode::Enter, KeyCode::NumpadEnter]) {
        return;
    }
    let field = focus.get().and_then(|entity| fields.get(entity).ok());
    if let Some((text, submits)) = field
        && !text.is_composing()
    {
        chosen.write(submits.0);
    }
}

fn paint(
    focus: Res<InputFocus>,
    mut controls: Query<(
        Entity,
        &Hovered,
        &Weight,
        &mut BackgroundColor,
        &mut Outline,
    )>,
) {
    for (entity, hovered, weight, mut color, mut outline) in &mut controls {
        color.set_if_neq(BackgroundColor(ground(*weight, hovered.get())));
        let ring = match (focus.get() == Some(entity), *weight) {
            (false, Weight::Chosen) => theme::ACCENT.with_alpha(0.7),
            (false, _) => Color::NONE,
            (true, Weight::First) => theme::TEXT,
            (true, _) => theme::ACCENT,
        };
        if outline.color != ring {
            outline.color = ring;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::{
        input::{
            ButtonState, InputPlugin,
            keyboard::{KeyboardInput, NativeKey},
        },
        input_focus::{InputDispatchPlugin, InputFocusPlugin},
        ui_widgets::ButtonPlugin,
        window::PrimaryWindow,
    };

    /// A screen with a field, a setting and a button.
    fn screen() -> App {
        let mut app = App::new();
        app.add_plugins((
            MinimalPlugins,
            InputPlugin,
            InputFocusPlugin,
            InputDispatchPlugin,
            ButtonPlugin,
            plugin,
        ));
        let world = app.world_mut();
        world.spawn((Window::default(), PrimaryWindow));
        world.spawn(TabGroup::modal()).with_children(|group| {
            group.spawn((
                EditableText::new("text"),
                TabIndex(0),
                Submits(Action::EnterAddress),
            ));
            group.spawn((
                control(Action::Turn(Setting::Volume, 1), Weight::Second),
                Turns(Setting::Volume),
            ));
            group.spawn((
                control(Action::Quit, Weight::First),
                Shortcut::from((KeyCode::KeyQ, "Q")),
            ));
        });
        app.update();
        app
    }

    /// Presses and releases a key, and gives what was asked for.
    fn strike(app: &mut App, key_code: KeyCode) -> Vec<Action> {
        let unknown = NativeKey::Unidentified;
        strike_as(app, key_code, Key::Unidentified(unknown))
    }

    /// The same on a layout where the key writes something.
    fn strike_as(app: &mut App, key_code: KeyCode, logical_key: Key) -> Vec<Action> {
        let windows = &mut app
            .world_mut()
            .query_filtered::<Entity, With<PrimaryWindow>>();
        let window = windows.single(app.world()).unwrap();
        let mut actions = Vec::new();
        for state in [ButtonState::Pressed, ButtonState::Released] {
            app.world_mut().write_message(KeyboardInput {
                key_code,
                logical_key: logical_key.clone(),
                state,
                text: None,
                repeat: false,
                window,
            });
            app.update();
            let mut messages = app.world_mut().resource_mut::<Messages<Action>>();
            actions.extend(messages.drain());
        }
        actions
    }

    #[test]
    fn the_keyboard_alone_reaches_and_presses_everything() {
        let mut app = screen();
        assert_eq!(strike(&mut app, KeyCode::Tab), []);
        assert_eq!(strike(&mut app, KeyCode::Enter), [Action::EnterAddress]);
        assert_eq!(strike(&mut app, KeyCode::ArrowDown), []);
        let (more, less) = (
            Action::Turn(Setting::Volume, 1),
            Action::Turn(Setting::Volume, -1),
        );
        assert_eq!(strike(&mut app, KeyCode::ArrowLeft), [less]);
        assert_eq!(strike(&mut app, KeyCode::ArrowRight), [more]);
        assert_eq!(strike(&mut app, KeyCode::Space), [more]);
        assert_eq!(strike(&mut app, KeyCode::Tab), []);
        assert_eq!(strike(&mut app, KeyCode::Enter), [Action::Quit]);
        // Round and round.
        assert_eq!(strike(&mut app, KeyCode::ArrowDown), []);
        assert_eq!(strike(&mut app, KeyCode::Enter), [Action::EnterAddress]);
    }

    #[test]
    fn the_letter_on_the_key_counts_whatever_the_layout() {
        let writes = |text: &str| Key::Character(text.into());
        let mut app = screen();
        // AZERTY: the key at the place of our Q has an A on it, and the other way round.
        assert_eq!(strike_as(&mut app, KeyCode::KeyQ, writes("a")), []);
        assert_eq!(
            strike_as(&mut app, KeyCode::KeyA, writes("q")),
            [Action::Quit]
        );
        assert_eq!(
            strike_as(&mut app, KeyCode::KeyA, writes("Q")),
            [Action::Quit]
        );
        // Keys that write other scripts still have ours beside it.
        assert_eq!(
            strike_as(&mut app, KeyCode::KeyQ, writes("й")),
            [Action::Quit]
        );
    }

    #[test]
    fn the_key_of_a_button_does_nothing_while_somebody_writes() {
        let mut app = screen();
        assert_eq!(strike(&mut app, KeyCode::KeyQ), [Action::Quit]);
        assert_eq!(strike(&mut app, KeyCode::Tab), []);
        assert_eq!(strike(&mut app, KeyCode::KeyQ), []);
    }
}
