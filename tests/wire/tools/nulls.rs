//! Nulls that a strict schema introduces count as missing, and all other nulls are kept.

use std::collections::BTreeMap;
use std::fmt::Debug;

use openai_assistants::ToolErrorKind;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::schema::{check, schema_of, strict_of, tool_with};
use super::support::{call_dynamic, received};

/// Checks what a tool receives, with a strict schema and without one.
async fn check_received<T>(arguments: Value, expected: T)
where
    T: Debug + DeserializeOwned + JsonSchema + PartialEq + Send + 'static,
{
    for is_strict in [true, false] {
        let value: T = received(&arguments.to_string(), is_strict)
            .await
            .unwrap_or_else(|error| panic!("strict: {is_strict}: {error}"));
        assert_eq!(value, expected, "strict: {is_strict}");
    }
}

#[tokio::test]
async fn a_null_beside_a_value_of_a_flattened_option_counts_as_missing() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Search {
        query: String,
        #[serde(flatten)]
        page: Option<Page>,
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Page {
        limit: u32,
        #[serde(default)]
        offset: u32,
    }
    let search = |page| Search {
        query: "q".to_owned(),
        page,
    };
    let (limit, offset) = (10, 0);
    let page = Some(Page { limit, offset });
    let arguments = json!({"query": "q", "limit": 10, "offset": null});
    check_received(arguments, search(page)).await;
    let arguments = json!({"query": "q", "limit": null, "offset": null});
    check_received(arguments, search(None)).await;
}

#[tokio::test]
async fn the_member_of_an_untagged_enum_is_the_first_that_fits() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(untagged)]
    enum Place {
        Point {
            x: u8,
            #[serde(default)]
            y: u8,
        },
        Line {
            x: u8,
        },
        Area {
            width: u8,
            height: Option<u8>,
            #[serde(default)]
            depth: u8,
        },
        Anything(BTreeMap<String, Option<u8>>),
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Go {
        places: Vec<Place>,
    }
    let places = json!([
        {"x": 1, "y": null},
        {"x": 1},
        {"x": 1, "y": null, "z": 2},
        {"width": 1, "height": null, "depth": null},
        {"w": 1, "y": null},
    ]);
    let point = || Place::Point { x: 1, y: 0 };
    let area = Place::Area {
        width: 1,
        height: None,
        depth: 0,
    };
    let map = [("w".to_owned(), Some(1)), ("y".to_owned(), None)];
    let expected = Go {
        places: vec![point(), point(), point(), area, Place::Anything(map.into())],
    };
    let arguments = json!({ "places": places }).to_string();
    assert_eq!(received::<Go>(&arguments, false).await.unwrap(), expected);
}

#[tokio::test]
async fn a_member_of_an_untagged_enum_may_deny_unknown_fields() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(untagged, deny_unknown_fields)]
    enum Place {
        Line {
            x: u8,
        },
        Area {
            x: u8,
            width: u8,
            #[serde(default)]
            depth: u8,
        },
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Go {
        places: Vec<Place>,
    }
    let area = Place::Area {
        x: 1,
        width: 2,
        depth: 0,
    };
    let expected = Go {
        places: vec![Place::Line { x: 1 }, area],
    };
    let places = json!([{"x": 1}, {"x": 1, "width": 2, "depth": null}]);
    check_received(json!({ "places": places }), expected).await;
}

#[tokio::test]
async fn nulls_in_free_form_json_maps_and_lists_are_kept() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Find {
        filter: Value,
        #[serde(default)]
        limit: u32,
        map: BTreeMap<String, Option<u8>>,
        numbered: BTreeMap<u8, Vec<Option<u8>>>,
        pair: (Option<u8>, Limit),
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    #[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
    struct Limit {
        #[serde(default)]
        limit: u32,
    }
    let filter = json!({"deleted_at": null, "limit": null, "any": [null, {"a": null}]});
    let arguments = json!({
        "filter": filter, "limit": null, "map": {"a": null, "limit": 1}, "numbered": {"1": [null, 2]},
        "pair": [null, {"limit": null}], "more": null,
    });
    let expected = Find {
        filter,
        limit: 0,
        map: [("a".to_owned(), None), ("limit".to_owned(), Some(1))].into(),
        numbered: [(1, vec![None, Some(2)])].into(),
        pair: (None, Limit::default()),
        rest: [("more".to_owned(), Value::Null)].into(),
    };
    let find = received::<Find>(&arguments.to_string(), false).await;
    assert_eq!(find.unwrap(), expected);
}

