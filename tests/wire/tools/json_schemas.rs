//! Strict schemas of schemas that are given as JSON.

use serde_json::json;

use super::schema::{check, closed, error_of, strict, tool_with, with};

#[test]
fn nullable_enums_constants_and_unions_keep_their_form() {
    for [property, expected] in [
        [
            json!({"type": "string", "enum": ["a"], "description": "d"}),
            json!({"type": ["string", "null"], "enum": ["a", null], "description": "d"}),
        ],
        [
            json!({"type": "string", "const": "a", "description": "d"}),
            json!({"anyOf": [{"type": "string", "const": "a"}, {"type": "null"}], "description": "d"}),
        ],
        [
            json!({"type": ["string", "integer"]}),
            json!({"type": ["string", "integer", "null"]}),
        ],
        [
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
        ],
        [json!({"type": "null"}), json!({"type": "null"})],
    ] {
        let schema = strict(json!({"type": "object", "properties": {"x": property}}));
        assert_eq!(schema, with(expected));
    }
}

#[test]
fn all_of_and_a_reference_beside_keywords_are_merged() {
    let text = json!({"type": "string"});
    let part = |name: &str| closed(json!({ name: text }));
    let expected = closed(json!({"a": text, "b": text}));
    assert_eq!(strict(json!({"allOf": [part("a"), part("b")]})), expected);
    let mut beside = part("a");
    beside["$ref"] = "#/$defs/B~1%3C~0".into();
    beside["$defs"] = json!({"B/<~": part("b")});
    assert_eq!(strict(beside), expected);
    // A reference in an `allOf` of its own is a reference.
    let mut single = with(json!({"allOf": [{"$ref": "#/$defs/N"}]}));
    single["$defs"] = json!({"N": {"type": "number"}, "Unused": true});
    let mut expected = with(json!({"$ref": "#/$defs/N"}));
    expected["$defs"] = json!({"N": {"type": "number"}});
    assert_eq!(strict(single), expected);
}

#[test]
fn keywords_that_only_restrict_or_annotate_are_dropped() {
    let mut schema = with(json!({
        "title": "X", "type": "string", "minLength": 1, "maxLength": 9, "default": "a",
        "examples": ["b"], "deprecated": true, "pattern": "^a", "format": "date-time",
    }));
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Given".into();
    let left = json!({"type": "string", "pattern": "^a", "format": "date-time"});
    assert_eq!(strict(schema), with(left));
    for format in ["uint64", "double", "uri", "date time"] {
        let schema = strict(with(json!({"type": "string", "format": format})));
        assert_eq!(schema, with(json!({"type": "string"})));
    }
}

#[test]
fn items_beside_another_type_than_an_array_are_dropped() {
    let item = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for items in [item, true.into()] {
        let root = json!({"type": "object", "properties": {}, "items": items});
        assert_eq!(strict(root), closed(json!({})));
    }
}

#[test]
fn infinite_recursion_is_an_error() {
    let circle = json!({"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}});
    let itself = json!({"type": "object", "$ref": "#"});
    for schema in [
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/A", "$defs": circle}),
        json!({"type": "object", "properties": {"a": itself, "b": itself}}),
        json!({"oneOf": [{"$ref": "#", "type": "object"}, {"type": "object"}]}),
        json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}),
    ] {
        let error = error_of(tool_with("Given", schema).strict(true));
        let message = error.to_string();
        assert!(message.contains("recurses too deeply"), "{message}");
    }
}

#[test]
fn a_long_chain_of_references_is_finite() {
    let mut chain = with(json!({"$ref": "#/$defs/0", "description": "First."}));
    for at in 0..10_000 {
        let next = json!({"$ref": format!("#/$defs/{}", at + 1)});
        chain["$defs"][at.to_string()] = with(next);
    }
    chain["$defs"]["10000"] = json!({"type": "string"});
    check(&strict(chain));
}

#[test]
fn a_reference_outside_the_schema_is_an_error() {
    let outside = json!({"$ref": "https://example.com/schema"});
    for is_strict in [true, false] {
        let tool = tool_with("Given", outside.clone()).strict(is_strict);
        let message = error_of(tool).to_string();
        let reason = "has a reference to `https://example.com/schema`";
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn contradictory_schemas_are_an_error() {
    let [one, other] = ["string", "integer"].map(|name| json!({"type": name}));
    for (members, reason) in [
        (json!([one, other]), "differ in `type`"),
        (
            json!([with(one.clone()), with(other.clone())]),
            "has `x` twice",
        ),
    ] {
        let schema = with(json!({"allOf": members}));
        let error = error_of(tool_with("Given", schema).strict(true));
        let message = error.to_string();
        let has_path = message.starts_with("`Given.x`");
        assert!(has_path && message.contains(reason), "{message}");
    }
}

#[test]
fn a_required_property_that_is_not_defined_is_an_error() {
    let inner = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "city"]});
    let message = error_of(tool_with("Given", with(inner.clone())).strict(true)).to_string();
    assert!(
        message.contains("`Given.x` requires `city` and has no such property"),
        "{message}"
    );
    // A part of `allOf` may require what another defines.
    let mut whole = closed(json!({"city": {"type": "string"}}));
    whole["allOf"] = json!([inner]);
    strict(whole);
}
