//! What stands before the data of a PLY: its elements and their properties.

use scene::limits::MAX_ACCESSOR_COUNT;

/// Most kinds of element.
const MAX_ELEMENTS: usize = 64;
/// Most properties of an element.
const MAX_PROPERTIES: usize = 256;

/// Most pictures that are named.
const MAX_TEXTURES: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Text,
    Little,
    Big,
}

#[derive(Clone, Copy)]
pub(super) enum Number {
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

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The largest value, for colours.
    pub(super) fn one(self) -> f32 {
        match self {
            Self::U8 => 255.0,
            Self::U16 => 65_535.0,
            // Whole numbers of other sizes are written by tools that mean bytes.
            Self::I8 | Self::I16 | Self::I32 | Self::U32 => 255.0,
            Self::F32 | Self::F64 => 1.0,
        }
    }

    pub(super) fn value(self, little: &[u8]) -> f64 {
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

pub(super) struct Property {
    pub(super) name: String,
    pub(super) number: Number,
    /// Of a list, what its length is stored as.
    pub(super) length: Option<Number>,
}

pub(super) struct Element {
    pub(super) name: String,
    pub(super) count: usize,
    pub(super) properties: Vec<Property>,
}

impl Element {
    /// Where the first property with one of these names is.
    pub(super) fn place(&self, names: &[&str]) -> Option<usize> {
        let mut properties = self.properties.iter();
        properties.position(|property| names.contains(&property.name.as_str()))
    }

    /// Where the first list with one of these names is.
    pub(super) fn list(&self, names: &[&str]) -> Option<usize> {
        let place = self.place(names)?;
        self.properties[place].length.map(|_| place)
    }

    /// Where several properties are, each with one of its names.
    pub(super) fn places<const N: usize>(&self, names: [&[&str]; N]) -> Option<[usize; N]> {
        let mut places = [0; N];
        for (place, names) in places.iter_mut().zip(names) {
            *place = self.place(names)?;
        }
        Some(places)
    }
}

pub(super) struct Header<'a> {
    pub(super) encoding: Encoding,
    pub(super) elements: Vec<Element>,
    /// Pictures that comments name, as MeshLab writes them.
    pub(super) textures: Vec<String>,
    pub(super) body: &'a [u8],
}

pub(super) fn header(bytes: &[u8]) -> Result<Header<'_>, String> {
    let broken = |line: &str| format!("its header has a line that is not understood: `{line}`");
    let mut rest = bytes;
    let mut encoding = None;
    let mut elements: Vec<Element> = Vec::new();
    let mut textures = Vec::new();
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
                if elements.len() >= MAX_ELEMENTS {
                    return Err(format!("it has more than {MAX_ELEMENTS} kinds of element"));
                }
                elements.push(element(&mut words).ok_or_else(|| broken(&line))?);
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
            Some("comment") if words.next() == Some("TextureFile") => {
                let name = words.collect::<Vec<_>>().join(" ");
                if textures.len() < MAX_TEXTURES && !name.is_empty() {
                    textures.push(name);
                }
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
        textures,
        body: rest,
    })
}

fn element<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<Element> {
    Some(Element {
        name: words.next()?.to_owned(),
        count: words.next()?.parse().ok()?,
        properties: Vec::new(),
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
