//! A run whose creation got no response is looked for, so that it can be cancelled.

use openai_assistants::ONCE_KEY;
use serde_json::{Value, json};

use super::support::{follow, is_cancelled, outcome};
use crate::support::{CLOSE, ScriptedServer, json_response, response, run};

/// The clock of the tests is at this second.
const NOW: u64 = 784_111_777;

/// A page of the newest runs, sent at the time of the clock.
fn page(runs: &[Value]) -> String {
    let body = json!({ "data": runs, "has_more": false }).to_string();
    response(200, "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", &body)
}

fn created(id: &str, at: u64) -> Value {
    let mut run = run("in_progress");
    run["id"] = id.into();
    run["created_at"] = at.into();
    run
}

#[tokio::test]
async fn the_only_run_that_can_be_it_is_named_and_cancelled() {
    let mut other = created("run_2", NOW);
    other["assistant_id"] = "asst_2".into();
    let mut ended = created("run_3", NOW);
    ended["status"] = "completed".into();
    let old = created("run_4", NOW - 3);
    let runs = [other, ended, created("run_1", NOW), old];
    for streams in [false, true] {
        for lost in [response(502, "", ""), CLOSE.to_string()] {
            let cancelled = json_response(&created("run_1", NOW));
            let server = ScriptedServer::start([lost, page(&runs), cancelled]).await;
            let work = follow(&server.client()).cancel_run(true);
            let error = outcome(work, streams)
                .await
                .expect_err("there is no response");
            assert_eq!(error.operation(), Some("createRun"));
            assert_eq!(
                (error.thread_id(), error.run_id()),
                (Some("thread_1"), Some("run_1"))
            );
            assert!(error.is_run_cancelled() && is_cancelled(&server));
        }
    }
}

#[tokio::test]
async fn a_run_that_cannot_be_told_for_sure_is_not_named() {
    let two = [created("run_1", NOW), created("run_2", NOW)];
    let undated = json_response(&json!({ "data": [created("run_1", NOW)], "has_more": false }));
    for list in [page(&two), page(&[]), undated, response(403, "", "")] {
        let server = ScriptedServer::start([response(502, "", ""), list]).await;
        let work = follow(&server.client()).cancel_run(true);
        let error = outcome(work, false)
            .await
            .expect_err("there is no response");
        assert_eq!((error.run_id(), error.is_run_cancelled()), (None, false));
        assert!(error.may_have_been_processed());
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_run_with_what_was_not_requested_is_not_named() {
    let has = |name: &str, value: Value| {
        let mut run = created("run_1", NOW);
        run[name] = value;
        page(&[run])
    };
    for (list, run_id) in [
        (has("metadata", json!({ ONCE_KEY: "1" })), None),
        (has("metadata", json!({ "a": "b" })), None),
        (has("max_prompt_tokens", json!(256)), None),
        (has("max_completion_tokens", json!(256)), None),
        (has("metadata", json!({})), Some("run_1")),
        (has("metadata", Value::Null), Some("run_1")),
        (has("max_prompt_tokens", Value::Null), Some("run_1")),
        (has("instructions", json!("Be brief.")), Some("run_1")),
    ] {
        let server = ScriptedServer::start([response(502, "", ""), list.clone()]).await;
        let error = follow(&server.client()).wait().await;
        let error = error.expect_err("there is no response");
        assert_eq!(error.run_id(), run_id, "{list}");
    }
}

#[tokio::test]
async fn a_creation_that_was_refused_is_not_looked_for() {
    let server = ScriptedServer::start([response(400, "", "no")]).await;
    let error = follow(&server.client())
        .wait()
        .await
        .expect_err("it is refused");
    assert!(error.is_bad_request());
    assert_eq!(server.requests().len(), 1);
}
