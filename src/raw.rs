//! Calls that the document does not name.

use std::fmt;

use bytes::Bytes;
use http::Method;
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::codec;
use crate::error::{Error, Result};
use crate::operation::{
    self, OperationInfo, Request, RequestOptions, Response, Sealed, options, path_segment,
};
use crate::stream::{self, EventStream, RunState, StreamEvent};

/// What errors call these calls.
const INFO: &OperationInfo = &OperationInfo {
    id: "request",
    method: "",
    path: "",
};

/// A call of any method and path, for what a server can do beyond the document.
///
/// It is made by [`Client::request`]. Credentials, headers, query parameters, time-outs,
/// retries, redirects and errors are those of every other call.
///
/// # Examples
///
/// Foundry lists threads, which the Assistants API does not:
///
/// ```no_run
/// use openai_assistants::types::ThreadObject;
/// use openai_assistants::{Client, Method, Result};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Threads {
///     data: Vec<ThreadObject>,
///     last_id: Option<String>,
///     has_more: bool,
/// }
///
/// async fn threads(client: &Client, after: Option<&str>) -> Result<Threads> {
///     let mut call = client.request(Method::GET, "/threads").query("limit", "100");
///     if let Some(after) = after {
///         call = call.query("after", after);
///     }
///     Ok(call.send::<Threads>().await?.into_inner())
/// }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent until `send` or `stream` is called"]
pub struct RawRequest {
    client: Client,
    method: Method,
    /// Behind the base URL; or why it cannot be used.
    path: Result<String, String>,
    body: Option<Result<Bytes, String>>,
    options: RequestOptions,
}

impl Client {
    /// A call of any method and path.
    ///
    /// The path is relative to the base URL and is sent as it is: `/vector_stores`.
    /// Values go into it by [`segment`](RawRequest::segment), and into the query by
    /// [`query`](RawRequest::query). A path that could lead to another place is an error
    /// when the call is sent.
    ///
    /// ```no_run
    /// use openai_assistants::{Client, Method, Result};
    /// use serde_json::{Value, json};
    ///
    /// # async fn example(client: Client, store_id: &str) -> Result<()> {
    /// let file = client
    ///     .request(Method::POST, "/vector_stores")
    ///     .segment(store_id)
    ///     .segment("files")
    ///     .json(&json!({ "file_id": "file_1" }))
    ///     .send::<Value>()
    ///     .await?;
    /// println!("{} is request {:?}", file["id"], file.request_id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: impl AsRef<str>) -> RawRequest {
        let path = path.as_ref();
        RawRequest {
            client: self.clone(),
            method,
            path: checked(self.base_url(), path.strip_prefix('/').unwrap_or(path)),
            body: None,
            options: RequestOptions::default(),
        }
    }
}

/// A path that is the same to the server as it is here.
fn checked(base: &str, path: &str) -> Result<String, String> {
    if path.split('/').any(str::is_empty) {
        return Err(
            "it is empty, an absolute URL, or has an empty segment: give a path relative to the base URL, \
             such as `/threads`, and add ids by `segment`"
                .to_owned(),
        );
    }
    let path = format!("/{path}");
    let url = format!("{base}{path}");
    // What the URL parser changes or takes for something else is in another place then.
    match Url::parse(&url) {
        Ok(parsed) if parsed.as_str() == url && parsed.query().is_none() && parsed.fragment().is_none() => {
            Ok(path)
        }
        _ => Err(
            "it has `..`, `?`, `#` or a character that has to be encoded: add ids by `segment` and parameters \
             by `query`"
                .to_owned(),
        ),
    }
}

impl RawRequest {
    /// Adds a segment to the path, such as an id, percent-encoded. One that would
    /// address another resource (an empty one, `.`, `..`) is an error when the call is
    /// sent.
    pub fn segment(mut self, segment: impl AsRef<str>) -> Self {
        if let Ok(path) = &mut self.path {
            match path_segment("segment", Some(segment.as_ref().to_owned())) {
                Ok(segment) => {
                    path.push('/');
                    path.push_str(&segment);
                }
                Err(error) => self.path = Err(error.message().to_owned()),
            }
        }
        self
    }

    options!();

