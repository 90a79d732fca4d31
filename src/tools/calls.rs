//! The calls that a model makes of tools.
//!
//! What a model asks for may be wrong, and a function may fail, hang or panic: each of
//! these is a value, so that a run never waits for an output that does not come.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::clock::{Clock, Deadline, SystemClock};
use crate::error::{Error, Result};
use crate::json_path;
use crate::tools::{ToolSet, strict};

type Cause = Box<dyn StdError + Send + Sync>;
type Output = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>>;

/// Takes the arguments as text, and returns the output as text.
pub(crate) type Handler = Arc<dyn Fn(ToolContext, String) -> Output + Send + Sync>;

/// Which call a tool was called for.
///
/// # Examples
///
/// ```
/// use openai_assistants::ToolContext;
///
/// let context = ToolContext::new("thread_1", "run_1", "call_1");
/// assert_eq!(context.call_id(), "call_1");
/// ```
#[derive(Clone, Debug)]
pub struct ToolContext {
    thread_id: String,
    run_id: String,
    call_id: String,
}

impl ToolContext {
    /// For calls that are made by hand, with [`ToolSet::call`].
    #[must_use]
    pub fn new(
        thread_id: impl Into<String>,
        run_id: impl Into<String>,
        call_id: impl Into<String>,
    ) -> Self {
        Self {
            thread_id: thread_id.into(),
            run_id: run_id.into(),
            call_id: call_id.into(),
        }
    }

    /// The thread that the run works on.
    #[must_use]
    pub fn thread_id(&self) -> &str {
        &self.thread_id
    }

    /// The run that waits for the output.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The call, as the model numbers it. A run that is taken up again may call with the
    /// same id a second time.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }
}

/// What becomes of a call that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// The model is told by an output `{"error": …}`, and may try something else.
    #[default]
    Tell,
    /// Nothing is submitted, and the caller gets the error.
    Stop,
}

/// The kind of a [`ToolError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolErrorKind {
    /// The arguments that the model wrote are not JSON, or do not fit the type.
    BadArguments,
    /// The model called a tool that is not in the set.
    UnknownTool,
    /// The function returned an error, or a result that cannot be written as JSON.
    Failed,
    /// The function took too long, and was dropped.
    TimedOut,
    /// The function panicked. The message does not say with what.
    Panicked,
}

/// A call of a tool that has no result.
///
/// [`ToolSet::call`] returns it. In a run that is followed, it is the
/// [`source`](std::error::Error::source) of an error with
/// [`is_tool`](crate::Error::is_tool). Its own source is the error of the function.
///
/// # Examples
///
/// ```
/// use openai_assistants::{OnFailure, ToolError, ToolErrorKind};
///
/// /// Lets the model correct what it can.
/// fn on_failure(error: &ToolError) -> OnFailure {
///     match error.kind() {
///         ToolErrorKind::BadArguments | ToolErrorKind::UnknownTool => OnFailure::Tell,
///         _ => OnFailure::Stop,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct ToolError {
    kind: ToolErrorKind,
    tool: String,
    call_id: String,
    message: String,
    source: Option<Cause>,
}

impl ToolError {
    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ToolErrorKind {
        self.kind
    }

    /// The name of the tool, as the model wrote it.
    #[must_use]
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// The id of the call.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// What the model is told about it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tool,
            call_id,
            message,
            ..
        } = self;
        write!(
            f,
            "the tool `{tool}` has no result for the call {call_id}: {message}"
        )
    }
}

impl StdError for ToolError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What the model wants to be called.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON, if the model made no mistake.
    pub(crate) arguments: String,
}

/// How the calls of a run are made.
#[derive(Clone)]
pub(crate) struct RunSettings {
    /// How many calls are under way at the same time; 0 counts as 1.
    pub(crate) concurrency: usize,
    /// For tools that have no time-out of their own.
    pub(crate) timeout: Duration,
    pub(crate) on_failure: Arc<dyn Fn(&ToolError) -> OnFailure + Send + Sync>,
}

