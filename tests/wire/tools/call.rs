//! Tool calls without a run: `ToolSet::call`.

use std::convert::Infallible;
use std::time::Duration;

use openai_assistants::{Tool, ToolContext, ToolErrorKind, ToolSet};

use super::support::{Gate, Wait, divide, wait};
use crate::support::until;

fn context() -> ToolContext {
    ToolContext::new("thread_1", "run_1", "call_1")
}

#[tokio::test(start_paused = true)]
async fn a_manual_call_behaves_like_a_call_of_a_run() {
    let ids = Tool::with_context(|context: ToolContext, _: Wait| async move {
        let ids = [context.thread_id(), context.run_id(), context.call_id()];
        Ok::<_, Infallible>(ids.join(" "))
    });
    let tools = ToolSet::builder()
        .function(divide)
        .tool(ids.name("ids"))
        .tool(Tool::function(wait).timeout(Duration::from_secs(5)));
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
async fn a_manual_call_has_only_the_time_out_of_its_tool() {
    let gate = Gate::new();
    let tools = gate.tools.clone();
    // The future is `Send`, so it can be spawned.
    let call = tokio::spawn(async move { tools.call("wait", "{}", context()).await });
    until(|| gate.started() == 1).await;
    gate.permits.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap(), "output of call_1");
}
