//! A model that says what it was told.

use serde_json::Value;

use crate::model::{Conversation, Model};
use crate::sample;
use crate::turn::Turn;

/// Answers with the text of the last message. If the run demands a function call
/// (`tool_choice`), it makes one first, with arguments made up from the schema of the
/// parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Model for Echo {
    fn turn(&self, conversation: &Conversation) -> Turn {
        match demanded(conversation) {
            Some(function) if conversation.outputs.is_empty() => {
                let name = function["name"].as_str().unwrap_or_default();
                Turn::new().calls([(name, sample::value(&function["parameters"]))])
            }
            _ => Turn::new().say(conversation.last_text()),
        }
    }
}

/// The function that has to be called.
fn demanded(conversation: &Conversation) -> Option<&Value> {
    let name = match &conversation.tool_choice {
        Value::String(word) if word == "required" => None,
        Value::Object(choice) => Some(choice.get("function")?.get("name")?),
        _ => return None,
    };
    let functions = conversation
        .tools
        .iter()
        .filter_map(|tool| tool.get("function"));
    let mut functions =
        functions.filter(|function| name.is_none_or(|name| function["name"] == *name));
    functions.next()
}
