//! File search of runs: results, citations, attachments, and vector stores of tool resources.

use std::time::Duration;

use openai_assistants_fake::{
    Conversation, Echo, Model, Reply, Script, Server, SkippingClock, Turn,
};
use serde_json::{Value, json};

use crate::files::upload;
use crate::{fake, get, path, post, rejected, serve, text};

const CONTENT: &str = "step_details.tool_calls[*].file_search.results[*].content";

/// Creates an assistant with the tool and a vector store of these files.
async fn librarian(server: &Server, files: &[(&str, &str)]) -> String {
    let mut ids = Vec::new();
    for (name, content) in files {
        ids.push(upload(server, name, content).await);
    }
    let search = json!({ "vector_stores": [{ "file_ids": ids }] });
    let body = json!({
        "model": "m",
        "tools": [{ "type": "file_search" }],
        "tool_resources": { "file_search": search },
    });
    text(&post(server, "/assistants", body).await["id"])
}

/// Runs an assistant on a new thread, and returns the text of the reply, and the steps.
async fn ask(server: &Server, assistant: &str, question: &str) -> (Value, Vec<Value>) {
    let thread = json!({ "messages": [{ "role": "user", "content": question }] });
    let body = json!({ "assistant_id": assistant, "thread": thread });
    let run = post(server, "/threads/runs", body).await;
    reply(server, &run).await
}

async fn reply(server: &Server, run: &Value) -> (Value, Vec<Value>) {
    let query = format!("include[]={}", CONTENT.replace("[*]", "%5B*%5D"));
    let steps = get(server, &format!("{}/steps?order=asc&{query}", path(run))).await;
    let thread = text(&run["thread_id"]);
    let messages = get(server, &format!("/threads/{thread}/messages")).await;
    let reply = messages["data"][0]["content"][0]["text"].clone();
    (reply, steps["data"].as_array().cloned().unwrap_or_default())
}

async fn start(model: impl Model) -> Server {
    serve(model).await
}

#[tokio::test]
async fn the_echo_quotes_what_it_finds() {
    let server = start(Echo).await;
    let files = [
        (
            "prices.md",
            "# Prices\nA ticket is 20 € for adults.\nChildren are free.",
        ),
        ("rain.md", "It rains."),
    ];
    let assistant = librarian(&server, &files).await;
    let (reply, steps) = ask(&server, &assistant, "What is a ticket for adults?").await;
    let expected = json!({
        "value": "A ticket is 20 € for adults.【4:0†prices.md】",
        "annotations": [{
            "type": "file_citation",
            "text": "【4:0†prices.md】",
            "start_index": 28,
            "end_index": 43,
            "file_citation": { "file_id": "file-0001" },
        }],
    });
    assert_eq!(reply, expected);
    let types: Vec<&Value> = steps.iter().map(|step| &step["type"]).collect();
    assert_eq!(types, ["tool_calls", "message_creation"]);
    let search = &steps[0]["step_details"]["tool_calls"][0]["file_search"];
    let expected = json!({
        "ranking_options": { "ranker": "default_2024_08_21", "score_threshold": 0.0 },
        "results": [{
            "file_id": "file-0001",
            "file_name": "prices.md",
            "score": 1.0,
            "attributes": {},
            "content": [{ "type": "text", "text": files[0].1 }],
        }],
    });
    assert_eq!(search, &expected);

    let (reply, steps) = ask(&server, &assistant, "Is there snow?").await;
    assert_eq!(reply["value"], "Is there snow?");
    assert_eq!(steps.len(), 1);
}

#[tokio::test]
async fn a_script_cites_what_it_finds() {
    let script = Script::new()
        .file_search()
        .say(Reply::text("20 euros.").cite_found());
    let server = start(script).await;
    let files = [
        ("a.md", "A ticket is 20 euros."),
        ("b.md", "No ticket for children."),
    ];
    let assistant = librarian(&server, &files).await;
    let (reply, steps) = ask(&server, &assistant, "A ticket?").await;
    assert_eq!(reply["value"], "20 euros.【4:0†a.md】【4:1†b.md】");
    assert_eq!(reply["annotations"][1]["start_index"], 19);
    assert_eq!(reply["annotations"][1]["end_index"], 29);
    assert_eq!(
        reply["annotations"][1]["file_citation"]["file_id"],
        "file-0002"
    );
    let results = &steps[0]["step_details"]["tool_calls"][0]["file_search"]["results"];
    assert_eq!(results.as_array().map(Vec::len), Some(2));
    let (reply, steps) = ask(&server, &assistant, "Is there snow?").await;
    assert_eq!(reply, json!({ "value": "20 euros.", "annotations": [] }));
    assert_eq!(steps.len(), 2);
}

