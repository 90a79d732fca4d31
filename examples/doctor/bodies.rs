//! Request bodies with values that a server can act on.

use serde_json::{Value, json};

use crate::document::Call;
use crate::objects::{MADE_UP, Objects, id};
use crate::options::Options;

/// The body of a call: the required properties, and those that have a meaningful value.
pub fn body(call: &Call, objects: &Objects, options: &Options) -> Value {
    let Some(body) = &call.body else {
        return Value::Null;
    };
    let json = if options.full { body.full } else { body.least };
    let mut sample: Value = serde_json::from_str(json).unwrap_or_default();
    for name in body.properties.iter().filter(|_| !options.full) {
        if let Some(value) = meaningful(call, name, objects, options) {
            sample[*name] = value;
        }
    }
    sample
}

/// The properties of a body that are not required.
pub fn optional(call: &Call, body: &Value) -> Vec<String> {
    let least = call.body.as_ref().map_or("", |body| body.least);
    let least: Value = serde_json::from_str(least).unwrap_or_default();
    let names = body.as_object().into_iter().flat_map(|body| body.keys());
    let names = names.filter(|name| least.get(name.as_str()).is_none());
    names.cloned().collect()
}

/// A body without some of its properties.
pub fn without(body: &Value, omitted: &[String]) -> Value {
    let mut body = body.clone();
    if let Some(properties) = body.as_object_mut() {
        properties.retain(|name, _| !omitted.contains(name));
    }
    body
}

fn meaningful(call: &Call, property: &str, objects: &Objects, options: &Options) -> Option<Value> {
    let question = |place| json!(format!("How is the weather in {place}?"));
    Some(match property {
        "model" => json!(options.model),
        "name" => json!("Doctor"),
        "description" => json!("Checks servers."),
        "instructions" => json!("Always call the tool."),
        "tools" => json!([{ "type": "function", "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": { "type": "object", "properties": { "city": { "type": "string" } } },
        } }]),
        "tool_choice" => json!({ "type": "function", "function": { "name": "get_weather" } }),
        "metadata" => json!({ "created_by": "doctor", "operation": call.id }),
        "role" => json!("user"),
        "content" => question("Oslo"),
        "thread" => json!({ "messages": [{ "role": "user", "content": question("Bergen") }] }),
        "tool_outputs" => outputs(objects),
        "file_id" => json!(file(objects, options).unwrap_or_else(|| MADE_UP.to_owned())),
        "file_ids" => json!([file(objects, options)?]),
        "assistant_id" => match objects.newest(property) {
            Some(assistant) => json!(id(&assistant.ids, property)),
            None => json!(MADE_UP),
        },
        _ => return None,
    })
}

/// The file of the options, or else the newest.
fn file(objects: &Objects, options: &Options) -> Option<String> {
    let newest = || Some(id(&objects.newest("file_id")?.ids, "file_id"));
    options.file.clone().or_else(newest)
}

/// An output for each pending tool call of the newest run.
fn outputs(objects: &Objects) -> Value {
    let run = objects.newest("run_id").map(|run| &run.value);
    let run = run.unwrap_or(&Value::Null);
    let calls = &run["required_action"]["submit_tool_outputs"]["tool_calls"];
    let calls = calls.as_array().into_iter().flatten();
    calls
        .map(|call| json!({ "tool_call_id": call["id"], "output": "12 °C" }))
        .collect()
}
