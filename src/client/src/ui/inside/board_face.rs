//! Notes as they hang on the notice board in the world: slips of paper, drawn into a picture when they change.

use super::legible;
use crate::{
    app::{
        Drawing,
        order::{ClientSystems, Stage},
    },
    link::{Visit, VisitWorld},
    scenery::{IsSceneryComplete, NodeEntities},
    ui::words::{Texts, Words},
};
use bevy::{
    asset::RenderAssetUsages,
    camera::{ClearColorConfig, RenderTarget},
    light::NotShadowCaster,
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension, TextureFormat, TextureUsages},
    text::LineHeight,
};
use protocol::{
    Note,
    limits::{MAX_NAME_BYTES, MAX_NOTE_BYTES},
};

/// Pixels of the longer side.
const LONGER_SIDE: f32 = 1_280.0;
/// Least pixels of the shorter side.
const SHORTEST: f32 = 64.0;
/// Slips that hang on the board: the newest; all notes are on the screen.
const MAX_SLIPS: usize = 12;
/// Before the board's own surface, metres.
const BEFORE: f32 = 0.006;
/// Pictures that are drawn after a change: letters need a few until they are there.
const PICTURES: u8 = 4;

/// Papers, as sRGB.
const PAPERS: [Color; 4] = [
    Color::srgb(0.98, 0.95, 0.85),
    Color::srgb(0.97, 0.90, 0.66),
    Color::srgb(0.86, 0.93, 0.90),
    Color::srgb(0.97, 0.86, 0.80),
];
/// Heads of the pins.
const PINS: [Color; 3] = [
    Color::srgb(0.70, 0.25, 0.17),
    Color::srgb(0.16, 0.42, 0.45),
    Color::srgb(0.72, 0.52, 0.16),
];
const INK: Color = Color::srgb(0.15, 0.12, 0.11);
const INK_SOFT: Color = Color::srgb(0.33, 0.28, 0.25);

/// The surface in the world that shows the notes.
#[derive(Component)]
struct Surface;

/// The camera that draws them, and pictures that are still to be drawn.
#[derive(Component)]
struct Copyist {
    pictures: u8,
}

/// The notes as they are laid out for it.
#[derive(Component, PartialEq, Default)]
struct Sheet(Vec<u64>);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            hang_up.run_if(not(any_with_component::<Surface>)),
            lay_out,
            draw_when_changed,
        )
            .chain()
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
}

/// Puts the surface on the board of a world that has one.
fn hang_up(
    mut commands: Commands,
    whole: Res<IsSceneryComplete>,
    world: Option<Res<VisitWorld>>,
    nodes: Res<NodeEntities>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
    old: Query<Entity, Or<(With<Copyist>, With<Sheet>)>>,
) {
    let Some(board) = world
        .filter(|_| whole.0)
        .and_then(|world| world.notice_board)
    else {
        return;
    };
    let Some(&node) = nodes.0.get(&board.node) else {
        return;
    };
    for old in &old {
        commands.entity(old).despawn();
    }
    let picture = images.add(picture(board.size));
    let material = materials.add(StandardMaterial {
        base_color_texture: Some(picture.clone()),
        alpha_mode: AlphaMode::Premultiplied,
        perceptual_roughness: 0.95,
        reflectance: 0.1,
        ..default()
    });
    commands.spawn((
        Surface,
        Mesh3d(meshes.add(Rectangle::from_size(board.size))),
        MeshMaterial3d(material),
        NotShadowCaster,
        Transform::from_xyz(0.0, 0.0, BEFORE),
        ChildOf(node),
    ));
    let copyist = commands
        .spawn((
            Copyist { pictures: 0 },
            Camera2d,
            Msaa::Off,
            Camera {
                order: -1,
                is_active: false,
                clear_color: ClearColorConfig::Custom(Color::NONE),
                ..default()
            },
            RenderTarget::from(picture),
            DespawnOnExit(Stage::Inside),
        ))
        .id();
    commands.spawn((
        Sheet::default(),
        sheet_node(),
        UiTargetCamera(copyist),
        DespawnOnExit(Stage::Inside),
    ));
}

