//! The order of the layers, as ARCHITECTURE.md states it.

use std::collections::BTreeMap;

/// Starts the block of ARCHITECTURE.md with the order.
const START: &str = "```text layers";

/// The order of the layers of each package, by the folder of its sources.
pub struct Layers(BTreeMap<String, Vec<Vec<String>>>);

impl Layers {
    /// Parses the block with the order. A line is `FOLDER: a, b < c < d`: `c` may import from `a`
    /// and `b`, and these not from each other.
    ///
    /// # Errors
    /// There is no such block, or a line of it has another form.
    pub fn parse(architecture: &str) -> Result<Self, String> {
        let (_, rest) = architecture
            .split_once(START)
            .ok_or_else(|| format!("ARCHITECTURE.md has no block `{START}`"))?;
        let block = rest.split("```").next().unwrap_or_default();
        let mut layers = BTreeMap::new();
        for line in block.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (folder, order) = line
                .split_once(':')
                .ok_or_else(|| format!("ARCHITECTURE.md: `{line}` is not `FOLDER: a, b < c`"))?;
            let order = order
                .split('<')
                .map(|rank| rank.split(',').map(|name| name.trim().to_owned()).collect());
            layers.insert(folder.trim().to_owned(), order.collect());
        }
        Ok(Self(layers))
    }

    /// The packages that have an order.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the rank of a layer, from 0 upwards.
    pub fn rank(&self, folder: &str, layer: &str) -> Option<usize> {
        let ranks = self.0.get(folder)?;
        ranks
            .iter()
            .position(|rank| rank.iter().any(|name| name == layer))
    }
}
