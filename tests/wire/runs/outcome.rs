//! The outcome of a run.

use openai_assistants::mock;
use openai_assistants::types::{MessageObject, MessageRole};

fn message(role: MessageRole, text: &str) -> MessageObject {
    let mut message = mock::message();
    message.role = role;
    message.content = vec![mock::text(text)];
    message
}

#[test]
fn text_is_that_of_the_last_message_of_the_assistant() {
    let mut outcome = mock::outcome(mock::run(), Vec::new(), Vec::new());
    assert_eq!(outcome.text(), "");
    outcome.messages = vec![
        message(MessageRole::Assistant, "a"),
        message(MessageRole::Assistant, "b"),
        message(MessageRole::User, "c"),
    ];
    assert_eq!(outcome.text(), "b");
}
