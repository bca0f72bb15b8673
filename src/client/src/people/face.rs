//! Faces: people blink, look at each other, move their mouths when they speak and show how they feel.

use super::{
    Dressed, Figure, Gestures,
    alive::Attention,
    load::{Look, LookMesh},
    performance::Performance,
};
use crate::scenery::{Surface, SurfaceStores, tint};
use bevy::{mesh::morph::MeshMorphWeights, prelude::*};
use scene::{Avatar, Face, Gaze, MaterialIndex, NodeIndex};
use std::f32::consts::PI;

/// Seconds of one blink.
const BLINK_SECS: f32 = 0.16;
/// Seconds from one blink to the next, for somebody; others differ.
const BETWEEN_SECS: f32 = 3.7;
/// Seconds for which a feeling stays on a face, and in which it comes and goes.
const FEELING_SECS: f32 = 4.0;
const FADE_SECS: f32 = 0.25;
/// Seconds of one sound of speech.
const SOUND_SECS: f32 = 0.13;
/// How far people look at each other, metres.
const MEETING_METRES: f32 = 6.0;
/// How far eyes turn for somebody, as the cosine of the angle.
const MEETING_COSINE: f32 = 0.55;
/// How quickly eyes follow, a second.
const EYE_RATE: f32 = 14.0;
/// Sounds that a mouth makes while it speaks.
const SOUNDS: [&str; 7] = ["aa", "oh", "ih", "aa", "ee", "ou", "ih"];

/// The face of one figure.
pub(super) struct Expressing {
    face: Face,
    /// Weights that are shown now.
    weights: Vec<f32>,
    gaze: Gaze,
    /// This figure's own copies of materials that expressions change.
    surfaces: Vec<(MaterialIndex, Surface)>,
}

impl Expressing {
    pub(super) fn new(look: &Look, stores: &mut SurfaceStores<'_>) -> Self {
        let face = Face::new(&look.avatar);
        let mut own = Vec::new();
        for part in &look.meshes {
            let Some(index) = part
                .material_index
                .filter(|index| look.bound.contains(index))
            else {
                continue;
            };
            if own.iter().all(|(known, _)| *known != index) {
                own.push((index, stores.copy(&part.surface)));
            }
        }
        Self {
            weights: face.neutral(),
            face,
            gaze: Gaze::default(),
            surfaces: own,
        }
    }

    /// The material of a part of this figure.
    pub(super) fn surface<'s>(&'s self, part: &'s LookMesh) -> &'s Surface {
        let own = self
            .surfaces
            .iter()
            .find(|(index, _)| part.material_index == Some(*index));
        own.map_or(&part.surface, |(_, surface)| surface)
    }
}

/// Turns eyes to who is near, else along the view; wishes expressions and shows them.
pub(super) fn express(
    time: Res<Time<Real>>,
    (gestures, performance): (Res<Gestures>, Res<Performance>),
    mut figures: Query<(Entity, &Figure, &Transform, &Attention, &mut Dressed)>,
    mut morphs: Query<&mut MeshMorphWeights>,
    mut stores: SurfaceStores,
) {
    let heads: Vec<(Entity, Vec3)> = figures
        .iter()
        .filter_map(|(entity, _, _, _, Dressed(body))| {
            let head = *body.look.avatar.bones.get("head")?;
            let offset = body.look.avatar.look_offset_from_head;
            Some((entity, body.skeleton.world(head).transform_point3(offset)))
        })
        .collect();
    for (entity, figure, place, attention, mut dressed) in &mut figures {
        let body = &mut dressed.0;
        let avatar = &*body.look.avatar;
        let state = &mut body.expressing;
        let mut weights = state.face.neutral();
        if attention.has_face {
            let performed = performance.of(figure);
            let own = heads.iter().find(|(other, _)| *other == entity);
            if let Some((clip, secs)) = performed {
                state.gaze = clip.gaze(secs);
            } else if let Some((_, eyes)) = own {
                let ahead = view(place, figure.gait.pitch);
                let others = heads.iter().filter(|(other, _)| *other != entity);
                let target = met(*eyes, ahead, others.map(|(_, head)| *head))
                    .unwrap_or(*eyes + ahead * MEETING_METRES);
                let wished = Gaze::at(avatar, &body.skeleton, target);
                let share = 1.0 - (-time.delta_secs() * EYE_RATE).exp();
                state.gaze = state.gaze.lerp(wished, share);
            }
            match performed {
                Some((clip, secs)) => {
                    for (name, weight) in clip.expressions(secs) {
                        if let Some(number) = state.face.number(name) {
                            weights[number] = weight;
                        }
                    }
                }
                None => wish(figure, &gestures, &state.face, &mut weights),
            }
            look(avatar, state, &mut body.skeleton, &mut weights);
            state.face.resolve(avatar, &mut weights);
        }
        if weights == state.weights {
            continue;
        }
        // Primitives of one node stand side by side, and have the same weights.
        let mut last: Option<(NodeIndex, Vec<f32>)> = None;
        for &(node, drawn) in &body.faces {
            if last.as_ref().is_none_or(|(known, _)| *known != node) {
                last = Some((node, morphed(avatar, &state.face, &weights, node)));
            }
            if let (Ok(mut morph), Some((_, morphed))) = (morphs.get_mut(drawn), &last)
                && let MeshMorphWeights::Value { weights } = &mut *morph
            {
                let pairs = weights.iter_mut().zip(morphed);
                pairs.for_each(|(weight, one)| *weight = *one);
            }
        }
        for (index, surface) in &state.surfaces {
            stores.change(surface, |material, extra| {
                tint(avatar, &state.face, &weights, *index, material, extra);
            });
        }
        state.weights = weights;
    }
}

