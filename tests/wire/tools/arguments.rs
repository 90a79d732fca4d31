//! Arguments that a model writes according to a strict schema.

use std::collections::HashMap;
use std::error::Error as StdError;

use openai_assistants::ToolError;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::schema::{Inner, Shape, Tree, check, strict_of};
use super::support::{call_dynamic, received};

/// What a tool without a strict schema receives.
async fn deserialize<T>(arguments: &str) -> Result<T, ToolError>
where
    T: DeserializeOwned + JsonSchema + Send + 'static,
{
    received(arguments, false).await
}

#[tokio::test]
async fn arguments_that_match_the_schema_deserialize() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    struct Drawing {
        shapes: Vec<Placed>,
        trees: Option<Vec<Tree>>,
        #[serde(default)]
        scale: u32,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    struct Placed {
        x: i32,
        #[serde(flatten)]
        shape: Shape,
    }
    let schema = strict_of::<Drawing>();
    check(&schema);
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let tree = json!({"children": [], "next": {"children": [], "next": null}});
    let circle = json!({"x": 1, "kind": "circle", "radius": 2.5});
    let other = json!({"x": 1, "kind": "other", "count": 1, "note": null});
    let bad_tree = json!({"children": [1], "next": null});
    for value in [
        json!({"shapes": [circle, other], "trees": [tree], "scale": 2}),
        json!({"shapes": [], "trees": null, "scale": null}),
    ] {
        assert!(schema.is_valid(&value), "{value}");
        deserialize::<Drawing>(&value.to_string())
            .await
            .expect("a drawing");
    }
    for value in [
        json!({"shapes": [], "trees": null}),
        json!({"shapes": [], "trees": null, "scale": 1, "more": 1}),
        json!({"shapes": [{"kind": "point"}], "trees": null, "scale": 1}),
        json!({"shapes": [], "trees": [bad_tree], "scale": 1}),
    ] {
        assert!(!schema.is_valid(&value), "{value}");
    }
}

#[tokio::test]
async fn null_counts_as_missing() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Question {
        #[serde(default)]
        limit: u32,
        #[serde(default)]
        inner: Inner,
        note: Option<String>,
        values: Vec<Option<u8>>,
    }
    let text = r#"{"limit": null, "inner": {"count": 0, "note": null}, "note": null, "values": [1, null]}"#;
    let expected = Question {
        limit: 0,
        inner: Inner::default(),
        note: None,
        values: vec![Some(1), None],
    };
    assert_eq!(deserialize::<Question>(text).await.unwrap(), expected);
    // In JSON and in maps of options null is a value.
    let text = r#"{"a": null}"#;
    let value = call_dynamic(json!({"type": "object"}), false, text).await;
    assert_eq!(value, json!({"a": null}));
    let map: HashMap<String, Option<u8>> = deserialize(text).await.unwrap();
    assert_eq!(map.len(), 1);
}

#[tokio::test]
async fn an_empty_object_deserializes_as_a_unit() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Unit;
    assert_eq!(deserialize::<Unit>("{}").await.unwrap(), Unit);
    deserialize::<()>("{}").await.unwrap();
    assert!(deserialize::<()>(r#"{"a": 1}"#).await.is_err());
    assert!(deserialize::<Inner>("{}").await.is_err());
}

#[tokio::test]
async fn the_error_refers_to_the_original_text() {
    let error = deserialize::<Inner>(r#"{"count": null}"#)
        .await
        .unwrap_err();
    let error = json_error(&error);
    assert!(
        error
            .to_string()
            .starts_with("invalid type: null, expected u32 at line 1"),
        "{error}"
    );
    let error = deserialize::<Inner>("{\"count\": ").await.unwrap_err();
    assert!(json_error(&error).is_eof());
}

/// The error of serde for the arguments of a call.
fn json_error(error: &ToolError) -> &serde_json::Error {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.expect("an error of serde is the source")
}
