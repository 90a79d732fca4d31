//! The method `follow` of each operation that returns a run, generated from `openapi.yaml`.

include!(concat!(env!("OUT_DIR"), "/run.rs"));
