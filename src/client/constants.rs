//! Constants that the document specifies.

include!(concat!(env!("OUT_DIR"), "/constants.rs"));
