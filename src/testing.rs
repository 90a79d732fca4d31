//! What the tests of the runtime share: a server that says what it is told to say, a
//! clock that never waits, and two operations.

use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::operation::{Operation, OperationInfo, Request, RequestOptions, Sealed};
use crate::operations::CreateRun;
use crate::pagination::{List, Page};
use crate::types::{AssistantStreamEvent, CreateRunRequest};
use crate::{Client, ClientBuilder, Clock, Error, Result, Sleep};

/// In a reply: the server goes on after everybody else.
pub(crate) const PAUSE: char = '\u{1}';
/// In a reply: the server does not go on.
pub(crate) const STALL: char = '\u{2}';
/// In a reply: the server closes the connection.
pub(crate) const CLOSE: char = '\u{3}';
/// In a reply: the server says what stands in front of it, back to the last of these
/// signs, again and again.
pub(crate) const ENDLESS: char = '\u{4}';
const JSON: &str = "application/json";
const SIGNS: [char; 4] = [PAUSE, STALL, CLOSE, ENDLESS];

/// Gives everybody else many turns.
pub(crate) async fn turns() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// Lets the others run until `condition` holds.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    for _ in 0..1_000_000 {
        if condition() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never comes to that");
}

/// A whole answer.
pub(crate) fn reply(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// The beginning of a stream of events.
pub(crate) const STREAM: &str =
    "HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\nx-request-id: req_1\r\n";

/// A stream of events that lasts until the connection closes.
pub(crate) fn streamed(events: &str) -> String {
    format!("{STREAM}\r\n{events}{CLOSE}")
}

/// The same in chunks that end with the events. It has its proper end if it is whole.
pub(crate) fn chunked(events: &str, is_whole: bool) -> String {
    let chunks = events.split_inclusive("\n\n");
    let chunks: String = chunks
        .map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()))
        .collect();
    let end = if is_whole { "0\r\n\r\n" } else { "" };
    format!("{STREAM}transfer-encoding: chunked\r\n\r\n{chunks}{end}{CLOSE}")
}

/// A text that is said byte by byte.
pub(crate) fn slowly(text: &str) -> String {
    text.chars()
        .flat_map(|character| [character, PAUSE])
        .collect()
}

/// A server on a free port of the loopback interface. Replies are given in turn, and
/// the last one ever after; one that is not whole ends its connection.
pub(crate) struct Server {
    pub(crate) origin: String,
    script: Arc<Script>,
}

struct Script {
    replies: Mutex<VecDeque<String>>,
    requests: Mutex<Vec<String>>,
    taken: AtomicUsize,
    connections: AtomicUsize,
    left: AtomicUsize,
}

impl Server {
    pub(crate) async fn start(replies: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let script = Arc::new(Script {
            replies: Mutex::new(VecDeque::from_iter(replies)),
            requests: Mutex::default(),
            taken: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            left: AtomicUsize::new(0),
        });
        let shared = script.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { origin, script }
    }

    /// How many bytes of its replies the server got rid of.
    pub(crate) fn taken(&self) -> usize {
        self.script.taken.load(Ordering::Relaxed)
    }

    /// How many connections were opened.
    #[cfg(feature = "v1")]
    pub(crate) fn connections(&self) -> usize {
        self.script.connections.load(Ordering::Relaxed)
    }

    /// How many connections were closed by the other side.
    pub(crate) fn left(&self) -> usize {
        self.script.left.load(Ordering::Relaxed)
    }

