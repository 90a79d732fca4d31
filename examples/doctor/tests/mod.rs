//! Tests with the fake server, and with servers that differ from it.

mod gateway;

#[cfg(feature = "files")]
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use openai_assistants::{Client, RetryPolicy};
use openai_assistants_fake::{Fake, Server};
use serde_json::{Value, json};

use crate::checkup::Checkup;
use crate::document::CALLS;
use crate::local::environment::{self, Dialect};
use crate::local::fake_client::FakeClient;
use crate::options::Options;
use crate::{FOUNDRY, run, script};
use gateway::{Action, Gateway, Request};

/// How many operations the fake server has.
const SERVED: usize = if cfg!(feature = "files") { 44 } else { 23 };

/// How many operations of the client it lacks: that of Foundry, and those that a document adds.
const LACKING: usize = CALLS.len() - SERVED;

async fn fake() -> Server {
    let fake = Fake::builder().model(script()).checked();
    fake.start().await.expect("a free port")
}

fn options() -> Options {
    Options {
        model: "m".to_owned(),
        ..Options::default()
    }
}

/// Runs the example against the fake server behind a gateway. Returns the report and the requests.
async fn check(
    decide: impl Fn(&Request) -> Action + Send + Sync + 'static,
) -> (String, Vec<Request>) {
    check_with(options(), decide).await
}

async fn check_with(
    options: Options,
    decide: impl Fn(&Request) -> Action + Send + Sync + 'static,
) -> (String, Vec<Request>) {
    let fake = fake().await;
    let gateway = Gateway::start(fake.address(), decide).await;
    let client = Client::builder()
        .base_url(format!("{}/v1", gateway.origin))
        .query("api-version", "v1")
        .api_key("any")
        .retry(RetryPolicy::never());
    let mut checkup = Checkup::new(client.build().expect("the settings are valid"), options);
    run(&mut checkup).await;
    (checkup.report.lines.join("\n"), gateway.requests())
}

fn respond(status: u16, body: Value) -> Action {
    Action::Respond(status, body.to_string())
}

fn assert_has(report: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            report.lines().any(|known| known.trim() == *line),
            "{line:?} is not a line of\n{report}"
        );
    }
}

#[tokio::test]
async fn the_fake_server_can_do_everything() {
    let fake = fake().await;
    let mut checkup = Checkup::new(fake.client(), options());
    let passed = run(&mut checkup).await;
    let report = checkup.report.lines.join("\n");
    assert_eq!(passed, LACKING == 0, "{report}");
    let summary = format!(" passed, {LACKING} failed, 0 skipped");
    assert!(report.ends_with(&summary), "{report}");
    assert_has(
        &report,
        &[
            "runs: createRun, listRuns, modifyRun, getRun, submitToolOuputsToRun, createThreadAndRun, cancelRun",
            "metadata of assistants are returned",
            "metadata of threads are returned",
            "metadata of messages are returned",
            "metadata of runs are returned",
            "pages have all messages once, in both orders",
            "listed runs belong to the thread",
            "replies name their run",
            "streamed text of submitToolOuputsToRun is that of the message",
            "streamed text of createRun is that of the message",
            "deleted threads are gone",
        ],
    );
}

#[tokio::test]
async fn operations_that_only_foundry_has_are_left_out_for_other_servers() {
    let of_foundry = CALLS.iter().filter(|call| call.feature == Some(FOUNDRY));
    let ids: Vec<&str> = of_foundry.map(|call| call.id).collect();
    let expected: &[&str] = match cfg!(feature = "foundry") {
        true => &["listThreads"],
        false => &[],
    };
    assert_eq!(ids, expected);
    let fake = fake().await;
    let options = Options {
        left_out: Some(FOUNDRY),
        ..options()
    };
    let mut checkup = Checkup::new(fake.client(), options);
    let passed = run(&mut checkup).await;
    let lacking = LACKING - ids.len();
    assert_eq!(passed, lacking == 0, "{:?}", checkup.report.lines);
}

