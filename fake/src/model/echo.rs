//! A model that repeats the last message, or quotes files.

use serde_json::Value;

use crate::model::conversation::{Conversation, Model};
use crate::model::turn::{Reply, Turn};
use crate::spec::sample;

/// A model that repeats the text of the last message.
///
/// If `tool_choice` requires a function call, it calls the function first, with sample
/// arguments that conform to the schema of its parameters. If the run has the tool `file_search`
/// and passages of its vector stores match the message, it searches and quotes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Model for Echo {
    fn turn(&self, conversation: &Conversation) -> Turn {
        match required_function(conversation) {
            Some(function) if conversation.outputs.is_empty() => {
                let name = function["name"].as_str().unwrap_or_default();
                Turn::new().calls([(name, sample::value(&function["parameters"]))])
            }
            _ if conversation.passages().is_empty() => Turn::new().say(conversation.last_text()),
            _ => Turn::new().file_search().say(Reply::found()),
        }
    }
}

/// The function that `tool_choice` requires.
fn required_function(conversation: &Conversation) -> Option<&Value> {
    let name = match &conversation.tool_choice {
        Value::String(choice) if choice == "required" => None,
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
