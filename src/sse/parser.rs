//! Parses server-sent events from the bytes of a response body.
//!
//! Follows <https://html.spec.whatwg.org/multipage/server-sent-events.html> as far as the API uses
//! it: names and data. Every token of a stream passes through the parser, so it does not copy data
//! on one line. An event of 180 bytes in a chunk of 8 kB takes 23 ns; with `sse-stream` 0.3.0 it
//! takes 72 ns. That crate copies each event, stops at the first byte that is not UTF-8, has no
//! size limit, and does not report whether a stream was cut in the middle of an event.

use std::borrow::Cow;
use std::mem;
use std::ops::Range;

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr2;

use crate::json::utf8;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// The name and the data of an event. Bytes that are not UTF-8 are replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SseEvent<'a> {
    /// The name; empty if the event has no name.
    pub(crate) name: Cow<'a, str>,
    pub(crate) data: Cow<'a, str>,
}

/// Parses events from chunks of bytes.
#[derive(Clone)]
pub(crate) struct SseParser {
    /// The last chunk, or an incomplete event across several chunks.
    bytes: Bytes,
    /// All bytes before this are parsed. The positions in `event` are relative to it.
    start: usize,
    event: Progress,
    /// The last name. It is kept because the next one usually equals it.
    name: String,
    /// Whether the current event has the last name.
    is_named: bool,
    /// Whether the last line ended with CR. An LF directly after it belongs to the same line end.
    after_cr: bool,
    is_first_line: bool,
    limit: usize,
    is_too_large: bool,
    /// The number of bytes that were searched or moved.
    #[cfg(test)]
    work: usize,
}

/// The progress in the current event.
#[derive(Clone, Default)]
struct Progress {
    /// Start of the current line.
    line: usize,
    /// The position up to which the end of the line was searched.
    searched: usize,
    /// The data so far. Data of further lines is moved directly after it.
    data: Option<Range<usize>>,
}

