//! `asteroids`
use anyhow::Result;
use replication::SymbolCounts;
pub(crate) fn run(_seed: u64) -> Result<()> {
    Ok(())
}
pub(crate) fn symbol_counts(_seed: u64) -> Result<SymbolCounts> {
    Ok(SymbolCounts::default())
}
