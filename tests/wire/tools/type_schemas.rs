//! Strict schemas of Rust types.

#![allow(dead_code, reason = "only the schemas of the types matter")]

use std::collections::{BTreeMap, HashMap, HashSet};

use openai_assistants::response_format;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::schema::{
    Color, Inner, Shape, Tree, check, closed, error_of, inner, schema_of, strict_of, tool_of,
    tool_with, with,
};

#[test]
fn fields_keep_their_types_and_descriptions() {
    #[derive(Deserialize, JsonSchema)]
    struct Plain {
        letter: char,
        /// True or not.
        flag: bool,
        big: u64,
        real: f64,
        set: HashSet<bool>,
        three: [bool; 3],
        nothing: (),
    }
    let properties = json!({
        "letter": {"type": "string"},
        "flag": {"description": "True or not.", "type": "boolean"},
        "big": {"type": "integer", "minimum": 0},
        "real": {"type": "number"},
        "set": {"type": "array", "items": {"type": "boolean"}},
        "three": {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 3},
        "nothing": {"type": "null"},
    });
    assert_eq!(strict_of::<Plain>(), closed(properties));
}

#[test]
fn optional_properties_become_nullable() {
    #[derive(Deserialize, JsonSchema)]
    struct Optional {
        text: Option<String>,
        inner: Option<Inner>,
        #[serde(default)]
        number: u32,
        #[serde(default)]
        fallback: Inner,
        /// Which one.
        #[serde(default)]
        described: Inner,
    }
    let schema = strict_of::<Optional>();
    check(&schema);
    let null_type = json!({"type": "null"});
    let reference = json!({"$ref": "#/$defs/Inner"});
    let described = json!({"description": "Which one.", "anyOf": [reference, null_type]});
    let properties = json!({
        "text": {"type": ["string", "null"]},
        "inner": {"anyOf": [reference, null_type]},
        "number": {"type": ["integer", "null"], "minimum": 0},
        "fallback": {"anyOf": [reference, null_type]},
        "described": described,
    });
    assert_eq!(schema["properties"], properties);
    assert_eq!(schema["$defs"], json!({"Inner": inner()}));
}

#[test]
fn a_shared_type_is_defined_once_even_where_its_field_has_a_description() {
    #[derive(Deserialize, JsonSchema)]
    struct Outer {
        many: Vec<Inner>,
        /// The one.
        one: Box<Inner>,
        color: Color,
    }
    let one = json!({"description": "The one.", "anyOf": [{"$ref": "#/$defs/Inner"}]});
    let mut expected = closed(json!({
        "many": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
        "one": one,
        "color": {"$ref": "#/$defs/Color"},
    }));
    let color = json!({"type": "string", "enum": ["Red", "dark green"], "description": "Color of something."});
    expected["$defs"] = json!({"Color": color, "Inner": inner()});
    assert_eq!(strict_of::<Outer>(), expected);
}