#[tokio::test]
async fn all_that_was_created_is_deleted() {
    let (_, requests) = check(|_| Action::Forward).await;
    let created = |path: &str| {
        requests
            .iter()
            .filter(|request| request.is("POST", path))
            .count()
    };
    let deleted = |path: &str| {
        let deleted = requests.iter().filter(|request| request.method == "DELETE");
        deleted
            .filter(|request| request.path.starts_with(path) && !request.path.contains("messages"))
            .count()
    };
    assert_eq!(deleted("/v1/assistants/"), created("/v1/assistants"));
    assert_eq!(
        deleted("/v1/threads/"),
        created("/v1/threads") + created("/v1/threads/runs")
    );
}

#[tokio::test]
async fn a_missing_route_is_told_from_an_unknown_object() {
    let missing = |request: &Request| match request {
        request if request.path.ends_with("/steps") || request.path.contains("unknown-route") => {
            respond(404, json!({ "detail": "Not Found" }))
        }
        request if request.is("GET", "/v1/threads/*/messages/*") => {
            respond(404, json!({ "error": { "message": "No message found." } }))
        }
        request if request.path.ends_with("/cancel") => {
            Action::Respond(404, format!("Cannot POST {}", request.path))
        }
        request if request.is("POST", "/v1/assistants/*") => Action::Respond(405, String::new()),
        _ => Action::Forward,
    };
    let (report, _) = check(missing).await;
    assert_has(
        &report,
        &[
            "no steps: `outcome()` has none (listRunSteps: the server has no such route (404))",
            "no cancellation: `cancel_run(true)` leaves a run active (cancelRun: the server has no such route (404))",
            "no changes of assistants (modifyAssistant: the server has no such route (405))",
            "-- getRunStep: there is no step",
        ],
    );
    assert!(
        report
            .contains("failed getMessage: the server does not find its own object: 404 Not Found"),
        "{report}"
    );
}

#[tokio::test]
async fn a_refused_property_is_named_and_left_out() {
    for message in ["Invalid type for 'tool_choice'.", "Bad request."] {
        let refuse = move |request: &Request| match request.body["tool_choice"].is_object() {
            true => respond(400, json!({ "error": { "message": message } })),
            false => Action::Forward,
        };
        let (report, requests) = check(refuse).await;
        for name in ["createRun", "createThreadAndRun", "createRun as a stream"] {
            let line = format!("no `tool_choice` in {name}: leave it out");
            assert!(report.contains(&line), "{line} is not in\n{report}");
        }
        let is_create = |request: &&Request| request.is("POST", "/v1/threads/*/runs");
        let accepted = requests.iter().filter(is_create);
        let accepted = accepted.filter(|request| request.body["tool_choice"].is_null());
        let with_tools = accepted.filter(|request| request.body["tools"].is_array());
        assert!(with_tools.count() >= 2, "more was left out than is refused");
        assert!(report.contains("ok submitToolOuputsToRun 200"), "{report}");
    }
}

#[tokio::test]
async fn all_optional_properties_are_left_out_if_the_server_names_none() {
    let refuse = |request: &Request| {
        let refuses = |name: &str| !request.body[name].is_null();
        match request.is("POST", "/v1/assistants") && (refuses("tools") || refuses("description")) {
            true => respond(400, json!({ "error": { "message": "Bad request." } })),
            false => Action::Forward,
        }
    };
    let (report, requests) = check(refuse).await;
    let is_create = |request: &&Request| request.is("POST", "/v1/assistants");
    let sent: Vec<_> = requests.iter().filter(is_create).collect();
    let last = sent.last().expect("it was sent").body.as_object();
    let names: Vec<_> = last.into_iter().flat_map(|body| body.keys()).collect();
    assert_eq!(names, ["model"], "{} calls", sent.len());
    let [first, ..] = &sent[..] else { panic!() };
    let optional = first.body.as_object().map_or(0, |body| body.len() - 1);
    assert_eq!(sent.len(), 1 + optional + 1, "all, without each, the least");
    assert!(report.contains("ok createAssistant 200"), "{report}");
    let line = report
        .lines()
        .find(|line| line.contains("in createAssistant: leave it out"));
    let line = line.expect("the refusal is reported");
    assert!(
        line.contains("`tools`") && line.contains("`description`"),
        "{line}"
    );
}