#[tokio::test]
async fn a_json_script_searches() {
    let script: Script = r#"{ "turns": [
        { "file_search": "ticket", "say": "20 euros." },
        { "file_search": true }
    ] }"#
        .parse()
        .expect("the script is valid");
    let server = start(script).await;
    let assistant = librarian(&server, &[("a.md", "A ticket is 20 euros.")]).await;
    let thread = json!({ "messages": [{ "role": "user", "content": "Hello" }] });
    let body = json!({ "assistant_id": assistant, "thread": thread });
    let run = post(&server, "/threads/runs", body).await;
    assert_eq!(
        reply(&server, &run).await.0["value"],
        "20 euros.【4:0†a.md】"
    );
    let thread = text(&run["thread_id"]);
    let message = json!({ "role": "user", "content": "How many euros?" });
    post(&server, &format!("/threads/{thread}/messages"), message).await;
    let run = crate::run(&server, &thread, &assistant).await;
    let (reply, _) = reply(&server, &run).await;
    assert_eq!(reply["value"], "A ticket is 20 euros.【6:0†a.md】");
}

#[tokio::test]
async fn a_model_receives_the_passages() {
    let model = |conversation: &Conversation| {
        let names = conversation
            .passages()
            .iter()
            .map(|passage| passage.file_name.as_str());
        Turn::new().say(names.collect::<Vec<_>>().join(" "))
    };
    let server = start(model).await;
    let files = [
        ("a.md", "A red ticket"),
        ("b.md", "A ticket"),
        ("c.md", "Snow"),
    ];
    let assistant = librarian(&server, &files).await;
    let (reply, _) = ask(&server, &assistant, "red ticket").await;
    assert_eq!(reply["value"], "a.md b.md");
}

#[tokio::test]
async fn the_tool_limits_the_results() {
    let server = start(Echo).await;
    let files = [("a.md", "A red ticket"), ("b.md", "A ticket")];
    let assistant = librarian(&server, &files).await;
    for settings in [
        json!({ "max_num_results": 1 }),
        json!({ "ranking_options": { "score_threshold": 0.75 } }),
    ] {
        let tools = json!([{ "type": "file_search", "file_search": settings }]);
        post(
            &server,
            &format!("/assistants/{assistant}"),
            json!({ "tools": tools }),
        )
        .await;
        let (reply, steps) = ask(&server, &assistant, "red ticket").await;
        assert_eq!(reply["value"], "A red ticket【4:0†a.md】");
        let search = &steps[0]["step_details"]["tool_calls"][0]["file_search"];
        let threshold = settings["ranking_options"]["score_threshold"].as_f64();
        assert_eq!(
            search["ranking_options"]["score_threshold"].as_f64(),
            Some(threshold.unwrap_or_default())
        );
    }
    post(
        &server,
        &format!("/assistants/{assistant}"),
        json!({ "tools": [] }),
    )
    .await;
    let (reply, _) = ask(&server, &assistant, "red ticket").await;
    assert_eq!(reply["value"], "red ticket");
}

#[tokio::test]
async fn an_attachment_is_added_to_the_store_of_the_thread() {
    let server = start(Echo).await;
    let file = upload(&server, "a.md", "A ticket is 20 euros.").await;
    let other = upload(&server, "b.md", "A ticket is red.").await;
    let body = json!({ "model": "m", "tools": [{ "type": "file_search" }] });
    let assistant = text(&post(&server, "/assistants", body).await["id"]);
    let attachment =
        |file: &str, tool: &str| json!([{ "file_id": file, "tools": [{ "type": tool }] }]);
    let message = |attachments: Value| json!({ "role": "user", "content": "A ticket?", "attachments": attachments });
    let searched = message(attachment(&file, "file_search"));
    let thread = post(&server, "/threads", json!({ "messages": [searched] })).await;
    let created = json!({ "file_search": { "vector_store_ids": ["vs_0001"] } });
    assert_eq!(thread["tool_resources"], created);
    let store = get(&server, "/vector_stores/vs_0001").await;
    assert_eq!(
        store["expires_after"],
        json!({ "anchor": "last_active_at", "days": 7 })
    );

    // The second goes to the same store. Code and unknown files go to none.
    let thread = format!("/threads/{}", text(&thread["id"]));
    let messages = format!("{thread}/messages");
    let added = post(
        &server,
        &messages,
        message(attachment(&other, "file_search")),
    )
    .await;
    assert_eq!(added["attachments"], attachment(&other, "file_search"));
    for (file, tool) in [
        (other.as_str(), "code_interpreter"),
        ("file-9", "file_search"),
    ] {
        post(&server, &messages, message(attachment(file, tool))).await;
    }
    assert_eq!(get(&server, &thread).await["tool_resources"], created);
    let files = get(&server, "/vector_stores/vs_0001/files?order=asc").await;
    let files = files["data"].as_array().expect("it is a list");
    let ids: Vec<String> = files.iter().map(|file| text(&file["id"])).collect();
    assert_eq!(ids, [file, other]);

    let body = json!({
        "assistant_id": assistant,
        "additional_messages": [{ "role": "user", "content": "Is it red?" }],
    });
    let run = post(&server, &format!("{thread}/runs"), body).await;
    let (reply, _) = reply(&server, &run).await;
    assert_eq!(reply["value"], "A ticket is red.【8:0†b.md】");
}