#[test]
fn described_fields_of_one_type_do_not_multiply_its_schema() {
    macro_rules! level {
        ($name:ident, $part:ty) => {
            #[derive(Deserialize, JsonSchema)]
            struct $name {
                /// First.
                one: $part,
                /// Second.
                two: $part,
                /// Third.
                three: Option<$part>,
                /// Fourth.
                #[serde(default)]
                four: Vec<$part>,
            }
        };
    }
    level!(Leaf, Color);
    level!(Branch, Leaf);
    level!(Bough, Branch);
    level!(Trunk, Bough);
    let schema = strict_of::<Trunk>();
    check(&schema);
    let text = schema.to_string();
    assert!(text.len() < 3_000, "{}: {text}", text.len());
    assert_eq!(text.matches(r#""enum""#).count(), 1, "{text}");
    let three =
        json!({"description": "Third.", "anyOf": [{"$ref": "#/$defs/Bough"}, {"type": "null"}]});
    assert_eq!(schema["properties"]["three"], three);
}

#[test]
fn a_recursive_type_stays_a_reference() {
    let next = json!({"description": "The sibling.", "anyOf": [{"$ref": "#"}, {"type": "null"}]});
    let children = json!({"type": "array", "items": {"$ref": "#"}});
    let expected = closed(json!({"children": children, "next": next}));
    assert_eq!(strict_of::<Tree>(), expected);

    #[derive(Deserialize, JsonSchema)]
    struct Calculation {
        term: Term,
    }
    #[derive(Deserialize, JsonSchema)]
    enum Term {
        Number(f64),
        Sum {
            /// In front.
            left: Box<Term>,
            right: Box<Term>,
        },
    }
    let schema = strict_of::<Calculation>();
    check(&schema);
    let sum = &schema["$defs"]["Term"]["anyOf"][1]["properties"]["Sum"];
    let left = json!({"description": "In front.", "anyOf": [{"$ref": "#/$defs/Term"}]});
    assert_eq!(sum["properties"]["left"], left);
    assert_eq!(sum["properties"]["right"], json!({"$ref": "#/$defs/Term"}));
}

#[test]
fn a_tagged_enum_is_a_union_of_objects() {
    #[derive(Deserialize, JsonSchema)]
    struct Drawing {
        shapes: Vec<Shape>,
    }
    let tag = |name| json!({"type": "string", "const": name});
    let mut circle = closed(json!({"kind": tag("circle"), "radius": {"type": "number"}}));
    circle["description"] = "Round.".into();
    let mut other = inner();
    other["properties"]["kind"] = tag("other");
    other["required"] = json!(["kind", "count", "note"]);
    let point = closed(json!({"kind": tag("point")}));
    let definitions = json!({"Shape": {"anyOf": [circle, point, other]}});
    assert_eq!(strict_of::<Drawing>()["$defs"], definitions);
}

#[test]
fn other_enums_are_unions_too() {
    #[derive(Deserialize, JsonSchema)]
    enum External {
        Nothing,
        Number(u8),
        Inner(Inner),
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        Nothing,
        Inner(Inner),
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
        Inner(Inner),
    }
    #[derive(Deserialize, JsonSchema)]
    struct All {
        external: External,
        adjacent: Adjacent,
        untagged: Untagged,
    }
    let schema = strict_of::<All>();
    check(&schema);
    let inner = json!({"$ref": "#/$defs/Inner"});
    let union = |name: &str| schema["$defs"][name]["anyOf"].as_array().unwrap().clone();
    assert_eq!(union("External").len(), 3);
    assert_eq!(union("Adjacent")[1]["properties"]["c"], inner);
    assert_eq!(union("Untagged")[1], inner);
}

#[test]
fn flattened_types_are_merged() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "color")]
    enum Tagged {
        Red,
        Grey { level: u8 },
    }
    #[derive(Deserialize, JsonSchema)]
    struct Placed {
        x: i32,
        #[serde(flatten)]
        inner: Option<Inner>,
        #[serde(flatten)]
        shape: Shape,
        #[serde(flatten)]
        color: Option<Tagged>,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Outer {
        placed: Placed,
    }
    let schema = strict_of::<Outer>();
    check(&schema);
    // An optional flattened enum is a union with a member without it.
    let text = schema["$defs"]["Placed"].to_string();
    for (names, count) in [
        (r#""x","count","note","kind","radius","color","level""#, 1),
        (r#""x","count","note","kind","color""#, 2),
        (r#""x","count","note","kind""#, 2),
    ] {
        let required = format!(r#""required":[{names}]"#);
        assert_eq!(text.matches(&required).count(), count, "{required}: {text}");
    }
}

#[test]
fn properties_may_have_the_names_of_keywords() {
    #[derive(Deserialize, JsonSchema)]
    struct Odd {
        title: String,
        #[serde(rename = "$ref")]
        reference: String,
        properties: Vec<String>,
        #[serde(rename = "anyOf")]
        any_of: bool,
    }
    let schema = strict_of::<Odd>();
    let names = json!(["title", "$ref", "properties", "anyOf"]);
    assert_eq!(schema["required"], names);
    assert_eq!(schema["properties"]["title"], json!({"type": "string"}));
}

#[test]
fn unit_types_are_empty_objects() {
    #[derive(Deserialize, JsonSchema)]
    struct Unit;
    #[derive(Deserialize, JsonSchema)]
    struct Empty {}
    let expected = closed(json!({}));
    assert_eq!(strict_of::<Unit>(), expected);
    assert_eq!(strict_of::<Empty>(), expected);
    assert_eq!(strict_of::<()>(), expected);
}

#[test]
fn a_newtype_has_the_schema_of_its_content() {
    #[derive(Deserialize, JsonSchema)]
    struct Wrapper(Inner);
    assert_eq!(strict_of::<Wrapper>(), inner());
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    enum Only {
        This { count: u8 },
    }
    assert_eq!(strict_of::<Only>()["required"], json!(["kind", "count"]));
}

#[test]
fn an_unsupported_type_is_an_error_with_its_path() {
    #[derive(Deserialize, JsonSchema)]
    struct Given<T> {
        x: Vec<T>,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Deep {
        value: Value,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Rest {
        own: u8,
        #[serde(flatten)]
        shape: Shape,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    for (tool, path) in [
        (
            tool_of::<Given<BTreeMap<String, u8>>>(),
            "`Given.x[]` is a map",
        ),
        (tool_of::<Given<HashMap<u8, u8>>>(), "`Given.x[]` is a map"),
        (tool_of::<Given<(u8, u8)>>(), "`Given.x[]` is a tuple"),
        (
            tool_of::<Given<Value>>(),
            "`Given.x[]` can be any JSON value",
        ),
        (
            tool_of::<Given<Deep>>(),
            "`Deep.value` can be any JSON value",
        ),
        (
            tool_of::<Given<Rest>>(),
            "`Rest` is a map or accepts arbitrary properties",
        ),
        (
            tool_with("", with(json!({"enum": ["a"]}))).strict(true),
            "`Given.x` can be any JSON",
        ),
        (
            tool_with("", with(json!({"not": {}}))).strict(true),
            "`Given.x` has `not`",
        ),
    ] {
        let error = error_of(tool.name("Given"));
        assert!(error.is_invalid_argument());
        let message = error.to_string();
        assert!(message.starts_with(path), "{message}");
        assert!(message.contains(": use a"), "{message}");
    }
}

#[test]
fn the_root_must_be_an_object() {
    for tool in [
        tool_of::<Shape>(),
        tool_of::<Color>(),
        tool_of::<Option<Inner>>(),
        tool_of::<Vec<Inner>>(),
    ] {
        for is_strict in [true, false] {
            let error = error_of(tool.clone().name("Given").strict(is_strict));
            let message = error.to_string();
            let expected = message.starts_with("`Given` is not an object");
            assert!(expected && message.contains(": put it into"), "{message}");
        }
    }
    error_of(tool_with("Any", json!(true)).strict(true));
    error_of(tool_with("Any", json!(true)));
}

#[test]
fn a_struct_with_a_flattened_enum_is_a_union_and_not_an_outermost_value() {
    #[derive(Deserialize, JsonSchema)]
    struct Placed {
        x: i32,
        #[serde(flatten)]
        shape: Shape,
    }
    let message = error_of(tool_of::<Placed>()).to_string();
    assert!(
        message.contains("of a struct that flattens one"),
        "{message}"
    );
    // As the error advises, and without a strict schema.
    #[derive(Deserialize, JsonSchema)]
    struct Put {
        placed: Placed,
    }
    check(&strict_of::<Put>());
    let schema = schema_of(tool_of::<Placed>().strict(false));
    assert!(schema["oneOf"].is_array(), "{schema}");
}

#[test]
fn a_128_bit_integer_is_refused() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    enum Tagged<T> {
        Wide { number: Vec<T> },
    }
    #[derive(Deserialize, JsonSchema)]
    struct Plain<T> {
        number: Option<T>,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Given<T> {
        x: Option<Tagged<T>>,
        #[serde(flatten)]
        plain: Plain<T>,
    }
    for tool in [tool_of::<Given<u128>>(), tool_of::<Given<i128>>()] {
        for is_strict in [true, false] {
            let tool = tool.clone().name("Given").strict(is_strict);
            let message = error_of(tool).to_string();
            let expected = message.contains(".number` is a 128-bit integer");
            assert!(expected && message.contains(": use a 64-bit"), "{message}");
        }
    }
    let message = response_format::<Given<u128>>().unwrap_err().to_string();
    assert!(message.contains("128-bit"), "{message}");
    check(&strict_of::<Given<u64>>());
    let wide = with(json!({"type": "integer", "format": "uint128"}));
    assert_eq!(schema_of(tool_with("Given", wide.clone())), wide);
}

#[test]
fn a_schema_that_is_not_strict_keeps_all_keywords() {
    #[derive(Deserialize, JsonSchema)]
    struct Loose {
        #[schemars(length(min = 1))]
        name: String,
        rest: BTreeMap<String, Value>,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Wrapper(Loose);
    let properties = json!({
        "name": {"type": "string", "minLength": 1},
        "rest": {"type": "object", "additionalProperties": true},
    });
    let expected =
        json!({"type": "object", "required": ["name", "rest"], "properties": properties});
    assert_eq!(schema_of(tool_of::<Loose>().strict(false)), expected);
    let wrapped = schema_of(tool_of::<Wrapper>().strict(false));
    assert_eq!(wrapped["properties"], expected["properties"]);
    let unit = schema_of(tool_of::<()>().strict(false));
    assert_eq!(unit["type"], "object");
}
