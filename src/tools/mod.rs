//! Tools that are Rust functions, and what the model is told of them.

mod calls;
#[cfg(assistants_schema = "ResponseFormatJsonSchema")]
mod response_format;
mod strict;
mod structured;

use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::types;

use calls::{Handler, handler};

pub(crate) use calls::{Call, RunSettings};
pub use calls::{OnFailure, ToolContext, ToolError, ToolErrorKind};
#[cfg(assistants_schema = "ResponseFormatJsonSchema")]
pub use response_format::response_format;
pub use structured::Parsed;
pub(crate) use structured::parse;

/// The API takes no longer names of functions and formats.
const NAME_LIMIT: usize = 64;

/// A function that the model may call.
///
/// It is made of a Rust function or closure that takes one argument and returns a
/// future. The JSON Schema of the argument comes from its type, which derives
/// `Deserialize` of serde and `JsonSchema` of [schemars](https://docs.rs/schemars) 1;
/// doc comments are what the model reads to know what is meant. The result is anything
/// that serde can write: a string goes to the model as it is, everything else as JSON.
///
/// # Arguments
///
/// The argument is a struct with named fields, or `()` for none. Inside of it there may be
/// structs, lists, options, and enums with and without data. Maps, tuples and
/// `serde_json::Value` cannot be expressed, because schemas are strict unless
/// [`strict`](Self::strict) says otherwise: the model then keeps to them. Limits of the
/// length of strings are not part of the schema.
///
/// The model sees the fields, and writes them, in the order in which they are declared: put
/// what it has to think of first in front. An optional field may be null, and so may one
/// with `#[serde(default)]`, which then has its default. Tell in the doc comment which that
/// is: it is not part of the schema.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use openai_assistants::{Tool, ToolContext, ToolSet};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// Weather in a city.
/// #[derive(Deserialize, JsonSchema)]
/// struct GetWeather {
///     /// Name of the city.
///     city: String,
/// }
///
/// #[derive(Serialize)]
/// struct Weather {
///     celsius: f64,
/// }
///
/// async fn get_weather(arguments: GetWeather) -> Result<Weather, std::io::Error> {
///     # let _ = arguments.city;
///     Ok(Weather { celsius: 12.0 })
/// }
///
/// let tools = ToolSet::builder()
///     .tool(Tool::function(get_weather).timeout(Duration::from_secs(5)))
///     .build()?;
/// assert_eq!(
///     serde_json::to_value(tools.definitions()).unwrap()[0]["function"]["name"],
///     "get_weather"
/// );
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a tool is called as part of a `ToolSet`"]
pub struct Tool {
    name: String,
    /// The type that the name should come from, if it has none of its own.
    nameless: Option<&'static str>,
    description: Option<String>,
    /// Of the arguments, as schemars makes it or as the caller gave it.
    schema: Value,
    is_strict: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) handler: Handler,
}

impl Tool {
    /// A tool whose name and description come from the type of its argument: its name in
    /// snake case, and its doc comment.
    ///
    /// The model is told the text of the errors that the function returns, unless
    /// [`OnFailure::Stop`](crate::OnFailure::Stop) is chosen. The function must not
    /// block: what it does between two `await`s cannot be timed out.
    ///
    /// ```
    /// use openai_assistants::Tool;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// /// Adds two numbers.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Add {
    ///     a: i64,
    ///     b: i64,
    /// }
    ///
    /// let tool = Tool::function(|numbers: Add| async move {
    ///     numbers.a.checked_add(numbers.b).ok_or("the sum is too large")
    /// });
    /// ```
    ///
    /// Calls run at the same time and may outlive each other, so each future owns what it
    /// works with. What calls share, such as a pool of connections, is moved into the
    /// closure, and each call takes a clone:
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::sync::Arc;
    /// use openai_assistants::Tool;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// /// Looks up the price of an article.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Lookup {
    ///     article: String,
    /// }
    ///
    /// let prices = Arc::new(HashMap::from([("tea".to_owned(), 4.2)]));
    /// let tool = Tool::function(move |lookup: Lookup| {
    ///     let prices = prices.clone();
    ///     async move { prices.get(&lookup.article).copied().ok_or("there is no such article") }
    /// });
    /// ```
    pub fn function<A, F, Fut, R, E>(function: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::with_context(move |_, arguments| function(arguments))
    }

