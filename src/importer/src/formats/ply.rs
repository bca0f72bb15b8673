//! PLY, as text and binary of both byte orders: meshes and points with colours, normals and texture coordinates.

use super::{
    model::{Corners, Model, shown},
    ply_header::{Element, Encoding, Number, Property, header},
    polygon,
    splat::{HARMONIC, Places, Splats},
    texture::REPEAT,
};
use scene::{limits::MAX_ACCESSOR_COUNT, linear_from_srgb};
use serde_json::json;

/// Most corners of a face.
const MAX_FACE_CORNERS: usize = 10_000;
const NO_SUCH_VERTEX: &str = "a face names a vertex that is not there";
const SPLATS_AS_SPLATS: &str =
    "its Gaussian splats have one colour from all sides, and those that hardly show are left out";
const TOO_MANY: &str = "its faces have more corners than there may be";

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
            "face" => faces.read(&mut source, element, false, model)?,
            "tristrips" => faces.read(&mut source, element, true, model)?,
            name => {
                skip(&mut source, element)?;
                if element.count > 0 {
                    let name = shown(name);
                    model.note(format!("its `{name}` elements are left out"));
                }
            }
        }
    }
    if !vertices.splats.is_empty() && !faces.all.is_empty() {
        model.note("the faces between its splats are left out");
        faces = Faces::default();
    }
    let mut corners = match faces.all.is_empty() {
        false => faces.corners(&vertices)?,
        true => Corners {
            is_points: true,
            ..somewhere(vertices)
        },
    };
    model.shows_both_sides = true;
    let material = material(&header.textures, &mut corners, model);
    let name = model.name().to_owned();
    if let Some(primitive) = model.primitive(&corners, material)? {
        let mesh = model.push("meshes", json!({ "name": name, "primitives": [primitive] }));
        model.push_root(json!({ "name": name, "mesh": mesh }));
    }
    model.turn_and_scale("PLY");
    Ok(())
}

/// What shows the picture of a scanned surface, in place of the colours of its vertices.
fn material(textures: &[String], corners: &mut Corners, model: &mut Model<'_>) -> Option<usize> {
    let first = textures.first()?;
    let (count, picture) = (textures.len(), shown(first));
    if corners.uv_sets.is_empty() {
        model.note(format!(
            "the picture `{picture}` is left out: there are no texture coordinates for it"
        ));
        return None;
    }
    if count > 1 {
        model.note(format!(
            "of its {count} pictures only `{picture}` is shown: bake them into one"
        ));
    }
    let texture = model.texture(first, &[], [REPEAT; 2])?;
    if !corners.colors.is_empty() {
        model.note(format!(
            "colours of vertices and faces are left out: the picture `{picture}` takes their place"
        ));
        corners.colors.clear();
    }
    let core = json!({ "baseColorTexture": { "index": texture }, "metallicFactor": 0.0 });
    let material = json!({ "pbrMetallicRoughness": core, "doubleSided": true });
    Some(model.push("materials", material))
}

