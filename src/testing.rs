//! What the tests of the runtime share: a server that says what it is told to say, a
//! clock that never waits, and two operations.

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::operation::{Operation, OperationInfo, Request, RequestOptions, Sealed};
use crate::pagination::{List, Page};
use crate::{Client, ClientBuilder, Clock, Error, Result, Sleep};

/// In a reply: the server goes on after everybody else.
pub(crate) const PAUSE: char = '\u{1}';
/// In a reply: the server does not go on.
pub(crate) const STALL: char = '\u{2}';

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

/// A server on a free port of the loopback interface. Replies are given in turn, and
/// the last one ever after; one that is not whole ends its connection.
pub(crate) struct Server {
    pub(crate) origin: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(replies: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let replies = Arc::new(Mutex::new(VecDeque::from_iter(replies)));
        let log = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, replies.clone(), log.clone()));
            }
        });
        Self { origin, requests }
    }

    /// The requests so far, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
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

async fn serve(
    mut stream: TcpStream,
    replies: Arc<Mutex<VecDeque<String>>>,
    log: Arc<Mutex<Vec<String>>>,
) {
    while let Some(request) = read(&mut stream).await {
        log.lock().unwrap().push(request);
        let reply = {
            let mut replies = replies.lock().unwrap();
            let last = replies.front().cloned();
            if replies.len() > 1 {
                replies.pop_front()
            } else {
                last
            }
        };
        let reply = reply.unwrap_or_default();
        if say(&mut stream, &reply).await.is_err() || !is_whole(&reply) {
            return;
        }
    }
}

async fn say(stream: &mut TcpStream, reply: &str) -> io::Result<()> {
    for piece in reply.split_inclusive([PAUSE, STALL]) {
        let text = piece.trim_end_matches([PAUSE, STALL]);
        stream.write_all(text.as_bytes()).await?;
        match piece.chars().last() {
            Some(PAUSE) => turns().await,
            Some(STALL) => pending().await,
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
    passed: Arc<AtomicUsize>,
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
        if self.is_late {
            return Box::pin(ready(()));
        }
        Box::pin(async move {
            while passed.load(Ordering::Relaxed) < number {
                tokio::task::yield_now().await;
            }
        })
    }
}

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
        let url = format!("{}/things", self.client.base_url());
        let request = self
            .client
            .http()
            .post(url)
            .body(r#"{"a":1}"#)
            .build()
            .map_err(Error::from_build)?;
        Ok(Request::new(self.client, Self::INFO, self.options, request))
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
        let url = format!("{}/things", self.client.base_url());
        let query = [("after", self.after), ("before", self.before)];
        let query: Vec<_> = query
            .into_iter()
            .filter(|(_, cursor)| cursor.is_some())
            .collect();
        let request = self
            .client
            .http()
            .get(url)
            .query(&query)
            .build()
            .map_err(Error::from_build)?;
        Ok(Request::new(self.client, Self::INFO, self.options, request))
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
