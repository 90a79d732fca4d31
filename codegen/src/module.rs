//! The module of the client crate that source is generated for.

/// A module with its own `Client`, `types`, `operations` and `mock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// The root of the crate. Following runs is implemented for its types.
    Root,
    /// `v1`, the first version of the API.
    V1,
}

impl Module {
    /// Its path within the crate.
    pub fn path(self) -> &'static str {
        match self {
            Self::Root => "crate",
            Self::V1 => "crate::v1",
        }
    }

    /// Its path for users of the crate.
    pub fn public_path(self) -> &'static str {
        match self {
            Self::Root => "openai_assistants",
            Self::V1 => "openai_assistants::v1",
        }
    }

    /// Whether handwritten code follows its runs.
    pub fn follows_runs(self) -> bool {
        self == Self::Root
    }
}
