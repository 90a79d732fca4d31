//! The import and the comparison of OpenAPI documents, for the command line and the fuzz targets.

#![forbid(unsafe_code)]

pub mod spec;
