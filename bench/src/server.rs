//! The server: a process of its own, so that what it does is on nobody's account.
//!
//! It answers by the path alone, with bytes that were made before the first request.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::payload;

/// How many pages a list has, and how long the server takes for each.
pub const PAGES: usize = 200;
pub const LATENCY: Duration = Duration::from_millis(5);

struct Answers {
    thread: Vec<u8>,
    pages: Vec<Vec<u8>>,
    head: String,
    block: String,
    block_text: String,
}

/// Serves until it is ended, and says first where.
pub async fn serve() -> std::io::Result<()> {
    let answers = Arc::new(answers());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            // A client that goes away is no concern of the server's.
            let _ = attend(connection, &answers).await;
        });
    }
}

fn answers() -> Answers {
    let (block, block_text) = payload::block();
    Answers {
        thread: payload::thread(),
        pages: (0..PAGES)
            .map(|page| payload::page(page * payload::PAGE, page + 1 < PAGES))
            .collect(),
        head: payload::head(),
        block,
        block_text,
    }
}

async fn attend(mut connection: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(target) = request(&mut connection, &mut buffer).await? else {
            return Ok(());
        };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        if let Some(deltas) = deltas(path) {
            stream(&mut connection, answers, deltas).await?;
        } else if path.ends_with("/messages") {
            wait().await;
            plain(&mut connection, &answers.pages[page(query)]).await?;
        } else {
            plain(&mut connection, &answers.thread).await?;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the latency is what is measured")]
async fn wait() {
    tokio::time::sleep(LATENCY).await;
}

/// Reads one request, and gives its target.
async fn request(
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
            let whole = end + 4 + length;
            while buffer.len() < whole {
                if connection.read_buf(buffer).await? == 0 {
                    return Ok(None);
                }
            }
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            buffer.drain(..whole);
            return Ok(Some(target));
        }
        if connection.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// `/v1/threads/deltas_1000/runs` is answered with 1,000 deltas.
fn deltas(path: &str) -> Option<usize> {
    path.split('/')
        .find_map(|part| part.strip_prefix("deltas_")?.parse().ok())
}

/// The page behind the cursor.
fn page(query: &str) -> usize {
    let after = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("after=msg_"));
    after
        .and_then(|id| id.parse::<usize>().ok())
        .map_or(0, |last| (last + 1) / payload::PAGE)
        .min(PAGES - 1)
}

async fn plain(connection: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    connection.write_all(&answer).await
}

async fn stream(
    connection: &mut TcpStream,
    answers: &Answers,
    deltas: usize,
) -> std::io::Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes()).await?;
    connection
        .write_all(chunk(&answers.head).as_bytes())
        .await?;
    let block = chunk(&answers.block);
    let blocks = deltas / payload::BLOCK;
    for _ in 0..blocks {
        connection.write_all(block.as_bytes()).await?;
    }
    let text = answers.block_text.repeat(blocks);
    let tail = chunk(&payload::tail(&text));
    connection.write_all(tail.as_bytes()).await?;
    connection.write_all(b"0\r\n\r\n").await
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}
