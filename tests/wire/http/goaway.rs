//! HTTP/2: a server that ends a connection with GOAWAY names the last request that it may have processed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openai_assistants::{Client, RetryPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::create_thread;
use crate::support::ManualClock;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// A frame of the whole connection.
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, 0], payload].concat()
}

/// Reads a request, answers it with GOAWAY, and closes the connection.
async fn go_away(mut stream: TcpStream, last_stream: u8) -> std::io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await?;
        match (head[3], head[4]) {
            (HEADERS, _) => break,
            (SETTINGS, 0) => stream.write_all(&frame(SETTINGS, ACK, &[])).await?,
            _ => {}
        }
    }
    let payload = [0, 0, 0, last_stream, 0, 0, 0, 0]; // without an error
    stream.write_all(&frame(GOAWAY, 0, &payload)).await?;
    stream.shutdown().await?;
    // Unread bytes would reset the connection before the client reads the frame.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

#[tokio::test]
async fn only_a_request_after_the_last_one_is_sent_again() {
    for (last_stream, attempts, may_have_been_processed) in [(0, 3, false), (1, 1, true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(go_away(stream, last_stream));
            }
        });
        let client = Client::builder()
            .base_url(url)
            .api_key("k")
            .clock(ManualClock::default())
            .retry(RetryPolicy::default())
            .http_client_builder(|http| http.http2_prior_knowledge())
            .build()
            .unwrap();
        let call = create_thread(&client);
        let error = call.send().await.expect_err("there is no response");
        assert_eq!(error.attempts() as usize, attempts, "{error:?}");
        assert_eq!(error.may_have_been_processed(), may_have_been_processed);
        assert_eq!(connections.load(Ordering::Relaxed), attempts);
    }
}
