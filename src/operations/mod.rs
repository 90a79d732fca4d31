//! Request builders, one for each operation. The methods of [`Client`](crate::Client) create them.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/operations.rs"));
}

pub use generated::*;