/// A transparent picture in the proportions of a board.
fn picture(size: Vec2) -> Image {
    let share = size.max(Vec2::splat(1e-3)) / size.max_element().max(1e-3);
    let pixels = (share * LONGER_SIDE).max(Vec2::splat(SHORTEST)).as_uvec2();
    let extent = Extent3d {
        width: pixels.x,
        height: pixels.y,
        depth_or_array_layers: 1,
    };
    let mut image = Image::new_fill(
        extent,
        TextureDimension::D2,
        &[0; 4],
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.usage |= TextureUsages::RENDER_ATTACHMENT;
    image
}

fn sheet_node() -> Node {
    Node {
        position_type: PositionType::Absolute,
        width: percent(100),
        height: percent(100),
        padding: UiRect::all(vh(3)),
        flex_wrap: FlexWrap::Wrap,
        column_gap: vh(2.5),
        row_gap: vh(3.5),
        align_content: AlignContent::FlexStart,
        justify_content: JustifyContent::Center,
        overflow: Overflow::clip(),
        ..default()
    }
}

fn lay_out(
    mut commands: Commands,
    visit: Res<Visit>,
    words: Res<Words>,
    mut sheets: Query<(Entity, &mut Sheet, Option<&Children>)>,
    mut copyists: Query<&mut Copyist>,
) {
    for (entity, mut sheet, slips) in &mut sheets {
        let newest = &visit.notes[visit.notes.len().saturating_sub(MAX_SLIPS)..];
        let wished = Sheet(newest.iter().map(|note| note.id).collect());
        if *sheet == wished && slips.is_some() && !words.is_changed() {
            continue;
        }
        *sheet = wished;
        for mut copyist in &mut copyists {
            copyist.pictures = PICTURES;
        }
        commands
            .entity(entity)
            .despawn_related::<Children>()
            .with_children(|sheet| {
                for note in newest {
                    slip(sheet, note, newest.len());
                }
                if newest.is_empty() {
                    invite(sheet, words.0);
                }
            });
    }
}

/// Height of letters in percent of the board's, so that a text fills its slip and no more.
fn letters(text: &str, slips: usize) -> f32 {
    let size = match text.chars().map(width).sum::<usize>() {
        0..=24 => 9.0,
        25..=60 => 7.0,
        61..=120 => 5.4,
        _ => 3.9,
    };
    if slips > 6 { size * 0.62 } else { size }
}

/// Chinese and its like are twice as wide as Latin letters.
fn width(character: char) -> usize {
    if character >= '\u{2E80}' { 2 } else { 1 }
}

fn slip(sheet: &mut ChildSpawnerCommands, note: &Note, slips: usize) {
    let (columns, height) = match slips {
        0..=2 => (2.0, 78.0),
        3 => (3.0, 74.0),
        4..=6 => (3.0, 45.0),
        _ => (4.0, 29.0),
    };
    let text = legible::one_line(&note.text, MAX_NOTE_BYTES);
    let size = letters(&text, slips);
    let turn = [-1.6f32, 1.1, -0.5, 1.9, 0.6][(note.id % 5) as usize].to_radians();
    sheet
        .spawn((
            Node {
                width: percent(92.0 / columns),
                height: percent(height),
                padding: UiRect::new(vh(2.2), vh(2.2), vh(4.2), vh(1.5)),
                flex_direction: FlexDirection::Column,
                justify_content: JustifyContent::SpaceBetween,
                overflow: Overflow::clip(),
                border_radius: BorderRadius::all(vh(0.6)),
                ..default()
            },
            UiTransform::from_rotation(Rot2::radians(turn)),
            BackgroundColor(PAPERS[(note.id % 4) as usize]),
        ))
        .with_children(|slip| {
            slip.spawn((
                Text::new(text),
                TextFont::from_font_size(FontSize::Vh(size)),
                LineHeight::RelativeToFont(1.2),
                TextLayout::linebreak(LineBreak::WordOrCharacter),
                TextColor(INK),
            ));
            slip.spawn((
                Text::new(legible::one_line(&note.from, MAX_NAME_BYTES)),
                TextFont::from_font_size(FontSize::Vh(3.4)).with_font_weight(FontWeight::BOLD),
                TextLayout::no_wrap(),
                TextColor(INK_SOFT),
            ));
            slip.spawn(pin(note.id));
        });
}

fn pin(id: u64) -> impl Bundle {
    (
        Node {
            position_type: PositionType::Absolute,
            top: vh(1.0),
            left: percent(49),
            width: vh(2.2),
            height: vh(2.2),
            border_radius: BorderRadius::MAX,
            ..default()
        },
        BackgroundColor(PINS[(id % 3) as usize]),
    )
}

fn invite(sheet: &mut ChildSpawnerCommands, words: &Texts) {
    for (text, size, color) in [
        (words.board_title, 9.0, INK),
        (words.board_empty, 4.6, INK_SOFT),
    ] {
        sheet.spawn((
            Node {
                width: percent(100),
                margin: UiRect::top(vh(12)),
                ..default()
            },
            Text::new(text),
            TextFont::from_font_size(FontSize::Vh(size)),
            TextLayout::justify(Justify::Center),
            TextColor(color),
        ));
    }
}

/// The camera works in the pictures after a change only.
fn draw_when_changed(
    drawing: Option<Res<Drawing>>,
    mut copyists: Query<(&mut Copyist, &mut Camera)>,
) {
    let is_drawing = drawing.is_none_or(|drawing| drawing.is_on);
    for (mut copyist, mut camera) in &mut copyists {
        let is_wished = is_drawing && copyist.pictures > 0;
        if camera.is_active != is_wished {
            camera.is_active = is_wished;
        }
        if is_wished {
            copyist.pictures -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_the_proportions_of_the_board_within_bounds() {
        let size = picture(Vec2::new(2.3, 1.3)).size();
        assert_eq!(size.x, LONGER_SIDE as u32);
        assert!((size.x as f32 / size.y as f32 - 2.3 / 1.3).abs() < 0.01);
        for odd in [Vec2::new(1000.0, 0.001), Vec2::new(1e-9, 1e9)] {
            let size = picture(odd).size();
            assert!(size.min_element() >= SHORTEST as u32);
            assert!(size.max_element() <= LONGER_SIDE as u32);
        }
    }

    #[test]
    fn longer_texts_and_fuller_boards_have_smaller_letters() {
        let long = "a".repeat(MAX_NOTE_BYTES);
        assert!(letters("Hello", 1) > letters(&long, 1));
        assert!(letters("Hello", 12) < letters("Hello", 1));
        assert!(letters(&"明".repeat(20), 1) < letters(&"m".repeat(20), 1));
    }
}
