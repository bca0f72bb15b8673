//! The elements of an accessor as plain bytes without gaps: what the writer works on.

use super::component::Component;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What one element of an accessor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArrayShape {
    /// One number.
    Scalar,
    /// Two numbers.
    Vec2,
    /// Three numbers.
    Vec3,
    /// Four numbers.
    Vec4,
    /// Two columns of two numbers.
    Mat2,
    /// Three columns of three numbers.
    Mat3,
    /// Four columns of four numbers.
    Mat4,
}

impl ArrayShape {
    /// By glTF's name of the type.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "SCALAR" => Self::Scalar,
            "VEC2" => Self::Vec2,
            "VEC3" => Self::Vec3,
            "VEC4" => Self::Vec4,
            "MAT2" => Self::Mat2,
            "MAT3" => Self::Mat3,
            "MAT4" => Self::Mat4,
            _ => return None,
        })
    }

    /// glTF's name of the type.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "SCALAR",
            Self::Vec2 => "VEC2",
            Self::Vec3 => "VEC3",
            Self::Vec4 => "VEC4",
            Self::Mat2 => "MAT2",
            Self::Mat3 => "MAT3",
            Self::Mat4 => "MAT4",
        }
    }

    /// Numbers a column, and columns.
    fn extent(self) -> (usize, usize) {
        match self {
            Self::Scalar => (1, 1),
            Self::Vec2 => (2, 1),
            Self::Vec3 => (3, 1),
            Self::Vec4 => (4, 1),
            Self::Mat2 => (2, 2),
            Self::Mat3 => (3, 3),
            Self::Mat4 => (4, 4),
        }
    }

    /// Numbers an element.
    #[must_use]
    pub fn lanes(self) -> usize {
        let (rows, columns) = self.extent();
        rows * columns
    }

    /// Bytes an element; columns of matrices begin at multiples of four (glTF 2.0 section 3.6.2.4).
    #[must_use]
    pub fn element_bytes(self, component: Component) -> usize {
        let (rows, columns) = self.extent();
        let column = rows * component.bytes();
        if columns == 1 {
            column
        } else {
            columns * column.next_multiple_of(4)
        }
    }
}

/// How elements are stored in a compressed view (EXT_meshopt_compression, `mode` and `filter`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Packed {
    /// `ATTRIBUTES`, `TRIANGLES` or `INDICES`.
    pub mode: &'static str,
    /// `NONE`, `OCTAHEDRAL`, `QUATERNION` or `EXPONENTIAL`.
    pub filter: &'static str,
    /// Elements after the filter, each padded to the stride of the view.
    pub bytes: Arc<[u8]>,
}

/// The elements of an accessor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Array {
    /// What one element is.
    pub shape: ArrayShape,
    /// What one number is.
    pub component: Component,
    /// Whole numbers stand for shares of the largest one.
    pub is_normalized: bool,
    /// Elements without gaps between them.
    pub bytes: Arc<[u8]>,
    /// What else stands at the accessor: `extras`, extensions.
    pub rest: Map<String, Value>,
    /// How they are compressed; without it they are stored as they are.
    pub packed: Option<Packed>,
}

impl Array {
    /// Floats without anything beside them.
    #[must_use]
    pub fn floats(shape: ArrayShape, values: &[f32]) -> Self {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Self::new(shape, Component::F32, false, bytes)
    }

    /// Numbers from 0 to 1 in steps of 65,535.
    #[must_use]
    pub fn shares(shape: ArrayShape, values: &[f32]) -> Self {
        let steps = values
            .iter()
            .map(|value| (value * f32::from(u16::MAX)).round() as u16);
        let bytes = steps.flat_map(u16::to_le_bytes).collect();
        Self::new(shape, Component::U16, true, bytes)
    }

    /// Vertex indices in the smallest type that every program reads.
    #[must_use]
    pub fn indices(values: &[u32]) -> Self {
        // The largest number of a type may restart strips.
        let fits = values.iter().all(|value| *value < 0xFFFF);
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| {
                value
                    .to_le_bytes()
                    .into_iter()
                    .take(if fits { 2 } else { 4 })
            })
            .collect();
        let component = if fits { Component::U16 } else { Component::U32 };
        Self::new(ArrayShape::Scalar, component, false, bytes)
    }

    /// Elements without anything beside them.
    #[must_use]
    pub fn new(
        shape: ArrayShape,
        component: Component,
        is_normalized: bool,
        bytes: Vec<u8>,
    ) -> Self {
        Self {
            shape,
            component,
            is_normalized,
            bytes: bytes.into(),
            rest: Map::new(),
            packed: None,
        }
    }

    /// Bytes an element.
    #[must_use]
    pub fn element_bytes(&self) -> usize {
        self.shape.element_bytes(self.component)
    }

    /// Number of elements.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bytes.len() / self.element_bytes()
    }

    /// Every number as a float, normalised ones as their share. Of matrices of small numbers the padding is among them.
    #[must_use]
    pub fn to_floats(&self) -> Vec<f32> {
        self.bytes
            .chunks_exact(self.component.bytes())
            .map(|bytes| self.component.float(self.is_normalized, bytes))
            .collect()
    }

    /// Whole numbers of a scalar array; nothing of other arrays.
    #[must_use]
    pub fn to_indices(&self) -> Option<Vec<u32>> {
        let is_whole = matches!(
            self.component,
            Component::U8 | Component::U16 | Component::U32
        );
        if self.shape != ArrayShape::Scalar || !is_whole {
            return None;
        }
        let width = self.component.bytes();
        let number = |bytes: &[u8]| {
            let mut word = [0; 4];
            word[..width].copy_from_slice(bytes);
            u32::from_le_bytes(word)
        };
        Some(self.bytes.chunks_exact(width).map(number).collect())
    }

    /// Smallest and largest of each number of the elements, as they are stored; nothing without elements.
    pub(crate) fn bounds(&self) -> Option<(Vec<f32>, Vec<f32>)> {
        let lanes = self.shape.lanes();
        let width = self.component.bytes();
        if self.count() == 0 || self.element_bytes() != lanes * width {
            return None;
        }
        let mut low = vec![f32::INFINITY; lanes];
        let mut high = vec![f32::NEG_INFINITY; lanes];
        for element in self.bytes.chunks_exact(lanes * width) {
            for (lane, bytes) in element.chunks_exact(width).enumerate() {
                let value = self.component.float(false, bytes);
                low[lane] = low[lane].min(value);
                high[lane] = high[lane].max(value);
            }
        }
        Some((low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_small_numbers_are_padded() {
        assert_eq!(ArrayShape::Mat2.element_bytes(Component::U8), 8);
        assert_eq!(ArrayShape::Mat3.element_bytes(Component::U16), 24);
        assert_eq!(ArrayShape::Mat4.element_bytes(Component::F32), 64);
        assert_eq!(ArrayShape::Vec3.element_bytes(Component::U8), 3);
    }

    #[test]
    fn indices_take_the_smallest_type_that_holds_them_without_its_largest_number() {
        assert_eq!(Array::indices(&[0, 65_534]).component, Component::U16);
        let wide = Array::indices(&[0, 65_535]);
        assert_eq!(wide.component, Component::U32);
        assert_eq!(wide.to_indices(), Some(vec![0, 65_535]));
    }
}
