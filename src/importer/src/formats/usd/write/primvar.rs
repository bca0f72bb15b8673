//! Values spread over a mesh (OpenUSD, `UsdGeomPrimvar`).

use crate::formats::usd::stage::values::Values;

/// A corner of a face: which face, which point, and which of all corners.
#[derive(Clone, Copy)]
pub(crate) struct Corner {
    pub(crate) face: usize,
    pub(crate) point: usize,
    pub(crate) place: usize,
}

/// To what of a mesh a value belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spread {
    All,
    Face,
    Point,
    Corner,
}

/// Values of so many numbers each.
pub(crate) struct Primvar {
    values: Vec<f64>,
    /// Which value is whose; in their order without it.
    indices: Option<Vec<f64>>,
    lanes: usize,
    spread: Spread,
}

impl Primvar {
    /// Reads `primvars:NAME` of a prim; `None` when there is none, or it is empty.
    pub(crate) fn read(
        values: &Values<'_>,
        prim: usize,
        name: &str,
        lanes: usize,
    ) -> Result<Option<Self>, String> {
        let name = format!("primvars:{name}");
        Self::read_as(values, prim, &name, lanes, "constant")
    }

    /// The same for an attribute of any name, that is spread so when it does not say.
    pub(crate) fn read_as(
        values: &Values<'_>,
        prim: usize,
        name: &str,
        lanes: usize,
        spread: &str,
    ) -> Result<Option<Self>, String> {
        let own = values.numbers(prim, name)?.unwrap_or_default();
        if own.len() < lanes {
            return Ok(None);
        }
        let indices = values.numbers(prim, &format!("{name}:indices"))?;
        Ok(Some(Self {
            values: own,
            indices: indices.filter(|indices| !indices.is_empty()),
            lanes,
            spread: match values.interpolation(prim, name).unwrap_or(spread) {
                "constant" => Spread::All,
                "uniform" => Spread::Face,
                "faceVarying" => Spread::Corner,
                _ => Spread::Point,
            },
        }))
    }

    /// The value at a corner; `None` where there are too few.
    pub(crate) fn at(&self, corner: Corner) -> Option<&[f64]> {
        let place = match self.spread {
            Spread::All => 0,
            Spread::Face => corner.face,
            Spread::Point => corner.point,
            Spread::Corner => corner.place,
        };
        let place = match &self.indices {
            Some(indices) => whole(*indices.get(place)?)?,
            None => place,
        };
        let start = place.checked_mul(self.lanes)?;
        self.values.get(start..start.checked_add(self.lanes)?)
    }
}

/// A number that counts or is a place; `None` for others.
pub(crate) fn whole(number: f64) -> Option<usize> {
    (0.0..1.0e15).contains(&number).then_some(number as usize)
}
