//! Finds the path of the value at which a JSON deserializer stopped.
//!
//! `serde_json` reports line and column. The path is found by scanning the text up to that
//! position, only after an error. So no type is compiled a second time for its error messages.

use std::fmt::Write;

/// Returns the path of the value at the position of an error, such as `data[2].status`.
///
/// It is empty for the outermost value.
pub(crate) fn path_of(error: &serde_json::Error, text: &[u8]) -> String {
    let start = match error.line() {
        0 => return String::new(),
        line => text
            .split_inclusive(|&byte| byte == b'\n')
            .take(line - 1)
            .map(<[u8]>::len)
            .sum::<usize>(),
    };
    let end = (start + error.column()).min(text.len());
    path_at(&text[..end])
}

enum Step {
    /// `None` until the key has been parsed.
    Key(Option<String>),
    Index(usize),
}

fn path_at(text: &[u8]) -> String {
    let mut steps: Vec<Step> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' => steps.push(Step::Key(None)),
            b'[' => steps.push(Step::Index(0)),
            b'}' | b']' => drop(steps.pop()),
            b',' => match steps.last_mut() {
                // The error is about the value in front of the comma.
                _ if at + 1 == text.len() => {}
                Some(Step::Key(key)) => *key = None,
                Some(Step::Index(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                let end = string_end(text, at);
                if let Some(Step::Key(key)) = steps.last_mut()
                    && key.is_none()
                {
                    *key = serde_json::from_slice(&text[at..end]).ok();
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    display(&steps)
}

/// Returns the offset after the string that starts at `start`.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn display(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(None) => {}
            Step::Key(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(if key.is_empty() { "\"\"" } else { key });
            }
            Step::Index(index) => drop(write!(path, "[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Leaf {
        name: String,
        count: u8,
        on: bool,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Root {
        data: Vec<Leaf>,
        map: BTreeMap<String, Vec<u8>>,
    }

    fn path(text: &str) -> String {
        let error = serde_json::from_str::<Root>(text).expect_err("it does not match");
        path_of(&error, text.as_bytes())
    }

    #[test]
    fn the_path_leads_to_a_value_of_the_wrong_type() {
        let leaf = r#"{"name":"a,[{","count":1,"on":true}"#;
        assert_eq!(
            path(&format!(
                r#"{{"data":[{leaf},{{"name":7,"count":1,"on":true}}],"map":{{}}}}"#
            )),
            "data[1].name"
        );
        assert_eq!(
            path(&format!(
                r#"{{"data":[{leaf},{{"name":"\"","count":"x","on":true}}]}}"#
            )),
            "data[1].count"
        );
        assert_eq!(
            path(&format!(
                r#"{{"data":[{leaf},{{"name":"b","count":3,"on":[]}}]}}"#
            )),
            "data[1].on"
        );
        assert_eq!(path(r#"{"data":[{"name":null}]}"#), "data[0].name");
        assert_eq!(path(r#"{"data":[{"name":{"a":1}}]}"#), "data[0].name");
        assert_eq!(path(r#"{"data":{},"map":{}}"#), "data");
        assert_eq!(path(r#"{"data":[],"map":{"k":[1,2,300]}}"#), "map.k[2]");
    }

    #[test]
    fn a_key_may_be_empty() {
        assert_eq!(
            path(r#"{"":"name","data":[{"":"count","name":7}]}"#),
            "data[0].name"
        );
        assert_eq!(path(r#"{"data":[],"map":{"":"name"}}"#), "map.\"\"");
        assert_eq!(path(r#"{"data":[],"map":{"":[300]}}"#), "map.\"\"[0]");
    }

    #[test]
    fn the_path_of_a_missing_field_is_that_of_its_object() {
        assert_eq!(
            path(r#"{"data":[{"name":"a","count":1,"on":true},{"name":"a"}],"map":{}}"#),
            "data[1]"
        );
        assert_eq!(path(r#"{"data":[]}"#), "");
    }

    #[test]
    fn lines_are_counted() {
        assert_eq!(
            path("{\n  \"data\": [\n    {\n      \"name\": 1\n    }\n  ]\n}\n"),
            "data[0].name"
        );
    }

    #[test]
    fn the_path_in_text_that_is_not_json_ends_where_the_text_does() {
        assert_eq!(path("<html>"), "");
        assert_eq!(path(""), "");
        assert_eq!(
            path(r#"{"data":[{"name":"a","cou"#),
            "data[0].cou".trim_end_matches(".cou")
        );
    }
}