#[tokio::test]
async fn a_null_that_the_type_itself_accepts_is_kept() {
    /// Fails without a value, as every `deserialize_with` does.
    fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.map(|text| text.len() as u8))
    }
    fn five() -> Option<u32> {
        Some(5)
    }
    fn maybe_five() -> Maybe {
        Maybe(Some(5))
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Maybe(Option<u32>);
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Task {
        #[serde(deserialize_with = "day")]
        #[schemars(with = "Option<String>")]
        due: Option<u8>,
        unit: (),
        #[serde(default)]
        other_unit: (),
        #[serde(default = "five")]
        count: Option<u32>,
        /// Through a reference.
        #[serde(default = "maybe_five")]
        maybe: Maybe,
        #[serde(default)]
        limit: u32,
    }
    let expected = |count| Task {
        due: None,
        unit: (),
        other_unit: (),
        count,
        maybe: Maybe(count),
        limit: 0,
    };
    let arguments = json!({
        "due": null, "unit": null, "other_unit": null, "count": null, "maybe": null, "limit": null,
    });
    check_received(arguments, expected(None)).await;
    let missing = r#"{"due": null, "unit": null, "limit": null}"#;
    let task: Task = received(missing, false).await.unwrap();
    assert_eq!(task, expected(Some(5)));
    // It is not made nullable a second time.
    let schema = strict_of::<Task>();
    let maybe =
        json!({"description": "Through a reference.", "anyOf": [{"$ref": "#/$defs/Maybe"}]});
    assert_eq!(schema["properties"]["maybe"], maybe);
    assert_eq!(schema["properties"]["other_unit"], json!({"type": "null"}));
}

#[tokio::test]
async fn the_keys_of_a_map_may_be_an_enum() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
    enum Subject {
        Art,
        Music,
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Grades {
        grades: BTreeMap<Subject, u8>,
    }
    let expected = Grades {
        grades: [(Subject::Music, 1)].into(),
    };
    check_received(json!({"grades": {"Art": null, "Music": 1}}), expected).await;
}