impl ToolSet {
    /// Makes the calls, and returns the id and the output of each in the order of the
    /// calls. Of calls with the same id the first is made.
    ///
    /// # Errors
    /// A call failed for which the answer was [`OnFailure::Stop`]; the others are
    /// dropped.
    pub(crate) async fn run(
        &self,
        calls: Vec<Call>,
        thread_id: &str,
        run_id: &str,
        settings: &RunSettings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Vec<(String, String)>> {
        let mut ids = HashSet::new();
        let calls = calls.into_iter().filter(|call| ids.insert(call.id.clone()));
        let calls: Vec<_> = calls.enumerate().collect();
        let mut results = stream::iter(calls)
            .map(|(position, call)| {
                let context = ToolContext::new(thread_id, run_id, &call.id);
                let (id, limit) = (call.id.clone(), Some(settings.timeout));
                async move {
                    let result = self.call_within(limit, call, context, clock).await;
                    (position, id, result)
                }
            })
            .buffer_unordered(settings.concurrency.max(1));
        let mut outputs = Vec::new();
        while let Some((position, id, result)) = results.next().await {
            let output = match result {
                Ok(output) => output,
                Err(error) => match (settings.on_failure)(&error) {
                    OnFailure::Tell => json!({ "error": error.message }).to_string(),
                    OnFailure::Stop => {
                        return Err(Error::tool_failed(error).in_run(Some(thread_id), Some(run_id)));
                    }
                },
            };
            outputs.push((position, (id, output)));
        }
        outputs.sort_by_key(|(position, _)| *position);
        Ok(outputs.into_iter().map(|(_, output)| output).collect())
    }

    /// Calls a tool by hand, with arguments as the model writes them: where a person has
    /// to agree before, or in the tests of a tool. The output is what the model is to be
    /// told. [`Follow::tools`](crate::Follow::tools) makes the calls of a run on its own.
    ///
    /// A tool without a [`timeout`](crate::Tool::timeout) may take as long as it likes. The
    /// time-out of one that has it is measured by tokio's timers, also where a client has
    /// another clock.
    ///
    /// # Errors
    /// The [`kind`](ToolError::kind) says which: there is no such tool, the arguments do
    /// not fit it, or the function failed, panicked or took too long.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::{Tool, ToolContext, ToolErrorKind, ToolSet};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// /// Divides two numbers.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Divide {
    ///     a: i64,
    ///     b: i64,
    /// }
    ///
    /// async fn divide(numbers: Divide) -> Result<i64, &'static str> {
    ///     numbers.a.checked_div(numbers.b).ok_or("b must not be 0")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openai_assistants::Result<()> {
    /// let tools = ToolSet::builder().function(divide).build()?;
    /// let context = ToolContext::new("thread_1", "run_1", "call_1");
    ///
    /// let output = tools.call("divide", r#"{"a": 6, "b": 2}"#, context.clone()).await;
    /// assert_eq!(output.unwrap(), "3");
    ///
    /// let error = tools.call("divide", r#"{"a": 6, "b": 0}"#, context).await.unwrap_err();
    /// assert_eq!(error.kind(), ToolErrorKind::Failed);
    /// assert_eq!(error.message(), "b must not be 0");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call(
        &self,
        name: &str,
        arguments: &str,
        context: ToolContext,
    ) -> Result<String, ToolError> {
        let call = Call {
            id: context.call_id.clone(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        self.call_within(None, call, context, &clock).await
    }

    /// Makes one call. The limit is for a tool that has none of its own.
    async fn call_within(
        &self,
        limit: Option<Duration>,
        call: Call,
        context: ToolContext,
        clock: &Arc<dyn Clock>,
    ) -> Result<String, ToolError> {
        let result = match self.get(&call.name) {
            Some(tool) => {
                let output = (tool.handler)(context, call.arguments);
                let output = AssertUnwindSafe(output).catch_unwind();
                let output = match tool.timeout.or(limit) {
                    Some(limit) => Deadline::new(clock, limit)
                        .before(output)
                        .await
                        .ok_or(limit),
                    None => Ok(output.await),
                };
                match output {
                    Ok(Ok(result)) => result,
                    Ok(Err(_)) => Err(Failure::plain(
                        ToolErrorKind::Panicked,
                        "the tool has a fault and gave up",
                    )),
                    Err(limit) => Err(Failure::plain(
                        ToolErrorKind::TimedOut,
                        format!("the tool had no result within {limit:?}"),
                    )),
                }
            }
            None => {
                let names: Vec<_> = self.names().collect();
                let (name, names) = (&call.name, names.join(", "));
                let message = format!("there is no tool `{name}`; the names of the tools: {names}");
                Err(Failure::plain(ToolErrorKind::UnknownTool, message))
            }
        };
        result.map_err(|failure| ToolError {
            kind: failure.kind,
            tool: call.name,
            call_id: call.id,
            message: failure.message,
            source: failure.cause,
        })
    }
}

/// Decodes the arguments, calls the function, and writes down what comes of it.
pub(crate) fn handler<A, F, Fut, R, E>(function: F) -> Handler
where
    A: DeserializeOwned + Send + 'static,
    F: Fn(ToolContext, A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
    R: Serialize,
    E: Into<Cause>,
{
    let function = Arc::new(function);
    Arc::new(move |context, arguments| {
        let function = function.clone();
        // All of it is in the future, where a panic is caught.
        Box::pin(async move {
            let arguments = arguments_of(&arguments)?;
            let result = function(context, arguments).await;
            let result =
                result.map_err(|error| Failure::new(ToolErrorKind::Failed, error.into()))?;
            output(&result)
        })
    })
}

fn arguments_of<A: DeserializeOwned>(text: &str) -> Result<A, Failure> {
    // Some models write nothing where there is nothing to say.
    let text = if text.trim().is_empty() { "{}" } else { text };
    strict::read(text).map_err(|error| {
        let place = match json_path::path_of(&error, text.as_bytes()) {
            path if path.is_empty() => String::new(),
            path => format!(" at `{path}`"),
        };
        let what = if error.is_data() {
            "do not fit the tool"
        } else {
            "are not valid JSON"
        };
        Failure {
            kind: ToolErrorKind::BadArguments,
            message: format!("the arguments {what}{place}: {error}"),
            cause: Some(error.into()),
        }
    })
}

fn output(result: &impl Serialize) -> Result<String, Failure> {
    let failed = |error: serde_json::Error| Failure::new(ToolErrorKind::Failed, error.into());
    let json = serde_json::to_string(result).map_err(failed)?;
    if json.starts_with('"') {
        return serde_json::from_str(&json).map_err(failed);
    }
    Ok(json)
}

/// Why a call has no output.
pub(crate) struct Failure {
    kind: ToolErrorKind,
    message: String,
    cause: Option<Cause>,
}

impl Failure {
    fn new(kind: ToolErrorKind, cause: Cause) -> Self {
        Self {
            kind,
            message: cause.to_string(),
            cause: Some(cause),
        }
    }

    fn plain(kind: ToolErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            cause: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;
    use std::future::pending;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::Value;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::testing::{TestClock, turns, until};
    use crate::tools::Tool;

    const LIMIT: Duration = Duration::from_secs(60);

    #[derive(Deserialize, JsonSchema)]
    struct Divide {
        a: i64,
        b: i64,
        #[serde(default)]
        rounded: bool,
    }

    #[derive(Debug)]
    struct DivisionByZero;

    impl fmt::Display for DivisionByZero {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("b must not be 0")
        }
    }

    impl StdError for DivisionByZero {}

    async fn divide(numbers: Divide) -> Result<i64, DivisionByZero> {
        assert!(numbers.a >= 0, "a secret of the program");
        let rounding = i64::from(numbers.rounded);
        let quotient = numbers.a.checked_div(numbers.b).ok_or(DivisionByZero)?;
        Ok(quotient + rounding)
    }

    #[derive(Deserialize, JsonSchema)]
    struct Wait {}

    async fn wait(_: Wait) -> Result<(), Infallible> {
        pending().await
    }

    fn tools() -> ToolSet {
        let tools = ToolSet::builder().function(divide).function(wait).build();
        tools.expect("the tools are good")
    }

    fn call(id: &str, name: &str, arguments: &str) -> Call {
        Call {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        }
    }

    fn settings(concurrency: usize, answer: OnFailure) -> RunSettings {
        RunSettings {
            concurrency,
            timeout: LIMIT,
            on_failure: Arc::new(move |_| answer),
        }
    }

    async fn run_with(
        tools: &ToolSet,
        calls: Vec<Call>,
        settings: &RunSettings,
        clock: TestClock,
    ) -> Result<Vec<(String, String)>> {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        tools
            .run(calls, "thread_1", "run_1", settings, &clock)
            .await
    }

    async fn output_of(tools: &ToolSet, name: &str, arguments: &str) -> String {
        let settings = settings(8, OnFailure::Stop);
        let calls = vec![call("call_1", name, arguments)];
        let outputs = run_with(tools, calls, &settings, TestClock::default()).await;
        let mut outputs = outputs.expect("the call succeeds");
        outputs.pop().expect("there is an output").1
    }

    /// What the model is told, and the error if the caller wants one.
    async fn failure_of(name: &str, arguments: &str) -> (String, Error) {
        let calls = vec![call("call_1", name, arguments)];
        let mut results = Vec::new();
        for answer in [OnFailure::Tell, OnFailure::Stop] {
            let settings = settings(8, answer);
            results.push(run_with(&tools(), calls.clone(), &settings, TestClock::late()).await);
        }
        let error = results.pop().unwrap().expect_err("it is to stop");
        let outputs = results.pop().unwrap().expect("the model is to be told");
        assert_eq!(outputs.len(), 1);
        assert_eq!(outputs[0].0, "call_1");
        let output: BTreeMap<String, String> = serde_json::from_str(&outputs[0].1).unwrap();
        assert_eq!(output.len(), 1);
        (output["error"].clone(), error)
    }

    /// Checks what the error says, and returns what the model is told.
    async fn check_failure(name: &str, arguments: &str, kind: ToolErrorKind) -> String {
        let (told, error) = failure_of(name, arguments).await;
        assert!(error.is_tool() && !error.is_retryable());
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), Some("run_1"))
        );
        assert!(error.to_string().contains(&told), "{error}");
        let source = error
            .source()
            .and_then(|source| source.downcast_ref::<ToolError>());
        let source = source.expect("a ToolError is the source");
        assert_eq!(source.kind(), kind);
        assert_eq!((source.tool(), source.call_id()), (name, "call_1"));
        assert_eq!(source.message(), told);
        let is_of_function = source
            .source()
            .is_some_and(|source| source.is::<DivisionByZero>());
        assert_eq!(is_of_function, kind == ToolErrorKind::Failed);
        told
    }

