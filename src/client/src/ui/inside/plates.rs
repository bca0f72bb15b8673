//! Names over heads: who is who, and who is a bot. They fade with distance and stay behind walls.

use super::{Layer, fade::Opacity, legible, root};
use crate::{
    app::order::{ClientSystems, Stage},
    camera::Eye,
    link::{Visit, VisitWorld},
    people::{Figure, Head},
    ui::{
        theme,
        words::{Texts, Words},
    },
};
use bevy::prelude::*;
use protocol::{PersonId, PersonInfo};
use std::collections::BTreeMap;

/// Above the middle of the head, metres.
const ABOVE_HEAD: f32 = 0.34;
/// Above the feet of somebody whose body has not come yet, metres.
const ABOVE_FEET: f32 = 1.95;
/// Distances at which names are whole, and at which they are gone, metres.
const FADE_METRES: (f32, f32) = (14.0, 34.0);
/// Distances at which names are largest and smallest, metres.
const SIZE_METRES: (f32, f32) = (4.0, 22.0);
/// Smallest size, relative to the largest.
const SMALLEST: f32 = 0.72;
/// What is seen of the name of somebody whose connection is lost.
const AWAY: f32 = 0.6;
/// Seconds in which a name comes or goes when a wall comes between.
const GLIDE_SECS: f32 = 0.12;
/// How near before the head a wall may be that does not hide it, metres.
const WALL_SLACK: f32 = 0.35;

/// A name and its marks, as they stand on a plate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    name: String,
    marks: Vec<&'static str>,
    is_away: bool,
}

/// The plate of somebody.
#[derive(Component)]
struct Plate {
    who: PersonId,
    label: Label,
    /// 1 in the open, 0 behind a wall, gliding.
    in_sight: f32,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (populate, place)
            .chain()
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
}

impl Label {
    fn of(person: &PersonInfo, words: &'static Texts) -> Self {
        let bot = person.is_agent.then_some(words.bot);
        let away = (!person.is_connected).then_some(words.away);
        Self {
            name: person.name.to_string(),
            marks: bot.into_iter().chain(away).collect(),
            is_away: !person.is_connected,
        }
    }
}

/// One plate for each other person, as they are called now.
fn populate(
    mut commands: Commands,
    visit: Res<Visit>,
    words: Res<Words>,
    plates: Query<(Entity, &Plate)>,
) {
    if !visit.is_changed() && !words.is_changed() {
        return;
    }
    let mut wanted: BTreeMap<PersonId, Label> = visit
        .people
        .values()
        .filter(|person| {
            let own = visit.welcome.as_ref().map(|welcome| welcome.person);
            Some(person.person) != own
        })
        .map(|person| (person.person, Label::of(person, words.0)))
        .collect();
    for (entity, plate) in &plates {
        if wanted.get(&plate.who) == Some(&plate.label) {
            wanted.remove(&plate.who);
        } else {
            commands.entity(entity).despawn();
        }
    }
    for (who, label) in wanted {
        spawn(&mut commands, who, label);
    }
}

fn spawn(commands: &mut Commands, who: PersonId, label: Label) {
    let point = Node {
        position_type: PositionType::Absolute,
        left: px(0),
        top: px(0),
        width: px(0),
        height: px(0),
        ..default()
    };
    let card = commands
        .spawn((
            Node {
                position_type: PositionType::Absolute,
                left: px(0),
                bottom: px(0),
                column_gap: px(7),
                padding: UiRect::axes(px(10), px(3)),
                align_items: AlignItems::Center,
                border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
                ..default()
            },
            UiTransform::from_translation(Val2::new(percent(-50), px(0))),
            BackgroundColor(theme::PANEL_DENSE),
            children![(
                legible::strong(label.name.as_str(), theme::BODY, theme::TEXT),
                TextLayout::no_wrap(),
            )],
        ))
        .id();
    for mark in &label.marks {
        commands.entity(card).with_child(legible::mark(*mark));
    }
    let plate = Plate {
        who,
        label,
        in_sight: 0.0,
    };
    commands
        .spawn((
            plate,
            Opacity(0.0),
            root(Layer::Plates, point),
            ZIndex::default(),
            UiTransform::default(),
            Visibility::Hidden,
        ))
        .add_child(card);
}

/// How much is seen of a name so far away.
fn opacity(distance_metres: f32) -> f32 {
    1.0 - share(FADE_METRES, distance_metres)
}

/// How large a name so far away is, relative to the largest.
fn size(distance_metres: f32) -> f32 {
    1.0 - (1.0 - SMALLEST) * share(SIZE_METRES, distance_metres)
}

fn share((from, to): (f32, f32), value: f32) -> f32 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

/// Where the point above somebody's head is. The body's place is of this frame, its pose of the last one: the head
/// is taken relative to the body.
fn above_head(body: &Transform, body_before: &GlobalTransform, head: Option<Vec3>) -> Vec3 {
    let above = head.map_or(Vec3::Y * ABOVE_FEET, |head| {
        head - body_before.translation() + Vec3::Y * ABOVE_HEAD
    });
    body.translation + above
}

