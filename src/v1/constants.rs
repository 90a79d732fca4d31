//! Constants that the document of version 1 specifies.

include!(concat!(env!("OUT_DIR"), "/constants_v1.rs"));
