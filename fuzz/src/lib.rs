//! What the fuzz targets share: a client of given responses, mutations of JSON, and the comparison of round trips.

pub mod client;
pub mod json_mutator;
#[path = "../../tests/wire/support/leak.rs"]
pub mod leak;
#[path = "../../tests/contract/loss.rs"]
pub mod loss;
pub mod round_trip;
