//! The checks before a release: what users of the packages get, and what cannot be undone.

mod changelog;
mod links;
mod manifests;
pub mod report;
