//! The module of the crate that a client is generated for.

use proc_macro2::TokenStream;
use quote::quote;

/// A module with a client of its own. Each of them has `Client`, `types`, `operations` and
/// `mock`; everything else is the same for all, and stands at the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// The crate itself: what is handwritten about runs knows the types of this client.
    Root,
    /// `v1`, the first version of the API.
    V1,
}

impl Module {
    /// Its path within the crate, for source.
    pub fn path(self) -> TokenStream {
        match self {
            Self::Root => quote!(crate),
            Self::V1 => quote!(crate::v1),
        }
    }

    /// Its path within the crate, for text.
    pub fn inside(self) -> &'static str {
        match self {
            Self::Root => "crate",
            Self::V1 => "crate::v1",
        }
    }

    /// Its path for users of the crate.
    pub fn outside(self) -> &'static str {
        match self {
            Self::Root => "openai_assistants",
            Self::V1 => "openai_assistants::v1",
        }
    }

    /// Whether its runs can be followed to where they rest.
    pub fn follows_runs(self) -> bool {
        self == Self::Root
    }
}
