//! KHR_audio_emitter.

use crate::{
    description::sound::{
        AudioClip, AudioEmitter, AudioSource, DistanceModel, PositionalEmitter, Sound, SoundFormat,
    },
    error::{Issue, Issues, SceneError},
    limits::MAX_ELEMENTS,
    source::container::Bytes,
    source::json::Item,
};
use std::{f32::consts::TAU, sync::Arc};

const NAME: &str = "KHR_audio_emitter";
/// Extensions of a source that name another file for the same sound, or the only one: the first of which the file can be
/// played goes before the source's own.
const CODECS: [&str; 2] = ["OMI_audio_opus", "OMI_audio_ogg_vorbis"];

pub(crate) fn read_sound(
    root: &Item<'_>,
    bytes: &Bytes<'_>,
    issues: &mut Issues,
) -> Result<Sound, SceneError> {
    let mut sound = Sound::default();
    let Some(extension) = root.extension(NAME) else {
        return Ok(sound);
    };
    if let Some(list) = extension.get("audio") {
        for item in list.elements(MAX_ELEMENTS)? {
            let data: Arc<[u8]> = match (
                item.index_of("bufferView", bytes.view_count(), "buffer view")?,
                item.get("uri"),
            ) {
                (Some(view), _) => bytes.copy(&item, view)?,
                // A sound that is not there is silence, not a broken world.
                (None, Some(uri)) => bytes.uri(&uri).unwrap_or_else(|error| {
                    issues.push(Issue::warning(
                        "STOA_AUDIO_MISSING",
                        error.place,
                        error.fault,
                    ));
                    Arc::from([])
                }),
                (None, None) => Arc::from([]),
            };
            sound.clips.push(AudioClip {
                name: item.name(),
                bytes: data,
            });
        }
    }
    if let Some(list) = extension.get("sources") {
        let clips = &sound.clips;
        for item in list.elements(MAX_ELEMENTS)? {
            let own = item.index_of("audio", clips.len(), "audio")?;
            let mut better = Vec::new();
            for extension in CODECS.iter().filter_map(|name| item.extension(name)) {
                better.extend(extension.index_of("audio", clips.len(), "audio")?);
            }
            let is_playable = |clip: &&u32| {
                matches!(
                    SoundFormat::of(&clips[**clip as usize].bytes),
                    SoundFormat::Ogg | SoundFormat::Opus { is_plain: true }
                )
            };
            let playable = better.iter().find(is_playable).copied();
            let clip = playable.or(own).or(better.first().copied());
            sound.sources.push(AudioSource {
                clip,
                gain: item.number_or("gain", 1.0)?.clamp(0.0, 10.0),
                playback_rate: item.number_or("playbackRate", 1.0)?.clamp(0.1, 10.0),
                is_looping: item.flag_or("loop", false)?,
                is_autoplaying: item.flag_or("autoplay", false)?
                    || item.flag_or("autoPlay", false)?,
            });
        }
    }
    if let Some(list) = extension.get("emitters") {
        sound.emitters = list
            .elements(MAX_ELEMENTS)?
            .map(|item| read_emitter(&item, sound.sources.len()))
            .collect::<Result<_, _>>()?;
    }
    Ok(sound)
}

/// Emitters that a node or scene lists, as `emitter` or `emitters`.
pub(crate) fn read_emitter_indices(item: &Item<'_>, count: usize) -> Result<Vec<u32>, SceneError> {
    let Some(extension) = item.extension(NAME) else {
        return Ok(Vec::new());
    };
    if let Some(index) = extension.index_of("emitter", count, "emitter")? {
        return Ok(vec![index]);
    }
    let Some(list) = extension.get("emitters") else {
        return Ok(Vec::new());
    };
    list.elements(MAX_ELEMENTS)?
        .map(|index| index.index(count, "emitter"))
        .collect()
}

fn read_emitter(item: &Item<'_>, sources: usize) -> Result<AudioEmitter, SceneError> {
    let sources = match item.get("sources") {
        Some(list) => list
            .elements(MAX_ELEMENTS)?
            .map(|source| source.index(sources, "source"))
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let kind_item = item.require("type")?;
    let positional = match kind_item.text()? {
        "global" => None,
        "positional" => Some(match item.get("positional") {
            Some(positional) => read_positional(&positional)?,
            None => read_positional(item)?,
        }),
        other => return Err(kind_item.fault(format!("`{other}` is not a kind of emitter"))),
    };
    Ok(AudioEmitter {
        gain: item.number_or("gain", 1.0)?.clamp(0.0, 10.0),
        sources,
        positional,
    })
}

fn read_positional(item: &Item<'_>) -> Result<PositionalEmitter, SceneError> {
    let is_cone = item
        .get("shapeType")
        .map_or(Ok("omnidirectional"), |shape| shape.text())?
        == "cone";
    let cone = |key: &str, default: f32| {
        if is_cone {
            item.number_or(key, default)
        } else {
            Ok(default)
        }
    };
    Ok(PositionalEmitter {
        model: match item
            .get("distanceModel")
            .map_or(Ok("inverse"), |model| model.text())?
        {
            "linear" => DistanceModel::Linear,
            "exponential" => DistanceModel::Exponential,
            _ => DistanceModel::Inverse,
        },
        ref_distance: item.number_or("refDistance", 1.0)?.max(0.0),
        max_distance: item.number_or("maxDistance", 0.0)?.max(0.0),
        rolloff_factor: item.number_or("rolloffFactor", 1.0)?.max(0.0),
        cone_inner_angle: cone("coneInnerAngle", TAU)?,
        cone_outer_angle: cone("coneOuterAngle", TAU)?,
        cone_outer_gain: cone("coneOuterGain", 0.0)?,
    })
}
