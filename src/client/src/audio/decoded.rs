//! Which sounds of a world are decoded: each that can be heard, once, all within one budget.

use scene::Scene;
use sound::{Clip, MAX_CLIP_BYTES};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Most bytes of the samples of all sounds of a world; further ones are silent.
pub(super) const MAX_SOUND_BYTES: usize = 768 * 1024 * 1024;

/// The sounds of a scene that can be heard, each decoded once wherever it is named. Together they
/// have at most `max_bytes`: `decode` is told how many of them are left for one.
pub(super) fn clips(
    scene: &Scene,
    max_bytes: usize,
    decode: impl Fn(&scene::AudioClip, usize) -> Result<Clip, String>,
) -> Vec<Option<Arc<Clip>>> {
    let mut left = max_bytes;
    let mut known: BTreeMap<*const u8, Option<Arc<Clip>>> = BTreeMap::new();
    let mut clips = vec![None; scene.sound.clips.len()];
    for number in heard(scene) {
        let described = &scene.sound.clips[number];
        let decoded = known.entry(described.bytes.as_ptr()).or_insert_with(|| {
            let decoded = decode(described, left.min(MAX_CLIP_BYTES));
            decoded
                .inspect(|clip| left = left.saturating_sub(clip.bytes()))
                .inspect_err(|error| {
                    tracing::warn!("the sound `{}` is silent: {error}", described.name);
                })
                .ok()
                .map(Arc::new)
        });
        clips[number].clone_from(decoded);
    }
    clips
}

/// Sounds of emitters that are somewhere, and of sources that play by themselves.
fn heard(scene: &Scene) -> BTreeSet<usize> {
    let nodes = scene.nodes_in_scene().into_iter();
    let of_nodes = nodes.flat_map(|node| &scene.nodes[node.index()].emitters);
    let emitters: BTreeSet<u32> = of_nodes
        .chain(&scene.sound.scene_emitters)
        .copied()
        .collect();
    let emitters = emitters.iter();
    let emitters = emitters.filter_map(|&emitter| scene.sound.emitters.get(emitter as usize));
    let sources: BTreeSet<u32> = emitters
        .flat_map(|emitter| &emitter.sources)
        .copied()
        .collect();
    let sources = sources.iter();
    sources
        .filter_map(|&source| scene.sound.sources.get(source as usize))
        .filter(|source| source.is_autoplaying)
        .filter_map(|source| source.clip)
        .map(|clip| clip as usize)
        .filter(|&clip| clip < scene.sound.clips.len())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sounds;
    use scene::AudioClip;
    use std::cell::RefCell;

    #[test]
    fn a_sound_is_decoded_once_and_only_when_it_is_heard() {
        let asked = RefCell::new(Vec::new());
        let decode = |clip: &AudioClip, _: usize| {
            asked.borrow_mut().push(clip.name.clone());
            Ok(Clip::mono(vec![0.0; 8], 8_000))
        };
        let bytes: Arc<[u8]> = [1, 2, 3].into();
        let mut scene = sounds([
            Arc::clone(&bytes),
            Arc::clone(&bytes),
            [4].into(),
            [5].into(),
        ]);
        scene.sound.sources[3].is_autoplaying = false;
        let decoded = clips(&scene, 100, decode);
        assert_eq!(*asked.borrow(), ["0", "2"]);
        assert!(decoded[..3].iter().all(Option::is_some) && decoded[3].is_none());
    }

    #[test]
    fn sounds_of_a_world_share_one_budget() {
        let asked = RefCell::new(Vec::new());
        let decode = |_: &AudioClip, limit: usize| {
            asked.borrow_mut().push(limit);
            let clip = Clip::mono(vec![0.0; 16], 8_000);
            (clip.bytes() <= limit)
                .then_some(clip)
                .ok_or("it is too long".to_owned())
        };
        let scene = sounds([[1].into(), [2].into(), [3].into()]);
        let decoded = clips(&scene, 100, decode);
        assert_eq!(*asked.borrow(), [100, 36, 36]);
        assert_eq!(decoded.iter().flatten().count(), 1);
    }
}
