//! From a complete upstream document to this project's small canonical one.
//!
//! ```text
//! read ─▶ closure ─▶ lower ─▶ unions ─▶ corrections ─▶ hoist ─▶ discriminator
//!      ─▶ operations ─▶ descriptions ─▶ check ─▶ changes ─▶ write
//! ```
//!
//! `import` runs the steps; each of the other modules is one of them, or what
//! some of them need (`schema`, `facts`, `naming`, `pointer`); `source` is
//! what is remembered of what they make equal. `diff` compares the
//! result with another document and writes nothing.

mod changes;
mod check;
mod closure;
mod corrections;
mod descriptions;
pub mod diff;
mod discriminator;
mod facts;
mod hoist;
pub mod import;
mod lower;
mod naming;
mod operations;
mod pointer;
mod schema;
mod source;
mod unions;
mod write;