    /// A tool that is told which run calls it, otherwise like
    /// [`function`](Self::function).
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use openai_assistants::{Tool, ToolContext};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// /// Puts a note into the log.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Note {
    ///     text: String,
    /// }
    ///
    /// let tool = Tool::with_context(|context: ToolContext, note: Note| async move {
    ///     println!("{}: {}", context.thread_id(), note.text);
    ///     Ok::<_, Infallible>("noted")
    /// });
    /// ```
    pub fn with_context<A, F, Fut, R, E>(function: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Fn(ToolContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let mut schema = strict::of::<A>();
        Self {
            name: snake_case(&A::schema_name()),
            // What schemars writes in place has a makeshift name: `()` is `null`.
            nameless: A::inline_schema().then(std::any::type_name::<A>),
            description: strict::take_description(&mut schema),
            schema,
            is_strict: true,
            timeout: None,
            handler: handler(function),
        }
    }

    /// A tool that is not known before the program runs: with a schema given as JSON,
    /// which is sent as it is, and arguments that are not checked against it.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use openai_assistants::Tool;
    /// use serde_json::{Value, json};
    ///
    /// let schema = json!({"type": "object", "properties": {"query": {"type": "string"}}});
    /// let tool = Tool::dynamic("search", "Searches the archive.", schema, |arguments: Value| async move {
    ///     Ok::<_, Infallible>(json!({"asked": arguments["query"], "found": []}))
    /// });
    /// ```
    pub fn dynamic<F, Fut, R, E>(
        name: impl Into<String>,
        description: impl Into<String>,
        schema: Value,
        function: F,
    ) -> Self
    where
        F: Fn(Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self {
            name: name.into(),
            nameless: None,
            description: Some(description.into()),
            schema,
            is_strict: false,
            timeout: None,
            handler: handler(move |_, arguments| function(arguments)),
        }
    }

    /// The name that the model calls it by: letters, digits, `_` and `-`, at most 64 of
    /// them.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self.nameless = None;
        self
    }

    /// What it does and when it is of use, for the model to read.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Whether the arguments are sure to match the schema: yes unless set, and no for
    /// [`dynamic`](Self::dynamic) tools. Without it, the schema may have everything that
    /// JSON Schema has. With it, a given schema is put into the strict form too.
    pub fn strict(mut self, is_strict: bool) -> Self {
        self.is_strict = is_strict;
        self
    }

    /// How long one call may take; otherwise the time-out of the run of tools counts.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// Its handler is left out.
impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool")
            .field("name", &self.name)
            .field("description", &self.description)
            .field("is_strict", &self.is_strict)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The tools that a model may call. It is cheap to clone.
///
/// [`Follow::tools`](crate::Follow::tools) calls them when a run asks for it, and
/// [`call`](Self::call) does so by hand.
///
/// # Examples
///
/// Two tools that share a list, and a run that may call them:
///
/// ```
/// use std::convert::Infallible;
/// use std::sync::{Arc, Mutex};
/// use openai_assistants::{Tool, ToolSet};
/// use openai_assistants::types::CreateRunRequest;
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// /// Puts something on the shopping list.
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
#[derive(Clone)]
pub struct ToolSet(Arc<Inner>);

struct Inner {
    tools: Vec<Tool>,
    definitions: Vec<types::AssistantTool>,
}

impl ToolSet {
    /// Begins a set without tools.
    pub fn builder() -> ToolSetBuilder {
        ToolSetBuilder::default()
    }

