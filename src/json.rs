//! JSON that nobody has looked into yet.

use std::fmt;
use std::iter;

use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// By this name serde_json's deserializers give out the text of a value. To others it is
/// the name of a newtype like any.
const TEXT: &str = "$serde_json::private::RawValue";

/// A JSON value that has not been taken apart: where the document leaves the form open, as in
/// the schema of a function's arguments.
///
/// Every run carries the schemas of all its functions, and hardly anybody reads them there.
/// So their text is kept as it came, byte for byte, until the value is asked for. Where serde
/// has no text to give (in a `#[serde(flatten)]` of yours, or in a union whose tag comes behind
/// it), it is written anew. Two are equal if their values are.
///
/// It is for JSON: serde writes it to other formats as it writes
/// [`RawValue`](serde_json::value::RawValue).
///
/// # Examples
///
/// ```
/// use openai_assistants::Json;
/// use serde_json::json;
///
/// let schema = Json::from(json!({"type": "object"}));
/// assert_eq!(schema.as_str(), r#"{"type":"object"}"#);
/// assert_eq!(schema.to_value()?["type"], "object");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Its value.
    ///
    /// # Errors
    /// A number in it is too large for a float, a string has half of a surrogate pair, or it is
    /// nested more than 127 deep.
    ///
    /// # Examples
    ///
    /// ```
    /// # use openai_assistants::Json;
    /// let schema: Json = serde_json::from_str(r#"{ "required": ["city"] }"#)?;
    /// assert_eq!(schema.to_value()?["required"][0], "city");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_value(&self) -> serde_json::Result<Value> {
        self.read()
    }

    /// Its value as a type of the caller's.
    ///
    /// # Errors
    /// It does not have that form.
    ///
    /// # Examples
    ///
    /// ```
    /// # use openai_assistants::Json;
    /// #[derive(serde::Deserialize)]
    /// struct Schema {
    ///     required: Vec<String>,
    /// }
    ///
    /// let schema: Json = serde_json::from_str(r#"{ "required": ["city"] }"#)?;
    /// assert_eq!(schema.read::<Schema>()?.required, ["city"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.as_str())
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        // A value is JSON whatever is in it.
        let text = serde_json::value::to_raw_value(&value);
        Self(text.unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                value: D,
            ) -> Result<Json, D::Error> {
                Value::deserialize(value).map(Json::from)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
                let mut object = Map::new();
                while let Some(key) = members.next_key::<String>()? {
                    if key == TEXT {
                        return text(members.next_value()?);
                    }
                    object.insert(key, members.next_value()?);
                }
                Ok(Value::Object(object).into())
            }
        }

        /// Of a text that is known to be JSON.
        fn text<E: de::Error>(text: String) -> Result<Json, E> {
            let map = MapDeserializer::new(iter::once((TEXT, text)));
            Box::<RawValue>::deserialize(map).map(Json)
        }

        deserializer.deserialize_newtype_struct(TEXT, Any)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        let are_equal = || Some(self.to_value().ok()? == other.to_value().ok()?);
        self.as_str() == other.as_str() || are_equal().unwrap_or(false)
    }
}

impl PartialEq<Value> for Json {
    fn eq(&self, other: &Value) -> bool {
        self.to_value().is_ok_and(|value| value == *other)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::{AssistantTool, FunctionParameters};

    fn read(text: &str) -> Json {
        serde_json::from_str(text).expect("it is JSON")
    }

    #[test]
    fn it_is_written_as_it_came() {
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
    fn what_is_no_value_is_an_error() {
        assert!(read("1e999").to_value().is_err());
        assert!(read("[1]").read::<String>().is_err());
    }

    #[test]
    fn it_may_stand_in_any_type_that_serde_makes() {
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
            let Flat { kind, tool: flat } = flat.expect("it decodes");
            assert_eq!(kind, "Tool");
            let Tagged::Tool { tool: inner } = tagged.expect("it decodes");
            assert_eq!(serde_json::to_value(flat).unwrap(), tool);
            assert_eq!(serde_json::to_value(inner).unwrap(), tool);
        }
        let Untagged::Tool { tool: inner } = serde_json::from_value(tagged).expect("it decodes");
        assert_eq!(serde_json::to_value(inner).unwrap(), tool);
    }

    #[test]
    fn it_is_made_of_what_other_formats_have() {
        let map = MapDeserializer::<_, de::value::Error>::new(iter::once(("a", 1)));
        assert_eq!(Json::deserialize(map), Ok(Json::from(json!({"a": 1}))));
    }

    #[test]
    fn it_is_kept_wherever_the_tag_of_its_union_stands() {
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
}
