//! Imports the Assistants API of an upstream document into a canonical document.
//!
//! ```text
//! read ─▶ select ─▶ closure ─▶ lower ─▶ unions ─▶ overlay ─▶ hoist ─▶ discriminator
//!      ─▶ operations ─▶ descriptions ─▶ validate ─▶ changes ─▶ yaml
//! ```
//!
//! `import` runs these steps; each other module implements one step or is a helper of
//! several (`canonical`, `constraints`, `keywords`, `naming`, `pointer`, `schema`).
//! `provenance` records facts about the upstream document. `diff` compares two documents.

mod canonical;
mod changes;
mod closure;
mod constraints;
pub mod coverage;
mod descriptions;
pub mod diff;
mod discriminator;
mod hoist;
pub mod import;
mod keywords;
mod lower;
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
