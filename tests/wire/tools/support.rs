//! Tools for the tests, and runs that call them.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::operations::CreateRun;
use openai_assistants::{Follow, OnToolFailure, Result, Tool, ToolContext, ToolError, ToolSet};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::support::{ManualClock, ScriptedServer, create_run, json_response, run, run_requiring};

/// The default time-out of a tool.
pub const TOOL_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Deserialize, JsonSchema)]
pub struct Divide {
    a: i64,
    b: i64,
    #[serde(default)]
    rounded: bool,
}

#[derive(Debug)]
pub struct DivisionByZero;

impl fmt::Display for DivisionByZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("b must not be 0")
    }
}

impl StdError for DivisionByZero {}

/// Divides; panics if `a` is negative.
pub async fn divide(numbers: Divide) -> Result<i64, DivisionByZero> {
    assert!(numbers.a >= 0, "a secret of the program");
    let rounding = i64::from(numbers.rounded);
    let quotient = numbers.a.checked_div(numbers.b).ok_or(DivisionByZero)?;
    Ok(quotient + rounding)
}

#[derive(Deserialize, JsonSchema)]
pub struct Wait {}

/// Never returns.
pub async fn wait(_: Wait) -> Result<(), Infallible> {
    pending().await
}

/// The tools `divide` and `wait`.
pub fn tools() -> ToolSet {
    let tools = ToolSet::builder().function(divide).function(wait).build();
    tools.expect("the tools are valid")
}

/// A set of one tool.
pub fn only(tool: Tool) -> ToolSet {
    let tools = ToolSet::builder().tool(tool).build();
    tools.expect("the tool is valid")
}

/// Follows a run that requires the outputs of these calls: ID, name and arguments. Returns the
/// outputs that the client submits: call ID and output.
pub async fn submitted_outputs(
    tools: &ToolSet,
    calls: &[(&str, &str, &str)],
    clock: &ManualClock,
    configure: impl FnOnce(Follow<CreateRun>) -> Follow<CreateRun>,
) -> Result<Vec<(String, String)>> {
    let responses = [run_requiring(calls), run("completed")];
    let server = ScriptedServer::start(responses.iter().map(json_response)).await;
    let client = server
        .builder(clock)
        .build()
        .expect("the settings are valid");
    configure(create_run(&client).follow().tools(tools))
        .wait()
        .await?;
    let requests = server.requests();
    let [_, submission] = &requests[..] else {
        panic!("one run, one submission: {requests:?}");
    };
    let (_, body) = submission.split_once("\r\n\r\n").expect("a request");
    let body: Value = serde_json::from_str(body).expect("the body is JSON");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let outputs = body["tool_outputs"].as_array().expect("a list of outputs");
    let outputs = outputs.iter();
    Ok(outputs
        .map(|output| (text(&output["tool_call_id"]), text(&output["output"])))
        .collect())
}

/// The output of one call in a run.
pub async fn output_of(tools: &ToolSet, name: &str, arguments: &str) -> String {
    let calls = [("call_1", name, arguments)];
    let outputs = submitted_outputs(tools, &calls, &ManualClock::default(), aborting).await;
    let mut outputs = outputs.expect("the call succeeds");
    outputs.pop().expect("an output").1
}

/// The run ends with an error if a tool fails.
pub fn aborting(follow: Follow<CreateRun>) -> Follow<CreateRun> {
    follow.on_tool_failure(|_| OnToolFailure::Abort)
}

/// A tool that keeps its arguments.
pub struct Receiver<T> {
    tools: ToolSet,
    received: Arc<Mutex<Option<T>>>,
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Receiver<T> {
    pub fn new(is_strict: bool) -> Self {
        let received = Arc::new(Mutex::new(None));
        let kept = received.clone();
        let tool = Tool::function(move |argument: T| {
            *kept.lock().unwrap() = Some(argument);
            ready(Ok::<_, Infallible>(()))
        });
        let tools = only(tool.name("tool").strict(is_strict));
        Self { tools, received }
    }

    pub async fn call(&self, arguments: &str) -> Result<T, ToolError> {
        let context = ToolContext::new("thread_1", "run_1", "call_1");
        self.tools.call("tool", arguments, context).await?;
        let received = self.received.lock().unwrap().take();
        Ok(received.expect("the function was called"))
    }
}

/// What a tool receives that takes `T`.
pub async fn received<T>(arguments: &str, is_strict: bool) -> Result<T, ToolError>
where
    T: DeserializeOwned + JsonSchema + Send + 'static,
{
    Receiver::new(is_strict).call(arguments).await
}

/// What a tool receives whose schema is given as JSON.
pub async fn call_dynamic(schema: Value, is_strict: bool, arguments: &str) -> Value {
    let echo = |value: Value| ready(Ok::<_, Infallible>(value));
    let tool = Tool::dynamic("tool", "", schema, echo).strict(is_strict);
    let context = ToolContext::new("thread_1", "run_1", "call_1");
    let output = only(tool).call("tool", arguments, context).await;
    serde_json::from_str(&output.expect("it succeeds")).expect("the output is JSON")
}

/// The tool `wait`, whose calls return one by one as permits are added.
pub struct Gate {
    pub tools: ToolSet,
    pub permits: Arc<Semaphore>,
    started: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    pub fn new() -> Self {
        let started = Arc::new(Mutex::new(Vec::new()));
        let permits = Arc::new(Semaphore::new(0));
        let (log, gate) = (started.clone(), permits.clone());
        let tool = Tool::with_context(move |context: ToolContext, _: Wait| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                let id = context.call_id().to_owned();
                log.lock().unwrap().push(id.clone());
                gate.acquire().await.expect("it is open").forget();
                Ok::<_, Infallible>(format!("output of {id}"))
            }
        });
        Self {
            tools: only(tool),
            permits,
            started,
        }
    }

    /// The number of calls that have started.
    pub fn started(&self) -> usize {
        self.started.lock().unwrap().len()
    }
}
