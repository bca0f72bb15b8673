//! Screens that come and go softly: one number for a whole tree of nodes.

use bevy::prelude::*;

/// How much is seen of a node and all that is in it, 0 to 1. Their colours must not change afterwards.
#[derive(Component, Clone, Copy, PartialEq, Debug)]
pub(super) struct Opacity(pub(super) f32);

/// The colours of a node that is wholly seen.
#[derive(Component, Clone, Copy)]
struct Whole {
    letters: Option<Color>,
    ground: Option<Color>,
    border: Option<BorderColor>,
}

/// Differences below this are not painted anew.
const STEP: f32 = 0.004;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(PostUpdate, paint);
}

impl Opacity {
    /// Sets a new value when it differs visibly.
    pub(super) fn set(opacity: &mut Mut<'_, Self>, value: f32) {
        let value = value.clamp(0.0, 1.0);
        let is_other = (opacity.0 - value).abs() > STEP;
        let is_end = opacity.0 != value && (value == 0.0 || value == 1.0);
        if is_other || is_end {
            opacity.0 = value;
        }
    }
}

fn paint(
    mut commands: Commands,
    mut roots: Query<(Entity, &Opacity, &mut Visibility), Changed<Opacity>>,
    children: Query<&Children>,
    mut painted: Query<
        (
            Option<&mut TextColor>,
            Option<&mut BackgroundColor>,
            Option<&mut BorderColor>,
            Option<&Whole>,
        ),
        With<Node>,
    >,
    mut spans: Query<(&mut TextColor, Option<&Whole>), (With<TextSpan>, Without<Node>)>,
) {
    for (root, opacity, mut visibility) in &mut roots {
        let wished = if opacity.0 > 0.0 {
            Visibility::Inherited
        } else {
            Visibility::Hidden
        };
        visibility.set_if_neq(wished);
        for entity in std::iter::once(root).chain(children.iter_descendants(root)) {
            if let Ok((letters, ground, border, whole)) = painted.get_mut(entity) {
                let seen = Whole {
                    letters: letters.as_ref().map(|color| color.0),
                    ground: ground.as_ref().map(|color| color.0),
                    border: border.as_ref().map(|border| **border),
                };
                let whole = whole.copied().unwrap_or_else(|| {
                    commands.entity(entity).insert(seen);
                    seen
                });
                whole.dim(opacity.0, letters, ground, border);
            } else if let Ok((mut letters, whole)) = spans.get_mut(entity) {
                let whole = whole.and_then(|whole| whole.letters).unwrap_or_else(|| {
                    commands.entity(entity).insert(Whole {
                        letters: Some(letters.0),
                        ground: None,
                        border: None,
                    });
                    letters.0
                });
                letters.0 = dimmed(whole, opacity.0);
            }
        }
    }
}

impl Whole {
    fn dim(
        self,
        opacity: f32,
        letters: Option<Mut<'_, TextColor>>,
        ground: Option<Mut<'_, BackgroundColor>>,
        border: Option<Mut<'_, BorderColor>>,
    ) {
        if let (Some(mut color), Some(whole)) = (letters, self.letters) {
            color.0 = dimmed(whole, opacity);
        }
        if let (Some(mut color), Some(whole)) = (ground, self.ground) {
            color.0 = dimmed(whole, opacity);
        }
        if let (Some(mut border), Some(whole)) = (border, self.border) {
            *border = BorderColor {
                top: dimmed(whole.top, opacity),
                right: dimmed(whole.right, opacity),
                bottom: dimmed(whole.bottom, opacity),
                left: dimmed(whole.left, opacity),
            };
        }
    }
}

fn dimmed(color: Color, opacity: f32) -> Color {
    color.with_alpha(color.alpha() * opacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_tree_fades_and_comes_back_as_it_was() {
        let mut app = App::new();
        app.add_plugins(plugin);
        let red = Color::srgba(1.0, 0.0, 0.0, 0.8);
        let span = app
            .world_mut()
            .spawn((TextSpan::new("a"), TextColor(red)))
            .id();
        let child = app
            .world_mut()
            .spawn((Node::default(), TextColor(red)))
            .id();
        let root = app
            .world_mut()
            .spawn((Node::default(), BackgroundColor(red), Opacity(0.5)))
            .id();
        app.world_mut().entity_mut(child).add_child(span);
        app.world_mut().entity_mut(root).add_child(child);
        for (opacity, alpha) in [(0.5, 0.4), (0.0, 0.0), (1.0, 0.8)] {
            app.world_mut().get_mut::<Opacity>(root).unwrap().0 = opacity;
            app.update();
            let world = app.world();
            let alphas = [
                world.get::<BackgroundColor>(root).unwrap().0.alpha(),
                world.get::<TextColor>(child).unwrap().0.alpha(),
                world.get::<TextColor>(span).unwrap().0.alpha(),
            ];
            assert!(
                alphas.iter().all(|seen| (seen - alpha).abs() < 1e-5),
                "{alphas:?}"
            );
            let is_hidden = *world.get::<Visibility>(root).unwrap() == Visibility::Hidden;
            assert_eq!(is_hidden, opacity == 0.0);
        }
    }
}