    /// What the model is told: for the `tools` of an assistant or a run.
    #[must_use]
    pub fn definitions(&self) -> Vec<types::AssistantTool> {
        self.0.definitions.clone()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Tool> {
        self.0.tools.iter().find(|tool| tool.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.tools.iter().map(|tool| tool.name.as_str())
    }
}

impl fmt::Debug for ToolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Puts a [`ToolSet`] together. Mistakes are reported by [`build`](Self::build).
///
/// # Examples
///
/// ```
/// use openai_assistants::ToolSet;
///
/// let none = ToolSet::builder().build()?;
/// assert!(none.definitions().is_empty());
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a set is made by `build`"]
pub struct ToolSetBuilder {
    tools: Vec<Tool>,
}

impl ToolSetBuilder {
    /// Adds a Rust function. Short for [`tool`](Self::tool) with [`Tool::function`].
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

    /// Makes the set.
    ///
    /// # Errors
    /// The type of an argument has no strict JSON Schema, or is not an object; a name
    /// cannot be used, is there twice, or would have to come from a type that has none,
    /// such as `()`.
    pub fn build(self) -> Result<ToolSet> {
        let definitions = self.tools.iter().map(definition).collect::<Result<_>>()?;
        let mut names = HashSet::new();
        for tool in &self.tools {
            if let Some(argument) = tool.nameless {
                return Err(Error::unusable(format!(
                    "a tool has `{argument}` as its argument, which is no name for it: give it a `name`"
                )));
            }
            check_name(&tool.name).map_err(Error::unusable)?;
            if !names.insert(&tool.name) {
                let reason = format!(
                    "there are two tools `{}`: give one another `name`",
                    tool.name
                );
                return Err(Error::unusable(reason));
            }
        }
        Ok(ToolSet(Arc::new(Inner {
            tools: self.tools,
            definitions,
        })))
    }
}

fn definition(tool: &Tool) -> Result<types::AssistantTool> {
    let parameters = if tool.is_strict {
        strict::strict(&tool.name, &tool.schema)?
    } else {
        strict::plain(&tool.name, &tool.schema)?
    };
    let mut function = json!({ "name": tool.name, "parameters": parameters });
    if let Some(description) = &tool.description {
        function["description"] = description.as_str().into();
    }
    // It is no by default, and not every server knows it.
    if tool.is_strict {
        function["strict"] = true.into();
    }
    // By way of JSON, because older documents do not have all of it.
    serde_json::from_value(json!({ "type": "function", "function": function })).map_err(|error| {
        let name = &tool.name;
        Error::unusable(format!("the tool `{name}` cannot be described: {error}"))
    })
}

/// Why a name cannot be sent.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(is_known) {
        return Ok(());
    }
    Err(format!(
        "the name `{}` cannot be sent: it takes 1 to {NAME_LIMIT} letters, digits, `_` and `-`; give another one",
        name.escape_debug()
    ))
}

/// `GetWeather` as `get_weather`, and `HTTPGet` as `http_get`.
fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| characters[at]);
        let after = characters.get(at + 1);
        let is_start = character.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if is_start {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use serde::Deserialize;

    use super::*;

    /// Weather in a city.
    #[derive(Deserialize, JsonSchema)]
    struct GetWeather {
        /// Name of the city.
        city: String,
        days: Option<u8>,
    }

    async fn get_weather(arguments: GetWeather) -> Result<String, Infallible> {
        Ok(format!("{} {:?}", arguments.city, arguments.days))
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Scores {
        scores: BTreeMap<String, u8>,
    }

    async fn count(scores: Scores) -> Result<usize, Infallible> {
        Ok(scores.scores.len())
    }

    fn definition_of(tool: Tool) -> Value {
        let tools = ToolSet::builder().tool(tool).build();
        let definitions = tools.expect("the tool can be described").definitions();
        serde_json::to_value(&definitions[0]).unwrap()
    }

    fn mistake(builder: ToolSetBuilder) -> String {
        let error = builder.build().expect_err("it is a mistake");
        assert!(error.is_invalid_argument());
        error.to_string()
    }

    #[test]
    fn a_function_is_described_by_the_type_of_its_argument() {
        let mut expected = json!({
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "Weather in a city.",
                "strict": true,
                "parameters": {
                    "type": "object",
                    "properties": {
                        "city": {"description": "Name of the city.", "type": "string"},
                        "days": {"type": ["integer", "null"], "minimum": 0, "maximum": 255},
                    },
                    "required": ["city", "days"],
                    "additionalProperties": false,
                },
            },
        });
        if cfg!(not(assistants_schema = "ResponseFormatJsonSchema")) {
            expected["function"]
                .as_object_mut()
                .unwrap()
                .remove("strict");
        }
        assert_eq!(definition_of(Tool::function(get_weather)), expected);
        expected["function"]["name"] = "lookup".into();
        expected["function"]["description"] = "Looks it up.".into();
        let tool = Tool::function(get_weather)
            .name("lookup")
            .description("Looks it up.");
        assert_eq!(definition_of(tool), expected);
    }

    #[test]
    fn the_model_sees_the_fields_in_the_order_of_their_declaration() {
        #[derive(Deserialize, JsonSchema)]
        #[allow(dead_code)]
        struct Z {
            b: u8,
            a: u8,
        }
        #[derive(Deserialize, JsonSchema)]
        #[allow(dead_code)]
        struct Answer {
            z: Z,
            m: String,
            a: Option<Z>,
        }
        let tool = Tool::function(|_: Answer| async { Ok::<_, Infallible>(()) });
        for (tool, required) in [
            (tool.clone(), r#"["z","m","a"]"#),
            (tool.strict(false), r#"["z","m"]"#),
        ] {
            let set = ToolSet::builder().tool(tool).build().unwrap();
            // As it is sent.
            let text = serde_json::to_string(&set.definitions()).unwrap();
            let definitions: Value = serde_json::from_str(&text).unwrap();
            let parameters = &definitions[0]["function"]["parameters"];
            let names = |schema: &Value| {
                let properties = schema["properties"].as_object().unwrap();
                properties.keys().cloned().collect::<Vec<_>>()
            };
            assert_eq!(names(parameters), ["z", "m", "a"], "{text}");
            assert_eq!(names(&parameters["$defs"]["Z"]), ["b", "a"], "{text}");
            assert_eq!(parameters["required"].to_string(), required);
        }
    }

    #[test]
    fn a_type_without_a_name_needs_one_for_the_tool() {
        let tool = Tool::function(|(): ()| async { Ok::<_, Infallible>(()) });
        let message = mistake(ToolSet::builder().tool(tool.clone()));
        assert!(
            message.contains("`()`") && message.contains("give it a `name`"),
            "{message}"
        );
        assert_eq!(
            definition_of(tool.name("refresh"))["function"]["name"],
            "refresh"
        );
        let map = Tool::function(|_: BTreeMap<String, u8>| async { Ok::<_, Infallible>(()) });
        let message = mistake(ToolSet::builder().tool(map.clone().strict(false)));
        assert!(message.contains("give it a `name`"), "{message}");
        definition_of(map.strict(false).name("count"));
        // What no name would help comes first.
        let text = Tool::function(|_: String| async { Ok::<_, Infallible>(()) });
        let message = mistake(ToolSet::builder().tool(text));
        assert!(message.contains("is not an object"), "{message}");
    }

    #[test]
    fn a_schema_that_is_not_strict_may_have_a_map() {
        assert!(
            mistake(ToolSet::builder().function(count)).starts_with("`scores.scores` is a map")
        );
        let function = definition_of(Tool::function(count).strict(false))["function"].clone();
        assert_eq!(function.get("strict"), None);
        assert_eq!(
            function["parameters"]["properties"]["scores"]["additionalProperties"]["maximum"],
            255
        );
    }

    #[test]
    fn a_given_schema_is_sent_as_it_is_unless_it_is_to_be_strict() {
        let schema =
            json!({"type": "object", "properties": {"q": {"type": "string", "minLength": 1}}});
        let tool = Tool::dynamic("find", "Finds.", schema.clone(), |arguments| async move {
            Ok::<_, Infallible>(arguments)
        });
        let function = definition_of(tool.clone())["function"].clone();
        assert_eq!(
            function,
            json!({"name": "find", "description": "Finds.", "parameters": schema})
        );
        let function = definition_of(tool.strict(true))["function"].clone();
        assert_eq!(
            function["parameters"]["properties"]["q"],
            json!({"type": ["string", "null"]})
        );
    }

    #[test]
    fn a_name_that_cannot_be_sent_is_refused() {
        for name in ["", "a b", "größe", "a.b", &"a".repeat(65)] {
            let message = mistake(ToolSet::builder().tool(Tool::function(get_weather).name(name)));
            assert!(message.contains("cannot be sent"), "{message}");
        }
        for name in ["a", "A-b_9", &"a".repeat(64)] {
            let tool = Tool::function(get_weather).name(name);
            assert_eq!(definition_of(tool)["function"]["name"], name);
        }
    }

    #[test]
    fn two_tools_of_one_name_are_refused() {
        let builder = ToolSet::builder().function(get_weather);
        let message = mistake(builder.clone().function(get_weather));
        assert!(message.contains("two tools `get_weather`"), "{message}");
        let other = Tool::function(get_weather).name("other");
        let tools = builder.tool(other).build().unwrap();
        assert_eq!(format!("{tools:?}"), r#"{"get_weather", "other"}"#);
    }

    #[test]
    fn names_become_snake_case() {
        for (name, snake) in [
            ("GetWeather", "get_weather"),
            ("HTTPGet", "http_get"),
            ("Get2Days", "get2_days"),
            ("X", "x"),
            ("already_so", "already_so"),
            ("GetURL", "get_url"),
            ("", ""),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
