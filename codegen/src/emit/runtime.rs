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

/// `Error`, `Result`.
pub const ERROR: Path = Path("crate::error::core");
/// `Json`.
pub const JSON: Path = Path("crate::json::raw");
/// `Extra`.
pub const EXTRA: Path = Path("crate::json::extra");
/// `MalformedItem`.
pub const MALFORMED_ITEM: Path = Path("crate::json::malformed_item");
/// `Client`.
pub const CLIENT: Path = Path("crate::client::core");
/// `Response`.
pub const RESPONSE: Path = Path("crate::http::response");
/// `Follow`.
pub const FOLLOW: Path = Path("crate::run::follow");
/// The request builders of the root module.
pub const OPERATIONS: Path = Path("crate::operations");
/// `Operation`, `StreamingOperation`, `Streamed`, `argument`, `path_segment`, `send`,
/// `send_response`, `open_stream`, `download`, `bytes`.
pub const OPERATION: Path = Path("crate::client::operation");
/// `OperationInfo`.
pub const OPERATION_INFO: Path = Path("crate::http::operation_info");
/// `Sealed`.
pub const SEALED: Path = Path("crate::http::sealed");
/// `RequestOptions`, `request_options`, `body_options`, `form_options`.
pub const OPTIONS: Path = Path("crate::http::options");
/// `Request`.
pub const REQUEST: Path = Path("crate::http::request");
/// `escape`.
pub const FORM: Path = Path("crate::http::form");
/// `Upload`.
pub const UPLOAD: Path = Path("crate::http::upload");
/// `Download`.
pub const DOWNLOAD: Path = Path("crate::client::download");
/// `encode_segment`.
pub const URL_PATH: Path = Path("crate::http::path");
/// `List`, `Page`, `Items`, `Pages`, `items`, `pages`.
pub const PAGINATION: Path = Path("crate::client::pagination");
/// `EventStream`, `StreamEvent`.
pub const STREAM: Path = Path("crate::sse::stream");
/// `RunState`.
pub const RUN_STATE: Path = Path("crate::sse::run_state");
/// `deserialize`, `deserialize_object`.
pub const EVENT: Path = Path("crate::sse::event");
/// `Object`, `Writer`, `decode`.
pub const OBJECT: Path = Path("crate::json::object");
/// `Properties`, and the defaults of missing ones.
pub const PROPERTIES: Path = Path("crate::json::properties");
/// The rules for fields.
pub const RULE: Path = Path("crate::json::rule");
/// `Tagged`, `tagged`.
pub const TAGGED: Path = Path("crate::json::tagged");
/// `Untagged`, `untagged`.
pub const UNTAGGED: Path = Path("crate::json::untagged");
/// `StringEnum`, `string_enum`, and the functions that fields name in `deserialize_with` and `default`.
pub const SCALAR: Path = Path("crate::json::scalar");
/// `Given`, `IntoValue`, `IntoList`, `IntoPairs`, `set`, `add`, `insert`, `list`, `built`, `required`,
/// `unknown_value`.
pub const SETTERS: Path = Path("crate::types::setters");
/// `Merge`, `Empty`, `Indexed`, `Holes`, `TooFar`, `made`, `text`, `list`.
pub const DELTA: Path = Path("crate::json::merge");
/// `event`.
pub const MOCK: Path = Path("crate::mock");
/// `BETA` of the module `v1`.
pub const V1_CONSTANTS: Path = Path("crate::v1::constants");

/// The module that source is generated for.
pub fn module(module: Module) -> Path {
    Path(module.path())
}

/// The module with the `Client` of the module that source is generated for.
pub fn client(module: Module) -> Path {
    match module {
        Module::Root => CLIENT,
        Module::V1 => Path("crate::v1::client"),
    }
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
