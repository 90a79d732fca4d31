//! OpenAPI Overlay documents: facts that a server adds to a document, and places where it differs.
//!
//! An overlay applies to the lowered document, which `spec import --lowered` prints. Supported are
//! the versions 1.0 and 1.1, and one extension: with `x-optional: true` an action may select
//! nothing, for documents of several dates.

mod apply;
mod corrections;
mod marks;
mod merge;
mod names;
mod read;

pub(crate) use marks::locate;
pub(crate) use read::Overlay;

pub(super) use apply::apply;
pub(super) use corrections::{CORRECTIONS, Correction, corrected_schemas, corrections};
