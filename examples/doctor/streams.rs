//! Opens the streams of all operations that can stream, and compares their text with the messages.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::bodies::{self, without};
use crate::checkup::{Checkup, shortened};
use crate::document::{self, CALLS, Call, Watched, find, run_of};
use crate::objects::{Ids, id};
use crate::refusal::attempt;

/// Opens all streams. The first one creates a thread, which the others use.
pub async fn run(checkup: &mut Checkup) {
    let mut calls: Vec<&Call> = CALLS.iter().filter(|call| call.streams).collect();
    calls.sort_by_key(|call| Reverse(call.order()));
    for call in calls {
        open(checkup, call).await;
    }
}

async fn open(checkup: &mut Checkup, call: &'static Call) {
    let name = format!("{} as a stream", call.id);
    let target = checkup.objects.target(call, &checkup.options);
    if let Some(reason) = checkup.unsuitable(call, &target) {
        return checkup.report.skip(&name, &reason);
    }
    let body = bodies::body(call, &checkup.objects, &checkup.options);
    let optional = checkup.optional(call, &body);
    let attempted = attempt(&optional, async |omitted| {
        let argument = |name: &str| id(&target.ids, name);
        document::stream(&checkup.client, call.id, argument, without(&body, omitted)).await
    });
    let attempted = attempted.await;
    match attempted.outcome {
        // A mock of the document has no events.
        Ok(watched) if watched.events == 0 && checkup.options.stateless => {
            checkup.report.skip(&name, "the server returns no events");
        }
        Ok(watched) => {
            record(checkup, call, &target.ids, watched.run.as_ref()).await;
            if watched.events == 0 {
                return fail(checkup, call, "the server returns no events");
            }
            let (events, kinds) = (watched.events, watched.kinds.len());
            let detail = format!("{events} events, {kinds} distinct");
            checkup.report.pass_operation("streams", &name, &detail);
            compare(checkup, call, &watched).await;
        }
        Err(error) => {
            let run = error.downcast_ref().and_then(run_of);
            record(checkup, call, &target.ids, run.as_ref()).await;
            fail(checkup, call, &shortened(&name, &error.to_string()));
        }
    }
    if let Some(refused) = attempted.refused {
        checkup.report_refused(&name, &refused);
    }
}

fn fail(checkup: &mut Checkup, call: &Call, reason: &str) {
    let name = format!("{} as a stream", call.id);
    let gap = format!(
        "no stream of {}: use `follow().outcome()` ({reason})",
        call.id
    );
    checkup.report.fail(&name, reason, &gap);
}

/// Records the run of a stream, and its pending tool calls.
async fn record(checkup: &mut Checkup, call: &Call, ids: &Ids, run: Option<&(String, String)>) {
    let Some((run, thread)) = run.filter(|_| call.names == Some("run_id")) else {
        return;
    };
    if call.creates().is_some() {
        let run = json!({ "id": run, "thread_id": thread });
        checkup.record_created("run_id", ids.clone(), run, None);
    }
    checkup.settle().await;
}

/// Compares the streamed text with the messages of the thread.
async fn compare(checkup: &mut Checkup, call: &Call, watched: &Watched) {
    let list = find("listMessages").filter(|list| checkup.report.has_passed(list.id));
    let run = checkup.objects.newest("run_id").map(|run| run.ids.clone());
    let (Some(list), Some(ids)) = (list, run) else {
        return;
    };
    if watched.texts.is_empty() || checkup.options.stateless {
        return;
    }
    let result = match checkup.send(list, &ids, Value::Null).await {
        Ok(answer) => same_texts(watched, &answer.value),
        Err(error) => Err(error.to_string()),
    };
    let name = format!("streamed text of {} is that of the message", call.id);
    checkup.report.check(
        &name,
        result,
        &format!("streams of {} have another text", call.id),
    );
}

fn same_texts(watched: &Watched, page: &Value) -> Result<(), String> {
    let messages = page["data"].as_array().map_or(&[][..], Vec::as_slice);
    for (id, parts) in &watched.texts {
        let streamed: String = parts.values().map(String::as_str).collect();
        let Some(message) = messages.iter().find(|message| message["id"] == **id) else {
            return Err(format!("{id} was streamed and is not listed"));
        };
        let parts = message["content"].as_array().into_iter().flatten();
        let stored: String = parts
            .filter_map(|part| part["text"]["value"].as_str())
            .collect();
        if stored != streamed {
            return Err(format!(
                "{id} is {stored:?} and was streamed as {streamed:?}"
            ));
        }
    }
    Ok(())
}