fn place(
    time: Res<Time<Real>>,
    scale: Res<UiScale>,
    world: Option<Res<VisitWorld>>,
    eyes: Query<(&Camera, &Transform), With<Eye>>,
    figures: Query<
        (
            &Figure,
            &Transform,
            &GlobalTransform,
            &Visibility,
            Option<&Head>,
        ),
        Without<Plate>,
    >,
    globals: Query<&GlobalTransform>,
    mut plates: Query<(&mut Plate, &mut UiTransform, &mut Opacity, &mut ZIndex)>,
) {
    let Ok((camera, eye)) = eyes.single() else {
        return;
    };
    let world_from_eye = GlobalTransform::from(*eye);
    let points: BTreeMap<PersonId, Vec3> = figures
        .iter()
        .filter(|(_, _, _, visibility, _)| **visibility != Visibility::Hidden)
        .filter_map(|(figure, body, before, _, head)| {
            let head = head.and_then(|head| globals.get(head.0).ok());
            let head = head.map(GlobalTransform::translation);
            Some((figure.who.person()?, above_head(body, before, head)))
        })
        .collect();
    let glide = 1.0 - (-time.delta_secs() / GLIDE_SECS).exp();
    for (mut plate, mut transform, mut seen, mut depth) in &mut plates {
        let point = points.get(&plate.who).copied();
        let shown = point.and_then(|point| {
            let picture = camera.world_to_viewport(&world_from_eye, point).ok()?;
            Some((point, picture))
        });
        let Some((point, picture)) = shown else {
            plate.in_sight = 0.0;
            Opacity::set(&mut seen, 0.0);
            continue;
        };
        let distance = point.distance(eye.translation);
        let is_open =
            distance < FADE_METRES.1 && is_in_sight(world.as_deref(), eye.translation, point);
        plate.in_sight += (f32::from(u8::from(is_open)) - plate.in_sight) * glide;
        let away = if plate.label.is_away { AWAY } else { 1.0 };
        let wished = opacity(distance) * plate.in_sight * away;
        Opacity::set(&mut seen, if wished < 0.02 { 0.0 } else { wished });
        let place = picture.round() / scale.0.max(0.05);
        transform.set_if_neq(UiTransform {
            translation: Val2::px(place.x, place.y),
            scale: Vec2::splat(size(distance)),
            ..default()
        });
        // Nearer names lie over farther ones.
        depth.set_if_neq(ZIndex(-((distance * 10.0) as i32)));
    }
}

fn is_in_sight(world: Option<&VisitWorld>, eye: Vec3, point: Vec3) -> bool {
    let Some(world) = world else { return true };
    let away = point - eye;
    let distance = away.length();
    let Some(direction) = away.try_normalize() else {
        return true;
    };
    let hit = world.simulation.cast_ray(eye, direction, distance);
    // What somebody carries is no wall.
    hit.is_none_or(|hit| hit.body.is_some() || hit.distance > distance - WALL_SLACK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;
    use protocol::{Activity, AvatarChoice, DisplayName, EntityId};

    #[test]
    fn names_fade_and_shrink_with_distance() {
        assert_eq!((opacity(1.0), size(1.0)), (1.0, 1.0));
        assert_eq!(opacity(FADE_METRES.1), 0.0);
        assert_eq!(size(100.0), SMALLEST);
        let (near, far) = (opacity(18.0), opacity(26.0));
        assert!(near > far && far > 0.0);
    }

    #[test]
    fn a_plate_stands_over_the_head_wherever_the_head_is() {
        let body = Transform::from_xyz(3.0, 0.0, 1.0);
        let before = GlobalTransform::from_xyz(2.9, 0.0, 1.0);
        let standing = above_head(&body, &before, Some(Vec3::new(2.9, 1.6, 1.0)));
        assert!(standing.distance(Vec3::new(3.0, 1.6 + ABOVE_HEAD, 1.0)) < 1e-5);
        let seated = above_head(&body, &before, Some(Vec3::new(2.9, 1.1, 1.2)));
        assert!(seated.y < standing.y);
        let bare = above_head(&body, &before, None);
        assert_eq!(bare, body.translation + Vec3::Y * ABOVE_FEET);
    }

    #[test]
    fn bots_and_lost_connections_are_marked() {
        let words = Words::of(Locale::English).0;
        let mut person = PersonInfo {
            person: PersonId(1),
            entity: EntityId(1),
            name: DisplayName::new("Ada").unwrap(),
            avatar: AvatarChoice::Shipped("mira".to_owned()),
            is_agent: false,
            activity: Activity::Standing,
            is_connected: true,
        };
        assert!(Label::of(&person, words).marks.is_empty());
        person.is_agent = true;
        assert_eq!(Label::of(&person, words).marks, [words.bot]);
        person.is_connected = false;
        let label = Label::of(&person, words);
        assert!(label.is_away && label.marks == [words.bot, words.away]);
    }
}
