//! PLY, as text and binary of both byte orders: meshes and points with colours, normals and texture coordinates.

use super::{
    model::{Corners, Model},
    ply_header::{Element, Encoding, Number, Property, header},
    polygon,
};
use scene::{limits::MAX_ACCESSOR_COUNT, linear_from_srgb};
use serde_json::json;

/// Most corners of a face.
const MAX_FACE_CORNERS: usize = 10_000;
const NO_SUCH_VERTEX: &str = "a face names a vertex that is not there";
const TOO_MANY: &str = "its faces have more corners than there may be";
/// What the first harmonic of a splat is worth as a colour.
const HARMONIC: f32 = 0.282_094_8;

pub(super) fn read(bytes: &[u8], model: &mut Model<'_>) -> Result<(), String> {
    let header = header(bytes)?;
    let mut source = Source {
        rest: header.body,
        encoding: header.encoding,
    };
    let mut vertices = Corners::default();
    let mut faces = Faces::default();
    // What takes no bytes is not counted through, however many there are said to be.
    let elements = header.elements.iter();
    for element in elements.filter(|element| !element.properties.is_empty()) {
        match element.name.as_str() {
            "vertex" => vertices = read_vertices(&mut source, element, model)?,
            "face" => faces.read(&mut source, element, false)?,
            "tristrips" => faces.read(&mut source, element, true)?,
            _ => skip(&mut source, element)?,
        }
    }
    let corners = match faces.lengths.is_empty() {
        false => pick(&vertices, &faces.triangles(&vertices.positions)?),
        true => Corners {
            is_points: true,
            ..vertices
        },
    };
    let name = model.name().to_owned();
    if let Some(primitive) = model.primitive(&corners, None)? {
        let mesh = model.push("meshes", json!({ "name": name, "primitives": [primitive] }));
        model.push_root(json!({ "name": name, "mesh": mesh }));
    }
    model.turn_and_scale("PLY");
    Ok(())
}

/// What follows the header.
struct Source<'a> {
    rest: &'a [u8],
    encoding: Encoding,
}

impl Source<'_> {
    fn number(&mut self, number: Number) -> Result<f64, String> {
        let cut_off = || "it ends before all its elements".to_owned();
        if self.encoding == Encoding::Text {
            let start = self
                .rest
                .iter()
                .position(|byte| !byte.is_ascii_whitespace());
            self.rest = &self.rest[start.ok_or_else(cut_off)?..];
            let end = self.rest.iter().position(u8::is_ascii_whitespace);
            let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            self.rest = rest;
            let word = std::str::from_utf8(word)
                .ok()
                .and_then(|word| word.parse().ok());
            return word.ok_or_else(|| "a word among its numbers is no number".to_owned());
        }
        let (own, rest) = self
            .rest
            .split_at_checked(number.bytes())
            .ok_or_else(cut_off)?;
        self.rest = rest;
        let mut little = own.to_vec();
        if self.encoding == Encoding::Big {
            little.reverse();
        }
        Ok(number.value(&little))
    }

    /// A list of at most so many numbers.
    fn list(
        &mut self,
        property: &Property,
        length: Number,
        most: usize,
    ) -> Result<Vec<f64>, String> {
        let count = self.number(length)?;
        if !(0.0..=most as f64).contains(&count) {
            return Err(format!("a list has more than {most} numbers"));
        }
        (0..count as usize)
            .map(|_| self.number(property.number))
            .collect()
    }
}

fn skip(source: &mut Source<'_>, element: &Element) -> Result<(), String> {
    for _ in 0..element.count {
        for property in &element.properties {
            match property.length {
                Some(length) => drop(source.list(property, length, MAX_FACE_CORNERS)?),
                None => drop(source.number(property.number)?),
            }
        }
    }
    Ok(())
}

