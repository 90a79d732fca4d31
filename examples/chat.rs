//! A chat in the terminal that survives broken streams.
//!
//! `cargo run --example chat` uses a fake server. Set `OPENAI_BASE_URL` and `OPENAI_API_KEY` to use
//! another server, and `OPENAI_MODEL` to use another model.

#[path = "local/mod.rs"]
mod local;

use std::env;
use std::error::Error;
use std::io::{self, Write as _};

use openai_assistants::Client;
use openai_assistants_fake::Script;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let script = Script::new()
        .say("2 + 2 is 4: two apples and two more are four.")
        .say("Twice that is 8, since 4 + 4 = 8.");
    let (client, _server) = local::client(script).await?;
    let model = env::var("OPENAI_MODEL").unwrap_or_else(|_| "gpt-4o".to_owned());
    let assistant = client.create_assistant().with(|body| body.model(model));
    let assistant = assistant.send().await?;
    let thread = client.create_thread().send().await?;

    println!("Ask a question in a line. An empty line ends the chat.");
    for question in io::stdin().lines() {
        let question = question?;
        if question.trim().is_empty() {
            break;
        }
        let reply = reply(&client, &assistant.id, &thread.id, question, |text| {
            print!("{text}");
            let _ = io::stdout().flush();
        });
        match reply.await {
            Ok(()) => println!(),
            // The chat continues: the next question is asked on the same thread.
            Err(error) => println!("\nno reply: {error}"),
        }
    }
    Ok(())
}

/// Asks a question and shows the reply as it arrives. If its stream breaks, shows the rest later.
async fn reply(
    client: &Client,
    assistant_id: &str,
    thread_id: &str,
    question: String,
    mut show: impl FnMut(&str),
) -> openai_assistants::Result<()> {
    // A run whose reply was lost may still be active, and locks the thread.
    client.until_idle(thread_id).wait().await?;
    let message = client.create_message().thread_id(thread_id);
    let message = message.with(|body| body.role("user").content(question));
    message.once().send().await?;

    let run = client.create_run().thread_id(thread_id);
    let run = run.with(|body| body.assistant_id(assistant_id)).once();
    let mut run = run.follow().stream().await?;
    let mut shown = String::new();
    let interrupted = loop {
        match run.text_deltas().try_next().await {
            Ok(Some(text)) => {
                let text = text.to_string();
                show(&text);
                shown += &text;
            }
            Ok(None) => return run.finish().await?.into_completed().map(drop),
            // One event that is malformed does not end the stream.
            Err(error) if error.is_decode() => {}
            Err(error) if error.is_interrupted() => break error,
            Err(error) => return Err(error),
        }
    };

    // The run continues on the server.
    let Some(run_id) = interrupted.run_id() else {
        return Err(interrupted);
    };
    let run = client.get_run().thread_id(thread_id).run_id(run_id);
    let outcome = run.follow().outcome().await?.into_completed()?;
    let texts: Vec<String> = outcome
        .messages
        .iter()
        .map(|message| message.text())
        .collect();
    show(rest(&texts.join("\n"), &shown));
    Ok(())
}

/// Returns what follows the text that was shown, which may lack line breaks between parts.
fn rest<'a>(text: &'a str, shown: &str) -> &'a str {
    let mut rest = text.chars();
    for _ in shown.chars().filter(|character| *character != '\n') {
        rest.find(|character| *character != '\n');
    }
    rest.as_str()
}

#[cfg(test)]
mod tests {
    use openai_assistants_fake::{Fake, Fault};

    use super::*;

    #[test]
    fn the_rest_is_what_was_not_shown() {
        let text = "Zwei\nund drei.";
        let rests = ["", "Z", "Zwei", "Zweiu", "Zwei\nund drei."].map(|shown| rest(text, shown));
        assert_eq!(
            rests,
            [text, "wei\nund drei.", "\nund drei.", "nd drei.", ""]
        );
    }

    #[tokio::test]
    async fn a_reply_is_complete_although_its_stream_breaks() {
        let texts = ["2 + 2 is 4: two apples and two more.", "Twice that is 8."];
        for after in [0, 1, 7, 9] {
            let fake = Fake::builder()
                .model(Script::new().say(texts[0]).say(texts[1]))
                .fault_times(1, "createRun", Fault::cut().after(after));
            let fake = fake.start().await.unwrap();
            let builder = Client::builder().base_url(fake.url());
            let client = builder.api_key(fake.api_key()).build().unwrap();
            let assistant = client.create_assistant().with(|body| body.model("gpt-4o"));
            let assistant = assistant.send().await.unwrap();
            let thread = client.create_thread().send().await.unwrap();
            for text in texts {
                let mut shown = String::new();
                let question = "What is 2 + 2?".to_owned();
                let show = |text: &str| shown += text;
                let reply = reply(&client, &assistant.id, &thread.id, question, show);
                reply.await.unwrap();
                assert_eq!(shown, text, "after {after}");
            }
        }
    }
}
