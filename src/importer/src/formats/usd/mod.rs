//! USD: packages (`.usdz`), layers as text (`.usda`) and binary (`.usdc`), and `.usd`, which is either. They are read here, within
//! limits, because the crate that reads them (`openusd`) trusts the counts and places that a file tells, and panics.
//! Start reading at `stage/compose.rs`, which makes one stage of layers, and `write/walk.rs`, which writes it.

mod limits;
mod read;
mod stage;
#[cfg(test)]
mod tests;
mod write;

use super::model::Model;
use read::{
    package::{self, Package},
    value::Budget,
};
use stage::{compose::Stage, library::Library, values::Values};
use write::Writer;

/// Metres a unit where a stage does not say.
const REST_METRES: f64 = 0.01;

/// Reads a package or a layer; layers and pictures beside one that is no package are looked for in its folder.
///
/// # Errors
/// One line that says what is wrong with it.
pub(super) fn read(bytes: &[u8], model: &mut Model<'_>) -> Result<(), String> {
    let budget = Budget::new();
    let package = match bytes.starts_with(package::MAGIC) {
        true => Some(Package::open(bytes)?),
        false => None,
    };
    let package = package.as_ref();
    let mut library = Library::new(package, model, &budget);
    let root = match package {
        Some(package) => {
            let bytes = package.file(&package.root).unwrap_or_default();
            library.add(bytes, &package.root)
        }
        None => library.add(bytes, ""),
    }?;
    let stage = Stage::compose(&mut library, root)?;
    let values = Values {
        stage: &stage,
        budget: &budget,
    };
    write::write(&mut Writer::new(&values, package, model), root)?;
    let metadata = &stage.layers[root].metadata;
    let metres = metadata
        .metres_per_unit
        .filter(|metres| *metres > 0.0 && (*metres as f32).is_normal());
    let is_z_up = metadata.up_axis.as_deref() == Some("Z");
    model.stand(is_z_up, metres.unwrap_or(REST_METRES) as f32);
    Ok(())
}
