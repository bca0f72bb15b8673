//! A lost connection stands over everything until it is back; the world stays as it was.

use super::{Layer, legible, root};
use crate::{
    app::order::{ClientSystems, Stage},
    link::Visit,
    ui::{theme, words::Words},
};
use bevy::prelude::*;

#[derive(Component)]
struct Banner;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        show.in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
}

fn show(
    mut commands: Commands,
    visit: Res<Visit>,
    words: Res<Words>,
    banners: Query<Entity, With<Banner>>,
) {
    let is_wished = visit.lost.is_some();
    if !is_wished || words.is_changed() {
        for banner in &banners {
            commands.entity(banner).despawn();
        }
    }
    if is_wished && (banners.is_empty() || words.is_changed()) {
        put_up(&mut commands, &words);
    }
}

fn put_up(commands: &mut Commands, words: &Words) {
    let strip = Node {
        position_type: PositionType::Absolute,
        width: percent(100),
        padding: UiRect::axes(px(theme::PAD), px(theme::GAP + 2.0)),
        column_gap: px(theme::PAD),
        row_gap: px(2),
        flex_wrap: FlexWrap::Wrap,
        align_items: AlignItems::Center,
        justify_content: JustifyContent::Center,
        border: UiRect::bottom(px(3)),
        ..default()
    };
    commands.spawn((
        Banner,
        root(Layer::Notices, strip),
        BackgroundColor(theme::PANEL_DENSE),
        BorderColor::all(theme::ALARM),
        children![
            legible::strong(words.0.lost, theme::BODY, theme::ALARM_TEXT),
            legible::text(words.0.lost_detail, theme::BODY, theme::TEXT),
        ],
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;

    #[test]
    fn the_banner_stands_while_the_connection_is_lost() {
        let mut app = App::new();
        app.init_resource::<Visit>()
            .insert_resource(Words::of(Locale::English))
            .add_systems(Update, show);
        for reason in [None, Some("gone"), Some("gone"), Some("still gone"), None] {
            app.world_mut().resource_mut::<Visit>().lost = reason.map(str::to_owned);
            app.update();
            let mut banners = app.world_mut().query::<&Banner>();
            assert_eq!(
                banners.iter(app.world()).count(),
                usize::from(reason.is_some())
            );
        }
    }
}
