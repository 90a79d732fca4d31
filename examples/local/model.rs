//! A model for the example `tools`: a server in this process that asks for two tool
//! calls at once and then writes an answer from their outputs, word by word.

use std::io;
use std::time::Duration;

use openai_assistants::{Client, Credentials, mock};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const PAUSE: Duration = Duration::from_millis(60);

/// A client of a model that is started for it.
pub async fn client() -> Result<Client, Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    Ok(Client::builder()
        .base_url(format!("http://{address}"))
        .credentials(Credentials::bearer("mock"))
        .build()?)
}

/// Answers one request; the connection is not kept.
async fn serve(connection: TcpStream) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    let (path, body) = read(&mut connection).await?;
    if path.ends_with("/submit_tool_outputs") {
        stream(&mut connection, &answer(&body)).await
    } else if path.ends_with("/threads/runs") {
        stream(&mut connection, &calls()).await
    } else {
        // The same for the creation of the assistant and for its deletion.
        let mut assistant = json!(mock::assistant());
        assistant["deleted"] = true.into();
        let assistant = assistant.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            assistant.len()
        );
        connection.write_all((head + &assistant).as_bytes()).await
    }
}

/// The path and the JSON body of a request.
async fn read(connection: &mut BufReader<TcpStream>) -> io::Result<(String, Value)> {
    let mut first = String::new();
    connection.read_line(&mut first).await?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await?;
    Ok((path, serde_json::from_slice(&body).unwrap_or_default()))
}

/// Sends events one by one, as a model that thinks.
async fn stream(connection: &mut BufReader<TcpStream>, events: &[(&str, Value)]) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n";
    connection.write_all(head.as_bytes()).await?;
    for (event, data) in events {
        let event = format!("event: {event}\ndata: {data}\n\n");
        connection.write_all(event.as_bytes()).await?;
        connection.flush().await?;
        pause().await;
    }
    connection.write_all(b"event: done\ndata: [DONE]\n\n").await
}

/// A run that asks for two calls.
fn calls() -> Vec<(&'static str, Value)> {
    let call = |id: &str, name: &str| json!({ "id": id, "type": "function", "function": { "name": name, "arguments": r#"{"city":"Oslo"}"# } });
    let calls = [call("call_1", "get_weather"), call("call_2", "get_time")];
    let mut waiting = run("requires_action");
    waiting["required_action"] =
        json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": calls } });
    vec![
        ("thread.created", json!(mock::thread())),
        ("thread.run.created", run("queued")),
        ("thread.run.in_progress", run("in_progress")),
        ("thread.run.requires_action", waiting),
    ]
}

/// The same run, which makes a sentence of the outputs.
fn answer(submission: &Value) -> Vec<(&'static str, Value)> {
    let outputs = submission["tool_outputs"].as_array();
    let outputs = outputs.into_iter().flatten();
    let outputs: Vec<&str> = outputs
        .filter_map(|output| output["output"].as_str())
        .collect();
    let text = format!("In Oslo: {}.", outputs.join(", and "));
    let mut message = mock::message();
    message.content.clear();
    let mut events = vec![
        ("thread.run.in_progress", run("in_progress")),
        ("thread.message.created", json!(message)),
    ];
    for word in text.split_inclusive(' ') {
        let delta =
            json!({ "content": [{ "index": 0, "type": "text", "text": { "value": word } }] });
        events.push((
            "thread.message.delta",
            json!({ "id": message.id, "object": "thread.message.delta", "delta": delta }),
        ));
    }
    message.content.push(mock::text(&text));
    events.push(("thread.message.completed", json!(message)));
    events.push(("thread.run.completed", run("completed")));
    events
}

fn run(status: &str) -> Value {
    let mut run = json!(mock::run());
    run["status"] = status.into();
    run
}

#[expect(
    clippy::disallowed_methods,
    reason = "somebody is to see the words come one by one"
)]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}
