//! The rules of the source layout: direction of imports, cycles, sizes.

mod code;
mod graph;
mod layers;
mod package;
mod references;
pub mod report;
pub mod rules;
#[cfg(test)]
mod tests;
