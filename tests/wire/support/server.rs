//! A server that sends the responses of a script, byte for byte.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use openai_assistants::{Client, ClientBuilder, ONCE_KEY};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::clock::ManualClock;
use super::dispatchers::keep_dispatchers;
use super::script::{CLOSE, CONTROLS, ENDLESS, MARKER, PAUSE, STALL};

/// Lets all other tasks run.
pub async fn yield_often() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// Lets other tasks run until `condition` holds.
pub async fn until(condition: impl Fn() -> bool) {
    for _ in 0..1_000_000 {
        if condition() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the condition never held");
}

/// A server on a free port of the loopback interface. It sends the responses of the script in
/// turn and repeats the last one. An incomplete response ends its connection.
pub struct ScriptedServer {
    pub origin: String,
    state: Arc<State>,
}

struct State {
    responses: Mutex<VecDeque<String>>,
    requests: Mutex<Vec<String>>,
    bytes_sent: AtomicUsize,
    connections: AtomicUsize,
    closed_by_client: AtomicUsize,
}

impl ScriptedServer {
    pub async fn start(responses: impl IntoIterator<Item = String>) -> Self {
        keep_dispatchers();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let state = Arc::new(State {
            responses: Mutex::new(VecDeque::from_iter(responses)),
            requests: Mutex::default(),
            bytes_sent: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            closed_by_client: AtomicUsize::new(0),
        });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { origin, state }
    }

    /// Replaces what is left of the script.
    pub fn then(&self, response: String) {
        *self.state.responses.lock().unwrap() = VecDeque::from([response]);
    }

    /// The number of response bytes that were sent.
    pub fn bytes_sent(&self) -> usize {
        self.state.bytes_sent.load(Ordering::Relaxed)
    }

    /// The number of connections that were opened.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// The number of connections that the client closed.
    pub fn closed_by_client(&self) -> usize {
        self.state.closed_by_client.load(Ordering::Relaxed)
    }

    /// The requests so far, as text.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    /// Method and target of the requests so far.
    pub fn request_lines(&self) -> Vec<String> {
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

    /// The builder of a client of this server, without jitter.
    pub fn builder(&self, clock: &ManualClock) -> ClientBuilder {
        Client::builder()
            .base_url(format!("{}/v1", self.origin))
            .api_key("sk-secret-key")
            .clock(clock.clone())
            .jitter(|| 0.0)
    }

    /// A client of this server, with a clock of its own.
    pub fn client(&self) -> Client {
        self.builder(&ManualClock::default())
            .build()
            .expect("the settings are valid")
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).expect("the connection is open");
    while let Some(request) = read_request(&mut stream).await {
        state.requests.lock().unwrap().push(request);
        let response = {
            let mut responses = state.responses.lock().unwrap();
            let next = responses.front().cloned();
            if responses.len() > 1 {
                responses.pop_front()
            } else {
                next
            }
        };
        let response = with_marker(response.unwrap_or_default(), &state);
        if send(&mut stream, &response, &state.bytes_sent)
            .await
            .is_err()
        {
            break;
        }
        if response.contains(CLOSE) || !is_complete(&response) {
            return;
        }
    }
    state.closed_by_client.fetch_add(1, Ordering::Relaxed);
}

/// Replaces the placeholder of the marker by that of the first request that has one.
fn with_marker(response: String, state: &State) -> String {
    let requests = state.requests.lock().unwrap();
    let name = format!("\"{ONCE_KEY}\":\"");
    let marker = requests.iter().find_map(|request| {
        let (_, marker) = request.split_once(&name)?;
        marker.get(..MARKER.len())
    });
    response.replace(MARKER, marker.unwrap_or(MARKER))
}

/// Sends a response. Fails if the client closes the connection.
async fn send(stream: &mut TcpStream, response: &str, bytes_sent: &AtomicUsize) -> io::Result<()> {
    for piece in response.split_inclusive(CONTROLS) {
        let text = piece.trim_end_matches(CONTROLS).as_bytes();
        loop {
            stream.write_all(text).await?;
            bytes_sent.fetch_add(text.len(), Ordering::Relaxed);
            if !piece.ends_with(ENDLESS) {
                break;
            }
        }
        match piece.chars().last() {
            Some(PAUSE) => yield_often().await,
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

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if is_complete(&text) {
            return Some(text.into_owned());
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Whether a message has its head and its whole body.
fn is_complete(message: &str) -> bool {
    let Some((head, body)) = message.split_once("\r\n\r\n") else {
        return false;
    };
    if head.contains("transfer-encoding: chunked") && head.starts_with("POST") {
        return body.ends_with("0\r\n\r\n");
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap_or(0))
}
