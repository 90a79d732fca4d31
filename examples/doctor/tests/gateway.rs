//! A gateway in front of the fake server that responds to some requests itself.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// What the gateway does with a request.
pub enum Action {
    Forward,
    Respond(u16, String),
    /// Changes the JSON of the response.
    Edit(fn(&mut Value)),
    /// Closes the connection without a response.
    Close,
}

#[derive(Clone)]
pub struct Request {
    pub head: String,
    pub method: String,
    pub path: String,
    pub body: Value,
}

impl Request {
    fn parse(head: &str, body: &[u8]) -> Self {
        let mut line = head.split(' ');
        let method = line.next().unwrap_or_default().to_owned();
        let target = line.next().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let body = serde_json::from_slice(body).unwrap_or_default();
        Self {
            head: head.to_owned(),
            method,
            path,
            body,
        }
    }

    /// Whether it has this method and this path, in which `*` stands for an ID.
    pub fn is(&self, method: &str, path: &str) -> bool {
        let (parts, wanted) = (self.path.split('/'), path.split('/'));
        self.method == method
            && parts.clone().count() == wanted.clone().count()
            && parts
                .zip(wanted)
                .all(|(part, wanted)| wanted == "*" || part == wanted)
    }
}

pub struct Gateway {
    pub origin: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Gateway {
    pub async fn start(
        upstream: SocketAddr,
        decide: impl Fn(&Request) -> Action + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (recorded, decide) = (requests.clone(), Arc::new(decide));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (recorded, decide) = (recorded.clone(), decide.clone());
                tokio::spawn(async move {
                    // The client may close its end at any time.
                    let _ = serve(stream, upstream, &recorded, &*decide).await;
                });
            }
        });
        Self { origin, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests
            .lock()
            .expect("no test panics with it")
            .clone()
    }
}

/// Serves one request and closes the connection.
async fn serve(
    mut stream: TcpStream,
    upstream: SocketAddr,
    recorded: &Mutex<Vec<Request>>,
    decide: &(impl Fn(&Request) -> Action + Sync),
) -> io::Result<()> {
    let (head, body) = read_message(&mut stream).await?;
    let request = Request::parse(&head, &body);
    let action = decide(&request);
    recorded
        .lock()
        .expect("no test panics with it")
        .push(request);
    if let Action::Close = action {
        return Ok(());
    }
    if let Action::Respond(status, text) = action {
        return stream.write_all(response(status, &text).as_bytes()).await;
    }
    let mut forwarded = TcpStream::connect(upstream).await?;
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    forwarded
        .write_all(&[head.as_bytes(), &body].concat())
        .await?;
    if let Action::Edit(edit) = action {
        let (_, body) = read_message(&mut forwarded).await?;
        let mut value: Value = serde_json::from_slice(&body)?;
        edit(&mut value);
        return stream
            .write_all(response(200, &value.to_string()).as_bytes())
            .await;
    }
    copy(&mut forwarded, &mut stream).await.map(drop)
}

fn response(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} \r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// Reads a head, with its empty line, and a body of the length that it names.
async fn read_message(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end + 4]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            let mut body = bytes.split_off(end + 4);
            let read = body.len().min(length);
            body.resize(length, 0);
            stream.read_exact(&mut body[read..]).await?;
            return Ok((head, body));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