/// Tells which properties of an element are not read.
fn note_left_out(element: &Element, read: &[usize], model: &mut Model<'_>) {
    let properties = element.properties.iter().enumerate();
    let names: Vec<&str> = properties
        .filter(|(place, _)| !read.contains(place))
        .map(|(_, property)| property.name.as_str())
        // Which of several pictures a face has is told with them, and marks of an editor are nothing to see.
        .filter(|name| !matches!(*name, "texnumber" | "flags"))
        .collect();
    if !names.is_empty() && element.count > 0 {
        let (kind, names) = (shown(&element.name), shown(&names.join(", ")));
        model.note(format!(
            "properties of its `{kind}` elements are left out: {names}"
        ));
    }
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

/// The numbers of one element; of a list how many it has.
fn numbers(source: &mut Source<'_>, element: &Element) -> Result<Vec<f64>, String> {
    let mut numbers = Vec::with_capacity(element.properties.len());
    for property in &element.properties {
        numbers.push(match property.length {
            Some(length) => source.list(property, length, MAX_FACE_CORNERS)?.len() as f64,
            None => source.number(property.number)?,
        });
    }
    Ok(numbers)
}

/// Of length one; upwards where it had none.
fn unit(own: [f32; 3]) -> [f32; 3] {
    let length = own.iter().map(|part| part * part).sum::<f32>().sqrt();
    match length > 0.0 {
        true => own.map(|part| part / length),
        false => [0.0, 1.0, 0.0],
    }
}

/// The numbers of a vertex near the origin; the first of its position is none where that is nowhere: scanners write so what they have
/// not seen.
fn placed(mut numbers: Vec<f64>, position: [usize; 3], origin: [f64; 3]) -> Vec<f32> {
    for (place, origin) in position.iter().zip(origin) {
        numbers[*place] -= origin;
    }
    let mut values: Vec<f32> = numbers.iter().map(|number| *number as f32).collect();
    let is_nowhere = position.iter().any(|place| !values[*place].is_finite());
    for value in &mut values {
        *value = finite(*value);
    }
    if is_nowhere {
        values[position[0]] = f32::NAN;
    }
    values
}

fn read_vertices(
    source: &mut Source<'_>,
    element: &Element,
    model: &mut Model<'_>,
) -> Result<Corners, String> {
    let position = element.places([&["x"], &["y"], &["z"]]);
    let position = position.ok_or("its vertices have no x, y and z")?;
    let normal = element.places([&["nx"], &["ny"], &["nz"]]);
    let color = ColorPlaces::of(element);
    let uv = element.places([&["s", "u", "texture_u"], &["t", "v", "texture_v"]]);
    let splat = element.places([&["f_dc_0"], &["f_dc_1"], &["f_dc_2"]]);
    let splat_places = Places::of(element);
    let mut splats = Splats::default();
    match (&splat, &splat_places) {
        (Some(_), Some(_)) => model.note(SPLATS_AS_SPLATS),
        (Some(_), None) => model.note("its Gaussian splats become points with colours"),
        (None, _) => {
            let mut read = position.to_vec();
            read.extend(normal.into_iter().flatten());
            read.extend(color.iter().flat_map(ColorPlaces::all));
            read.extend(uv.into_iter().flatten());
            note_left_out(element, &read, model);
        }
    }
    let mut corners = Corners::default();
    let mut uvs = Vec::new();
    let (mut nowhere, mut is_first) = (0, true);
    for _ in 0..element.count {
        let numbers = numbers(source, element)?;
        if is_first && position.iter().all(|place| numbers[*place].is_finite()) {
            model.put_near(position.map(|place| numbers[place]));
            is_first = false;
        }
        let values = placed(numbers, position, model.origin);
        if values[position[0]].is_nan() {
            nowhere += 1;
            if splat_places.is_some() {
                continue;
            }
        }
        let three = |places: &[usize; 3]| [values[places[0]], values[places[1]], values[places[2]]];
        let opacity = match &splat_places {
            Some(places) => splats.add(places, &values),
            None => Some(1.0),
        };
        let Some(opacity) = opacity else { continue };
        corners.positions.push(three(&position));
        if let Some(normal) = normal.as_ref().filter(|_| splat.is_none()) {
            corners.normals.push(unit(three(normal)));
        }
        if let Some(color) = &color {
            corners
                .colors
                .push(color.linear(element, |place| values[place]));
        } else if let Some(splat) = &splat {
            let own =
                three(splat).map(|part| linear_from_srgb((0.5 + HARMONIC * part).clamp(0.0, 1.0)));
            corners.colors.push([own[0], own[1], own[2], opacity]);
        }
        if let Some(uv) = &uv {
            uvs.push([values[uv[0]], 1.0 - values[uv[1]]]);
        }
    }
    if !uvs.is_empty() {
        corners.uv_sets.push(uvs);
    }
    corners.splats = splats;
    if nowhere > 0 {
        model.note(format!(
            "points with a number that is none, or infinite, are left out, and the faces on them ({nowhere})"
        ));
    }
    Ok(corners)
}

/// Where the colour of an element is.
struct ColorPlaces {
    color: [usize; 3],
    alpha: Option<usize>,
}

impl ColorPlaces {
    fn of(element: &Element) -> Option<Self> {
        let color = element.places([&["red", "r"], &["green", "g"], &["blue", "b"]])?;
        let alpha = element.place(&["alpha", "a"]);
        Some(Self { color, alpha })
    }

    fn all(&self) -> impl Iterator<Item = usize> {
        self.color.into_iter().chain(self.alpha)
    }

    fn linear(&self, element: &Element, value: impl Fn(usize) -> f32) -> [f32; 4] {
        let share = |place: usize| {
            let own = value(place) / element.properties[place].number.one();
            own.clamp(0.0, 1.0)
        };
        let [red, green, blue] = self.color.map(|place| linear_from_srgb(share(place)));
        [red, green, blue, self.alpha.map_or(1.0, share)]
    }
}

/// Faces and strips of triangles, which may come before the vertices.
#[derive(Default)]
struct Faces {
    /// Vertices of their corners, one face after the other.
    indices: Vec<usize>,
    /// Texture coordinates that faces give the same corners; there may be fewer.
    uvs: Vec<Option<[f32; 2]>>,
    all: Vec<Face>,
}

struct Face {
    corner_count: usize,
    is_strip: bool,
    color: Option<[f32; 4]>,
}

impl Faces {
    fn read(
        &mut self,
        source: &mut Source<'_>,
        element: &Element,
        is_strip: bool,
        model: &mut Model<'_>,
    ) -> Result<(), String> {
        let most = match is_strip {
            true => MAX_ACCESSOR_COUNT,
            false => MAX_FACE_CORNERS,
        };
        let vertices = element.list(&["vertex_indices", "vertex_index"]);
        let uvs = element.list(&["texcoord"]).filter(|_| !is_strip);
        let color = ColorPlaces::of(element);
        let mut read: Vec<usize> = vertices.into_iter().chain(uvs).collect();
        read.extend(color.iter().flat_map(ColorPlaces::all));
        note_left_out(element, &read, model);
        let Some(vertices) = vertices else {
            return skip(source, element);
        };
        let mut single = vec![0.0; element.properties.len()];
        let mut has_odd_uvs = false;
        for _ in 0..element.count {
            let (mut own, mut own_uvs) = (Vec::new(), Vec::new());
            for (place, property) in element.properties.iter().enumerate() {
                match property.length {
                    Some(length) if place == vertices => {
                        own = source.list(property, length, most)?;
                    }
                    Some(length) => {
                        let list = source.list(property, length, 2 * MAX_FACE_CORNERS)?;
                        if Some(place) == uvs {
                            own_uvs = list;
                        }
                    }
                    None => single[place] = finite(source.number(property.number)? as f32),
                }
            }
            let color = color.as_ref();
            let color = color.map(|color| color.linear(element, |place| single[place]));
            has_odd_uvs |= !own_uvs.is_empty() && own_uvs.len() != 2 * own.len();
            // In strips -1 begins another one.
            for own in own.split(|index| is_strip && *index < 0.0) {
                self.push(own, &own_uvs, is_strip, color)?;
            }
        }
        if has_odd_uvs {
            model.note(
                "texture coordinates of faces are left out where there are not two for each corner",
            );
        }
        Ok(())
    }

    fn push(
        &mut self,
        vertices: &[f64],
        uvs: &[f64],
        is_strip: bool,
        color: Option<[f32; 4]>,
    ) -> Result<(), String> {
        let known = 0.0..MAX_ACCESSOR_COUNT as f64;
        if vertices.iter().any(|index| !known.contains(index)) {
            return Err(NO_SUCH_VERTEX.to_owned());
        }
        if !uvs.is_empty() && uvs.len() == 2 * vertices.len() {
            self.uvs.resize(self.indices.len(), None);
            let upright = |[u, v]: &[f64; 2]| Some([finite(*u as f32), finite(1.0 - *v as f32)]);
            self.uvs.extend(uvs.as_chunks().0.iter().map(upright));
        }
        self.indices
            .extend(vertices.iter().map(|index| *index as usize));
        self.all.push(Face {
            corner_count: vertices.len(),
            is_strip,
            color,
        });
        // Empty ones are counted too: they take memory.
        match self.indices.len().max(self.all.len()) > MAX_ACCESSOR_COUNT {
            true => Err(TOO_MANY.to_owned()),
            false => Ok(()),
        }
    }

    /// The corners of all triangles. What faces say goes before what their vertices do.
    fn corners(&self, vertices: &Corners) -> Result<Corners, String> {
        let triangles = self.triangles(&vertices.positions)?;
        let order: Vec<usize> = triangles
            .iter()
            .map(|(corner, _)| self.indices[*corner])
            .collect();
        let mut corners = pick(vertices, &order);
        if self.all.iter().any(|face| face.color.is_some()) {
            let own = |(number, (_, face)): (usize, &(usize, usize))| {
                let vertex = corners.colors.get(number).copied();
                self.all[*face].color.or(vertex).unwrap_or([1.0; 4])
            };
            corners.colors = triangles.iter().enumerate().map(own).collect();
        }
        if !self.uvs.is_empty() {
            let of_vertices = corners.uv_sets.pop().unwrap_or_default();
            let own = |(number, (corner, _)): (usize, &(usize, usize))| {
                let own = self.uvs.get(*corner).copied().flatten();
                own.or_else(|| of_vertices.get(number).copied())
            };
            let uvs = triangles.iter().enumerate().map(own);
            corners.uv_sets = vec![uvs.map(Option::unwrap_or_default).collect()];
        }
        Ok(corners)
    }

    /// For each corner of each triangle its place in `indices` and that of its face.
    fn triangles(&self, positions: &[[f32; 3]]) -> Result<Vec<(usize, usize)>, String> {
        if self.indices.iter().any(|index| *index >= positions.len()) {
            return Err(NO_SUCH_VERTEX.to_owned());
        }
        let mut triangles = Vec::new();
        let mut looks = polygon::MAX_LOOKS;
        let mut start = 0;
        for (number, face) in self.all.iter().enumerate() {
            let own = start..start + face.corner_count;
            let place = |corner: usize| (start + corner, number);
            let corners = self.indices[own.clone()].iter();
            let corners: Vec<[f32; 3]> = corners.map(|index| positions[*index]).collect();
            if face.is_strip {
                for first in 0..face.corner_count.saturating_sub(2) {
                    // Every second one runs the other way round.
                    let (second, third) = (1 + first % 2, 2 - first % 2);
                    if corners[first..first + 3].iter().all(is_somewhere) {
                        triangles.extend([first, first + second, first + third].map(place));
                    }
                }
            } else if corners.iter().all(is_somewhere) {
                let all = polygon::triangles(&corners, &mut looks);
                triangles.extend(all.into_iter().flatten().map(place));
            }
            if triangles.len() > MAX_ACCESSOR_COUNT {
                return Err(TOO_MANY.to_owned());
            }
            start = own.end;
        }
        Ok(triangles)
    }
}

fn is_somewhere(position: &[f32; 3]) -> bool {
    position.iter().all(|part| part.is_finite())
}

/// The points that are.
fn somewhere(points: Corners) -> Corners {
    if points.positions.iter().all(is_somewhere) {
        return points;
    }
    let all = points.positions.iter().enumerate();
    let order = all.filter(|(_, own)| is_somewhere(own));
    let order: Vec<usize> = order.map(|(place, _)| place).collect();
    pick(&points, &order)
}

/// What only decorates is no reason to refuse a file.
fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
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
