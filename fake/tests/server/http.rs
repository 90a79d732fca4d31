//! Raw HTTP requests.

use openai_assistants_fake::Server;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A response. It is not complete if the connection was closed early.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) is_complete: bool,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The names and data of the events of a stream.
    pub(crate) fn events(&self) -> Vec<(&str, &str)> {
        events(&self.body)
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.events().into_iter().map(|(name, _)| name).collect()
    }
}

/// The names and data of the events of a stream.
pub(crate) fn events(body: &str) -> Vec<(&str, &str)> {
    let events = body.split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once('\n').unwrap_or((event, ""));
        let strip = |line, field| str::strip_prefix(line, field).unwrap_or(line);
        (strip(name, "event: "), strip(data, "data: "))
    });
    events.collect()
}

/// Sends JSON with an API key. `Null` sends no body.
pub(crate) async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Response {
    with(server, method, path, &[], body).await
}

/// Sends JSON with an API key and further headers.
pub(crate) async fn with(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Response {
    let key = ("authorization", "Bearer sk-test");
    let headers: Vec<_> = headers.iter().copied().chain([key]).collect();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    raw(server, method, &format!("/v1{path}"), &headers, &body).await
}

/// Sends a request verbatim, and reads until the connection is closed.
pub(crate) async fn raw(
    server: &Server,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let connection = open(server, method, target, headers, body).await;
    rest(connection, Vec::new()).await
}

/// Reads until the connection is closed, and appends to the bytes that were read before.
pub(crate) async fn rest(mut connection: TcpStream, mut bytes: Vec<u8>) -> Response {
    // The bytes before a connection reset are kept.
    let _ = connection.read_to_end(&mut bytes).await;
    parse(&String::from_utf8_lossy(&bytes))
}

/// Sends a request verbatim.
pub(crate) async fn open(
    server: &Server,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TcpStream {
    let mut request = format!("{method} {target} HTTP/1.1\r\nhost: fake\r\n");
    if headers.iter().all(|(name, _)| *name != "connection") {
        request += "connection: close\r\n";
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n{body}", body.len());
    let connection = TcpStream::connect(server.address()).await;
    let mut connection = connection.expect("the server accepts connections");
    // The server may reject the request before it has read the body.
    let _ = connection.write_all(request.as_bytes()).await;
    connection
}

fn parse(response: &str) -> Response {
    let (head, rest) = response
        .split_once("\r\n\r\n")
        .expect("the response has a head");
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let is_chunked = headers.iter().any(|(name, _)| name == "transfer-encoding");
    let (body, is_complete) = if is_chunked {
        chunks(rest)
    } else {
        let lengths = headers.iter().filter(|(name, _)| name == "content-length");
        let is_whole = |(_, length): &(String, String)| *length == rest.len().to_string();
        (rest.to_owned(), lengths.clone().all(is_whole))
    };
    Response {
        status: status.expect("the response has a status"),
        headers,
        body,
        is_complete,
    }
}

fn chunks(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk has a size");
        if size == 0 {
            return (body, true);
        }
        body += &after[..size];
        rest = &after[size + 2..];
    }
    (body, false)
}