impl SseParser {
    /// Creates a parser of events of at most this many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            bytes: Bytes::new(),
            start: 0,
            event: Progress::default(),
            name: String::new(),
            is_named: false,
            after_cr: false,
            is_first_line: true,
            limit,
            is_too_large: false,
            #[cfg(test)]
            work: 0,
        }
    }

    /// Adds a chunk. Call it once [`next`](Self::next) has returned `None`.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        if self.bytes.is_empty() {
            self.bytes = chunk;
        } else {
            self.change(|bytes| bytes.extend_from_slice(&chunk));
        }
    }

    /// Whether an event was larger than the limit. No events follow.
    pub(crate) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// The number of bytes that are not parsed, or belong to an incomplete event.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Returns the next event if it is complete.
    pub(crate) fn next(&mut self) -> Option<SseEvent<'_>> {
        loop {
            let line = self.line();
            // The size so far, of a complete event without its last line end.
            let size = line.as_ref().map_or(self.len(), |_| self.event.line);
            self.is_too_large |= size > self.limit;
            if self.is_too_large {
                return None;
            }
            let Some(line) = line else {
                self.release();
                return None;
            };
            let bytes = &self.bytes[self.start..];
            if line.is_empty() {
                let Progress { line, data, .. } = mem::take(&mut self.event);
                let start = self.start;
                self.start += line;
                let is_named = mem::take(&mut self.is_named);
                if let Some(data) = data {
                    return Some(SseEvent {
                        name: Cow::Borrowed(if is_named { &self.name } else { "" }),
                        data: utf8::decode(&self.bytes[start..][data]),
                    });
                }
                continue;
            }
            if let Some(value) = value(bytes, &line, b"data") {
                match &mut self.event.data {
                    None => self.event.data = Some(value),
                    // There is space: at least a line end and the name of the field precede
                    // the value.
                    Some(data) => {
                        let end = data.end;
                        data.end += 1 + value.len();
                        #[cfg(test)]
                        {
                            self.work += value.len();
                        }
                        let start = self.start;
                        self.change(|bytes| {
                            let bytes = &mut bytes[start..];
                            bytes[end] = b'\n';
                            bytes.copy_within(value, end + 1);
                        });
                    }
                }
            } else if let Some(value) = value(bytes, &line, b"event") {
                let name = &bytes[value];
                self.is_named = !name.is_empty();
                if self.name.as_bytes() != name {
                    self.name = utf8::decode(name).into_owned();
                }
            }
            if self.event.data.is_none() {
                self.start += mem::take(&mut self.event).line;
            }
        }
    }

    /// Returns the next line if it is complete.
    fn line(&mut self) -> Option<Range<usize>> {
        let event = &mut self.event;
        if self.after_cr {
            let next = *self.bytes.get(self.start + event.line)?;
            self.after_cr = false;
            match (next, event.line) {
                // It belongs to the event before.
                (b'\n', 0) => self.start += 1,
                (b'\n', _) => {
                    event.line += 1;
                    event.searched = event.line;
                }
                _ => {}
            }
        }
        let bytes = &self.bytes[self.start..];
        let unsearched = &bytes[event.searched..];
        let found = match unsearched {
            // Every event ends with an empty line, and starting a search is slow.
            [b'\n' | b'\r', ..] => Some(0),
            _ => memchr2(b'\n', b'\r', unsearched),
        };
        #[cfg(test)]
        {
            self.work += found.unwrap_or(unsearched.len());
        }
        let Some(found) = found else {
            event.searched = bytes.len();
            return None;
        };
        let mut line = event.line..event.searched + found;
        self.after_cr = bytes[line.end] == b'\r';
        event.line = line.end + 1;
        event.searched = event.line;
        if mem::take(&mut self.is_first_line) && bytes[line.clone()].starts_with(BOM) {
            line.start += BOM.len();
        }
        Some(line)
    }

    /// Releases the chunk, so that the connection can reuse its buffer. The remaining bytes are
    /// copied.
    fn release(&mut self) {
        let event = &mut self.event;
        if event.data.is_none() {
            // The LF after the CR of the last event.
            self.start += event.line;
            event.searched -= mem::take(&mut event.line);
        }
        let done = mem::take(&mut self.start);
        self.bytes.advance(done);
        if done > 0 || !self.bytes.is_unique() {
            self.bytes = Bytes::copy_from_slice(&self.bytes);
            #[cfg(test)]
            {
                self.work += self.bytes.len();
            }
        }
    }

    /// Changes the bytes. They are copied first if they are shared with the connection.
    fn change(&mut self, change: impl FnOnce(&mut BytesMut)) {
        #[cfg(test)]
        if !self.bytes.is_unique() {
            self.work += self.bytes.len();
        }
        let mut bytes = BytesMut::from(mem::take(&mut self.bytes));
        change(&mut bytes);
        self.bytes = bytes.freeze();
    }

    /// Returns the last event of a body that ended without the empty line after it.
    ///
    /// Its last line may be cut. Returns `None` if that can change the meaning of another field.
    pub(crate) fn finish(&mut self) -> Option<SseEvent<'_>> {
        let line = self.line_so_far();
        let is_sound = line.is_empty() || line.starts_with(b":") || line.starts_with(b"data:");
        if !is_sound || !self.is_pending() {
            return None;
        }
        self.change(|bytes| bytes.extend_from_slice(b"\n\n"));
        // Its size has been checked.
        self.limit = usize::MAX;
        self.next()
    }

    /// Whether an event is incomplete, once [`next`](Self::next) has returned `None`.
    pub(crate) fn is_pending(&self) -> bool {
        let line = self.line_so_far();
        let may_be = |field: &[u8]| line.starts_with(field) || field.starts_with(line);
        let has_field = !line.is_empty() && (may_be(b"data") || may_be(b"event"));
        self.event.data.is_some() || self.is_named || has_field
    }

    /// The current line without its end.
    fn line_so_far(&self) -> &[u8] {
        let line = &self.bytes[self.start + self.event.line..];
        match line {
            [b'\n', rest @ ..] if self.after_cr => rest,
            line => line,
        }
    }
}

