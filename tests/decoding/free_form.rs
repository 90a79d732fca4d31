//! Free-form JSON, which is kept as text.

use std::iter;

use openai_assistants::Json;
use openai_assistants::types::{AssistantTool, FunctionParameters};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde::de::value::{Error, MapDeserializer};
use serde_json::{Value, json};

use super::{parse, serialized};

fn read(text: &str) -> Json {
    parse(text)
}

#[test]
fn the_text_is_kept_verbatim() {
    for text in [
        r#"{ "b": 1e2,  "a": [1.0, 1e999] }"#,
        "\"\\u0061\"",
        "true",
        &format!("{}{}", "[".repeat(500), "]".repeat(500)),
    ] {
        assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
        assert_eq!(format!("{:?}", read(text)), text);
    }
}

#[test]
fn equal_values_are_equal() {
    assert_eq!(read(r#"{"a": 1, "b": [2]}"#), read(r#"{"b":[2],"a":1}"#));
    assert_eq!(read("1e999"), read("1e999"));
    assert_ne!(read("1e999"), read("1e998"));
    assert_ne!(read(r#"{"a": 1}"#), read(r#"{"a": 2}"#));
    assert_eq!(read(r#"{ "a": 1 }"#), Json::from(json!({"a": 1})));
    assert_eq!(read(r#"{ "a": 1 }"#), json!({"a": 1}));
    assert_ne!(read("1e999"), Value::Null);
}

#[test]
fn an_invalid_value_is_an_error() {
    assert!(read("1e999").to_value().is_err());
    assert!(read("[1]").parse::<String>().is_err());
}

#[test]
fn it_can_be_part_of_types_derived_with_serde() {
    #[derive(Deserialize)]
    struct Flat {
        kind: String,
        #[serde(flatten)]
        tool: AssistantTool,
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Tool { tool: AssistantTool },
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Tool { tool: AssistantTool },
    }

    let tool = json!({"type": "function", "function": {"name": "f", "parameters": {"a": [1]}}});
    let mut flat = tool.clone();
    flat["kind"] = "Tool".into();
    let tagged = json!({"tool": tool, "kind": "Tool"});
    for (flat, tagged) in [
        (
            serde_json::from_value(flat.clone()),
            serde_json::from_value(tagged.clone()),
        ),
        (
            serde_json::from_str(&flat.to_string()),
            serde_json::from_str(&tagged.to_string()),
        ),
    ] {
        let Flat { kind, tool: flat } = flat.expect("it matches the type");
        assert_eq!(kind, "Tool");
        let Tagged::Tool { tool: inner } = tagged.expect("it matches the type");
        assert_eq!(serialized(&flat), tool);
        assert_eq!(serialized(&inner), tool);
    }
    let Untagged::Tool { tool: inner } =
        serde_json::from_value(tagged).expect("it matches the type");
    assert_eq!(serialized(&inner), tool);
}

#[test]
fn it_deserializes_from_other_formats() {
    let map = MapDeserializer::<_, Error>::new(iter::once(("a", 1)));
    assert_eq!(Json::deserialize(map), Ok(Json::from(json!({"a": 1}))));
}

#[test]
fn it_is_kept_wherever_the_tag_of_its_union_is() {
    let parameters = json!({"type": "object", "properties": {}});
    for tool in [
        json!({"type": "function", "function": {"name": "f", "parameters": parameters}})
            .to_string(),
        format!(
            r#"{{"function": {{"parameters": {parameters}, "name": "f"}}, "type": "function"}}"#
        ),
    ] {
        let AssistantTool::Function(tool) = serde_json::from_str(&tool).unwrap() else {
            panic!("it is a function");
        };
        assert_eq!(
            tool.function.parameters,
            Some(FunctionParameters::from(parameters.clone()))
        );
    }
}

/// Deserializers of a map answer every request with its properties.
#[test]
fn a_property_that_is_named_like_a_request_for_text_is_a_property() {
    const NAME: &str = "$serde_json::private::RawValue";
    for text in ["x", "{", "[1]"] {
        let hostile = json!({ NAME: text }).to_string();
        let map = MapDeserializer::<_, Error>::new(iter::once((NAME, text)));
        let json = Json::deserialize(map).expect("it is an object");
        assert_eq!(json.as_str(), hostile);
        assert_eq!(read(&hostile).as_str(), hostile);
        for tool in [
            format!(
                r#"{{"type": "function", "function": {{"name": "f", "parameters": {hostile}}}}}"#
            ),
            // Buffers of serde_json take it for text too, and reject text that is not JSON.
            format!(
                r#"{{"function": {{"parameters": {hostile}, "name": "f"}}, "type": "function"}}"#
            ),
        ] {
            if let Ok(AssistantTool::Function(tool)) = serde_json::from_str(&tool) {
                let parameters = tool.function.parameters.expect("they are kept");
                assert!(parameters.parse::<IgnoredAny>().is_ok(), "{parameters:?}");
            }
        }
    }
}
