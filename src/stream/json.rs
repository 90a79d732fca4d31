//! JSON of which only a few values are wanted, read by what is known of its shape.
//!
//! The structure and the strings are read here, where they lie; whatever else there is,
//! down to strings with escapes, is left to serde. In the benchmark an event costs 0.06 us
//! beyond the floor like this (`stream_text`), and 0.30 us as a type (`stream_events`).

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Reads values one by one. What fails is not JSON, or not of the type that was asked for.
pub(crate) struct Reader<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(json: &'a str) -> Self {
        Self { json, at: 0 }
    }

    /// Whether the next value, or what else comes, begins with this.
    pub(crate) fn is(&mut self, sign: u8) -> bool {
        self.next() == Some(sign)
    }

    /// Whether nothing more comes.
    pub(crate) fn is_over(&mut self) -> bool {
        self.next().is_none()
    }

    /// Reads an object. Each value is read by `member`, which is given its key.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Option<()>,
    ) -> Option<()> {
        self.list(b'{', b'}', |json| {
            let key = json.string()?;
            json.take(b':')?;
            member(json, &key)
        })
    }

    /// Reads an array. Each value is read by `item`.
    pub(crate) fn array(&mut self, item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.list(b'[', b']', item)
    }

    pub(crate) fn string(&mut self) -> Option<Cow<'a, str>> {
        match self.plain() {
            Some(text) => Some(Cow::Borrowed(text)),
            None => self.value().map(Cow::Owned),
        }
    }

    /// Passes over a value.
    pub(crate) fn skip(&mut self) -> Option<()> {
        match self.plain() {
            Some(_) => Some(()),
            None => self.value::<IgnoredAny>().map(drop),
        }
    }

    fn list(
        &mut self,
        begin: u8,
        end: u8,
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.take(begin)?;
        if self.take(end).is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            if self.take(b',').is_none() {
                return self.take(end);
            }
        }
    }

    /// What comes behind white space.
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.json.as_bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                next => return next.copied(),
            }
        }
    }

    fn take(&mut self, sign: u8) -> Option<()> {
        self.is(sign).then(|| self.at += 1)
    }

    /// A string without escapes. Nothing is read if that is not what comes next.
    fn plain(&mut self) -> Option<&'a str> {
        if !self.is(b'"') {
            return None;
        }
        let begin = self.at + 1;
        let bytes = self.json.as_bytes();
        let mut rest = bytes[begin..].iter();
        let end = begin + rest.position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))?;
        if bytes[end] != b'"' {
            return None;
        }
        self.at = end + 1;
        Some(&self.json[begin..end])
    }

    /// Anything, by serde: much code that runs rarely.
    #[inline(never)]
    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let rest = &self.json[self.at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// All of a value, as the reader sees it.
    fn read(json: &mut Reader<'_>) -> Option<Value> {
        if json.is(b'{') {
            let mut object = serde_json::Map::new();
            json.object(|json, key| {
                object.insert(key.to_owned(), read(json)?);
                Some(())
            })?;
            Some(object.into())
        } else if json.is(b'[') {
            let mut array = Vec::new();
            json.array(|json| {
                array.push(read(json)?);
                Some(())
            })?;
            Some(array.into())
        } else if json.is(b'"') {
            json.string().map(|text| text.into_owned().into())
        } else {
            json.skip().map(|()| Value::Null)
        }
    }

    /// What is read of a text in which nothing follows.
    fn whole<'a, T>(text: &'a str, read: impl FnOnce(&mut Reader<'a>) -> Option<T>) -> Option<T> {
        let mut json = Reader::new(text);
        let value = read(&mut json)?;
        json.is_over().then_some(value)
    }

    #[test]
    fn values_are_read_as_they_are() {
        let text =
            "\t{ \"a\" : [ ] ,\r\n\"\\u0062\":{\"\":[\"\", \"x\\n\\\"ü\" , null]},\"c\":{}}\n ";
        let value = json!({ "a": [], "b": { "": ["", "x\n\"ü", null] }, "c": {} });
        assert_eq!(whole(text, read), Some(value));
    }

    #[test]
    fn nothing_is_json_to_it_that_is_not_to_serde() {
        let text = r#"{"a": [0, -1.5e3, true, null], "b\u00fc": {"c": "\\ \"", "d": ["e", {}]}}"#;
        assert!(whole(text, read).is_some() && whole(text, Reader::skip).is_some());
        for (at, _) in text.char_indices() {
            for sign in "\"\\{}[],: 0-.eux\n\u{c}\u{1f}".chars() {
                for behind in [at, at + 1] {
                    let changed = format!("{}{sign}{}", &text[..at], &text[behind..]);
                    let is_json = serde_json::from_str::<IgnoredAny>(&changed).is_ok();
                    assert_eq!(whole(&changed, read).is_some(), is_json, "{changed}");
                    assert_eq!(
                        whole(&changed, Reader::skip).is_some(),
                        is_json,
                        "{changed}"
                    );
                }
            }
            assert!(whole(&text[..at], read).is_none());
            assert!(whole(&text[..at], Reader::skip).is_none());
        }
    }

    #[test]
    fn what_is_of_another_type_is_refused() {
        for text in ["", "1", "null", "\"a\"", "[1]"] {
            assert!(whole(text, |json| json.object(|json, _| json.skip())).is_none());
        }
        for text in ["", "1", "null", "\"a\"", "{\"a\": 1}"] {
            assert!(whole(text, |json| json.array(Reader::skip)).is_none());
        }
        for text in ["", "1", "null", "[]", "{\"a\": 1}"] {
            assert!(whole(text, Reader::string).is_none());
        }
    }
}
