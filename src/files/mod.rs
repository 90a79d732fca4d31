//! Vector stores: uploading files and waiting until they are indexed.

pub(crate) mod index_files;
pub(crate) mod indexed;
pub(crate) mod vector_store;