/// Returns the position of the value if the line has this field.
fn value(bytes: &[u8], line: &Range<usize>, field: &[u8]) -> Option<Range<usize>> {
    let separator = match bytes[line.clone()].strip_prefix(field)? {
        [] => 0,
        [b':', b' ', ..] => 2,
        [b':', ..] => 1,
        _ => return None,
    };
    Some(line.start + field.len() + separator..line.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair = (String, String);

    /// The events of a stream in these chunks, and whether another is incomplete.
    fn parse<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Pair>, bool) {
        let mut parser = SseParser::new(usize::MAX);
        let mut events = Vec::new();
        for chunk in chunks {
            // The connection shares the buffer.
            let chunk = Bytes::copy_from_slice(chunk);
            parser.push(chunk.clone());
            while let Some(SseEvent { name, data }) = parser.next() {
                events.push((name.into_owned(), data.into_owned()));
            }
        }
        (events, parser.is_pending())
    }

    /// Checks a stream in one chunk, split at every byte, and byte by byte.
    #[track_caller]
    fn check(stream: impl AsRef<[u8]>, expected: &[(&str, &str)]) {
        let stream = stream.as_ref();
        let (whole, pending) = parse([stream]);
        let found: Vec<(&str, &str)> = whole
            .iter()
            .map(|(event, data)| (event.as_str(), data.as_str()))
            .collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(stream));
        for at in 0..=stream.len() {
            let (head, tail) = stream.split_at(at);
            assert_eq!(
                parse([head, tail]),
                (whole.clone(), pending),
                "split at {at}"
            );
        }
        assert_eq!(parse(stream.chunks(1)), (whole, pending), "byte by byte");
    }

    #[test]
    fn lines_end_with_lf_cr_or_crlf() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = "event: a\ndata: 1\n\ndata: 2\ndata: 3\n\n".replace('\n', end);
            check(stream, &[("a", "1"), ("", "2\n3")]);
        }
        check(
            "event: a\rdata: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\n\n\rdata: 4\n\n",
            &[("a", "1"), ("", "2"), ("", "3"), ("", "4")],
        );
    }

    #[test]
    fn a_cr_ends_a_line_at_once() {
        let mut parser = SseParser::new(usize::MAX);
        parser.push(Bytes::from_static(b"data: 1\r\r"));
        assert_eq!(parser.next().unwrap().data, "1");
        parser.push(Bytes::from_static(b"\ndata: 2\r\n\r"));
        assert_eq!(parser.next().unwrap().data, "2");
        assert!(parser.next().is_none());
        parser.push(Bytes::from_static(b"\n"));
        assert!(parser.next().is_none() && !parser.is_pending());
    }

    #[test]
    fn characters_may_be_split() {
        check("event: ü\ndata: „é\u{1f600}“\n\n", &[("ü", "„é\u{1f600}“")]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        check(
            b"event: \xff\ndata: a\xe2\x28b\n\n",
            &[("\u{fffd}", "a\u{fffd}(b")],
        );
    }

    #[test]
    fn a_byte_order_mark_at_the_start_is_skipped() {
        check("\u{feff}data: 1\n\n", &[("", "1")]);
        check("\u{feff}\ndata: 1\n\n", &[("", "1")]);
        check("\u{feff}\u{feff}data: 1\n\ndata: 2\n\n", &[("", "2")]);
        check(
            "data: \u{feff}1\n\n\u{feff}data: 2\n\n",
            &[("", "\u{feff}1")],
        );
    }

    #[test]
    fn comments_and_other_fields_are_skipped() {
        check(
            ": hello\nid: 7\nevent: a\n:\nretry: 10\ndata: 1\nDATA: 2\ndatas: 3\n data: 4\n: data\n\n: bye\n\n",
            &[("a", "1")],
        );
    }

    #[test]
    fn one_space_after_the_colon_is_not_part_of_the_value() {
        check(
            "event:a\ndata:1\n\nevent:  b\ndata:  2 \n\ndata:\t3\n\ndata: a: b\n\n",
            &[("a", "1"), (" b", " 2 "), ("", "\t3"), ("", "a: b")],
        );
    }

    #[test]
    fn lines_of_data_are_joined() {
        check(
            "data: {\ndata:  \"a\": 1\ndata: }\n\n",
            &[("", "{\n \"a\": 1\n}")],
        );
        check("data: 1\ndata:\ndata\ndata: 2\n\n", &[("", "1\n\n\n2")]);
        check(
            "data:\n\ndata\n\ndata\ndata\n\n",
            &[("", ""), ("", ""), ("", "\n")],
        );
        check(
            "data:\nevent:x\ndata:123456789\n\n",
            &[("x", "\n123456789")],
        );
    }

    #[test]
    fn an_event_without_data_is_dropped_with_its_name() {
        check("event: a\n\ndata: 1\n\n", &[("", "1")]);
        check("event: a\nid: 1\n\n\n\n", &[]);
    }

    #[test]
    fn the_last_name_applies() {
        check(
            "event: a\nevent: b\ndata: 1\n\ndata: 2\nevent: c\nevent\n\n",
            &[("b", "1"), ("", "2")],
        );
    }

    #[test]
    fn other_line_separators_are_data() {
        check(
            "data: a\u{2028}b\u{2029}c\u{85}d\u{b}e\n\n",
            &[("", "a\u{2028}b\u{2029}c\u{85}d\u{b}e")],
        );
    }

    #[test]
    fn an_incomplete_event_is_pending() {
        for (rest, pending) in [
            ("", false),
            ("\n\n", false),
            (": comment", false),
            (": comment\nid: 1\n", false),
            ("d", true),
            ("data: 2", true),
            ("data: 2\n", true),
            ("data\n: comment\n", true),
            ("event: a", true),
            ("event: a\n", true),
            ("id: 1", false),
            ("no field", false),
        ] {
            let stream = format!("data: 1\n\n{rest}");
            check(&stream, &[("", "1")]);
            assert_eq!(parse([stream.as_bytes()]).1, pending, "{rest:?}");
        }
    }

    #[test]
    fn the_last_event_may_lack_its_empty_line() {
        for (rest, event) in [
            ("", None),
            (": comment", None),
            ("event: a\n", None),
            ("data: 2", Some(("", "2"))),
            ("data: 2\n", Some(("", "2"))),
            ("data: 2\r", Some(("", "2"))),
            ("event: a\r\ndata: 2\r\n", Some(("a", "2"))),
            ("event: a\ndata: 2\ndata: 3", Some(("a", "2\n3"))),
            ("data: 2\nevent: a\n: comm", Some(("a", "2"))),
            ("data: 2\nevent: a", None),
            ("data: 2\neve", None),
            ("data: 2\ndat", None),
        ] {
            let mut parser = SseParser::new(usize::MAX);
            parser.push(format!("data: 1\n\n{rest}").into());
            assert!(parser.next().is_some() && parser.next().is_none());
            let found = parser.finish();
            let found = found.as_ref().map(|event| (&*event.name, &*event.data));
            assert_eq!(found, event, "{rest:?}");
            assert!(event.is_none() || parser.finish().is_none());
        }
    }

    #[test]
    fn data_on_one_line_is_not_copied() {
        for end in ["\n", "\r", "\r\n"] {
            let mut parser = SseParser::new(usize::MAX);
            for _ in 0..3 {
                let chunk = "event: a\ndata: 1\n\ndata: 2\n\n".replace('\n', end);
                let chunk = Bytes::from(chunk);
                let memory = chunk.as_ptr_range();
                parser.push(chunk.clone());
                for data in ["1", "2"] {
                    let event = parser.next().unwrap();
                    assert_eq!(event.data, data);
                    assert!(memory.contains(&event.data.as_ptr()), "{end:?}");
                }
                assert!(parser.next().is_none());
            }
        }
    }

    #[test]
    fn the_memory_of_a_large_event_is_released() {
        let mut parser = SseParser::new(usize::MAX);
        for _ in 0..1024 {
            parser.push(Bytes::from(vec![b':'; 1024]));
            assert!(parser.next().is_none());
        }
        parser.push(Bytes::from("\ndata: 1\n\ndata".to_owned()));
        assert_eq!(parser.next().unwrap().data, "1");
        assert!(parser.next().is_none());
        parser.change(|bytes| assert!(bytes.capacity() < 1024, "{}", bytes.capacity()));
    }

    #[test]
    fn an_event_of_64_mib_takes_linear_time() {
        const SIZE: usize = 64 * 1024 * 1024;
        let chunk = Bytes::from_static(&[b'x'; 8192]);
        for line in [SIZE, 1024 * 1024] {
            let mut parser = SseParser::new(usize::MAX);
            parser.push(Bytes::from_static(b"data: 1\n\nevent: large\ndata: "));
            assert_eq!(parser.next().unwrap().data, "1");
            for sent in (0..SIZE).step_by(chunk.len()) {
                if sent > 0 && sent % line == 0 {
                    parser.push(Bytes::from_static(b"\ndata: "));
                }
                parser.push(chunk.clone());
                assert!(parser.next().is_none());
            }
            parser.push(Bytes::from_static(b"\n\n"));
            let event = parser.next().expect("the event is complete");
            assert_eq!(event.name, "large");
            assert_eq!(event.data.len(), SIZE + SIZE / line - 1);
            assert!(parser.work < 2 * SIZE + 100_000, "{}", parser.work);
        }
    }

    #[test]
    fn many_small_events_take_linear_time() {
        let stream = "event: a\ndata: 1\n\n".repeat(100_000);
        let mut parser = SseParser::new(usize::MAX);
        let mut count = 0;
        let mut capacity = 0;
        for chunk in stream.as_bytes().chunks(8192) {
            parser.push(Bytes::copy_from_slice(chunk));
            while parser.next().is_some() {
                count += 1;
            }
            parser.change(|bytes| capacity = capacity.max(bytes.capacity()));
        }
        assert_eq!(count, 100_000);
        assert!(parser.work < 2 * stream.len(), "{}", parser.work);
        assert!(capacity < 4 * 8192, "{capacity}");
    }

    #[test]
    fn many_lines_of_data_in_one_chunk_take_linear_time() {
        let chunk = Bytes::from("data: 1\ndata: 2\ndata: 3\n\n".repeat(10_000));
        let mut parser = SseParser::new(usize::MAX);
        parser.push(chunk.clone());
        let mut count = 0;
        while let Some(event) = parser.next() {
            assert_eq!(event.data, "1\n2\n3");
            count += 1;
        }
        assert_eq!(count, 10_000);
        assert!(parser.work < 3 * chunk.len(), "{}", parser.work);
    }

    #[test]
    fn an_event_above_the_limit_is_an_error() {
        let mut parser = SseParser::new(100);
        for _ in 0..20 {
            parser.push(Bytes::from_static(b"data: 1\n\n: comment\n"));
            assert!(parser.next().is_some() && parser.next().is_none());
        }
        parser.push(vec![b'x'; 90].into());
        assert!(parser.next().is_none());
        parser.push(vec![b'x'; 10].into());
        assert!(parser.next().is_none() && !parser.is_too_large());
        parser.push(vec![b'x'; 1].into());
        assert!(parser.next().is_none() && parser.is_too_large());
    }

    #[test]
    fn the_limit_is_for_an_event_and_not_for_a_chunk() {
        let small = "data: 1234567890\r\n\r\n";
        for (limit, count) in [(18, 0), (19, 3), (30, 3)] {
            let large = format!("{}data: 1\ndata: {}\n\n", small.repeat(3), "x".repeat(100));
            for size in 1..=large.len() {
                let mut parser = SseParser::new(limit);
                let mut found = 0;
                for chunk in large.as_bytes().chunks(size) {
                    parser.push(Bytes::copy_from_slice(chunk));
                    while parser.next().is_some() {
                        found += 1;
                    }
                }
                assert!(parser.is_too_large());
                assert_eq!(found, count, "limit {limit}, chunks of {size}");
            }
        }
    }
}
