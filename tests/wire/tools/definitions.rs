//! The definitions of tools that are sent to the model.

use std::collections::BTreeMap;
use std::convert::Infallible;

use openai_assistants::{Tool, ToolSet, ToolSetBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::schema::{definition_of, tool_with};

/// Weather in a city.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    /// Name of the city.
    city: String,
    days: Option<u8>,
}

async fn get_weather(arguments: GetWeather) -> Result<String, Infallible> {
    Ok(format!("{} {:?}", arguments.city, arguments.days))
}

#[derive(Deserialize, JsonSchema)]
struct Scores {
    scores: BTreeMap<String, u8>,
}

async fn count(scores: Scores) -> Result<usize, Infallible> {
    Ok(scores.scores.len())
}

fn error_of(builder: ToolSetBuilder) -> String {
    let error = builder.build().expect_err("the set is invalid");
    assert!(error.is_invalid_argument());
    error.to_string()
}

#[test]
fn the_type_of_the_argument_describes_the_function() {
    let mut expected = json!({
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather in a city.",
            "strict": true,
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"description": "Name of the city.", "type": "string"},
                    "days": {"type": ["integer", "null"], "minimum": 0, "maximum": 255},
                },
                "required": ["city", "days"],
                "additionalProperties": false,
            },
        },
    });
    assert_eq!(definition_of(Tool::function(get_weather)), expected);
    expected["function"]["name"] = "lookup".into();
    expected["function"]["description"] = "Looks it up.".into();
    let tool = Tool::function(get_weather)
        .name("lookup")
        .description("Looks it up.");
    assert_eq!(definition_of(tool), expected);
}

#[test]
fn fields_are_sent_in_the_order_of_declaration() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    struct Z {
        b: u8,
        a: u8,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    struct Answer {
        z: Z,
        m: String,
        a: Option<Z>,
    }
    let tool = Tool::function(|_: Answer| async { Ok::<_, Infallible>(()) });
    for (tool, required) in [
        (tool.clone(), r#"["z","m","a"]"#),
        (tool.strict(false), r#"["z","m"]"#),
    ] {
        let set = ToolSet::builder().tool(tool).build().unwrap();
        // As it is sent.
        let text = serde_json::to_string(&set.definitions()).unwrap();
        let definitions: Value = serde_json::from_str(&text).unwrap();
        let parameters = &definitions[0]["function"]["parameters"];
        let names = |schema: &Value| {
            let properties = schema["properties"].as_object().unwrap();
            properties.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(parameters), ["z", "m", "a"], "{text}");
        assert_eq!(names(&parameters["$defs"]["Z"]), ["b", "a"], "{text}");
        assert_eq!(parameters["required"].to_string(), required);
    }
}

#[test]
fn an_argument_type_without_a_name_requires_a_name_of_the_tool() {
    let tool = Tool::function(|(): ()| async { Ok::<_, Infallible>(()) });
    let message = error_of(ToolSet::builder().tool(tool.clone()));
    assert!(
        message.contains("`()`") && message.contains("set its name with `Tool::name`"),
        "{message}"
    );
    assert_eq!(
        definition_of(tool.name("refresh"))["function"]["name"],
        "refresh"
    );
    let map = Tool::function(|_: BTreeMap<String, u8>| async { Ok::<_, Infallible>(()) });
    let message = error_of(ToolSet::builder().tool(map.clone().strict(false)));
    assert!(
        message.contains("set its name with `Tool::name`"),
        "{message}"
    );
    definition_of(map.strict(false).name("count"));
    // A problem that a name does not solve is reported first.
    let text = Tool::function(|_: String| async { Ok::<_, Infallible>(()) });
    let message = error_of(ToolSet::builder().tool(text));
    assert!(message.contains("is not an object"), "{message}");
}

#[test]
fn a_schema_that_is_not_strict_may_have_a_map() {
    assert!(error_of(ToolSet::builder().function(count)).starts_with("`scores.scores` is a map"));
    let function = definition_of(Tool::function(count).strict(false))["function"].clone();
    assert_eq!(function.get("strict"), None);
    assert_eq!(
        function["parameters"]["properties"]["scores"]["additionalProperties"]["maximum"],
        255
    );
}

#[test]
fn a_json_schema_is_sent_unchanged_unless_it_is_to_be_strict() {
    let schema = json!({"type": "object", "properties": {"q": {"type": "string", "minLength": 1}}});
    let tool = Tool::dynamic("find", "Finds.", schema.clone(), |arguments| async move {
        Ok::<_, Infallible>(arguments)
    });
    let function = definition_of(tool.clone())["function"].clone();
    assert_eq!(
        function,
        json!({"name": "find", "description": "Finds.", "parameters": schema})
    );
    let function = definition_of(tool.strict(true))["function"].clone();
    assert_eq!(
        function["parameters"]["properties"]["q"],
        json!({"type": ["string", "null"]})
    );
    let mut either = schema;
    either["anyOf"] = json!([{"required": ["q"]}, {"required": ["r"]}]);
    let tool = tool_with("find", either.clone());
    assert_eq!(definition_of(tool)["function"]["parameters"], either);
}

#[test]
fn an_invalid_name_is_an_error() {
    for name in ["", "a b", "größe", "a.b", &"a".repeat(65)] {
        let message = error_of(ToolSet::builder().tool(Tool::function(get_weather).name(name)));
        assert!(message.contains("invalid name"), "{message}");
    }
    for name in ["a", "A-b_9", &"a".repeat(64)] {
        let tool = Tool::function(get_weather).name(name);
        assert_eq!(definition_of(tool)["function"]["name"], name);
    }
}

#[test]
fn two_tools_with_the_same_name_are_an_error() {
    let builder = ToolSet::builder().function(get_weather);
    let message = error_of(builder.clone().function(get_weather));
    assert!(
        message.contains("two tools named `get_weather`"),
        "{message}"
    );
    let other = Tool::function(get_weather).name("other");
    let tools = builder.tool(other).build().unwrap();
    assert_eq!(format!("{tools:?}"), r#"{"get_weather", "other"}"#);
}
