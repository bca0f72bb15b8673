//! STL, as text and binary. Its facets say nothing that their corners do not: normals are those of the planes.

use super::model::{Corners, Model};
use scene::limits::MAX_NODES;
use serde_json::json;

/// Bytes before the facets of a binary file, and of one facet.
const HEADER: usize = 84;
const FACET: usize = 50;

pub(super) fn read(bytes: &[u8], model: &mut Model<'_>) -> Result<(), String> {
    let declared = bytes
        .get(80..HEADER)
        .map(|own| u32::from_le_bytes([own[0], own[1], own[2], own[3]]));
    let is_binary = declared.is_some_and(|count| {
        let expected = (count as usize)
            .checked_mul(FACET)
            .and_then(|size| size.checked_add(HEADER));
        expected.is_some_and(|expected| bytes.len() >= expected) && count > 0
    });
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    let begins = text.get(..5).unwrap_or_default();
    let solids = match (is_binary, begins.eq_ignore_ascii_case(b"solid")) {
        (true, _) => vec![binary(
            &bytes[HEADER..],
            declared.unwrap_or_default() as usize,
            model,
        )],
        (false, true) => ascii(&String::from_utf8_lossy(text), model)?,
        (false, false) => return Err("it is neither a binary STL nor one as text".to_owned()),
    };
    model.shows_both_sides = true;
    for (name, corners) in solids {
        let Some(primitive) = model.primitive(&corners, None)? else {
            continue;
        };
        let mesh = model.push("meshes", json!({ "name": name, "primitives": [primitive] }));
        model.push_root(json!({ "name": name, "mesh": mesh }));
    }
    model.turn_and_scale("STL");
    Ok(())
}

fn binary(bytes: &[u8], count: usize, model: &mut Model<'_>) -> (String, Corners) {
    let mut corners = Corners::default();
    let (mut has_attributes, mut left_out) = (false, 0);
    for facet in bytes.chunks_exact(FACET).take(count) {
        let floats: Vec<f32> = facet[12..48]
            .chunks_exact(4)
            .map(|own| f32::from_le_bytes([own[0], own[1], own[2], own[3]]))
            .collect();
        if floats.iter().all(|value| value.is_finite()) {
            let (points, _) = floats.as_chunks::<3>();
            corners.positions.extend(points);
            has_attributes |= facet[48..] != [0, 0];
        } else {
            left_out += 1;
        }
    }
    if has_attributes {
        model.note(
            "attributes of its triangles, in some tools colours, are left out: PLY keeps colours",
        );
    }
    model.nowhere += left_out;
    (model.name().to_owned(), corners)
}

fn ascii(text: &str, model: &mut Model<'_>) -> Result<Vec<(String, Corners)>, String> {
    let mut solids: Vec<(String, Corners)> = Vec::new();
    for (number_of_line, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().map(str::to_ascii_lowercase);
        match first.as_deref() {
            Some("solid") => {
                // One above them may turn and scale them.
                if solids.len() + 1 >= MAX_NODES {
                    return Err(format!("it has more than {MAX_NODES} solids"));
                }
                solids.push((words.collect::<Vec<_>>().join(" "), Corners::default()));
            }
            Some("vertex") => {
                let mut part = || words.next()?.parse::<f32>().ok();
                let point = (part(), part(), part());
                let ((Some(x), Some(y), Some(z)), Some((_, corners))) = (point, solids.last_mut())
                else {
                    return Err(format!(
                        "line {}: a vertex needs three numbers",
                        number_of_line + 1
                    ));
                };
                corners.positions.push([x, y, z]);
            }
            _ => {}
        }
    }
    let mut left_out = 0;
    for (_, corners) in &mut solids {
        let is_finite = |triangle: &&[[f32; 3]; 3]| {
            (triangle.as_flattened().iter()).all(|part| part.is_finite())
        };
        let (all, _) = corners.positions.as_chunks::<3>();
        let kept: Vec<[f32; 3]> = all.iter().filter(is_finite).flatten().copied().collect();
        left_out += all.len() - kept.len() / 3;
        corners.positions = kept;
    }
    model.nowhere += left_out;
    Ok(solids)
}