/// A failure of the server may have created the object, whatever was sent before.
#[tokio::test]
async fn a_creation_that_the_server_fails_is_not_repeated() {
    for refused_before in [0, 1] {
        let calls = AtomicUsize::new(0);
        let fail = move |request: &Request| {
            if !request.is("POST", "/v1/assistants") {
                return Action::Forward;
            }
            let status = match calls.fetch_add(1, Ordering::Relaxed) < refused_before {
                true => 400,
                false => 500,
            };
            respond(status, json!({ "error": { "message": "No." } }))
        };
        let (report, requests) = check(fail).await;
        let is_create = |request: &&Request| request.is("POST", "/v1/assistants");
        let sent = requests.iter().filter(is_create).count();
        assert_eq!(sent, refused_before + 1, "{report}");
        assert!(report.contains("failed createAssistant: "), "{report}");
    }
}

#[tokio::test]
async fn a_body_that_is_always_refused_is_sent_a_bounded_number_of_times() {
    let refuse = |request: &Request| match request.is("POST", "/v1/threads/*/runs") {
        true => respond(
            422,
            json!({ "error": { "message": "model, tools, tool_choice" } }),
        ),
        false => Action::Forward,
    };
    let (report, requests) = check(refuse).await;
    let sent = requests
        .iter()
        .filter(|request| request.is("POST", "/v1/threads/*/runs"))
        .count();
    let optional = 5;
    assert!(sent <= 2 * (2 * optional + 2), "{sent} calls");
    assert!(
        report.contains("no runs on a thread: use `create_thread_and_run` (createRun: 422"),
        "{report}"
    );
}

#[tokio::test]
async fn a_broken_connection_does_not_end_the_checkup() {
    let close = |request: &Request| match request.is("GET", "/v1/assistants") {
        true => Action::Close,
        false => Action::Forward,
    };
    let (report, _) = check(close).await;
    assert!(report.contains("failed listAssistants: "), "{report}");
    assert!(report.contains("ok deleteAssistant 200"), "{report}");
    let summary = format!(" {} failed, 0 skipped", 1 + LACKING);
    assert!(report.contains(&summary), "{report}");
}

#[tokio::test]
async fn a_server_that_rejects_the_key_is_given_up() {
    let (report, requests) =
        check(|_| respond(401, json!({ "error": { "message": "No." } }))).await;
    assert!(requests.len() < 10, "{report}");
    assert_has(
        &report,
        &["skipped the other calls: check the URL and the key"],
    );
}

#[tokio::test]
async fn objects_of_others_are_not_touched() {
    let foreign = |request: &Request| match request.is("GET", "/v1/threads/*/runs") {
        true => Action::Edit(|page| {
            let mut run = page["data"][0].clone();
            run["id"] = json!("run_foreign");
            run["thread_id"] = json!("thread_foreign");
            run["status"] = json!("requires_action");
            page["data"] = json!([run, page["data"][0]]);
        }),
        false => Action::Forward,
    };
    let (report, requests) = check(foreign).await;
    let touches = |request: &&Request| request.path.contains("foreign");
    assert_eq!(
        requests.iter().find(touches).map(|request| &request.path),
        None
    );
    assert!(
        report.contains(
            r#"failed listed runs belong to the thread: one is of the thread "thread_foreign""#
        ),
        "{report}"
    );
}

