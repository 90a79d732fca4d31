//! Wraps a Rust function: deserializes its argument and serializes its result.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::path;
use crate::tools::context::ToolContext;
use crate::tools::failure::{Failure, ToolErrorKind, shortened};

type Output = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>>;

/// A function from the JSON of the arguments to the output.
pub(super) type Handler = Arc<dyn Fn(ToolContext, String) -> Output + Send + Sync>;

/// Wraps a function of typed arguments and a serializable result.
pub(super) fn handler<A, F, Fut, R, E>(function: F) -> Handler
where
    A: DeserializeOwned + Send + 'static,
    F: Fn(ToolContext, A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
    R: Serialize,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let function = Arc::new(function);
    Arc::new(move |context, arguments| {
        let function = function.clone();
        // The function is called inside the future, where panics are caught.
        Box::pin(async move {
            let arguments = deserialize_arguments(&arguments)?;
            let result = function(context, arguments).await;
            serialize_output(&result.map_err(|error| Failure::failed(error.into()))?)
        })
    })
}

fn deserialize_arguments<A: DeserializeOwned>(text: &str) -> Result<A, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let place = match path::path_of(&error, text.as_bytes()) {
            path if path.is_empty() => String::new(),
            path => format!(" at `{path}`"),
        };
        let problem = if error.is_data() {
            "do not match the parameters of the tool"
        } else {
            "are not valid JSON"
        };
        Failure {
            kind: ToolErrorKind::BadArguments,
            message: shortened(&format!("the arguments {problem}{place}: {error}")),
            source: Some(error.into()),
        }
    })
}

/// A string is the output itself; every other value is sent as JSON.
fn serialize_output(result: &impl Serialize) -> Result<String, Failure> {
    let failed = |error: serde_json::Error| Failure::failed(error.into());
    let json = serde_json::to_string(result).map_err(failed)?;
    if json.starts_with('"') {
        return serde_json::from_str(&json).map_err(failed);
    }
    Ok(json)
}
