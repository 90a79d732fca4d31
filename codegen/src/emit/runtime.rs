//! Paths of the handwritten items that generated code refers to.
//!
//! They are grouped by concept, so that a module of the client can be moved or split by changing
//! a line here.

use std::fmt;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote};

use crate::module::Module;

/// A module of the client crate.
#[derive(Clone, Copy)]
pub struct Path(&'static str);

/// Public items: `Client`, `Error`, `Result`, `Response`, `Json`, `EventStream`, `Follow`,
/// `operations`.
pub const ROOT: Path = Path("crate");
/// `Operation`, `StreamingOperation`, `OperationInfo`, `Sealed`, `send`, `send_response`.
pub const OPERATION: Path = Path("crate::operation");
/// `Request`, `RequestOptions`, `Streamed`, `argument`, `path_segment`, `encode_segment`.
pub const REQUEST: Path = Path("crate::operation");
/// `List`, `Page`, `Items`, `Pages`, `items`, `pages`.
pub const PAGINATION: Path = Path("crate::pagination");
/// `StreamEvent`, `RunState`, `open`.
pub const STREAM: Path = Path("crate::stream");
/// `event_data`.
pub const EVENT: Path = Path("crate::codec");
/// `Object`, `Members`, `decode`, `required`, and the rules for fields.
pub const OBJECT: Path = Path("crate::object");
/// `Tagged`, `tagged`, `Shape`, `shaped`.
pub const UNION: Path = Path("crate::codec");
/// `string`, and the functions that fields name in `deserialize_with` and `default`.
pub const SCALAR: Path = Path("crate::codec");
/// `convert`, `convert_all`, `built`, `required`.
pub const BUILDER: Path = Path("crate::codec");
/// `Merge`, `Empty`, `Indexed`, `Holes`, `TooFar`, `made`, `text`, `list`.
pub const DELTA: Path = Path("crate::delta");
/// `event`.
pub const MOCK: Path = Path("crate::mock");
/// The module that contains `types` and `operations`, within these.
pub const PARENT: Path = Path("super");
/// `BETA` of the module `v1`.
pub const V1_CONSTANTS: Path = Path("crate::v1::generated");

/// The module that source is generated for.
pub fn module(module: Module) -> Path {
    Path(module.path())
}

impl Path {
    /// The path of an item, as the text of an attribute.
    pub fn item(self, name: &str) -> String {
        format!("{self}::{name}")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl ToTokens for Path {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let segments = self.0.split("::");
        let segments = segments.map(|segment| Ident::new(segment, Span::call_site()));
        tokens.append_separated(segments, quote!(::));
    }
}