#[tokio::test]
async fn tool_resources_create_stores() {
    let server = start(Echo).await;
    let file = upload(&server, "a.md", "A ticket is 20 euros.").await;
    let described = json!({ "file_search": { "vector_stores": [{ "file_ids": [file], "metadata": { "a": "1" } }] } });
    let body = json!({ "model": "m", "tool_resources": described });
    let assistant = post(&server, "/assistants", body).await;
    let id = &assistant["tool_resources"]["file_search"]["vector_store_ids"][0];
    let store = get(&server, &format!("/vector_stores/{}", text(id))).await;
    assert_eq!(store["file_counts"]["completed"], 1);
    assert_eq!(store["metadata"], json!({ "a": "1" }));
    assert_eq!(store["expires_at"], Value::Null);
    let thread = post(&server, "/threads", json!({ "tool_resources": described })).await;
    let id = &thread["tool_resources"]["file_search"]["vector_store_ids"][0];
    let store = get(&server, &format!("/vector_stores/{}", text(id))).await;
    assert_eq!(store["expires_after"]["days"], 7);
}

#[tokio::test]
async fn a_run_waits_until_files_are_indexed() {
    let clock = SkippingClock::default();
    let server = fake(&clock).pace(Duration::from_secs(10));
    let server = server.start().await.expect("a port is free");
    let assistant = librarian(&server, &[("a.md", "A ticket is 20 euros.")]).await;
    let body = json!({
        "assistant_id": assistant,
        "thread": { "messages": [{ "role": "user", "content": "A ticket?" }] },
    });
    let run = post(&server, "/threads/runs", body).await;
    // The run starts after 10 seconds, and its first step 10 and 10 seconds later.
    clock.skip(Duration::from_secs(29));
    assert!(reply(&server, &run).await.1.is_empty());
    clock.skip(Duration::from_secs(100));
    let (reply, _) = reply(&server, &run).await;
    assert_eq!(reply["value"], "A ticket is 20 euros.【4:0†a.md】");
}

#[tokio::test]
async fn described_stores_are_checked() {
    let server = start(Echo).await;
    let file = upload(&server, "a.md", &"a ticket ".repeat(200)).await;
    for overlap in [51, 100, 101] {
        let chunking = json!({
            "type": "static",
            "static": { "max_chunk_size_tokens": 100, "chunk_overlap_tokens": overlap },
        });
        let store = json!({ "file_ids": [file], "chunking_strategy": chunking });
        let resources = json!({ "file_search": { "vector_stores": [store] } });
        for (path, body) in [
            (
                "/assistants",
                json!({ "model": "m", "tool_resources": resources }),
            ),
            ("/threads", json!({ "tool_resources": resources })),
        ] {
            let (status, error) = rejected(&server, "POST", path, body).await;
            assert_eq!(status, 400, "{path} {overlap}");
            let param = "chunking_strategy.static.chunk_overlap_tokens";
            assert_eq!(error["param"], param);
        }
    }
    for path in ["/vector_stores", "/assistants"] {
        assert_eq!(get(&server, path).await["data"], json!([]), "{path}");
    }
}

#[tokio::test]
async fn a_line_of_two_chunks_is_quoted_once() {
    let server = start(Echo).await;
    let filler = "word ".repeat(500);
    let content = format!("{filler}\nA ticket is 20 euros.\n{filler}\nA ticket for two.");
    let assistant = librarian(&server, &[("a.md", &content)]).await;
    let (reply, steps) = ask(&server, &assistant, "20 euros?").await;
    let results = &steps[0]["step_details"]["tool_calls"][0]["file_search"]["results"];
    assert_eq!(results.as_array().map(Vec::len), Some(2));
    assert_eq!(reply["value"], "A ticket is 20 euros.【4:0†a.md】");
}

#[tokio::test]
async fn a_mark_that_is_cut_is_not_annotated() {
    let reply = Reply::text("a ".repeat(255) + "b ")
        .cite("b", "file-9")
        .cite_found();
    let server = start(Script::new().file_search().say(reply)).await;
    let assistant = librarian(&server, &[("a.md", "A ticket is 20 euros.")]).await;
    let body = json!({
        "assistant_id": assistant,
        "max_completion_tokens": 256,
        "thread": { "messages": [{ "role": "user", "content": "A ticket?" }] },
    });
    let run = post(&server, "/threads/runs", body).await;
    let (reply, _) = self::reply(&server, &run).await;
    assert!(text(&reply["value"]).ends_with("a b "), "{reply}");
    let annotations = reply["annotations"].as_array().expect("it is a list");
    let texts: Vec<&Value> = annotations
        .iter()
        .map(|annotation| &annotation["text"])
        .collect();
    assert_eq!(texts, ["b"]);
}
