//! A web server that relays the events of a run to the browser, and cancels the run when it leaves.
//!
//! `cargo run --example web` uses a fake server, and prints a command that asks a question. Set
//! `OPENAI_BASE_URL` and `OPENAI_API_KEY` to use another server, and `OPENAI_MODEL` to use another
//! model.

#[path = "local/mod.rs"]
mod local;

use std::convert::Infallible;
use std::env;
use std::error::Error;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::post;
use futures_util::{Stream, stream};
use openai_assistants::Client;
use openai_assistants_fake::Script;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// What the handlers share.
#[derive(Clone)]
struct App {
    client: Client,
    assistant_id: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let script = Script::new().say("2 + 2 is 4: two apples and two more are four.");
    let (client, _server) = local::client(script).await?;
    let model = env::var("OPENAI_MODEL").unwrap_or_else(|_| "gpt-4o".to_owned());
    let assistant = client.create_assistant().with(|body| body.model(model));
    let assistant = assistant.send().await?;
    let thread = client.create_thread().send().await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!(
        "curl --no-buffer --data 'What is 2 + 2?' http://{address}/threads/{}",
        thread.id
    );
    let app = App {
        client,
        assistant_id: assistant.id,
    };
    axum::serve(listener, router(app)).await?;
    Ok(())
}

fn router(app: App) -> Router {
    Router::new()
        .route("/threads/{thread_id}", post(ask))
        .with_state(app)
}

/// Asks a question, and responds with the events of the run.
async fn ask(
    State(app): State<App>,
    Path(thread_id): Path<String>,
    question: String,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (browser, events) = mpsc::channel(16);
    // A task of its own, which can cancel the run after the response was dropped.
    tokio::spawn(async move {
        if let Err(error) = relay(&app, &thread_id, question, &browser).await {
            let event = Event::default().event("failed").data(error.to_string());
            let _ = browser.send(event).await;
        }
    });
    let events = stream::unfold(events, |mut events| async {
        let event = events.recv().await?;
        Some((Ok(event), events))
    });
    // Comments that keep the connection open also reveal that the browser has left.
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Runs the assistant, and sends each event to the browser.
async fn relay(
    app: &App,
    thread_id: &str,
    question: String,
    browser: &mpsc::Sender<Event>,
) -> openai_assistants::Result<()> {
    let message = app.client.create_message().thread_id(thread_id);
    let message = message.with(|body| body.role("user").content(question));
    message.once().send().await?;

    let connection = browser.clone();
    let run = app.client.create_run().thread_id(thread_id);
    let mut run = run
        .with(|body| body.assistant_id(&app.assistant_id))
        .follow()
        // The receiver is dropped with the response, as soon as the browser leaves.
        .cancel_on(async move { connection.closed().await })
        .cancel_run(true)
        .stream()
        .await?;
    loop {
        match run.try_next().await {
            Ok(Some(event)) => {
                let data = event.data().unwrap_or_default();
                // A name of an unknown event may have a line break, which the browser's format has not.
                let name = event.event().replace(char::is_control, " ");
                let event = Event::default().event(name).data(data);
                // An error means that the browser has left: then the stream ends.
                let _ = browser.send(event).await;
            }
            // After an error that ended the stream, it is returned here.
            Ok(None) => return run.finish().await.map(drop),
            // One event that is malformed does not end the stream.
            Err(error) if error.is_decode() => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use openai_assistants::types::RunStatus;
    use openai_assistants_fake::{Fake, Server};
    use reqwest::Response;

    use super::*;

    async fn start(text: &str) -> (Server, Client, String) {
        let script = Script::new().say(text);
        let fake = Fake::builder().model(script).pace(Duration::from_millis(5));
        let fake = fake.start().await.unwrap();
        let builder = Client::builder().base_url(fake.url());
        let client = builder.api_key(fake.api_key()).build().unwrap();
        let assistant = client.create_assistant().with(|body| body.model("gpt-4o"));
        let app = App {
            client: client.clone(),
            assistant_id: assistant.send().await.unwrap().id,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let thread = client.create_thread().send().await.unwrap().id;
        let url = format!("http://{}/threads/{thread}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router(app)).await });
        (fake, client, url)
    }

    async fn ask(url: &str) -> Response {
        let request = reqwest::Client::new().post(url).body("What is 2 + 2?");
        request.send().await.unwrap()
    }

    #[tokio::test]
    async fn the_browser_receives_all_events() {
        let (_fake, _, url) = start("It is 4.").await;
        let text = ask(&url).await.text().await.unwrap();
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("event: "))
            .collect();
        assert_eq!(names.first(), Some(&"thread.run.created"));
        assert!(names.contains(&"thread.message.delta"), "{text}");
        assert_eq!(names.last(), Some(&"done"), "{text}");
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    }

    #[tokio::test]
    async fn the_run_is_cancelled_when_the_browser_leaves() {
        let (_fake, client, url) = start(&"and so on ".repeat(10_000)).await;
        let mut response = ask(&url).await;
        let first = response.chunk().await.unwrap().unwrap();
        assert!(first.starts_with(b"event: thread.run.created"), "{first:?}");
        drop(response);
        let (_, thread) = url.rsplit_once('/').unwrap();
        let idle = client.until_idle(thread).interval(Duration::from_millis(5));
        idle.wait().await.unwrap();
        let runs = client.list_runs().thread_id(thread).send().await.unwrap();
        assert_eq!(runs.data[0].status, RunStatus::Cancelled);
    }
}
