//! Random values, written as a model writes them, deserialize to what they were.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::ready;

use openai_assistants::{Parsed, Tool, ToolContext, ToolErrorKind, ToolSet};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::run_output::output;
use super::schema::strict_of;
use super::support::{Receiver, only};

/// A seeded generator (SplitMix64), and how the model writes a value.
struct Random {
    state: u64,
    /// Whether a missing property may be left out. A strict schema requires null in its place.
    may_omit: bool,
}

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    fn word(&mut self) -> String {
        let words = ["a", "limit", "x", "next", "", "null", "é\"\n"];
        words[self.below(words.len() as u64) as usize].to_owned()
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let length = self.below(3);
        (0..length).map(|_| item(self)).collect()
    }

    /// Free-form JSON, with nulls.
    fn json(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => self.flip().into(),
            2 => self.below(9).into(),
            3 => (self.below(9) as f64 / 2.0).into(),
            4 => self.word().into(),
            5 => self.list(|random| random.json(depth - 1)).into(),
            _ => {
                let entries = self.list(|random| (random.word(), random.json(depth - 1)));
                Value::Object(entries.into_iter().collect())
            }
        }
    }
}

/// A type with random values.
trait Sample: Sized {
    /// Returns a value and the JSON that a model writes for it.
    fn sample(random: &mut Random) -> (Self, Value);
}

/// The JSON of an object.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn tagged(name: &str, tag: &str) -> Self {
        Self(Map::from_iter([(name.to_owned(), tag.into())]))
    }

    fn required<T: Sample>(&mut self, random: &mut Random, name: &str) -> T {
        let (value, json) = T::sample(random);
        self.0.insert(name.to_owned(), json);
        value
    }

    /// A property that may be missing.
    fn optional<T: Sample>(&mut self, random: &mut Random, name: &str, default: T) -> T {
        if random.flip() {
            return self.required(random, name);
        }
        self.missing(random, name);
        default
    }

    fn missing(&mut self, random: &mut Random, name: &str) {
        if !random.may_omit || random.flip() {
            self.0.insert(name.to_owned(), Value::Null);
        }
    }

    fn json(self) -> Value {
        self.0.into()
    }
}

impl Sample for u8 {
    fn sample(random: &mut Random) -> (Self, Value) {
        let value = random.below(200) as Self;
        let json = if random.flip() {
            value.into()
        } else {
            f64::from(value).into()
        };
        (value, json)
    }
}

impl Sample for f64 {
    fn sample(random: &mut Random) -> (Self, Value) {
        let value = random.below(9) as Self / 2.0;
        (value, value.into())
    }
}

impl Sample for String {
    fn sample(random: &mut Random) -> (Self, Value) {
        let value = random.word();
        (value.clone(), value.into())
    }
}

impl Sample for () {
    fn sample(_: &mut Random) -> (Self, Value) {
        ((), Value::Null)
    }
}

