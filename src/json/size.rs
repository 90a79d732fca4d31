//! Limits the number of values in a JSON text: each may take much more memory than its text.

use memchr::memchr3_iter;
use serde::de::Error as _;
use serde_json::Error;

/// More than a page of 100 runs has whose tools have large schemas.
const MAX_VALUES: usize = 500_000;

/// Fails if a text has too many values.
pub(crate) fn check(text: &str) -> Result<(), Error> {
    // An upper bound that takes less time: it also counts separators in strings.
    let separators = || memchr3_iter(b',', b'[', b'{', text.as_bytes()).count();
    match text.len() > MAX_VALUES && separators() > MAX_VALUES && count(text) > MAX_VALUES {
        true => Err(Error::custom(format_args!(
            "it has more than {MAX_VALUES} values"
        ))),
        false => Ok(()),
    }
}

/// Counts commas and opening brackets outside of strings.
fn count(text: &str) -> usize {
    let mut count = 0;
    let mut is_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_string = !is_string,
            b'\\' => drop(bytes.next()),
            b',' | b'[' | b'{' if !is_string => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_strings() {
        for (text, values) in [
            ("7", 0),
            (r#"{"a":1,"b":[2,3]}"#, 4),
            (r#"["{,[", "\",[", "\\", 1]"#, 4),
        ] {
            assert_eq!(count(text), values, "{text}");
        }
    }

    #[test]
    fn separators_in_strings_are_not_values() {
        let commas = ",".repeat(MAX_VALUES + 1);
        assert!(check(&format!(r#"["{commas}"]"#)).is_ok());
        assert!(check(&format!("[{commas}]")).is_err());
    }
}