/// The caller's file is only read, even if the server refuses those of the example.
#[cfg(feature = "files")]
#[tokio::test]
async fn the_file_of_the_caller_is_neither_deleted_nor_changed() {
    let refuse = |request: &Request| match request {
        request
            if request.is("POST", "/v1/files")
                || request.is("POST", "/v1/vector_stores/*/files")
                || request.is("POST", "/v1/vector_stores/*/file_batches") =>
        {
            respond(403, json!({ "error": { "message": "No." } }))
        }
        _ => Action::Forward,
    };
    let options = Options {
        file: Some("file-user".to_owned()),
        ..options()
    };
    let (report, requests) = check_with(options, refuse).await;
    let on_it = requests
        .iter()
        .filter(|request| request.path.contains("file-user"));
    let methods: BTreeSet<&str> = on_it.map(|request| &*request.method).collect();
    assert_eq!(methods, BTreeSet::from(["GET"]), "{report}");
    assert!(
        report.contains("-- deleteFile: there is no file"),
        "{report}"
    );
}

#[tokio::test]
async fn behavior_that_differs_is_reported() {
    let differ = |request: &Request| match request {
        request if request.is("GET", "/v1/assistants/*") => {
            Action::Edit(|assistant| assistant["metadata"] = json!({}))
        }
        request if request.is("GET", "/v1/threads/*/messages") => Action::Edit(|page| {
            for message in page["data"].as_array_mut().into_iter().flatten() {
                message["content"][0]["text"]["value"] = json!("something else");
                message["run_id"] = json!("00000000-0000-0000-0000-000000000000");
            }
        }),
        request if request.is("DELETE", "/v1/threads/*") => respond(
            200,
            json!({ "id": "thread_1", "object": "thread.deleted", "deleted": true }),
        ),
        _ => Action::Forward,
    };
    let (report, _) = check(differ).await;
    for line in [
        "failed metadata of assistants are returned: `created_by` is null and not \"doctor\"",
        "failed replies name their run: no message has its `run_id`",
        "failed streamed text of createRun is that of the message: msg_",
        "failed deleted threads are gone: getThread still has it",
    ] {
        assert!(report.contains(line), "{line} is not in\n{report}");
    }
}

#[tokio::test]
async fn a_server_without_streams_is_told_so() {
    let plain = |request: &Request| match request.body["stream"] == true {
        true => respond(
            200,
            json!({ "id": "run_1", "object": "thread.run", "thread_id": "thread_1", "status": "queued" }),
        ),
        false => Action::Forward,
    };
    let (report, _) = check(plain).await;
    let line = "no stream of createThreadAndRun: use `follow().outcome()` \
                (the server returns no events)";
    assert_has(&report, &[line]);
}

#[tokio::test]
async fn additional_headers_are_sent() {
    let fake = fake().await;
    let gateway = Gateway::start(fake.address(), |_| Action::Forward).await;
    let url = format!("{}/v1", gateway.origin);
    let variable = |name: &str| match name {
        "OPENAI_BASE_URL" => Some(url.clone()),
        "OPENAI_API_KEY" => Some("any".to_owned()),
        "OPENAI_HEADERS" => Some("\nx-team = maths=1\n".to_owned()),
        _ => None,
    };
    let builder = environment::builder(Dialect::OpenAi, variable);
    let client = builder.query("api-version", "v1").build();
    let mut checkup = Checkup::new(client.expect("the settings are valid"), options());
    run(&mut checkup).await;
    for request in gateway.requests() {
        assert!(
            request.head.contains("\r\nx-team: maths=1\r\n"),
            "{}",
            request.head
        );
    }
}

#[tokio::test]
async fn a_mock_without_state_is_only_called() {
    let fake = Fake::builder().stub().start().await.expect("a free port");
    let stateless = Options {
        stateless: true,
        ..options()
    };
    let mut checkup = Checkup::new(fake.client(), stateless);
    run(&mut checkup).await;
    let report = checkup.report.lines.join("\n");
    assert!(!report.contains("metadata"), "{report}");
    assert!(!report.contains(" with `"), "{report}");
}