    /// The body, which is sent as JSON and as it is: for a stream it may have to say
    /// `"stream": true`.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        let bytes = serde_json::to_vec(body).map(Bytes::from);
        self.body = Some(bytes.map_err(|error| format!("it cannot be written as JSON: {error}")));
        self
    }

    /// Sends the call and decodes the JSON that it is answered with. An empty answer,
    /// such as that of a 204, is decoded as `null`: as `()`, or as an `Option`.
    ///
    /// # Errors
    /// [`Error`] tells what went wrong: before anything was sent, on the way, at the
    /// server, or in the answer.
    pub async fn send<T: DeserializeOwned>(self) -> Result<Response<T>> {
        operation::send_request(self.into_request("application/json")?).await
    }

    /// Sends the call and gives out the events that it is answered with.
    ///
    /// The stream ends after `[DONE]`, or with its connection; but not while a run that
    /// it tells of is still active, which is an error as on every [`EventStream`].
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use openai_assistants::{Client, Method, Result};
    /// use serde_json::{Value, json};
    ///
    /// # async fn example(client: Client) -> Result<()> {
    /// let call = client.request(Method::POST, "/chat/completions");
    /// let mut events = call.json(&json!({ "model": "m", "stream": true })).stream().await?;
    /// while let Some(event) = events.try_next().await? {
    ///     if event.data != "[DONE]" {
    ///         println!("{}", event.json::<Value>()?);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stream(self) -> Result<EventStream<RawEvent>> {
        stream::open_request(self.into_request("text/event-stream")?).await
    }

    fn into_request(self, accept: &'static str) -> Result<Request> {
        self.put_together(accept)
            .map_err(|error| error.at(INFO.id, 0))
    }

    fn put_together(self, accept: &'static str) -> Result<Request> {
        let path = self
            .path
            .map_err(|reason| Error::invalid_argument("path", reason))?;
        let path = format!("{}{path}", self.client.base_path());
        let mut request = Request::new(self.client, INFO, self.options, self.method, &path, accept);
        if let Some(body) = self.body {
            let body = body.map_err(|reason| Error::invalid_argument("json", reason))?;
            request.body = Some(body);
        }
        Ok(request)
    }
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may be what people say.
        f.debug_struct("RawRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// An event of a stream as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawEvent {
    /// Its name; empty if it has none. The end, `[DONE]`, has the name `done` in any case.
    pub event: String,
    /// Its data, most often JSON.
    pub data: String,
}

impl RawEvent {
    /// Decodes the data as JSON.
    ///
    /// # Errors
    /// It is no JSON, or has another form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        codec::event_data(&self.event, &self.data)
    }
}

impl Sealed for RawEvent {}

impl StreamEvent for RawEvent {
    fn decode(event: &str, data: &str) -> Result<Self> {
        Ok(Self {
            event: event.to_owned(),
            data: data.to_owned(),
        })
    }