#[tokio::test]
async fn nulls_are_removed_at_every_level() {
    #[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
    #[serde(default)]
    struct Level {
        number: u8,
        /// Described.
        next: Option<Box<Level>>,
        levels: Vec<Level>,
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(tag = "kind")]
    enum Tagged {
        Flat {
            #[serde(default)]
            level: Level,
        },
        Nested(Level),
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    enum External {
        Level {
            #[serde(default)]
            number: u8,
        },
        Other {
            number: Option<u8>,
        },
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Root {
        tagged: Vec<Tagged>,
        external: Vec<External>,
        #[serde(flatten)]
        flattened: External,
    }
    let empty = || json!({"number": null, "next": null, "levels": null});
    let full = json!({"number": 1, "next": empty(), "levels": [empty()]});
    let mut nested = full.clone();
    nested["kind"] = "Nested".into();
    let arguments = json!({
        "tagged": [{"kind": "Flat", "level": full}, nested, {"kind": "Flat", "level": null}],
        "external": [{"Other": {"number": null}}, {"Level": {"number": null}}],
        "Level": {"number": null},
    });
    let level = || Level {
        number: 1,
        next: Some(Box::default()),
        levels: vec![Level::default()],
    };
    let expected = Root {
        tagged: vec![
            Tagged::Flat { level: level() },
            Tagged::Nested(level()),
            Tagged::Flat {
                level: Level::default(),
            },
        ],
        external: vec![
            External::Other { number: None },
            External::Level { number: 0 },
        ],
        flattened: External::Level { number: 0 },
    };
    let root = received::<Root>(&arguments.to_string(), false).await;
    assert_eq!(root.unwrap(), expected);
}

#[tokio::test]
async fn whole_numbers_are_accepted_where_the_schema_has_an_integer() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(untagged)]
    enum Number {
        Integer(i64),
        Real(f64),
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Numbers {
        list: Vec<i64>,
        option: Option<u8>,
        real: f64,
        either: [Number; 2],
    }
    let expected = |option| Numbers {
        list: vec![1, 1000, -20, 0],
        option,
        real: 1.0,
        either: [Number::Integer(1), Number::Real(1.0)],
    };
    for (option, value) in [("2.0", Some(2)), ("null", None)] {
        let arguments = format!(
            r#"{{"list": [1.0, 1e3, -2.0E1, -0.0], "option": {option}, "real": 1.0, "either": [1, 1.0]}}"#
        );
        for is_strict in [true, false] {
            let numbers: Numbers = received(&arguments, is_strict).await.unwrap();
            assert_eq!(numbers, expected(value));
        }
    }
    // Floats of this size need not be the number that was written.
    for number in [
        "1.5",
        "1e16",
        "9007199254740993.0",
        "10000000000000001.0",
        "1e400",
        "\"1\"",
    ] {
        let arguments = format!(r#"{{"list": [{number}], "real": 1, "either": [1, 1]}}"#);
        let error = received::<Numbers>(&arguments, false).await.unwrap_err();
        assert_eq!(error.kind(), ToolErrorKind::BadArguments);
        assert!(error.message().contains("at `list[0]`"), "{error}");
    }
}

#[tokio::test]
async fn a_schema_given_as_json_gets_the_nulls_that_it_accepts() {
    let schema = json!({
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "nullable": {"type": ["string", "null"]},
            "part": {"allOf": [{"$ref": "#/$defs/Part"}], "description": "A part."},
        },
        "required": ["part"],
        "$defs": {"Part": {"type": "object", "properties": {"number": {"type": "integer"}}}},
    });
    let arguments = r#"{"text": null, "nullable": null, "part": {"number": null, "more": null}}"#;
    let strict = tool_with("find", schema.clone()).strict(true);
    check(&schema_of(strict));
    let strict = call_dynamic(schema.clone(), true, arguments).await;
    let expected = json!({"nullable": null, "part": {"more": null}});
    assert_eq!(strict, expected);
    // Without a conversion there is nothing to undo.
    let unchanged = call_dynamic(schema, false, arguments).await;
    assert_eq!(unchanged, serde_json::from_str::<Value>(arguments).unwrap());
}

#[tokio::test]
async fn recursive_types_take_linear_time() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Chain(Option<Box<Chain>>);
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only the time matters")]
    enum Either {
        Left {
            next: Option<Box<Either>>,
            #[serde(default)]
            number: u8,
        },
        Right {
            next: Option<Box<Either>>,
            #[serde(default)]
            number: u8,
        },
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Recursive {
        chain: Chain,
        either: Either,
    }
    let either = (0..100).fold("null".to_owned(), |next, _| {
        format!(r#"{{"next": {next}, "number": null}}"#)
    });
    let arguments = format!(r#"{{"chain": null, "either": {either}}}"#);
    for is_strict in [true, false] {
        let value: Recursive = received(&arguments, is_strict).await.unwrap();
        assert!(value.chain.0.is_none() && matches!(value.either, Either::Left { .. }));
    }
}

#[tokio::test]
async fn the_error_is_about_what_is_wrong_beside_the_nulls() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the error matters")]
    struct Draw {
        #[serde(default)]
        scale: u8,
        shape: Shape,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the error matters")]
    enum Shape {
        Circle {
            #[serde(default)]
            fill: u8,
        },
        Square {
            #[serde(default)]
            fill: u8,
            width: u8,
        },
    }
    let arguments = r#"{"scale": null, "shape": {"Square": {"fill": null, "width": "wide"}}}"#;
    for is_strict in [true, false] {
        let error = received::<Draw>(arguments, is_strict).await.unwrap_err();
        let expected = "at `shape.Square.width`: invalid type: string \"wide\", expected u8";
        assert!(error.message().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn empty_arguments_count_as_an_empty_object() {
    #[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
    #[serde(default)]
    struct Options {
        limit: u8,
        text: Option<String>,
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Unit;
    for is_strict in [true, false] {
        for arguments in ["", " \n", "{}"] {
            let options = received::<Options>(arguments, is_strict).await;
            assert_eq!(options.unwrap(), Options::default());
            received::<()>(arguments, is_strict).await.unwrap();
            received::<Unit>(arguments, is_strict).await.unwrap();
        }
        received::<()>(r#"{"a": null}"#, is_strict)
            .await
            .unwrap_err();
    }
    let dynamic = call_dynamic(json!({"type": "object"}), false, " ").await;
    assert_eq!(dynamic, json!({}));
}