fn read_vertices(
    source: &mut Source<'_>,
    element: &Element,
    model: &mut Model<'_>,
) -> Result<Corners, String> {
    let place = |names: &[&str]| {
        let mut properties = element.properties.iter();
        properties.position(|property| names.contains(&property.name.as_str()))
    };
    let all = |names: &[&[&str]]| -> Option<Vec<usize>> {
        names.iter().map(|name| place(name)).collect()
    };
    let position = all(&[&["x"], &["y"], &["z"]]).ok_or("its vertices have no x, y and z")?;
    let normal = all(&[&["nx"], &["ny"], &["nz"]]);
    let color = all(&[&["red", "r"], &["green", "g"], &["blue", "b"]]);
    let alpha = place(&["alpha", "a"]);
    let uv = all(&[&["s", "u", "texture_u"], &["t", "v", "texture_v"]]);
    let splat = all(&[&["f_dc_0"], &["f_dc_1"], &["f_dc_2"]]);
    if splat.is_some() {
        model.note("its Gaussian splats become points with colours");
    }
    let mut corners = Corners::default();
    let mut uvs = Vec::new();
    for _ in 0..element.count {
        let mut values = Vec::with_capacity(element.properties.len());
        for property in &element.properties {
            values.push(match property.length {
                Some(length) => source.list(property, length, MAX_FACE_CORNERS)?.len() as f32,
                None => source.number(property.number)? as f32,
            });
        }
        if position.iter().any(|place| !values[*place].is_finite()) {
            return Err("a vertex has a number that is none, or infinite".to_owned());
        }
        // What only decorates a vertex is no reason to refuse it.
        for value in &mut values {
            if !value.is_finite() {
                *value = 0.0;
            }
        }
        let three = |places: &[usize]| [values[places[0]], values[places[1]], values[places[2]]];
        let share = |place: usize| values[place] / element.properties[place].number.one();
        corners.positions.push(three(&position));
        if let Some(normal) = &normal {
            let own = three(normal);
            let length = own.iter().map(|part| part * part).sum::<f32>().sqrt();
            corners.normals.push(match length > 0.0 {
                true => own.map(|part| part / length),
                false => [0.0, 1.0, 0.0],
            });
        }
        if let Some(color) = &color {
            let alpha = alpha.map_or(1.0, share);
            let own = [share(color[0]), share(color[1]), share(color[2])];
            let [red, green, blue] = own.map(|part| linear_from_srgb(part.clamp(0.0, 1.0)));
            corners
                .colors
                .push([red, green, blue, alpha.clamp(0.0, 1.0)]);
        } else if let Some(splat) = &splat {
            let own =
                three(splat).map(|part| linear_from_srgb((0.5 + HARMONIC * part).clamp(0.0, 1.0)));
            corners.colors.push([own[0], own[1], own[2], 1.0]);
        }
        if let Some(uv) = &uv {
            uvs.push([values[uv[0]], 1.0 - values[uv[1]]]);
        }
    }
    if !uvs.is_empty() {
        corners.uv_sets.push(uvs);
    }
    Ok(corners)
}

/// Faces and strips of triangles: indices of vertices one after the other, which may come before the vertices.
#[derive(Default)]
struct Faces {
    indices: Vec<usize>,
    /// How many of them each has, and whether it is a strip.
    lengths: Vec<(usize, bool)>,
}

impl Faces {
    fn read(
        &mut self,
        source: &mut Source<'_>,
        element: &Element,
        is_strip: bool,
    ) -> Result<(), String> {
        let most = match is_strip {
            true => MAX_ACCESSOR_COUNT,
            false => MAX_FACE_CORNERS,
        };
        for _ in 0..element.count {
            for property in &element.properties {
                let Some(length) = property.length else {
                    source.number(property.number)?;
                    continue;
                };
                let list = source.list(property, length, most)?;
                if !matches!(property.name.as_str(), "vertex_indices" | "vertex_index") {
                    continue;
                }
                // In strips -1 begins another one.
                for own in list.split(|index| is_strip && *index < 0.0) {
                    let known = 0.0..MAX_ACCESSOR_COUNT as f64;
                    if own.iter().any(|index| !known.contains(index)) {
                        return Err(NO_SUCH_VERTEX.to_owned());
                    }
                    self.indices.extend(own.iter().map(|index| *index as usize));
                    self.lengths.push((own.len(), is_strip));
                }
                // Empty lists are counted too: they take memory.
                if self.indices.len().max(self.lengths.len()) > MAX_ACCESSOR_COUNT {
                    return Err(TOO_MANY.to_owned());
                }
            }
        }
        Ok(())
    }

    /// The vertices of all triangles.
    fn triangles(&self, positions: &[[f32; 3]]) -> Result<Vec<usize>, String> {
        if self.indices.iter().any(|index| *index >= positions.len()) {
            return Err(NO_SUCH_VERTEX.to_owned());
        }
        let mut triangles = Vec::new();
        let mut looks = polygon::MAX_LOOKS;
        let mut rest = &self.indices[..];
        for (length, is_strip) in &self.lengths {
            let (own, others) = rest.split_at(*length);
            rest = others;
            if *is_strip {
                for (number, three) in own.windows(3).enumerate() {
                    // Every second one runs the other way round.
                    let (second, third) = (1 + number % 2, 2 - number % 2);
                    triangles.extend([three[0], three[second], three[third]]);
                }
            } else {
                let corners: Vec<[f32; 3]> = own.iter().map(|index| positions[*index]).collect();
                let own_triangles = polygon::triangles(&corners, &mut looks)
                    .into_iter()
                    .flatten();
                triangles.extend(own_triangles.map(|corner| own[corner]));
            }
            if triangles.len() > MAX_ACCESSOR_COUNT {
                return Err(TOO_MANY.to_owned());
            }
        }
        Ok(triangles)
    }
}

fn pick(vertices: &Corners, order: &[usize]) -> Corners {
    fn of<T: Copy>(values: &[T], order: &[usize]) -> Vec<T> {
        order
            .iter()
            .filter_map(|index| values.get(*index).copied())
            .collect()
    }
    Corners {
        positions: of(&vertices.positions, order),
        normals: of(&vertices.normals, order),
        colors: of(&vertices.colors, order),
        uv_sets: vertices.uv_sets.iter().map(|set| of(set, order)).collect(),
        ..Corners::default()
    }
}
