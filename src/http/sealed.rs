//! Seals traits, so that methods can be added to them.

/// Only this crate implements it.
pub trait Sealed {}
