//! Damages real files as editors, exporters and attackers do: drops, retypes, re-indexes and truncates what they hold.
//! The same seed gives the same damage.

use crate::random::Random;
use serde_json::{Map, Value, json};

/// A glTF or GLB with one to three faults.
pub(crate) fn mutate(file: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let is_glb = file.starts_with(b"glTF");
    if random.below(12) == 0 {
        return file[..random.below(file.len())].to_vec();
    }
    let (json, mut binary) = if is_glb {
        split(file)
    } else {
        (file, Vec::new())
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(json) else {
        return file[..random.below(file.len())].to_vec();
    };
    for _ in 0..1 + random.below(3) {
        damage(&mut document, &mut random);
    }
    let mut json = document.to_string().into_bytes();
    if !is_glb {
        return json;
    }
    if random.below(8) == 0 {
        binary.truncate(random.below(binary.len()) / 4 * 4);
    }
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut glb = b"glTF".to_vec();
    let length = 12 + 8 + json.len() + 8 + binary.len();
    for word in [2, length as u32, json.len() as u32, 0x4E4F_534A] {
        glb.extend(word.to_le_bytes());
    }
    glb.extend(json);
    for word in [binary.len() as u32, 0x004E_4942] {
        glb.extend(word.to_le_bytes());
    }
    glb.extend(binary);
    glb
}

/// The JSON and the binary chunk of a well-formed GLB.
fn split(glb: &[u8]) -> (&[u8], Vec<u8>) {
    let word = |at: usize| {
        let bytes = glb
            .get(at..at + 4)
            .map_or([0; 4], |four| [four[0], four[1], four[2], four[3]]);
        u32::from_le_bytes(bytes) as usize
    };
    let end = (20 + word(12)).min(glb.len());
    let binary = glb.get(end + 8..).unwrap_or_default();
    (
        glb.get(20..end).unwrap_or_default(),
        binary[..word(end).min(binary.len())].to_vec(),
    )
}

/// One fault at a random place. Every level is entered with equal chance, so that rare members are hit as well as long lists.
fn damage(value: &mut Value, random: &mut Random) {
    let stays = random.below(6) == 0;
    match value {
        Value::Object(members) if !members.is_empty() && !stays => {
            let at = random.below(members.len());
            let is_dropped = random.below(8) == 0;
            let Some(name) = members.keys().nth(at).cloned() else {
                return;
            };
            if is_dropped {
                members.shift_remove(&name);
            } else if let Some(member) = members.get_mut(&name) {
                damage(member, random);
            }
        }
        Value::Array(elements) if !elements.is_empty() && !stays => {
            let at = random.below(elements.len());
            match random.below(12) {
                0 => drop(elements.remove(at)),
                1 => elements.truncate(at),
                _ => damage(&mut elements[at], random),
            }
        }
        Value::Number(number) if random.below(3) > 0 => {
            *value = renumber(number.as_f64().unwrap_or_default(), random);
        }
        Value::String(text) if random.below(3) == 0 => {
            let length = random.below(text.chars().count());
            *text = text.chars().take(length).collect();
        }
        _ => *value = retype(random),
    }
}

fn renumber(number: f64, random: &mut Random) -> Value {
    let small = random.below(12);
    match random.below(7) {
        0 => json!(number as i64 + 1),
        1 => json!(number as i64 - 1),
        2 => json!(-(number as i64)),
        3 => json!(number * 0.5),
        4 => json!(number as i64 * 2 + 1),
        _ => json!(small),
    }
}

fn retype(random: &mut Random) -> Value {
    match random.below(9) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(0.5),
        4 => json!("x"),
        5 => json!([]),
        6 => Value::Object(Map::new()),
        7 => json!([0, 1]),
        _ => json!(1_000_000),
    }
}