    /// The requests so far, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script.requests.lock().unwrap().clone()
    }

    /// Their first lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let first = |request: &String| {
            request
                .lines()
                .next()
                .unwrap_or_default()
                .trim_end_matches(" HTTP/1.1")
                .to_owned()
        };
        self.requests().iter().map(first).collect()
    }

    pub(crate) fn builder(&self, clock: &TestClock) -> ClientBuilder {
        Client::builder()
            .base_url(format!("{}/v1", self.origin))
            .api_key("sk-secret-key")
            .clock(clock.clone())
            .jitter(|| 0.0)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder(&TestClock::default())
            .build()
            .expect("the settings are good")
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>) {
    stream.set_nodelay(true).expect("the connection is open");
    while let Some(request) = read(&mut stream).await {
        script.requests.lock().unwrap().push(request);
        let reply = {
            let mut replies = script.replies.lock().unwrap();
            let last = replies.front().cloned();
            if replies.len() > 1 {
                replies.pop_front()
            } else {
                last
            }
        };
        let reply = reply.unwrap_or_default();
        if say(&mut stream, &reply, &script.taken).await.is_err() {
            break;
        }
        if reply.contains(CLOSE) || !is_whole(&reply) {
            return;
        }
    }
    script.left.fetch_add(1, Ordering::Relaxed);
}

