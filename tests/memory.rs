//! The memory of large transfers over loopback, measured.
//!
//! `cargo test --release --features files --test memory -- --ignored`

#![cfg(all(target_os = "linux", feature = "files"))]

use std::fs::{self, File};

use openai_assistants::{Client, Form, Method, Upload};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const GIB: u64 = 1024 * 1024 * 1024;
const MAX_KIB: u64 = 64 * 1024;

/// Reads a request. Responds to a POST with the number of bytes of its body, and to a GET with 1 GiB.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut head = Vec::new();
    let end = loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buffer[..count]);
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&head[..end]).into_owned();
    if text.starts_with("GET") {
        let head = format!("HTTP/1.1 200 X\r\ncontent-length: {GIB}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        for _ in 0..GIB / buffer.len() as u64 {
            stream.write_all(&buffer).await?;
        }
        return Ok(());
    }
    let (_, length) = text.split_once("content-length: ").expect("it is known");
    let length: usize = length
        .lines()
        .next()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    let mut read = head.len() - end;
    while read < length {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read += count;
    }
    let body = read.to_string();
    let head = format!(
        "HTTP/1.1 200 X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await
}

/// The highest memory of this process so far, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the system is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number
        .and_then(|number| number.trim().parse().ok())
        .expect("it has a line for it")
}

#[tokio::test]
#[ignore = "it transfers 3 GiB"]
async fn a_gibibyte_up_and_down_takes_less_than_64_mib() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.bin");
    let file = File::create(&path).expect("the folder is new");
    file.set_len(GIB).expect("the file can be sparse");
    let client = Client::builder()
        .base_url(format!("http://{address}"))
        .api_key("sk-test");
    let client = client.build().expect("the settings are valid");
    let reader = Upload::reader("large.bin", tokio::io::repeat(0).take(GIB)).length(GIB);
    for upload in [Upload::path(&path), reader] {
        let form = Form::new().file("file", upload);
        let call = client.request(Method::POST, "/files").form(form);
        let received = call.send::<Value>().await.expect("it is accepted");
        assert!(received.as_u64() > Some(GIB), "{received}");
    }
    let download = client.request(Method::GET, "/content").download().await;
    let written = download.expect("it opens").to_path(&path).await;
    assert_eq!(written.expect("it is complete"), GIB);
    println!("{} KiB", peak());
    assert!(peak() < MAX_KIB, "{} KiB", peak());
}
