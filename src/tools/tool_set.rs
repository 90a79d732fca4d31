//! A set of tools, and the definitions that are sent to the model.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::error::core::{Error, Result};
use crate::tools::naming::check_name;
use crate::tools::schema::generate::check_integers;
use crate::tools::schema::normalized::Normalized;
use crate::tools::schema::root::with_object_root;
use crate::tools::tool::Tool;
use crate::types;

/// A set of tools that a model can call.
///
/// [`Follow::tools`](crate::Follow::tools) executes the calls of a run. [`call`](Self::call) executes
/// a single call. Clones are cheap and share the tools.
///
/// # Examples
///
/// Two tools that share a list, and the request of a run that may call them:
///
/// ```
/// use std::convert::Infallible;
/// use std::sync::{Arc, Mutex};
/// use openai_assistants::{Tool, ToolSet};
/// use openai_assistants::types::CreateRunRequest;
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// /// Adds an item to the shopping list.
/// #[derive(Deserialize, JsonSchema)]
/// struct AddItem {
///     /// What to buy.
///     item: String,
/// }
///
/// let list = Arc::new(Mutex::new(Vec::new()));
/// let shown = list.clone();
/// let tools = ToolSet::builder()
///     .function(move |arguments: AddItem| {
///         let list = list.clone();
///         async move {
///             list.lock().unwrap().push(arguments.item);
///             Ok::<_, Infallible>("added")
///         }
///     })
///     .tool(
///         Tool::function(move |(): ()| {
///             let list = shown.clone();
///             async move { Ok::<_, Infallible>(list.lock().unwrap().clone()) }
///         })
///         .name("show_list")
///         .description("Shows the shopping list."),
///     )
///     .build()?;
/// let body = CreateRunRequest::builder()
///     .assistant_id("asst_1")
///     .tools(tools.definitions());
/// # body.build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[doc(alias = "function calling")]
#[derive(Clone)]
pub struct ToolSet(Arc<Inner>);

/// A tool and the schema that restores its arguments, unless they are passed on unchanged.
pub(super) struct Callable {
    pub(super) tool: Tool,
    pub(super) arguments: Option<Normalized>,
}

struct Inner {
    tools: Vec<Callable>,
    definitions: Vec<types::AssistantTool>,
}

impl ToolSet {
    /// Creates a builder of a set.
    pub fn builder() -> ToolSetBuilder {
        ToolSetBuilder::default()
    }

    /// Returns the definitions, for the `tools` of an assistant or a run.
    #[must_use]
    pub fn definitions(&self) -> Vec<types::AssistantTool> {
        self.0.definitions.clone()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Callable> {
        self.0.tools.iter().find(|one| one.tool.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.tools.iter().map(|one| one.tool.name.as_str())
    }
}

impl fmt::Debug for ToolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A builder of a [`ToolSet`].
///
/// [`build`](Self::build) reports invalid tools.
///
/// # Examples
///
/// ```
/// use openai_assistants::ToolSet;
///
/// let empty = ToolSet::builder().build()?;
/// assert!(empty.definitions().is_empty());
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "call `build` to create the set"]
pub struct ToolSetBuilder {
    tools: Vec<Tool>,
}

impl ToolSetBuilder {
    /// Adds a function: [`tool`](Self::tool) with [`Tool::function`].
    pub fn function<A, F, Fut, R, E>(self, function: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.tool(Tool::function(function))
    }

    /// Adds a tool.
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Builds the set.
    ///
    /// # Errors
    /// The type of an argument is not an object, has a 128-bit integer, or cannot be expressed as a
    /// strict JSON Schema; a name is invalid or used twice; or a tool has no name and its argument
    /// type, such as `()`, has none either.
    pub fn build(self) -> Result<ToolSet> {
        let arguments = self.tools.iter().map(normalized_arguments);
        let arguments = arguments.collect::<Result<Vec<_>>>()?;
        let parts = self.tools.iter().zip(&arguments);
        let definitions = parts.map(|(tool, arguments)| definition(tool, arguments.as_ref()));
        let definitions = definitions.collect::<Result<_>>()?;
        let mut names = HashSet::new();
        for tool in &self.tools {
            if let Some(argument) = tool.unnamed_type {
                return Err(Error::argument(format!(
                    "a tool cannot be named after its argument type `{argument}`: set its name with `Tool::name`"
                )));
            }
            check_name(&tool.name).map_err(Error::argument)?;
            if !names.insert(&tool.name) {
                let reason = format!(
                    "there are two tools named `{}`: rename one with `Tool::name`",
                    tool.name
                );
                return Err(Error::argument(reason));
            }
        }
        let tools = self.tools.into_iter().zip(arguments);
        let tools = tools.map(|(tool, arguments)| Callable { tool, arguments });
        Ok(ToolSet(Arc::new(Inner {
            tools: tools.collect(),
            definitions,
        })))
    }
}

/// Normalizes the schema of a tool, unless its arguments are passed on unchanged.
fn normalized_arguments(tool: &Tool) -> Result<Option<Normalized>> {
    if tool.is_typed {
        check_integers(&tool.schema, &tool.name)?;
    }
    Ok(match (tool.is_strict, tool.is_typed) {
        (true, _) => Some(Normalized::strict(&tool.name, &tool.schema)?),
        (false, true) => Some(Normalized::lenient(&tool.schema)),
        (false, false) => None,
    })
}

fn definition(tool: &Tool, arguments: Option<&Normalized>) -> Result<types::AssistantTool> {
    let parameters = match arguments {
        Some(arguments) if tool.is_strict => arguments.to_strict(&tool.name)?,
        _ => with_object_root(&tool.name, &tool.schema)?,
    };
    let mut function = json!({ "name": tool.name, "parameters": parameters });
    if let Some(description) = &tool.description {
        function["description"] = description.as_str().into();
    }
    // The default is false, and some servers reject the property.
    if tool.is_strict {
        function["strict"] = true.into();
    }
    // Through JSON, because older versions of the OpenAPI document have fewer properties.
    serde_json::from_value(json!({ "type": "function", "function": function })).map_err(|error| {
        let name = &tool.name;
        Error::argument(format!(
            "the definition of the tool `{name}` is invalid: {error}"
        ))
    })
}
