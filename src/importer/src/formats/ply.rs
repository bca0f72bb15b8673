//! PLY, as text and binary of both byte orders: meshes and points with colours, normals and texture coordinates.

use super::model::{Corners, Model, linear};
use scene::limits::MAX_ACCESSOR_COUNT;
use serde_json::json;

/// Most properties of an element, and most corners of a face.
const MAX_PROPERTIES: usize = 256;
const MAX_FACE_CORNERS: usize = 10_000;
/// What the first harmonic of a splat is worth as a colour.
const HARMONIC: f32 = 0.282_094_8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Text,
    Little,
    Big,
}

#[derive(Clone, Copy)]
enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Number {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The largest value, for colours.
    fn one(self) -> f32 {
        match self {
            Self::U8 => 255.0,
            Self::U16 => 65_535.0,
            _ => 1.0,
        }
    }

    fn value(self, little: &[u8]) -> f64 {
        let mut own = [0; 8];
        own[..little.len()].copy_from_slice(little);
        let word = u64::from_le_bytes(own);
        match self {
            Self::I8 => f64::from(word as i8),
            Self::U8 => f64::from(word as u8),
            Self::I16 => f64::from(word as i16),
            Self::U16 => f64::from(word as u16),
            Self::I32 => f64::from(word as i32),
            Self::U32 => f64::from(word as u32),
            Self::F32 => f64::from(f32::from_bits(word as u32)),
            Self::F64 => f64::from_bits(word),
        }
    }
}

struct Property {
    name: String,
    number: Number,
    /// Of a list, what its length is stored as.
    length: Option<Number>,
}

struct Element {
    name: String,
    count: usize,
    properties: Vec<Property>,
}

struct Header<'a> {
    encoding: Encoding,
    elements: Vec<Element>,
    body: &'a [u8],
}

pub(super) fn read(bytes: &[u8], model: &mut Model<'_>) -> Result<(), String> {
    let header = header(bytes)?;
    let mut source = Source {
        rest: header.body,
        encoding: header.encoding,
    };
    let mut vertices = Corners::default();
    let mut triangles = Vec::new();
    let mut has_faces = false;
    for element in &header.elements {
        match element.name.as_str() {
            "vertex" => vertices = read_vertices(&mut source, element, model)?,
            "face" => {
                has_faces |= element.count > 0;
                read_faces(
                    &mut source,
                    element,
                    vertices.positions.len(),
                    &mut triangles,
                )?;
            }
            _ => skip(&mut source, element)?,
        }
    }
    let corners = match has_faces {
        true => pick(&vertices, &triangles),
        false => Corners {
            is_points: true,
            ..vertices
        },
    };
    let name = model.name().to_owned();
    if let Some(primitive) = model.primitive(&corners, None)? {
        let mesh = model.push("meshes", json!({ "name": name, "primitives": [primitive] }));
        model.push_root(json!({ "name": name, "mesh": mesh }));
    }
    model.note("PLY states no unit and no axis: `--unit` and `--up` say them");
    model.turn_and_scale();
    Ok(())
}

fn header(bytes: &[u8]) -> Result<Header<'_>, String> {
    let broken = |line: &str| format!("its header has a line that is not understood: `{line}`");
    let mut rest = bytes;
    let mut encoding = None;
    let mut elements: Vec<Element> = Vec::new();
    let mut is_first = true;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or("its header has no end")?;
        let line = String::from_utf8_lossy(&rest[..end])
            .trim()
            .chars()
            .take(200)
            .collect::<String>();
        rest = &rest[end + 1..];
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("ply") if is_first => {}
            _ if is_first => return Err("it is no PLY file".to_owned()),
            Some("format") => {
                encoding = Some(match words.next() {
                    Some("ascii") => Encoding::Text,
                    Some("binary_little_endian") => Encoding::Little,
                    Some("binary_big_endian") => Encoding::Big,
                    _ => return Err(broken(&line)),
                });
            }
            Some("element") => {
                let name = words.next().map(str::to_owned);
                let count = words.next().and_then(|count| count.parse().ok());
                let (Some(name), Some(count)) = (name, count) else {
                    return Err(broken(&line));
                };
                elements.push(Element {
                    name,
                    count,
                    properties: Vec::new(),
                });
            }
            Some("property") => {
                let property = property(&mut words).ok_or_else(|| broken(&line))?;
                let element = elements.last_mut().ok_or_else(|| broken(&line))?;
                if element.properties.len() >= MAX_PROPERTIES {
                    return Err(format!(
                        "an element has more than {MAX_PROPERTIES} properties"
                    ));
                }
                element.properties.push(property);
            }
            Some("end_header") => break,
            _ => {}
        }
        is_first = false;
    }
    if elements
        .iter()
        .any(|element| element.count > MAX_ACCESSOR_COUNT)
    {
        return Err(format!(
            "it has more than {MAX_ACCESSOR_COUNT} elements of one kind"
        ));
    }
    Ok(Header {
        encoding: encoding.ok_or("its header states no format")?,
        elements,
        body: rest,
    })
}

fn property<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<Property> {
    let first = words.next()?;
    let (length, number) = match first {
        "list" => (Some(Number::from_name(words.next()?)?), words.next()?),
        _ => (None, first),
    };
    Some(Property {
        number: Number::from_name(number)?,
        name: words.next()?.to_owned(),
        length,
    })
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

    fn list(&mut self, property: &Property, length: Number) -> Result<Vec<f64>, String> {
        let count = self.number(length)?;
        if !(0.0..=MAX_FACE_CORNERS as f64).contains(&count) {
            return Err(format!("a list has more than {MAX_FACE_CORNERS} numbers"));
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
                Some(length) => drop(source.list(property, length)?),
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
                Some(length) => source.list(property, length)?.len() as f32,
                None => source.number(property.number)? as f32,
            });
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err("a vertex has a number that is none, or infinite".to_owned());
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
            let [red, green, blue] = own.map(|part| linear(part.clamp(0.0, 1.0)));
            corners
                .colors
                .push([red, green, blue, alpha.clamp(0.0, 1.0)]);
        } else if let Some(splat) = &splat {
            let own = three(splat).map(|part| linear((0.5 + HARMONIC * part).clamp(0.0, 1.0)));
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

/// Faces as triangles around their first corner.
fn read_faces(
    source: &mut Source<'_>,
    element: &Element,
    vertices: usize,
    triangles: &mut Vec<usize>,
) -> Result<(), String> {
    for _ in 0..element.count {
        for property in &element.properties {
            let Some(length) = property.length else {
                source.number(property.number)?;
                continue;
            };
            let list = source.list(property, length)?;
            if !matches!(property.name.as_str(), "vertex_indices" | "vertex_index") {
                continue;
            }
            if list
                .iter()
                .any(|index| !(0.0..vertices as f64).contains(index))
            {
                return Err("a face names a vertex that is not there".to_owned());
            }
            let corners: Vec<usize> = list.iter().map(|index| *index as usize).collect();
            for pair in corners.get(1..).unwrap_or_default().windows(2) {
                triangles.extend([corners[0], pair[0], pair[1]]);
            }
            if triangles.len() > MAX_ACCESSOR_COUNT {
                return Err(format!(
                    "its faces have more than {MAX_ACCESSOR_COUNT} corners"
                ));
            }
        }
    }
    Ok(())
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
