//! The server that `quickstart` starts when it is given none: fixed answers that make up
//! one conversation.

use std::env;

use httpmock::MockServer;
use openai_assistants::mock::{self, MockServerExt};
use openai_assistants::types::{MessageObject, MessageRole, RunStatus};
use openai_assistants::{Client, Credentials, Error};

/// A client for the server that the environment names, or else for a mock in this
/// process, which lives as long as the second value.
pub async fn client() -> Result<(Client, Option<MockServer>), Error> {
    if env::var_os("OPENAI_BASE_URL").is_some_and(|url| !url.is_empty()) {
        return Ok((Client::from_env()?, None));
    }
    println!("OPENAI_BASE_URL is not set: talking to a mock in this process.\n");
    let server = MockServer::start_async().await;
    assistants(&server);
    threads(&server);
    messages(&server);
    runs(&server);
    let client = Client::builder()
        .base_url(server.base_url())
        .credentials(Credentials::bearer("mock"))
        .build()?;
    Ok((client, Some(server)))
}

fn assistants(server: &MockServer) {
    let assistant = mock::assistant();
    server.create_assistant(|_, then| drop(then.ok(&assistant)));
    server.delete_assistant(|_, then| drop(then.ok(&mock::deleted_assistant())));
}

fn threads(server: &MockServer) {
    let thread = mock::thread();
    server.create_thread(|_, then| drop(then.ok(&thread)));
    server.delete_thread(|_, then| drop(then.ok(&mock::deleted_thread())));
}

fn messages(server: &MockServer) {
    let question = message("msg_1", MessageRole::User, "What is 2 + 2?");
    let hint = message(
        "msg_2",
        MessageRole::Assistant,
        "Think of two pairs of apples.",
    );
    let answer = message("msg_3", MessageRole::Assistant, "2 + 2 = 4");
    server.create_message(|_, then| drop(then.ok(&question)));

    let mut first_page = mock::messages(vec![question.clone(), hint]);
    first_page.has_more = true;
    let last_page = mock::messages(vec![answer]);
    server.list_messages(|when, then| {
        when.after(None::<&str>);
        then.ok(&first_page);
    });
    server.list_messages(|when, then| {
        when.after("msg_2");
        then.ok(&last_page);
    });
}

fn runs(server: &MockServer) {
    let queued = mock::run();
    let mut completed = mock::run();
    completed.status = RunStatus::Completed;
    server.create_run(|_, then| drop(then.ok(&queued)));
    server.get_run(|_, then| drop(then.ok(&completed)));
    server.list_run_steps(|_, then| drop(then.ok(&mock::run_steps(vec![mock::run_step()]))));
}

fn message(id: &str, role: MessageRole, text: &str) -> MessageObject {
    let mut message = mock::message();
    message.id = id.to_owned();
    message.role = role;
    message.content = vec![mock::text(text)];
    message
}