/// Where somebody looks who looks straight on.
fn view(place: &Transform, pitch: f32) -> Vec3 {
    place.rotation * Quat::from_rotation_x(-pitch) * Vec3::Z
}

/// The nearest of those whom eyes can meet.
fn met(eyes: Vec3, ahead: Vec3, others: impl Iterator<Item = Vec3>) -> Option<Vec3> {
    others
        .map(|head| (head - eyes, head))
        .filter(|(way, _)| {
            let metres = way.length();
            (0.2..MEETING_METRES).contains(&metres) && way.dot(ahead) > metres * MEETING_COSINE
        })
        .min_by(|a, b| a.0.length().total_cmp(&b.0.length()))
        .map(|(_, head)| head)
}

/// Blinking, feeling and speaking, before they hold each other down.
fn wish(figure: &Figure, gestures: &Gestures, face: &Face, weights: &mut [f32]) {
    let mut raise = |name: &str, weight: f32| {
        if let Some(number) = face.number(name) {
            weights[number] = f32::max(weights[number], weight);
        }
    };
    let phase = figure
        .who
        .person()
        .map_or(0.0, |person| person.0 as f32 * 0.77);
    raise("blink", blink(figure.gait.clock_secs, phase));
    if let Some((feeling, secs)) = figure.person.and_then(|one| gestures.feelings.get(&one)) {
        raise(feeling, felt(*secs));
    }
    if let Some(speech) = figure.person.and_then(|one| gestures.speeches.get(&one)) {
        let (sound, weight) = spoken(speech.secs, speech.length_secs);
        raise(sound, weight);
    }
}

fn blink(clock_secs: f32, phase: f32) -> f32 {
    let between = BETWEEN_SECS + (phase * 1.3).sin();
    let since = (clock_secs + phase).rem_euclid(between);
    if since < BLINK_SECS {
        (since / BLINK_SECS * PI).sin()
    } else {
        0.0
    }
}

/// A feeling comes, stays and goes.
fn felt(secs: f32) -> f32 {
    (secs / FADE_SECS)
        .min((FEELING_SECS - secs) / FADE_SECS)
        .clamp(0.0, 1.0)
}

/// The sound that a mouth makes at a time of a speech of some length.
fn spoken(secs: f32, length_secs: f32) -> (&'static str, f32) {
    if !(0.0..length_secs).contains(&secs) {
        return (SOUNDS[0], 0.0);
    }
    let sounds = secs / SOUND_SECS;
    let sound = SOUNDS[sounds as usize % SOUNDS.len()];
    (sound, (sounds.fract() * PI).sin() * 0.8)
}

/// The gaze goes to the eyes, or to the expressions that stand for them.
fn look(avatar: &Avatar, state: &Expressing, skeleton: &mut scene::Skeleton, weights: &mut [f32]) {
    let Some(look) = &avatar.look_at else { return };
    if look.is_by_expression {
        for (name, weight) in look.expression_weights(state.gaze) {
            if let Some(number) = state.face.number(name) {
                weights[number] = weight;
            }
        }
        return;
    }
    let rotations = look.eye_rotations(state.gaze);
    for (bone, rotation) in ["leftEye", "rightEye"].into_iter().zip(rotations) {
        if let Some(&eye) = avatar.bones.get(bone) {
            skeleton.set_normalised_rotation(eye, rotation);
        }
    }
}

/// Morph weights of a node's mesh under weights of expressions.
fn morphed(avatar: &Avatar, face: &Face, weights: &[f32], node: NodeIndex) -> Vec<f32> {
    let scene = &avatar.scene;
    let mut morphed = scene.rest_weights(&scene.nodes[node.index()]).to_vec();
    face.apply_morphs(weights, node, &mut morphed);
    morphed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_blink_now_and_then() {
        let open = (0..600).filter(|step| blink(*step as f32 / 60.0, 0.0) == 0.0);
        let share = open.count() as f32 / 600.0;
        assert!((0.9..1.0).contains(&share), "{share}");
        assert!(blink(BLINK_SECS / 2.0, 0.0) > 0.99);
    }

    #[test]
    fn feelings_come_and_go() {
        assert_eq!(
            [0.0, 1.0, FEELING_SECS, 100.0].map(felt),
            [0.0, 1.0, 0.0, 0.0]
        );
    }

    #[test]
    fn a_mouth_moves_while_it_speaks() {
        let heard: Vec<f32> = (0..40)
            .map(|step| spoken(step as f32 / 20.0, 1.0).1)
            .collect();
        assert!(heard[..20].iter().filter(|weight| **weight > 0.3).count() > 8);
        assert!(heard[20..].iter().all(|weight| *weight == 0.0));
    }

    #[test]
    fn eyes_meet_the_nearest_person_ahead() {
        let people = [
            Vec3::new(0.0, 0.0, 4.0),
            Vec3::new(0.5, 0.0, 2.0),
            Vec3::new(0.0, 0.0, -1.0),
            Vec3::new(0.0, 0.0, 60.0),
        ];
        let seen = met(Vec3::ZERO, Vec3::Z, people.into_iter());
        assert_eq!(seen, Some(people[1]));
        assert_eq!(met(Vec3::ZERO, Vec3::X, people[2..].iter().copied()), None);
    }
}
