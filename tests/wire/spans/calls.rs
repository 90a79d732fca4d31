//! The spans of calls and their attempts.

use std::future::pending;
use std::time::Duration;

use futures_util::FutureExt;
use openai_assistants::{Client, Credentials, HttpRequest, HttpResponse, Method, RetryPolicy};
use opentelemetry::trace::{SpanKind, Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde_json::{Value, json};
use tower::{BoxError, service_fn};
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Spans, assert_fields};
use crate::support::{
    ManualClock, STALL, ScriptedServer, create_run, event_stream, json_response, response, run,
    run_event, until,
};

const REQUEST_ID: &str = "x-request-id: req_1\r\n";

#[tokio::test]
async fn a_call_contains_its_attempts() {
    let (spans, _guard) = Spans::collect();
    let body = run("completed").to_string();
    let server =
        ScriptedServer::start([response(503, "", ""), response(200, REQUEST_ID, &body)]).await;
    let get = server.client().get_run();
    get.thread_id("thread_1")
        .run_id("run_1")
        .send()
        .await
        .unwrap();

    let attempt = "GET /threads/{thread_id}/runs/{run_id}";
    let expected = ["getRun", &format!("  {attempt}"), &format!("  {attempt}")];
    assert_eq!(spans.tree(), expected);
    let spans = spans.all();
    assert_fields(
        &spans[0],
        &[
            ("otel.kind", "client"),
            ("otel.name", "getRun"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.operation.name", "getRun"),
            ("gen_ai.conversation.id", "thread_1"),
            ("assistants.run.id", "run_1"),
        ],
    );
    let common = [
        ("otel.kind", "client"),
        ("otel.name", attempt),
        ("url.template", "/threads/{thread_id}/runs/{run_id}"),
        ("http.request.method", "GET"),
    ];
    let failed = [
        ("http.response.status_code", "503"),
        ("otel.status_code", "ERROR"),
        ("error.type", "503"),
    ];
    assert_fields(&spans[1], &[&common[..], &failed].concat());
    let received = [
        ("http.request.resend_count", "1"),
        ("http.response.status_code", "200"),
        ("http.response.header.x-request-id", "req_1"),
    ];
    assert_fields(&spans[2], &[&common[..], &received].concat());
    let port = server.origin.rsplit(':').next().unwrap();
    for span in spans {
        assert_eq!(span.field("server.address"), "127.0.0.1");
        assert_eq!(span.field("server.port"), port);
        assert_eq!(span.level, "DEBUG");
        assert!(span.has_ended);
    }
}

#[tokio::test]
async fn a_failed_call_has_its_error() {
    let cases = [
        (response(404, REQUEST_ID, "{}"), "404", "404"),
        (response(200, REQUEST_ID, "[]"), "decode", ""),
        (response(307, REQUEST_ID, ""), "redirect", "redirect"),
    ];
    for (response, of_call, of_attempt) in cases {
        let (spans, _guard) = Spans::collect();
        let server = ScriptedServer::start([response]).await;
        let get = server.client().get_thread().thread_id("thread_1");
        get.send().await.unwrap_err();
        let spans = spans.all();
        assert_eq!(spans[0].field("error.type"), of_call);
        assert_eq!(spans[0].field("otel.status_code"), "ERROR");
        assert_eq!(spans[1].field("error.type"), of_attempt);
        assert_eq!(spans[1].field("http.response.header.x-request-id"), "req_1");
    }
}

#[tokio::test]
async fn opentelemetry_receives_names_kinds_and_statuses() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone());
    let provider = provider.build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let _guard = tracing_subscriber::registry().with(layer).set_default();
    let server = ScriptedServer::start([response(404, "", "")]).await;
    let get = server.client().get_thread().thread_id("thread_1");
    get.send().await.unwrap_err();

    let spans = exporter.get_finished_spans().unwrap();
    let of_crate = |span: &&SpanData| span.span_kind == SpanKind::Client;
    let spans: Vec<_> = spans.iter().filter(of_crate).collect();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["GET /threads/{thread_id}", "getThread"]);
    assert_eq!(spans[0].parent_span_id, spans[1].span_context.span_id());
    for span in spans {
        assert_eq!(span.status, Status::error(""));
        let error_type = span
            .attributes
            .iter()
            .find(|one| one.key.as_str() == "error.type");
        assert_eq!(error_type.unwrap().value.as_str(), "404");
    }
}

#[tokio::test]
async fn a_time_out_is_an_error_without_a_response() {
    let (spans, _guard) = Spans::collect();
    let server = ScriptedServer::start([STALL.to_string()]).await;
    let client = server.builder(&ManualClock::expired()).build().unwrap();
    let get = client.get_thread().thread_id("thread_1");
    get.retry(RetryPolicy::never()).send().await.unwrap_err();
    assert_eq!(spans.all().len(), 2);
    for span in spans.all() {
        assert_eq!(span.field("error.type"), "timeout");
        assert_eq!(span.field("http.response.status_code"), "");
    }
}

#[tokio::test]
async fn an_attempt_that_is_dropped_ends_within_its_span() {
    struct Dropped;

    impl Drop for Dropped {
        fn drop(&mut self) {
            tracing::info_span!("dropped");
        }
    }

    let (spans, _guard) = Spans::collect();
    let silent = service_fn(|_: HttpRequest| async {
        let _dropped = Dropped;
        pending::<Result<HttpResponse, BoxError>>().await
    });
    let builder = Client::builder()
        .base_url("http://localhost/v1")
        .api_key("k");
    let client = builder.http_service(silent).build().unwrap();
    let call = client.get_thread().thread_id("thread_1").send();
    assert!(call.now_or_never().is_none());
    assert_eq!(
        spans.tree(),
        ["getThread", "  GET /threads/{thread_id}", "    dropped"]
    );
}