    #[tokio::test]
    async fn bad_arguments_come_back_with_what_is_wrong_with_them() {
        let kind = ToolErrorKind::BadArguments;
        for (arguments, expected) in [
            (
                r#"{"a": 1, "b": "two"}"#,
                "the arguments do not fit the tool at `b`: invalid type: string \"two\", expected i64",
            ),
            (
                r#"{"a": 1}"#,
                "the arguments do not fit the tool: missing field `b`",
            ),
            ("[]", "the arguments do not fit the tool"),
            ("", "the arguments do not fit the tool: missing field `a`"),
            (r#"{"a": 1, "#, "the arguments are not valid JSON: EOF"),
            (
                "{a: 1}",
                "the arguments are not valid JSON: key must be a string",
            ),
        ] {
            let told = check_failure("divide", arguments, kind).await;
            assert!(told.starts_with(expected), "{told}");
        }
    }

    #[tokio::test]
    async fn an_unknown_tool_comes_back_with_the_names_that_exist() {
        let told = check_failure("multiply", "{}", ToolErrorKind::UnknownTool).await;
        assert!(told.contains("no tool `multiply`"), "{told}");
        assert!(told.contains("divide, wait"), "{told}");
    }

    #[tokio::test]
    async fn the_error_of_a_function_comes_back_in_its_words() {
        let told = check_failure("divide", r#"{"a": 1, "b": 0}"#, ToolErrorKind::Failed).await;
        assert_eq!(told, "b must not be 0");
    }

    #[tokio::test]
    async fn a_tool_that_hangs_is_given_up() {
        let told = check_failure("wait", "{}", ToolErrorKind::TimedOut).await;
        assert!(told.contains("within 60s"), "{told}");
    }

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_nothing_of_its_cause() {
        let told = check_failure("divide", r#"{"a": -1, "b": 1}"#, ToolErrorKind::Panicked).await;
        assert!(!told.contains("secret"), "{told}");
    }

    #[tokio::test]
    async fn a_panic_before_there_is_a_future_is_caught_too() {
        fn fail(_: Wait) -> std::future::Ready<Result<(), Infallible>> {
            panic!("there is no future")
        }
        let tools = ToolSet::builder()
            .function(fail)
            .tool(Tool::function(divide))
            .build();
        let tools = tools.unwrap();
        let calls = vec![
            call("1", "wait", "{}"),
            call("2", "divide", r#"{"a": 4, "b": 2}"#),
        ];
        let settings = settings(1, OnFailure::Tell);
        let outputs = run_with(&tools, calls, &settings, TestClock::default()).await;
        let outputs = outputs.unwrap();
        assert!(outputs[0].1.contains("error"));
        assert_eq!(outputs[1].1, "2");
    }

    #[tokio::test]
    async fn each_tool_has_its_own_time_out_or_that_of_the_run() {
        let own = Duration::from_secs(5);
        let tools = ToolSet::builder()
            .function(wait)
            .tool(Tool::function(wait).name("short").timeout(own))
            .build()
            .unwrap();
        let clock = TestClock::late();
        let calls = vec![call("1", "wait", "{}"), call("2", "short", "{}")];
        let settings = settings(1, OnFailure::Tell);
        let outputs = run_with(&tools, calls, &settings, clock.clone())
            .await
            .unwrap();
        assert!(
            outputs[0].1.contains("60s") && outputs[1].1.contains("5s"),
            "{outputs:?}"
        );
        assert_eq!(clock.timeouts(), [LIMIT, own]);
    }

    #[tokio::test]
    async fn the_caller_decides_by_the_error() {
        let settings = RunSettings {
            concurrency: 8,
            timeout: LIMIT,
            on_failure: Arc::new(|error| match error.kind() {
                ToolErrorKind::BadArguments => OnFailure::Tell,
                _ => OnFailure::Stop,
            }),
        };
        let bad = vec![call("1", "divide", "{}")];
        let zero = vec![call("1", "divide", r#"{"a": 1, "b": 0}"#)];
        assert!(
            run_with(&tools(), bad, &settings, TestClock::default())
                .await
                .is_ok()
        );
        assert!(
            run_with(&tools(), zero, &settings, TestClock::default())
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn an_end_does_not_wait_for_the_other_calls() {
        let calls = vec![
            call("1", "wait", "{}"),
            call("2", "divide", r#"{"a": 1, "b": 0}"#),
        ];
        let settings = settings(8, OnFailure::Stop);
        let error = run_with(&tools(), calls, &settings, TestClock::default()).await;
        assert!(error.expect_err("one call fails").is_tool());
    }

    #[tokio::test]
    async fn a_string_goes_out_as_it_is_and_the_rest_as_json() {
        #[derive(Serialize)]
        struct Weather {
            wind: Option<u8>,
            celsius: f64,
        }
        let tools = ToolSet::builder()
            .tool(
                Tool::function(|_: Wait| async { Ok::<_, Infallible>("12 °C \"or\" so") })
                    .name("text"),
            )
            .tool(
                Tool::function(|_: Wait| async { Ok::<_, Infallible>(String::new()) })
                    .name("empty"),
            )
            .tool(
                Tool::function(|_: Wait| async {
                    Ok::<_, Box<dyn StdError + Send + Sync>>(Weather {
                        wind: None,
                        celsius: 12.5,
                    })
                })
                .name("json"),
            )
            .build()
            .unwrap();
        assert_eq!(output_of(&tools, "text", "{}").await, "12 °C \"or\" so");
        assert_eq!(output_of(&tools, "empty", "{}").await, "");
        assert_eq!(
            output_of(&tools, "json", "{}").await,
            r#"{"wind":null,"celsius":12.5}"#
        );
    }

    #[tokio::test]
    async fn a_result_that_is_no_json_is_a_failure_of_the_tool() {
        let tools = ToolSet::builder()
            .function(|_: Wait| async { Ok::<_, Infallible>(BTreeMap::from([((1, 2), 3)])) })
            .build()
            .unwrap();
        let calls = vec![call("1", "wait", "{}")];
        let settings = settings(1, OnFailure::Stop);
        let error = run_with(&tools, calls, &settings, TestClock::default()).await;
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("key must be a string")
        );
    }

    #[tokio::test]
    async fn null_and_nothing_stand_for_what_is_missing() {
        let arguments = r#"{"a": 7, "b": 2, "rounded": null}"#;
        assert_eq!(output_of(&tools(), "divide", arguments).await, "3");
        let unit = Tool::function(|(): ()| async { Ok::<_, Infallible>(1) }).name("unit");
        let tools = ToolSet::builder().tool(unit).build().unwrap();
        for arguments in ["{}", "", " ", "null"] {
            assert_eq!(
                output_of(&tools, "unit", arguments).await,
                "1",
                "{arguments:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_dynamic_tool_gets_the_arguments_as_they_are() {
        let schema = serde_json::json!({"type": "object"});
        let tool = Tool::dynamic("echo", "Echoes.", schema, |arguments: Value| async move {
            Ok::<_, Infallible>(arguments)
        });
        let tools = ToolSet::builder().tool(tool).build().unwrap();
        let output = output_of(&tools, "echo", r#"{"a": [1, null], "b": null}"#).await;
        assert_eq!(output, r#"{"a":[1,null],"b":null}"#);
    }

    #[tokio::test]
    async fn a_tool_is_told_which_run_calls_it() {
        let tool = Tool::with_context(|context: ToolContext, _: Wait| async move {
            let ids = [context.thread_id(), context.run_id(), context.call_id()];
            Ok::<_, Infallible>(ids.join(" "))
        });
        let tools = ToolSet::builder().tool(tool).build().unwrap();
        assert_eq!(
            output_of(&tools, "wait", "{}").await,
            "thread_1 run_1 call_1"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_by_hand_is_like_one_of_a_run() {
        fn context() -> ToolContext {
            ToolContext::new("thread_1", "run_1", "call_1")
        }
        let ids = Tool::with_context(|context: ToolContext, _: Wait| async move {
            let ids = [context.thread_id(), context.run_id(), context.call_id()];
            Ok::<_, Infallible>(ids.join(" "))
        });
        let limit = Duration::from_secs(5);
        let tools = ToolSet::builder()
            .function(divide)
            .tool(ids.name("ids"))
            .tool(Tool::function(wait).timeout(limit));
        let tools = tools.build().unwrap();
        let output = tools.call("ids", "{}", context()).await.unwrap();
        assert_eq!(output, "thread_1 run_1 call_1");
        for (name, arguments, kind) in [
            ("divide", "{", ToolErrorKind::BadArguments),
            ("divide", r#"{"a": 1, "b": 0}"#, ToolErrorKind::Failed),
            ("divide", r#"{"a": -1, "b": 1}"#, ToolErrorKind::Panicked),
            ("multiply", "{}", ToolErrorKind::UnknownTool),
            ("wait", "{}", ToolErrorKind::TimedOut),
        ] {
            let error = tools.call(name, arguments, context()).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            assert_eq!((error.tool(), error.call_id()), (name, "call_1"));
        }
    }

    #[tokio::test]
    async fn a_call_by_hand_has_no_limit_but_that_of_its_tool() {
        let gate = Gate::new();
        let tools = gate.tools.clone();
        let context = ToolContext::new("thread_1", "run_1", "call_1");
        // `Send`, so that it can be spawned.
        let work = tokio::spawn(async move { tools.call("wait", "{}", context).await });
        until(|| gate.started() == 1).await;
        gate.open.add_permits(1);
        assert_eq!(work.await.unwrap().unwrap(), "output of call_1");
    }

    /// A tool whose calls end one by one when they are let go.
    struct Gate {
        tools: ToolSet,
        started: Arc<Mutex<Vec<String>>>,
        open: Arc<Semaphore>,
    }

    impl Gate {
        fn new() -> Self {
            let started = Arc::new(Mutex::new(Vec::new()));
            let open = Arc::new(Semaphore::new(0));
            let (log, gate) = (started.clone(), open.clone());
            let tool = Tool::with_context(move |context: ToolContext, _: Wait| {
                let (log, gate) = (log.clone(), gate.clone());
                async move {
                    let id = context.call_id().to_owned();
                    log.lock().unwrap().push(id.clone());
                    gate.acquire().await.expect("it is open").forget();
                    Ok::<_, Infallible>(format!("output of {id}"))
                }
            });
            let tools = ToolSet::builder().tool(tool).build().unwrap();
            Self {
                tools,
                started,
                open,
            }
        }

        fn started(&self) -> usize {
            self.started.lock().unwrap().len()
        }
    }

    #[tokio::test]
    async fn no_more_calls_are_under_way_than_allowed() {
        for (concurrency, expected) in [(0, 1), (1, 1), (3, 3), (100, 10)] {
            let gate = Gate::new();
            let ids: Vec<_> = (0..10).map(|number| number.to_string()).collect();
            let calls = ids.iter().map(|id| call(id, "wait", "{}")).collect();
            let tools = gate.tools.clone();
            let run = tokio::spawn(async move {
                let settings = settings(concurrency, OnFailure::Tell);
                run_with(&tools, calls, &settings, TestClock::default()).await
            });
            until(|| gate.started() == expected).await;
            for finished in 1..=10 {
                turns().await;
                assert_eq!(gate.started(), (expected + finished - 1).min(10));
                gate.open.add_permits(1);
                until(|| gate.started() == (expected + finished).min(10)).await;
            }
            let outputs = run.await.unwrap().unwrap();
            let expected: Vec<_> = ids
                .iter()
                .map(|id| (id.clone(), format!("output of {id}")))
                .collect();
            assert_eq!(outputs, expected);
        }
    }

    #[tokio::test]
    async fn outputs_have_the_order_of_the_calls() {
        let done = Arc::new(AtomicUsize::new(0));
        let count = done.clone();
        let tool = Tool::with_context(move |context: ToolContext, _: Wait| {
            let done = done.clone();
            async move {
                // The last one ends first.
                let before: usize = 3 - context.call_id().parse::<usize>().unwrap();
                until(|| done.load(Ordering::Relaxed) == before).await;
                done.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(before)
            }
        });
        let tools = ToolSet::builder().tool(tool).build().unwrap();
        let calls = ["0", "1", "2", "3"]
            .map(|id| call(id, "wait", "{}"))
            .to_vec();
        let settings = settings(4, OnFailure::Tell);
        let outputs = run_with(&tools, calls, &settings, TestClock::default())
            .await
            .unwrap();
        let outputs: Vec<_> = outputs
            .iter()
            .map(|(id, output)| (id.as_str(), output.as_str()))
            .collect();
        assert_eq!(outputs, [("0", "3"), ("1", "2"), ("2", "1"), ("3", "0")]);
        assert_eq!(count.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn of_two_calls_with_one_id_the_first_is_made() {
        let calls = vec![
            call("1", "divide", r#"{"a": 4, "b": 2}"#),
            call("1", "divide", r#"{"a": 6, "b": 2}"#),
        ];
        let settings = settings(2, OnFailure::Tell);
        let outputs = run_with(&tools(), calls, &settings, TestClock::default()).await;
        assert_eq!(outputs.unwrap(), [("1".to_owned(), "2".to_owned())]);
    }

    #[tokio::test]
    async fn a_run_that_is_given_up_drops_its_calls() {
        let gate = Gate::new();
        let tools = gate.tools.clone();
        let run = tokio::spawn(async move {
            let settings = settings(2, OnFailure::Tell);
            let calls = vec![call("1", "wait", "{}")];
            run_with(&tools, calls, &settings, TestClock::default()).await
        });
        until(|| gate.started() == 1).await;
        assert_eq!(Arc::strong_count(&gate.open), 3);
        run.abort();
        run.await.expect_err("it was given up");
        assert_eq!(Arc::strong_count(&gate.open), 2);
    }
}