    /// Nothing: it is looked for in the data.
    fn run_state(&self) -> Option<RunState<'_>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{
        DONE, STALL, STREAM, Server, TestClock, answer, event, reply, run, run_event, streamed,
    };

    #[tokio::test]
    async fn a_call_has_all_that_others_have() {
        let moved = reply(307, "location: /v2/stores\r\n", "");
        let found = reply(200, "x-request-id: req_1\r\n", r#"{"id":"vs_1"}"#);
        let server = Server::start([reply(503, "", ""), moved, found]).await;
        let clock = TestClock::default();
        let client = server
            .builder(&clock)
            .query("api-version", "v1")
            .header("x-a", "client")
            .build()
            .unwrap();
        let call = client
            .request(Method::PUT, "/vector_stores")
            .segment("vs 1/a")
            .query("b", "c d")
            .header("x-a", "call")
            .timeout(Duration::from_secs(7))
            .json(&json!({ "name": "n" }));
        let store = call.send::<Value>().await.unwrap();
        assert_eq!(store["id"], "vs_1");
        assert_eq!((store.request_id(), store.attempts()), (Some("req_1"), 2));
        let line = "PUT /v1/vector_stores/vs%201%2Fa?api-version=v1&b=c+d";
        assert_eq!(server.lines(), [line, line, "PUT /v2/stores"]);
        for line in [
            "authorization: Bearer sk-secret-key",
            "openai-beta: assistants=v2",
            "accept: application/json",
            "content-type: application/json",
            "x-a: call",
        ] {
            let request = &server.requests()[2];
            assert!(
                request.lines().any(|other| other == line),
                "{line} in {request}"
            );
        }
        assert!(server.requests()[2].ends_with(r#"{"name":"n"}"#));
        assert_eq!(clock.timeouts(), [Duration::from_secs(7); 2]);
    }

    #[tokio::test]
    async fn an_error_of_the_server_is_one() {
        let body = r#"{"error":{"message":"No such store, sk-secret-key.","code":"not_there"}}"#;
        let server = Server::start([reply(404, "x-request-id: req_1\r\n", body)]).await;
        let call = server
            .client()
            .request(Method::DELETE, "vector_stores/vs_1");
        let error = call.send::<Value>().await.expect_err("it is not there");
        assert!(error.is_not_found());
        assert_eq!(
            (error.code(), error.operation()),
            (Some("not_there"), Some("DELETE /v1/vector_stores/vs_1"))
        );
        assert_eq!(error.message(), "No such store, ***.");
        assert_eq!(server.lines(), ["DELETE /v1/vector_stores/vs_1"]);
    }

    #[tokio::test]
    async fn an_empty_answer_is_nothing() {
        let server = Server::start([reply(204, "", "")]).await;
        let call = server
            .client()
            .request(Method::DELETE, "/vector_stores/vs_1");
        call.clone().send::<()>().await.unwrap();
        let nothing = call.clone().send::<Option<Value>>().await.unwrap();
        assert_eq!(*nothing, None);
        let error = call.send::<String>().await.expect_err("it is no text");
        assert!(
            error.is_decode() && error.to_string().contains("the answer is empty"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_path_that_may_lead_elsewhere_is_refused() {
        let server = Server::start([answer(&json!({}))]).await;
        let client = server.client();
        for path in [
            "",
            "/",
            "//elsewhere/v1",
            "https://elsewhere/v1",
            "/threads/",
            "/threads//runs",
            "/..",
            "/../admin",
            "/threads/../../admin",
            "/threads/./runs",
            "/threads/%2e%2E/admin",
            "/.%2e/admin",
            "/threads/.\t./admin",
            "\\\\elsewhere\\v1",
            "/threads\\..\\..\\admin",
            "/threads?limit=1",
            "/threads#top",
            "/threads/a b",
            "/threads/\u{fc}",
            "/threads\n",
        ] {
            let call = client.request(Method::GET, path).segment("x");
            for error in [
                call.clone().send::<Value>().await.expect_err(path),
                call.stream().await.expect_err(path),
            ] {
                assert!(error.is_invalid_argument(), "{path}: {error}");
                assert!(
                    error.to_string().starts_with("request failed: `path`: it "),
                    "{error}"
                );
            }
        }
        for segment in ["", " ", ".", ".."] {
            let call = client
                .request(Method::GET, "/threads")
                .segment(segment)
                .segment("x");
            let error = call.send::<Value>().await.expect_err(segment);
            assert!(error.is_invalid_argument(), "{segment}: {error}");
        }
        assert!(server.requests().is_empty());

        for path in ["/a:b@c/d-e.f_g~h,i;j=k/%2F..%2F", "a...b", "x:"] {
            client
                .request(Method::GET, path)
                .send::<Value>()
                .await
                .expect(path);
        }
        let lines = [
            "GET /v1/a:b@c/d-e.f_g~h,i;j=k/%2F..%2F",
            "GET /v1/a...b",
            "GET /v1/x:",
        ];
        assert_eq!(server.lines(), lines);
    }

    #[tokio::test]
    async fn a_base_url_without_a_path_is_as_good() {
        let server = Server::start([answer(&json!({}))]).await;
        let builder = server
            .builder(&TestClock::default())
            .base_url(&server.origin);
        let client = builder.build().unwrap();
        client
            .request(Method::GET, "/threads")
            .send::<Value>()
            .await
            .unwrap();
        assert!(
            client
                .request(Method::GET, "//elsewhere")
                .send::<Value>()
                .await
                .is_err()
        );
        assert_eq!(server.lines(), ["GET /threads"]);
    }

    #[tokio::test]
    async fn a_body_that_is_no_json_is_an_error_before_anything_is_sent() {
        let server = Server::start([answer(&json!({}))]).await;
        let body = std::collections::HashMap::from([((1, 2), 3)]);
        let call = server.client().request(Method::POST, "/x").json(&body);
        let error = call.send::<Value>().await.expect_err("keys are texts");
        assert!(
            error.is_invalid_argument() && error.to_string().contains("`json`"),
            "{error}"
        );
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn events_come_as_they_are() {
        let events = [
            event("thread.new", &json!({ "a": 1 })).as_str(),
            "data: x\n\n",
            DONE,
        ]
        .concat();
        let server = Server::start([reply(500, "", ""), streamed(&events)]).await;
        let call = server.client().request(Method::POST, "/threads/runs");
        let mut stream = call
            .json(&json!({ "stream": true }))
            .stream()
            .await
            .unwrap();
        assert_eq!(stream.attempts(), 2);
        let first = stream.try_next().await.unwrap().unwrap();
        assert_eq!(first.event, "thread.new");
        assert_eq!(first.json::<Value>().unwrap(), json!({ "a": 1 }));
        let second = stream.try_next().await.unwrap().unwrap();
        assert_eq!((second.event.as_str(), second.data.as_str()), ("", "x"));
        assert!(
            second
                .json::<Value>()
                .expect_err("it is no JSON")
                .is_decode()
        );
        assert_eq!(stream.try_next().await.unwrap().unwrap().data, "[DONE]");
        assert!(stream.try_next().await.unwrap().is_none());
        assert!(server.requests()[1].contains("accept: text/event-stream\r\n"));
        assert!(server.requests()[1].ends_with(r#"{"stream":true}"#));
    }

    #[tokio::test]
    async fn an_event_is_handed_out_as_it_came() {
        let data = r#"{"event":"progress","id":7,"data":{"x":1}}"#;
        let server = Server::start([streamed(&format!("data: {data}\n\n{DONE}"))]).await;
        let call = server.client().request(Method::POST, "/responses");
        let mut stream = call.stream().await.unwrap();
        let event = stream.try_next().await.unwrap().expect("there is one");
        assert_eq!((&*event.event, &*event.data), ("", data));
    }

    /// How a stream ends behind one event.
    async fn end_of(reply: String) -> Result<Option<RawEvent>> {
        let server = Server::start([reply]).await;
        let call = server.client().request(Method::POST, "/responses");
        let mut stream = call.stream().await.unwrap();
        assert!(stream.try_next().await.unwrap().is_some());
        let end = stream.try_next().await;
        if let Err(error) = &end {
            assert_eq!(error.operation(), Some("POST /v1/responses"));
        }
        end
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_connection_unless_it_tells_of_a_run() {
        let other = event("response.created", &json!({ "id": "resp_1" }));
        assert_eq!(end_of(streamed(&other)).await.unwrap(), None);
        let cut = end_of(streamed(&[&other, "data: {"].concat())).await;
        assert!(cut.expect_err("it is cut").is_cut());
        assert_eq!(
            end_of(streamed(&run_event(&run("completed"))))
                .await
                .unwrap(),
            None
        );
        let active = end_of(streamed(&run_event(&run("in_progress")))).await;
        let error = active.expect_err("the run goes on");
        assert!(error.is_ended_early());
        assert_eq!(error.run_id(), Some("run_1"));
        let failed = event("error", &json!({ "message": "no" }));
        let error = end_of(streamed(&format!("{other}{failed}"))).await;
        assert!(error.expect_err("the server says so").is_stream_error());
    }

    #[tokio::test]
    async fn an_answer_that_is_no_stream_is_told_apart() {
        let server = Server::start([reply(200, "content-type: application/json\r\n", "{}")]).await;
        let call = server.client().request(Method::GET, "/threads");
        assert!(call.stream().await.expect_err("it is JSON").is_decode());
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_is_closed() {
        let server = Server::start([format!("{STREAM}\r\ndata: 1\n\n{STALL}")]).await;
        let mut stream = server
            .client()
            .request(Method::GET, "/x")
            .stream()
            .await
            .unwrap();
        assert!(stream.try_next().await.unwrap().is_some());
        drop(stream);
        crate::testing::until(|| server.left() == 1).await;
    }

    #[test]
    fn debug_shows_no_secret() {
        let client = Client::builder()
            .base_url("http://host/v1")
            .api_key("hush")
            .build()
            .unwrap();
        let call = client
            .request(Method::GET, "/x")
            .header("x-token", "hush")
            .query("q", "hush");
        let text = format!("{:?}", call.json(&"hush"));
        assert!(text.contains("x-token") && !text.contains("hush"), "{text}");
    }
}
