//! Strict schemas of any JSON Schema, and arguments of a model for them.
//!
//! An input is a schema and arguments, each on a line. Arguments that match the strict schema are restored
//! to arguments that match the original.

#![no_main]

use std::convert::Infallible;
use std::future::ready;

use jsonschema::Validator;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use openai_assistants::{Tool, ToolContext, ToolErrorKind, ToolSet};
use openai_assistants_fuzz::client::block_on;
use openai_assistants_fuzz::json_mutator;
use serde_json::Value;

/// The keywords that a strict schema expresses in full.
const EXPRESSED: [&str; 8] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "items",
    "required",
    "type",
];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Some((schema, arguments)) = text.split_once('\n') else {
        return;
    };
    let Ok(schema) = serde_json::from_str::<Value>(schema) else {
        return;
    };
    for is_strict in [false, true] {
        let Some(tools) = tools(&schema, is_strict) else {
            continue;
        };
        let restored = call(&tools, arguments);
        if is_strict {
            let definitions = serde_json::to_string(&tools.definitions()).expect("it serializes");
            // A union around a property may nest it more deeply than serde_json reads.
            let Ok(definitions) = serde_json::from_str::<Value>(&definitions) else {
                continue;
            };
            let strict = &definitions[0]["function"]["parameters"];
            check_is_closed(strict);
            check_restored(&schema, strict, arguments, restored);
        } else if let Ok(arguments) = serde_json::from_str::<Value>(arguments) {
            assert_eq!(restored, Some(arguments));
        }
    }
});

/// A set of a tool that returns its arguments.
fn tools(schema: &Value, is_strict: bool) -> Option<ToolSet> {
    // In a list, because a string is not sent as JSON.
    let echo = |value: Value| ready(Ok::<_, Infallible>([value]));
    let tool = Tool::dynamic("tool", "", schema.clone(), echo).strict(is_strict);
    match ToolSet::builder().tool(tool).build() {
        Ok(tools) => Some(tools),
        Err(error) => {
            let text = error.to_string();
            assert!(text.len() < 8 * 1024, "{} bytes", text.len());
            None
        }
    }
}

/// What the tool receives.
fn call(tools: &ToolSet, arguments: &str) -> Option<Value> {
    let context = ToolContext::new("thread_1", "run_1", "call_1");
    match block_on(tools.call("tool", arguments, context)) {
        Ok(output) => {
            let [value] = serde_json::from_str(&output).expect("the output is JSON");
            Some(value)
        }
        Err(error) => {
            assert_eq!(error.kind(), ToolErrorKind::BadArguments);
            assert!(error.message().len() < 8 * 1024);
            None
        }
    }
}

/// Every object is closed and requires all its properties.
fn check_is_closed(schema: &Value) {
    if let Some(Value::Object(properties)) = schema.get("properties") {
        assert_eq!(schema["additionalProperties"], false, "{schema}");
        let names: Vec<Value> = properties.keys().cloned().map(Value::from).collect();
        assert_eq!(schema["required"], Value::from(names), "{schema}");
    }
    for keyword in ["properties", "$defs", "items", "anyOf"] {
        match (keyword, schema.get(keyword)) {
            ("properties" | "$defs", Some(Value::Object(parts))) => {
                parts.values().for_each(check_is_closed);
            }
            ("items", Some(items)) => check_is_closed(items),
            ("anyOf", Some(Value::Array(members))) => members.iter().for_each(check_is_closed),
            _ => {}
        }
    }
}

fn check_restored(original: &Value, strict: &Value, arguments: &str, restored: Option<Value>) {
    let (Ok(arguments), Some(restored)) = (serde_json::from_str(arguments), restored) else {
        return;
    };
    let (Some(validator), Some(strict_validator)) = (validator(original), validator(strict)) else {
        return;
    };
    if is_expressed(original) && strict_validator.is_valid(&arguments) {
        assert!(
            validator.is_valid(&restored),
            "{original} and {strict}: {arguments} becomes {restored}"
        );
    }
}

fn validator(schema: &Value) -> Option<Validator> {
    jsonschema::draft202012::new(schema).ok()
}

/// Whether the strict schema can express all of a schema.
fn is_expressed(schema: &Value) -> bool {
    let Value::Object(keywords) = schema else {
        return false;
    };
    // A required property without a schema is left out.
    let required = schema.get("required").and_then(Value::as_array);
    let mut required = required.into_iter().flatten().filter_map(Value::as_str);
    if required.any(|name| schema["properties"].get(name).is_none()) {
        return false;
    }
    keywords
        .iter()
        .all(|(keyword, value)| match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(parts)) => parts.values().all(is_expressed),
            ("anyOf", Value::Array(members)) => members.iter().all(is_expressed),
            ("items", items) => is_expressed(items),
            // One of the document itself, which is in no other schema.
            ("$ref", reference) => reference
                .as_str()
                .is_some_and(|name| name.starts_with("#/$defs/")),
            (keyword, _) => EXPRESSED.contains(&keyword),
        })
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json_mutator::mutate(data, size, max_size, seed)
});