#[tokio::test]
async fn an_assistant_that_is_created_or_named_is_an_agent() {
    let (spans, _guard) = Spans::collect();
    let server = ScriptedServer::start([response(404, "", "")]).await;
    let client = server.client();
    let body = openai_assistants::types::CreateAssistantRequest::builder().model("m");
    client
        .create_assistant()
        .body(body)
        .send()
        .await
        .unwrap_err();
    let get = client.get_assistant().assistant_id("asst_1");
    get.send().await.unwrap_err();
    let calls = spans.named("call");
    assert_eq!(calls[0].field("gen_ai.operation.name"), "create_agent");
    assert_eq!(calls[1].field("gen_ai.agent.id"), "asst_1");
}

#[tokio::test]
async fn a_raw_call_has_no_path() {
    let (spans, _guard) = Spans::collect();
    let server = ScriptedServer::start([json_response(&json!({}))]).await;
    let request = server.client().request(Method::POST, "/secrets/1");
    request.send::<Value>().await.unwrap();
    assert_eq!(spans.tree(), ["request", "  POST"]);
    assert!(!spans.text().contains("/secrets"), "{}", spans.text());
}

#[tokio::test]
async fn the_event_of_a_raw_stream_that_fails_has_no_path() {
    let (spans, _guard) = Spans::collect();
    let broken = event_stream("event: error\ndata: {\"message\":\"no\"}\n\n");
    let server = ScriptedServer::start([broken]).await;
    let request = server.client().request(Method::POST, "/secrets/1");
    let mut stream = request.stream().await.unwrap();
    let error = stream.try_next().await.unwrap_err();
    assert!(error.to_string().contains("/secrets/1"), "{error}");
    let text = spans.text();
    assert!(text.contains("stream failed"), "{text}");
    assert!(text.contains(r#""operation": "request""#), "{text}");
    assert!(!text.contains("/secrets"), "{text}");
}

#[tokio::test]
async fn a_key_in_the_request_id_is_redacted() {
    for status in [200, 404] {
        let (spans, _guard) = Spans::collect();
        let header = "x-request-id: Bearer sk-secret-key\r\n";
        let server = ScriptedServer::start([response(status, header, r#"{"id":"1"}"#)]).await;
        let get = server.client().get_thread().thread_id("thread_1");
        assert_eq!(get.send().await.is_ok(), status == 200);
        let attempt = &spans.named("attempt")[0];
        let id = attempt.field("http.response.header.x-request-id");
        assert_eq!(id, "***");
        assert!(!spans.text().contains("sk-secret"), "{}", spans.text());
    }
}

#[tokio::test]
async fn the_span_of_a_stream_ends_when_it_opens() {
    let (spans, _guard) = Spans::collect();
    let server = ScriptedServer::start([event_stream(&run_event(&run("queued")))]).await;
    let events = create_run(&server.client()).stream().await.unwrap();
    assert_eq!(
        spans.tree(),
        ["createRun", "  POST /threads/{thread_id}/runs"]
    );
    assert!(spans.all().iter().all(|span| span.has_ended));
    drop(events);
}

#[tokio::test]
async fn a_response_that_is_not_a_stream_is_an_error_of_the_call() {
    let (spans, _guard) = Spans::collect();
    let headers = "content-type: application/json\r\n";
    let server = ScriptedServer::start([response(200, headers, "{}")]).await;
    create_run(&server.client()).stream().await.unwrap_err();
    assert_eq!(spans.all()[0].field("error.type"), "decode");
}

#[tokio::test]
async fn a_prefetched_page_has_the_parent_of_the_list() {
    let (spans, _guard) = Spans::collect();
    let page = |id: &str, more: bool| {
        json_response(&json!({ "data": [{ "id": id }], "has_more": more, "last_id": id }))
    };
    let server = ScriptedServer::start([page("1", true), page("2", true), page("3", false)]).await;
    let mut pages = server.client().list_assistants().pages();
    let read = async {
        for _ in 0..2 {
            pages.try_next().await.unwrap();
        }
    };
    read.instrument(tracing::info_span!("list")).await;
    until(|| server.requests().len() == 3).await;
    assert_eq!(spans.named("call").len(), 3);
    for call in spans.named("call") {
        assert_eq!(call.parent, Some(0));
    }
}

#[tokio::test]
async fn keys_and_queries_are_in_no_span() {
    let (spans, _guard) = Spans::collect();
    let server = ScriptedServer::start([response(500, "", "secret-body")]).await;
    let client = server
        .builder(&ManualClock::default())
        .credentials(Credentials::header("x-key", "secret-key"))
        .header("x-team", "secret-header")
        .query("code", "secret-query")
        .build()
        .unwrap();
    let list = client.list_messages().thread_id("thread_1");
    let list = list
        .query("after", "secret-cursor")
        .timeout(Duration::from_secs(1));
    list.send().await.unwrap_err();
    assert_eq!(spans.named("attempt").len(), 3);
    assert!(!spans.text().contains("secret"), "{}", spans.text());
}