/// Says a reply. It is an error if the other side closes the connection.
async fn say(stream: &mut TcpStream, reply: &str, taken: &AtomicUsize) -> io::Result<()> {
    for piece in reply.split_inclusive(SIGNS) {
        let text = piece.trim_end_matches(SIGNS).as_bytes();
        loop {
            stream.write_all(text).await?;
            taken.fetch_add(text.len(), Ordering::Relaxed);
            if !piece.ends_with(ENDLESS) {
                break;
            }
        }
        match piece.chars().last() {
            Some(PAUSE) => turns().await,
            Some(STALL) => {
                while stream.read(&mut [0; 64]).await? > 0 {}
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Some(CLOSE) => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if is_whole(&text) {
            return Some(text.into_owned());
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Whether a message has its head and all of its body.
fn is_whole(message: &str) -> bool {
    let Some((head, body)) = message.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap_or(0))
}

/// A clock that stands still. Waits are over at once and written down; time-outs come
/// when [`pass`](Self::pass) says so, or at once.
#[derive(Clone, Default)]
pub(crate) struct TestClock {
    is_late: bool,
    sleeps: Arc<Mutex<Vec<Duration>>>,
    timeouts: Arc<Mutex<Vec<Duration>>>,
    /// How many of the first time-outs come, and those of which length.
    passed: Arc<AtomicUsize>,
    passed_limit: Arc<Mutex<Option<Duration>>>,
}

impl TestClock {
    /// One whose time-outs come at once.
    pub(crate) fn late() -> Self {
        Self {
            is_late: true,
            ..Self::default()
        }
    }

    /// Lets the time-outs come that have begun.
    pub(crate) fn pass(&self) {
        self.passed.store(self.timeouts().len(), Ordering::Relaxed);
    }

    /// Lets the time-outs come that have this limit.
    pub(crate) fn pass_only(&self, limit: Duration) {
        *self.passed_limit.lock().unwrap() = Some(limit);
    }

    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }

    pub(crate) fn timeouts(&self) -> Vec<Duration> {
        self.timeouts.lock().unwrap().clone()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("it is a date")
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.sleeps.lock().unwrap().push(duration);
        Box::pin(ready(()))
    }

    fn timeout(&self, limit: Duration) -> Sleep {
        let mut timeouts = self.timeouts.lock().unwrap();
        timeouts.push(limit);
        let (number, passed) = (timeouts.len(), self.passed.clone());
        let passed_limit = self.passed_limit.clone();
        if self.is_late {
            return Box::pin(ready(()));
        }
        Box::pin(async move {
            while passed.load(Ordering::Relaxed) < number
                && *passed_limit.lock().unwrap() != Some(limit)
            {
                tokio::task::yield_now().await;
            }
        })
    }
}

/// The call that begins a run.
pub(crate) fn create_run(client: &Client) -> CreateRun {
    let body = CreateRunRequest::builder().assistant_id("asst_1");
    client.create_run().thread_id("thread_1").body(body)
}

/// A run in this state.
pub(crate) fn run(status: &str) -> Value {
    json!({
        "id": "run_1", "thread_id": "thread_1", "assistant_id": "asst_1", "created_at": 0,
        "model": "m", "status": status,
    })
}

/// A run that waits for these calls: ids, names and arguments.
#[cfg(feature = "tools")]
pub(crate) fn waiting(calls: &[(&str, &str, &str)]) -> Value {
    let calls: Vec<_> = calls
        .iter()
        .map(|(id, name, arguments)| {
            json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
        })
        .collect();
    let mut run = run("requires_action");
    run["required_action"] =
        json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": calls } });
    run
}

/// An answer that is this object.
pub(crate) fn answer(object: &Value) -> String {
    reply(200, "", &object.to_string())
}

/// An event that tells of this run.
pub(crate) fn run_event(run: &Value) -> String {
    let status = run["status"].as_str().unwrap_or_default();
    event(&format!("thread.run.{status}"), run)
}

/// The names of the events up to the end of a stream or to an error.
pub(crate) async fn rest<S>(stream: &mut S) -> (Vec<String>, Option<Error>)
where
    S: Stream<Item = Result<AssistantStreamEvent>> + Unpin,
{
    let mut names = Vec::new();
    loop {
        match poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await {
            Some(Ok(event)) => names.push(event.event().to_owned()),
            Some(Err(error)) => return (names, Some(error)),
            None => return (names, None),
        }
    }
}

/// An event on the wire.
pub(crate) fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// The last event of a stream.
pub(crate) const DONE: &str = "event: done\ndata: [DONE]\n\n";

/// `POST /things`
#[derive(Clone)]
pub(crate) struct CreateThing {
    pub(crate) client: Client,
    pub(crate) options: RequestOptions,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Thing {
    pub(crate) id: String,
}

pub(crate) fn create_thing(client: &Client) -> CreateThing {
    CreateThing {
        client: client.clone(),
        options: RequestOptions::default(),
    }
}

impl Sealed for CreateThing {}

impl Operation for CreateThing {
    type Output = Thing;

    const INFO: &'static OperationInfo = &OperationInfo {
        id: "createThing",
        method: "POST",
        path: "/things",
    };

    fn into_request(self) -> Result<Request> {
        let path = format!("{}/things", self.client.base_path());
        let (info, post) = (Self::INFO, Method::POST);
        Request::new(self.client, info, self.options, post, &path, JSON).json(&json!({ "a": 1 }))
    }
}

/// `GET /things`
#[derive(Clone)]
pub(crate) struct ListThings {
    client: Client,
    pub(crate) options: RequestOptions,
    pub(crate) after: Option<String>,
    pub(crate) before: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Things {
    pub(crate) data: Vec<Thing>,
    first_id: Option<String>,
    last_id: Option<String>,
    has_more: bool,
}

pub(crate) fn list_things(client: &Client) -> ListThings {
    ListThings {
        client: client.clone(),
        options: RequestOptions::default(),
        after: None,
        before: None,
    }
}

impl Sealed for ListThings {}

impl Operation for ListThings {
    type Output = Things;

    const INFO: &'static OperationInfo = &OperationInfo {
        id: "listThings",
        method: "GET",
        path: "/things",
    };

    fn into_request(self) -> Result<Request> {
        let path = format!("{}/things", self.client.base_path());
        let query = [("after", self.after), ("before", self.before)];
        let query: Vec<_> = query
            .into_iter()
            .filter_map(|(name, cursor)| Some((name, cursor?)))
            .collect();
        let (info, get) = (Self::INFO, Method::GET);
        let request = Request::new(self.client, info, self.options, get, &path, JSON);
        Ok(request.query(&query))
    }
}

impl List for ListThings {
    type Item = Thing;
    type Page = Things;

    fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    fn set_after(&mut self, cursor: Option<String>) {
        self.after = cursor;
    }

    fn set_before(&mut self, cursor: Option<String>) {
        self.before = cursor;
    }
}

impl Sealed for Things {}

impl Page for Things {
    type Item = Thing;

    fn items(&self) -> &[Thing] {
        &self.data
    }

    fn into_items(self) -> Vec<Thing> {
        self.data
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn first_id(&self) -> Option<&str> {
        self.first_id.as_deref()
    }

    fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    fn id(item: &Thing) -> &str {
        &item.id
    }
}