impl Sample for Value {
    fn sample(random: &mut Random) -> (Self, Value) {
        let value = random.json(3);
        (value.clone(), value)
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(random: &mut Random) -> (Self, Value) {
        if random.flip() {
            return (None, Value::Null);
        }
        let (value, json) = T::sample(random);
        (Some(value), json)
    }
}

impl<T: Sample> Sample for Box<T> {
    fn sample(random: &mut Random) -> (Self, Value) {
        let (value, json) = T::sample(random);
        (Box::new(value), json)
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(random: &mut Random) -> (Self, Value) {
        let (values, json): (Vec<_>, Vec<_>) = random.list(T::sample).into_iter().unzip();
        (values, json.into())
    }
}

impl<T: Sample> Sample for BTreeMap<String, T> {
    fn sample(random: &mut Random) -> (Self, Value) {
        let (mut map, mut json) = (Self::new(), Map::new());
        for name in random.list(Random::word) {
            let (value, item) = T::sample(random);
            map.insert(name.clone(), value);
            json.insert(name, item);
        }
        (map, json.into())
    }
}

impl<A: Sample, B: Sample> Sample for (A, B) {
    fn sample(random: &mut Random) -> (Self, Value) {
        let ((a, first), (b, second)) = (A::sample(random), B::sample(random));
        ((a, b), json!([first, second]))
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
struct Plain {
    text: Option<String>,
    /// A number.
    #[serde(default)]
    limit: u8,
    unit: (),
    list: Vec<Option<u8>>,
}

impl Sample for Plain {
    fn sample(random: &mut Random) -> (Self, Value) {
        let mut object = Object::default();
        let value = Self {
            text: object.optional(random, "text", None),
            limit: object.optional(random, "limit", 0),
            unit: object.required(random, "unit"),
            list: object.required(random, "list"),
        };
        (value, object.json())
    }
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(default)]
struct Defaults {
    limit: u8,
    name: String,
    /// A part.
    plain: Plain,
    list: Vec<Plain>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            limit: 10,
            name: "name".to_owned(),
            plain: Plain::default(),
            list: vec![Plain::default()],
        }
    }
}

impl Sample for Defaults {
    fn sample(random: &mut Random) -> (Self, Value) {
        let (mut object, default) = (Object::default(), Self::default());
        let value = Self {
            limit: object.optional(random, "limit", default.limit),
            name: object.optional(random, "name", default.name),
            plain: object.optional(random, "plain", default.plain),
            list: object.optional(random, "list", default.list),
        };
        (value, object.json())
    }
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Nothing,
    Plain(Plain),
    Level {
        #[serde(default)]
        level: u8,
        up: Option<Box<Tagged>>,
    },
}

impl Sample for Tagged {
    fn sample(random: &mut Random) -> (Self, Value) {
        match random.below(4) {
            0 => (Self::Nothing, Object::tagged("kind", "nothing").json()),
            1 => {
                let (plain, mut json) = Plain::sample(random);
                json["kind"] = "plain".into();
                (Self::Plain(plain), json)
            }
            _ => {
                let mut object = Object::tagged("kind", "level");
                let value = Self::Level {
                    level: object.optional(random, "level", 0),
                    up: object.optional(random, "up", None),
                };
                (value, object.json())
            }
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    page: Option<Page>,
    #[serde(flatten)]
    tagged: Tagged,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Page {
    size: u8,
    #[serde(default)]
    offset: u8,
}

impl Sample for Flattened {
    fn sample(random: &mut Random) -> (Self, Value) {
        let (tagged, json) = Tagged::sample(random);
        let mut object = Object(json.as_object().cloned().unwrap_or_default());
        let page = if random.flip() {
            Some(Page {
                size: object.required(random, "size"),
                offset: object.optional(random, "offset", 0),
            })
        } else {
            object.missing(random, "size");
            object.missing(random, "offset");
            None
        };
        let id = object.required(random, "id");
        (Self { id, page, tagged }, object.json())
    }
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(untagged)]
enum Untagged {
    Wide {
        x: u8,
        w: u8,
        #[serde(default)]
        y: u8,
    },
    Narrow {
        x: u8,
        #[serde(default)]
        y: u8,
        next: Option<Box<Untagged>>,
    },
    Nullable {
        z: Option<u8>,
        #[serde(default)]
        y: u8,
    },
    Integer(u8),
    Text(String),
    List(Vec<Untagged>),
}

impl Sample for Untagged {
    fn sample(random: &mut Random) -> (Self, Value) {
        let mut object = Object::default();
        let value = match random.below(7) {
            0 => Self::Wide {
                x: object.required(random, "x"),
                w: object.required(random, "w"),
                y: object.optional(random, "y", 0),
            },
            1 | 2 => Self::Narrow {
                x: object.required(random, "x"),
                y: object.optional(random, "y", 0),
                next: object.optional(random, "next", None),
            },
            3 => Self::Nullable {
                z: object.optional(random, "z", None),
                y: object.optional(random, "y", 0),
            },
            4 => {
                let (value, json) = u8::sample(random);
                return (Self::Integer(value), json);
            }
            5 => {
                let (value, json) = String::sample(random);
                return (Self::Text(value), json);
            }
            _ => {
                let (value, json) = Vec::sample(random);
                return (Self::List(value), json);
            }
        };
        (value, object.json())
    }
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum External {
    Nothing,
    Number(u8),
    Defaults(Defaults),
    Both {
        #[serde(default)]
        limit: u8,
        either: Option<Untagged>,
    },
}

impl Sample for External {
    fn sample(random: &mut Random) -> (Self, Value) {
        let mut object = Object::default();
        let value = match random.below(4) {
            0 => return (Self::Nothing, "nothing".into()),
            1 => Self::Number(object.required(random, "number")),
            2 => Self::Defaults(object.required(random, "defaults")),
            _ => {
                let mut both = Object::default();
                let value = Self::Both {
                    limit: both.optional(random, "limit", 0),
                    either: both.optional(random, "either", None),
                };
                return (value, json!({ "both": both.json() }));
            }
        };
        (value, object.json())
    }
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Nothing,
    Plain(Plain),
    Real(f64),
}

impl Sample for Adjacent {
    fn sample(random: &mut Random) -> (Self, Value) {
        let tags = ["Nothing", "Plain", "Real"];
        let at = random.below(3) as usize;
        let mut object = Object::tagged("t", tags[at]);
        let value = match at {
            0 => Self::Nothing,
            1 => Self::Plain(object.required(random, "c")),
            _ => Self::Real(object.required(random, "c")),
        };
        (value, object.json())
    }
}

/// Everything that a strict schema can express.
#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Strict {
    plain: Plain,
    /// Described.
    #[serde(default)]
    defaults: Defaults,
    flattened: Vec<Flattened>,
    untagged: Option<Untagged>,
    /// A choice.
    external: External,
    adjacent: Vec<Adjacent>,
}

impl Sample for Strict {
    fn sample(random: &mut Random) -> (Self, Value) {
        let mut object = Object::default();
        let value = Self {
            plain: object.required(random, "plain"),
            defaults: object.optional(random, "defaults", Defaults::default()),
            flattened: object.required(random, "flattened"),
            untagged: object.optional(random, "untagged", None),
            external: object.required(random, "external"),
            adjacent: object.required(random, "adjacent"),
        };
        (value, object.json())
    }
}

/// What only a schema that is not strict can express, too.
#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Loose {
    strict: Strict,
    any: Value,
    map: BTreeMap<String, Option<Plain>>,
    values: BTreeMap<String, Value>,
    pair: (Option<u8>, Defaults),
    #[serde(default)]
    limit: u8,
}

impl Sample for Loose {
    fn sample(random: &mut Random) -> (Self, Value) {
        let mut object = Object::default();
        let value = Self {
            strict: object.required(random, "strict"),
            any: object.required(random, "any"),
            map: object.required(random, "map"),
            values: object.required(random, "values"),
            pair: object.required(random, "pair"),
            limit: object.optional(random, "limit", 0),
        };
        (value, object.json())
    }
}

const VALUES: u64 = 2_000;

#[tokio::test]
async fn values_with_null_for_what_is_missing_match_the_strict_schema_and_deserialize() {
    let schema = jsonschema::validator_for(&strict_of::<Strict>()).expect("a schema");
    let tool = Receiver::new(true);
    for state in 0..VALUES {
        let may_omit = false;
        let (expected, json) = Strict::sample(&mut Random { state, may_omit });
        assert!(schema.is_valid(&json), "seed {state}: {json}");
        let text = json.to_string();
        let value: Strict = tool.call(&text).await.expect("a value");
        assert_eq!(value, expected, "seed {state}: {text}");
        // Each time a schema is generated.
        if state % 20 == 0 {
            let parsed = output(&text).parse::<Strict>().expect("a value");
            assert_eq!(parsed, Parsed::Value(expected), "seed {state}: {text}");
        }
    }
}

#[tokio::test]
async fn values_with_null_or_nothing_for_what_is_missing_deserialize_without_a_strict_schema() {
    let tool = Receiver::<Loose>::new(false);
    for state in 0..VALUES {
        let may_omit = true;
        let (expected, json) = Loose::sample(&mut Random { state, may_omit });
        let value = tool.call(&json.to_string()).await;
        let value = value.unwrap_or_else(|error| panic!("seed {state}: {error}: {json}"));
        assert_eq!(value, expected, "seed {state}: {json}");
    }
}

/// A set of one tool that takes `T`.
fn tool_set<T>(is_strict: bool) -> ToolSet
where
    T: Debug + for<'de> Deserialize<'de> + JsonSchema + Send + 'static,
{
    let tool = Tool::function(|argument: T| ready(Ok::<_, String>(format!("{argument:?}"))));
    only(tool.name("tool").strict(is_strict))
}

/// Replaces a value inside JSON by another.
fn mutate(random: &mut Random, json: &mut Value) {
    let parts: Vec<&mut Value> = match json {
        Value::Object(properties) => properties.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    };
    let count = parts.len() as u64;
    match parts.into_iter().nth(random.below(count + 1) as usize) {
        Some(part) => mutate(random, part),
        None => *json = random.json(3),
    }
}

#[tokio::test]
async fn arbitrary_arguments_are_accepted_or_refused() {
    let sets = [
        tool_set::<Strict>(true),
        tool_set::<Loose>(false),
        tool_set::<()>(true),
        tool_set::<BTreeMap<String, Option<Untagged>>>(false),
    ];
    let mut accepted = 0;
    for state in 0..VALUES {
        let may_omit = true;
        let mut random = Random { state, may_omit };
        let mut json = match random.below(3) {
            0 => random.json(5),
            1 => Strict::sample(&mut random).1,
            _ => Loose::sample(&mut random).1,
        };
        mutate(&mut random, &mut json);
        let mut text = json.to_string();
        if random.below(4) == 0 {
            // Not JSON, in most cases.
            let end = random.below(text.len() as u64 + 1) as usize;
            text = String::from_utf8_lossy(&text.as_bytes()[..end]).into_owned();
        }
        for tools in &sets {
            let context = ToolContext::new("thread_1", "run_1", "call_1");
            match tools.call("tool", &text, context).await {
                Ok(_) => accepted += 1,
                Err(error) => assert_eq!(
                    error.kind(),
                    ToolErrorKind::BadArguments,
                    "seed {state}: {error}: {text}"
                ),
            }
        }
    }
    assert!(accepted > 100, "only {accepted} were accepted");
}
