//! Concurrency, order and cancellation of the tool calls of a run.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openai_assistants::{Tool, ToolContext};

use super::support::{Gate, Wait, only, submitted_outputs};
use crate::support::{ManualClock, until, yield_often};

#[tokio::test]
async fn at_most_the_set_number_of_calls_runs_concurrently() {
    for (concurrency, expected) in [(0, 1), (1, 1), (3, 3), (100, 10)] {
        let gate = Gate::new();
        let ids: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        let (tools, call_ids) = (gate.tools.clone(), ids.clone());
        let run = tokio::spawn(async move {
            let calls: Vec<_> = call_ids.iter().map(|id| (&**id, "wait", "{}")).collect();
            submitted_outputs(&tools, &calls, &ManualClock::default(), |follow| {
                follow.tool_concurrency(concurrency)
            })
            .await
        });
        until(|| gate.started() == expected).await;
        for finished in 1..=10 {
            yield_often().await;
            assert_eq!(gate.started(), (expected + finished - 1).min(10));
            gate.permits.add_permits(1);
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
            // The last call returns first.
            let before: usize = 3 - context.call_id().parse::<usize>().unwrap();
            until(|| done.load(Ordering::Relaxed) == before).await;
            done.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(before)
        }
    });
    let calls = ["0", "1", "2", "3"].map(|id| (id, "wait", "{}"));
    let outputs = submitted_outputs(&only(tool), &calls, &ManualClock::default(), |follow| {
        follow.tool_concurrency(4)
    })
    .await;
    let outputs = outputs.unwrap();
    let outputs: Vec<_> = outputs
        .iter()
        .map(|(id, output)| (id.as_str(), output.as_str()))
        .collect();
    assert_eq!(outputs, [("0", "3"), ("1", "2"), ("2", "1"), ("3", "0")]);
    assert_eq!(count.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn dropping_a_run_drops_its_calls() {
    let gate = Gate::new();
    let tools = gate.tools.clone();
    let run = tokio::spawn(async move {
        let calls = [("1", "wait", "{}")];
        submitted_outputs(&tools, &calls, &ManualClock::default(), |follow| follow).await
    });
    until(|| gate.started() == 1).await;
    // The gate, the tool and the call have one each.
    assert_eq!(Arc::strong_count(&gate.permits), 3);
    run.abort();
    run.await.expect_err("it was aborted");
    assert_eq!(Arc::strong_count(&gate.permits), 2);
}

#[tokio::test]
async fn calls_share_the_state_of_their_tool() {
    let count = Arc::new(AtomicUsize::new(0));
    let tool = Tool::with_state(
        count.clone(),
        |count: Arc<AtomicUsize>, _: Wait| async move {
            Ok::<_, Infallible>(count.fetch_add(1, Ordering::Relaxed))
        },
    );
    let calls = ["0", "1", "2"].map(|id| (id, "wait", "{}"));
    let outputs = submitted_outputs(&only(tool), &calls, &ManualClock::default(), |follow| {
        follow.tool_concurrency(1)
    })
    .await;
    let expected = ["0", "1", "2"].map(|text| (text.to_owned(), text.to_owned()));
    assert_eq!(outputs.unwrap(), expected);
    assert_eq!(count.load(Ordering::Relaxed), 3);
}
