//! The server responds to the recorded requests as the real service did.

mod comparison;
mod exchange;
mod replay;
mod storage;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use comparison::Kind;
use exchange::Exchange;
use replay::Replay;

/// Differences that remain, and why.
struct Row {
    /// The start of the names of the recordings.
    recordings: &'static str,
    kind: Kind,
    places: &'static [&'static str],
    reason: &'static str,
}

const DIFFERENCES: &[Row] = &[
    Row {
        recordings: "",
        kind: Kind::Additional,
        places: &[
            "thread.message/status",
            "thread.message/incomplete_details",
            "thread.message/incomplete_at",
            "thread.message/completed_at",
            "thread.run.step/expired_at",
            "thread.run.step/metadata",
        ],
        reason: "openapi.yaml requires the property; the service leaves it out",
    },
    Row {
        recordings: "dotnet/",
        kind: Kind::Missing,
        places: &[
            "thread/tool_resources/code_interpreter",
            "thread.run/tool_resources/code_interpreter",
        ],
        reason: "the service shows an empty list of files in streams, but not elsewhere",
    },
    Row {
        recordings: "dotnet/BasicRunStepFunctionality",
        kind: Kind::Different,
        places: &["thread.run.step/step_details/tool_calls/*/code_interpreter/outputs/*"],
        reason: "the code interpreter of a script has no images",
    },
    Row {
        recordings: "ruby/",
        kind: Kind::Missing,
        places: &[
            "assistant/file_ids",
            "thread.message/file_ids",
            "thread.run/file_ids",
        ],
        reason: "a property of version 1",
    },
    Row {
        recordings: "ruby/",
        kind: Kind::Additional,
        places: &[
            "assistant/reasoning_effort",
            "assistant/response_format",
            "assistant/temperature",
            "assistant/tool_resources",
            "assistant/top_p",
            "thread.message/attachments",
            "thread.run/incomplete_details",
            "thread.run/max_completion_tokens",
            "thread.run/max_prompt_tokens",
            "thread.run/parallel_tool_calls",
            "thread.run/reasoning_effort",
            "thread.run/required_action",
            "thread.run/response_format",
            "thread.run/temperature",
            "thread.run/tool_choice",
            "thread.run/tool_resources",
            "thread.run/top_p",
            "thread.run/truncation_strategy",
            "thread.run/usage",
            "vector_store/description",
        ],
        reason: "the service did not have the property yet",
    },
    Row {
        recordings: "dotnet/CanRehydrateGetVectorStoreFilesInBatchPagination",
        kind: Kind::Additional,
        places: &[
            "vector_store.file/usage_bytes",
            "vector_store.file/chunking_strategy",
            "vector_store.file/attributes",
        ],
        reason: "the service left the property out in the lists of a batch",
    },
    Row {
        recordings: "dotnet/CanRehydrateGetVectorStoreFilesInBatchPagination",
        kind: Kind::Different,
        places: &["list/data/*"],
        reason: "the service lists the files of a batch in the order in which they were indexed",
    },
    Row {
        recordings: "dotnet/CanTestGetVectorStoreFilesInBatchCollectionOptions",
        kind: Kind::Different,
        places: &["list/data/*"],
        reason: "the service lists the files of a batch in the order in which they were indexed",
    },
    Row {
        recordings: "ruby/vector_stores_search_setup",
        kind: Kind::Missing,
        places: &["vector_store/file_counts/processing"],
        reason: "the response was written by hand",
    },
    Row {
        recordings: "ruby/vector_stores_search_setup",
        kind: Kind::Additional,
        places: &[
            "vector_store/file_counts/in_progress",
            "vector_store/file_counts/cancelled",
            "vector_store/usage_bytes",
            "vector_store/status",
            "vector_store/expires_at",
            "vector_store/last_active_at",
            "vector_store/metadata",
        ],
        reason: "the response was written by hand",
    },
    Row {
        recordings: "",
        kind: Kind::Missing,
        places: &[
            "file/expires_at",
            "file/status_details",
            "vector_store/expires_after",
        ],
        reason: "openapi.yaml does not permit the null that the service sends",
    },
    Row {
        recordings: "ruby/messages_modify",
        kind: Kind::Different,
        places: &["status"],
        reason: "version 1 turned metadata into text; the service has refused it since",
    },
    Row {
        recordings: "ruby/threads_modify",
        kind: Kind::Different,
        places: &["status"],
        reason: "version 1 turned metadata into text; the service has refused it since",
    },
    Row {
        recordings: "ruby/runs_create",
        kind: Kind::Different,
        places: &["status"],
        reason: "openapi.yaml has a minimum of 256 tokens, which was not enforced yet",
    },
    Row {
        recordings: "ruby/runs_create",
        kind: Kind::Different,
        places: &["/error/code", "/error/param"],
        reason: "a run needs neither a user message nor instructions here, so that tests are short",
    },
];

fn exchanges() -> Option<Vec<Exchange>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/recordings/exchanges.jsonl"
    );
    let Ok(text) = fs::read_to_string(path) else {
        println!("skipped: there are no recordings");
        return None;
    };
    let exchanges = text.lines().map(Exchange::parse);
    Some(exchanges.collect())
}

#[tokio::test]
async fn recorded_requests_get_the_recorded_properties_statuses_and_errors() {
    let Some(exchanges) = exchanges() else { return };
    let mut recordings: BTreeMap<&str, Vec<&Exchange>> = BTreeMap::new();
    for exchange in &exchanges {
        let of = recordings.entry(&exchange.recording).or_default();
        of.push(exchange);
    }
    let rows = DIFFERENCES.iter().flat_map(|row| {
        let places = row.places.iter();
        places.map(move |place| (row, *place))
    });
    // Each row and place with the number of differences.
    let mut rows: Vec<(&Row, &str, usize)> = rows.map(|(row, place)| (row, place, 0)).collect();
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut compared, mut equal) = (0, 0);
    let mut failures = Vec::new();
    for (recording, exchanges) in recordings {
        let mut replay = Replay::start(&exchanges).await;
        for exchange in exchanges {
            let mut reasons = BTreeSet::new();
            for difference in replay.compare(exchange).await {
                let row = rows.iter_mut().find(|(row, place, _)| {
                    recording.starts_with(row.recordings)
                        && difference.kind == row.kind
                        && difference.place == *place
                });
                match row {
                    Some((row, _, count)) => {
                        *count += 1;
                        reasons.insert(row.reason);
                    }
                    None => failures.push(format!("{recording}: {exchange}: {difference}")),
                }
            }
            compared += 1;
            equal += usize::from(reasons.is_empty());
            for reason in reasons {
                *by_reason.entry(reason).or_default() += 1;
            }
        }
    }
    println!("{compared} recorded exchanges compared, {equal} equal");
    for (reason, count) in by_reason {
        println!("{count} differ: {reason}");
    }
    for (row, place, count) in rows {
        if count == 0 {
            let Row {
                recordings, kind, ..
            } = row;
            failures.push(format!(
                "remove {place} ({kind:?} in {recordings}*): it is equal"
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
