//! The conversation that a model receives for a turn of a run.

use std::sync::LazyLock;

use crate::model::conversation::{Conversation, ConversationMessage, Passages, ToolOutput};
use crate::store::memory::Thread;
use crate::store::run::Run;

pub(crate) fn conversation(thread: &Thread, run: &Run) -> Conversation {
    let last = run.truncation_strategy["last_messages"].as_u64();
    let last = last.and_then(|last| usize::try_from(last).ok());
    let messages = thread.messages.iter().rev();
    let mut messages: Vec<ConversationMessage> = messages
        .take(last.unwrap_or(usize::MAX))
        .map(|message| ConversationMessage::new(&message.role, message.text()))
        .collect();
    messages.reverse();
    let calls = run
        .steps
        .iter()
        .filter_map(|step| step.step_details["tool_calls"].as_array());
    let functions = calls.flatten().filter(|call| call["type"] == "function");
    Conversation {
        thread_id: thread.id.clone(),
        run_id: run.id.clone(),
        model: run.model.as_str().unwrap_or_default().to_owned(),
        instructions: run.instructions.clone(),
        tools: run.tools.as_array().cloned().unwrap_or_default(),
        tool_choice: run.tool_choice.clone(),
        messages,
        outputs: functions.map(ToolOutput::new).collect(),
        turns: thread.turns,
        passages: Passages::new(LazyLock::new(Box::new(Vec::new))),
    }
}
