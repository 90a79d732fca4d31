//! Imports the Assistants API of an upstream document into a canonical document.
//!
//! ```text
//! read ─▶ definitions ─▶ select ─▶ closure ─▶ lower ─▶ unions ─▶ overlay ─▶ aliases ─▶ hoist
//!      ─▶ discriminator ─▶ operations ─▶ descriptions ─▶ validate ─▶ corrected ─▶ changes ─▶ yaml
//! ```
//!
//! `import` runs these steps; each other module implements one step or is a helper of
//! several (`canonical`, `constraints`, `intersection`, `keywords`, `module`, `naming`, `pointer`, `schema`).
//! `provenance` records facts about the upstream document. `diff` compares two documents.

mod aliases;
mod canonical;
mod changes;
mod closure;
mod constraints;
mod corrected;
pub mod coverage;
mod definitions;
mod descriptions;
pub mod diff;
mod discriminator;
mod hoist;
pub mod import;
mod intersection;
mod keywords;
mod lower;
pub mod module;
mod naming;
mod operations;
pub mod overlay;
mod pointer;
mod provenance;
mod schema;
mod select;
mod unions;
mod validate;
mod yaml;
