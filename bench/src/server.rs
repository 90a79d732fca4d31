//! The server. Runs in a separate process, so that its CPU time is not measured.
//!
//! The response depends on the path only. All bodies are built before the first request.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::payload;

/// Time that the server takes to respond with a page.
const LATENCY: Duration = Duration::from_millis(5);

struct Responses {
    thread: Vec<u8>,
    queued_run: Vec<u8>,
    completed_run: Vec<u8>,
    file: Vec<u8>,
    content: Vec<u8>,
    pages: Vec<Vec<u8>>,
    stream_start: String,
    delta_block: String,
    block_text: String,
}

/// Prints the port, then serves until the process ends.
pub async fn serve() -> std::io::Result<()> {
    let responses = Arc::new(responses());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let responses = Arc::clone(&responses);
        tokio::spawn(async move {
            // Clients may close the connection at any time.
            let _ = handle_connection(connection, &responses).await;
        });
    }
}

fn responses() -> Responses {
    let (delta_block, block_text) = payload::delta_block();
    Responses {
        thread: payload::thread(),
        queued_run: payload::followed_run(false),
        completed_run: payload::followed_run(true),
        file: payload::file(),
        content: vec![b'a'; payload::FILE_SIZE],
        pages: (0..payload::PAGES)
            .map(|page| payload::page(page * payload::PAGE_SIZE, page + 1 < payload::PAGES))
            .collect(),
        stream_start: payload::stream_start(),
        delta_block,
        block_text,
    }
}

async fn handle_connection(
    mut connection: TcpStream,
    responses: &Responses,
) -> std::io::Result<()> {
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        let Some(target) = read_request(&mut connection, &mut buffer).await? else {
            return Ok(());
        };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        if let Some(deltas) = delta_count(path) {
            write_stream(&mut connection, responses, deltas).await?;
        } else if path.ends_with("/messages") {
            simulate_latency().await;
            write_json(&mut connection, &responses.pages[page_index(query)]).await?;
        } else if path.ends_with("/runs") {
            write_json(&mut connection, &responses.queued_run).await?;
        } else if path.contains("/runs/") {
            write_json(&mut connection, &responses.completed_run).await?;
        } else if path.ends_with("/files") {
            write_json(&mut connection, &responses.file).await?;
        } else if path.ends_with("/content") {
            write(
                &mut connection,
                "application/octet-stream",
                &responses.content,
            )
            .await?;
        } else {
            write_json(&mut connection, &responses.thread).await?;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the latency is what is measured")]
async fn simulate_latency() {
    tokio::time::sleep(LATENCY).await;
}

/// Reads one request and returns its target.
async fn read_request(
    connection: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<String>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            buffer.drain(..end + 4);
            let is_complete = match head.contains("\r\ntransfer-encoding: chunked") {
                true => skip_chunks(connection, buffer).await?,
                false => skip_body(connection, buffer, length).await?,
            };
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            return Ok(is_complete.then_some(target));
        }
        if connection.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// Reads a chunked body, as [`skip_body`] does.
async fn skip_chunks(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    loop {
        let end = loop {
            match memchr::memchr(b'\n', buffer) {
                Some(end) => break end,
                None if connection.read_buf(buffer).await? == 0 => return Ok(false),
                None => {}
            }
        };
        let size = String::from_utf8_lossy(&buffer[..end]);
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        buffer.drain(..=end);
        let data_and_line_end = size + 2;
        if !skip_body(connection, buffer, data_and_line_end).await? {
            return Ok(false);
        }
        if size == 0 {
            return Ok(true);
        }
    }
}

/// Reads a body and keeps nothing of it. Returns false if the connection ends before.
async fn skip_body(
    connection: &mut TcpStream,
    buffer: &mut Vec<u8>,
    mut left: usize,
) -> std::io::Result<bool> {
    loop {
        let skipped = left.min(buffer.len());
        buffer.drain(..skipped);
        left -= skipped;
        if left == 0 {
            return Ok(true);
        }
        if connection.read_buf(buffer).await? == 0 {
            return Ok(false);
        }
    }
}

/// The number of deltas: 1,000 for `/v1/threads/deltas_1000/runs`.
fn delta_count(path: &str) -> Option<usize> {
    path.split('/')
        .find_map(|part| part.strip_prefix("deltas_")?.parse().ok())
}

/// The index of the page after the cursor.
fn page_index(query: &str) -> usize {
    let after = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("after=msg_"));
    after
        .and_then(|id| id.parse::<usize>().ok())
        .map_or(0, |last| (last + 1) / payload::PAGE_SIZE)
        .min(payload::PAGES - 1)
}

async fn write_json(connection: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    write(connection, "application/json", body).await
}

async fn write(connection: &mut TcpStream, content_type: &str, body: &[u8]) -> std::io::Result<()> {
    let mut response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nx-request-id: req_1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(body);
    connection.write_all(&response).await
}

async fn write_stream(
    connection: &mut TcpStream,
    responses: &Responses,
    deltas: usize,
) -> std::io::Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes()).await?;
    connection
        .write_all(chunk(&responses.stream_start).as_bytes())
        .await?;
    let block = chunk(&responses.delta_block);
    let blocks = deltas / payload::BLOCK_SIZE;
    for _ in 0..blocks {
        connection.write_all(block.as_bytes()).await?;
    }
    let text = responses.block_text.repeat(blocks);
    let end = chunk(&payload::stream_end(&text));
    connection.write_all(end.as_bytes()).await?;
    connection.write_all(b"0\r\n\r\n").await
}

/// Encodes a chunk of a chunked body.
fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}
