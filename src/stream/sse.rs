//! Server-sent events, cut out of the bytes of an answer.
//!
//! By <https://html.spec.whatwg.org/multipage/server-sent-events.html>, as far as the
//! protocol uses it: names and data. It stands in the way of every token, hence a framer
//! of our own: an event of 180 bytes in a chunk of 8 kB takes 23 ns, and with a library
//! (`sse-stream` 0.3.0) 72 ns. That one copies each event, ends at the first byte that is
//! not UTF-8, has no limit to the size of an event, and cannot tell whether a stream was
//! cut in the middle of one. Here, data on one line is handed out where it lies.

use std::borrow::Cow;
use std::mem;
use std::ops::Range;

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr2;

use crate::codec::text;

/// The size up to which an event is waited for.
const LIMIT: usize = 80 * 1024 * 1024;
const BOM: &[u8] = "\u{feff}".as_bytes();

/// An event by its two fields. Bytes that are not UTF-8 are replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Its name; empty where it has none.
    pub(crate) event: Cow<'a, str>,
    pub(crate) data: Cow<'a, str>,
}

/// An event has more bytes than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge(pub(crate) usize);

/// Takes bytes as they come and gives out events.
pub(crate) struct Framer {
    /// The last chunk, or the beginning of an event with what has come since.
    bytes: Bytes,
    /// What stands in front of this is done with. The positions of `event` count from here.
    start: usize,
    event: Event,
    /// The last name that has come. Most often the next is the same.
    name: String,
    /// The next event has this name.
    is_named: bool,
    /// A line has ended with CR, and an LF right behind it belongs to that.
    after_cr: bool,
    is_first_line: bool,
    limit: usize,
    /// How many bytes were searched or moved.
    #[cfg(test)]
    work: usize,
}

/// How far an event has come.
#[derive(Default)]
struct Event {
    /// Where the line begins that has not ended yet.
    line: usize,
    /// How far its end has been looked for.
    searched: usize,
    /// The data so far. That of further lines is moved up to it.
    data: Option<Range<usize>>,
}

impl Framer {
    pub(crate) fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            bytes: Bytes::new(),
            start: 0,
            event: Event::default(),
            name: String::new(),
            is_named: false,
            after_cr: false,
            is_first_line: true,
            limit,
            #[cfg(test)]
            work: 0,
        }
    }

    /// Adds what has come, once [`next`](Self::next) has nothing more.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<(), TooLarge> {
        if chunk.len() > self.limit.saturating_sub(self.bytes.len()) {
            return Err(TooLarge(self.limit));
        }
        if self.bytes.is_empty() {
            self.bytes = chunk;
        } else {
            self.change(|bytes| bytes.extend_from_slice(&chunk));
        }
        Ok(())
    }

    /// The next event, if all of it is here.
    pub(crate) fn next(&mut self) -> Option<Frame<'_>> {
        loop {
            let Some(line) = self.line() else {
                self.release();
                return None;
            };
            let bytes = &self.bytes[self.start..];
            if line.is_empty() {
                let Event { line, data, .. } = mem::take(&mut self.event);
                let start = self.start;
                self.start += line;
                let is_named = mem::take(&mut self.is_named);
                if let Some(data) = data {
                    return Some(Frame {
                        event: Cow::Borrowed(if is_named { &self.name } else { "" }),
                        data: text(&self.bytes[start..][data]),
                    });
                }
                continue;
            }
            if let Some(value) = value(bytes, &line, b"data") {
                match &mut self.event.data {
                    None => self.event.data = Some(value),
                    // There is room: in front of the value are at least a line end and
                    // the name of the field.
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
                    self.name = text(name).into_owned();
                }
            }
            if self.event.data.is_none() {
                self.start += mem::take(&mut self.event).line;
            }
        }
    }

    /// The next line, if all of it is here.
    fn line(&mut self) -> Option<Range<usize>> {
        let bytes = &self.bytes[self.start..];
        let event = &mut self.event;
        if self.after_cr {
            let next = *bytes.get(event.line)?;
            self.after_cr = false;
            if next == b'\n' {
                event.line += 1;
                event.searched = event.line;
            }
        }
        let unsearched = &bytes[event.searched..];
        let found = match unsearched {
            // So every event ends, and a search takes long to begin.
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

    /// Lets go of the chunk, so that the connection can fill its memory again. What is
    /// left of it is copied.
    fn release(&mut self) {
        let event = &mut self.event;
        if event.data.is_none() {
            // The LF behind the CR of the last event.
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

    /// Changes the bytes, which are copied first if they belong to the connection too.
    fn change(&mut self, change: impl FnOnce(&mut BytesMut)) {
        #[cfg(test)]
        if !self.bytes.is_unique() {
            self.work += self.bytes.len();
        }
        let mut bytes = BytesMut::from(mem::take(&mut self.bytes));
        change(&mut bytes);
        self.bytes = bytes.freeze();
    }

    /// Whether an event has begun that is not complete, once [`next`](Self::next) has
    /// nothing more.
    pub(crate) fn is_pending(&self) -> bool {
        let line = &self.bytes[self.start + self.event.line..];
        self.event.data.is_some() || self.is_named || line.first().is_some_and(|&byte| byte != b':')
    }
}

/// Where the value of that field is, if that is what stands on the line.
fn value(bytes: &[u8], line: &Range<usize>, field: &[u8]) -> Option<Range<usize>> {
    let behind = match bytes[line.clone()].strip_prefix(field)? {
        [] => 0,
        [b':', b' ', ..] => 2,
        [b':', ..] => 1,
        _ => return None,
    };
    Some(line.start + field.len() + behind..line.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair = (String, String);

    /// The events of a stream that comes in these pieces, and whether one is pending.
    fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Pair>, bool) {
        let mut framer = Framer::new();
        let mut frames = Vec::new();
        for piece in pieces {
            // Its memory is the connection's too.
            let chunk = Bytes::copy_from_slice(piece);
            framer.push(chunk.clone()).expect("it is small");
            while let Some(Frame { event, data }) = framer.next() {
                frames.push((event.into_owned(), data.into_owned()));
            }
        }
        (frames, framer.is_pending())
    }

    /// Checks a stream as a whole and cut at every byte.
    #[track_caller]
    fn check(stream: impl AsRef<[u8]>, expected: &[(&str, &str)]) {
        let stream = stream.as_ref();
        let (whole, pending) = frames([stream]);
        let found: Vec<(&str, &str)> = whole
            .iter()
            .map(|(event, data)| (event.as_str(), data.as_str()))
            .collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(stream));
        for at in 0..=stream.len() {
            let (head, tail) = stream.split_at(at);
            assert_eq!(
                frames([head, tail]),
                (whole.clone(), pending),
                "cut at {at}"
            );
        }
        assert_eq!(frames(stream.chunks(1)), (whole, pending), "byte by byte");
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
        let mut framer = Framer::new();
        framer.push(Bytes::from_static(b"data: 1\r\r")).unwrap();
        assert_eq!(framer.next().unwrap().data, "1");
        framer.push(Bytes::from_static(b"\ndata: 2\r\n\r")).unwrap();
        assert_eq!(framer.next().unwrap().data, "2");
        assert!(framer.next().is_none());
        framer.push(Bytes::from_static(b"\n")).unwrap();
        assert!(framer.next().is_none() && !framer.is_pending());
    }

    #[test]
    fn characters_may_be_cut() {
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
    fn a_byte_order_mark_at_the_start_is_passed_over() {
        check("\u{feff}data: 1\n\n", &[("", "1")]);
        check("\u{feff}\ndata: 1\n\n", &[("", "1")]);
        check("\u{feff}\u{feff}data: 1\n\ndata: 2\n\n", &[("", "2")]);
        check(
            "data: \u{feff}1\n\n\u{feff}data: 2\n\n",
            &[("", "\u{feff}1")],
        );
    }

    #[test]
    fn comments_and_other_fields_are_passed_over() {
        check(
            ": hello\nid: 7\nevent: a\n:\nretry: 10\ndata: 1\nDATA: 2\ndatas: 3\n data: 4\n: data\n\n: bye\n\n",
            &[("a", "1")],
        );
    }

    #[test]
    fn one_space_behind_the_colon_is_not_part_of_the_value() {
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
    fn an_event_without_data_is_none_and_its_name_is_forgotten() {
        check("event: a\n\ndata: 1\n\n", &[("", "1")]);
        check("event: a\nid: 1\n\n\n\n", &[]);
    }

    #[test]
    fn the_last_name_counts() {
        check(
            "event: a\nevent: b\ndata: 1\n\ndata: 2\nevent: c\nevent\n\n",
            &[("b", "1"), ("", "2")],
        );
    }

    #[test]
    fn other_line_separators_are_text() {
        check(
            "data: a\u{2028}b\u{2029}c\u{85}d\u{b}e\n\n",
            &[("", "a\u{2028}b\u{2029}c\u{85}d\u{b}e")],
        );
    }

    #[test]
    fn an_event_that_does_not_end_is_none_but_pending() {
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
        ] {
            let stream = format!("data: 1\n\n{rest}");
            check(&stream, &[("", "1")]);
            assert_eq!(frames([stream.as_bytes()]).1, pending, "{rest:?}");
        }
    }

    #[test]
    fn data_on_one_line_is_not_copied() {
        for end in ["\n", "\r", "\r\n"] {
            let mut framer = Framer::new();
            for _ in 0..3 {
                let chunk = "event: a\ndata: 1\n\ndata: 2\n\n".replace('\n', end);
                let chunk = Bytes::from(chunk);
                let place = chunk.as_ptr_range();
                framer.push(chunk.clone()).unwrap();
                for data in ["1", "2"] {
                    let frame = framer.next().unwrap();
                    assert_eq!(frame.data, data);
                    assert!(place.contains(&frame.data.as_ptr()), "{end:?}");
                }
                assert!(framer.next().is_none());
            }
        }
    }

    #[test]
    fn the_memory_of_a_large_event_goes_with_it() {
        let mut framer = Framer::new();
        for _ in 0..1024 {
            framer.push(Bytes::from(vec![b':'; 1024])).unwrap();
            assert!(framer.next().is_none());
        }
        framer
            .push(Bytes::from("\ndata: 1\n\ndata".to_owned()))
            .unwrap();
        assert_eq!(framer.next().unwrap().data, "1");
        assert!(framer.next().is_none());
        framer.change(|bytes| assert!(bytes.capacity() < 1024, "{}", bytes.capacity()));
    }

    #[test]
    fn an_event_of_64_mib_takes_linear_time() {
        const SIZE: usize = 64 * 1024 * 1024;
        let chunk = Bytes::from_static(&[b'x'; 8192]);
        for line in [SIZE, 1024 * 1024] {
            let mut framer = Framer::new();
            framer
                .push(Bytes::from_static(b"data: 1\n\nevent: large\ndata: "))
                .unwrap();
            assert_eq!(framer.next().unwrap().data, "1");
            for sent in (0..SIZE).step_by(chunk.len()) {
                if sent > 0 && sent % line == 0 {
                    framer.push(Bytes::from_static(b"\ndata: ")).unwrap();
                }
                framer.push(chunk.clone()).unwrap();
                assert!(framer.next().is_none());
            }
            framer.push(Bytes::from_static(b"\n\n")).unwrap();
            let frame = framer.next().expect("it is complete");
            assert_eq!(frame.event, "large");
            assert_eq!(frame.data.len(), SIZE + SIZE / line - 1);
            assert!(framer.work < 2 * SIZE + 100_000, "{}", framer.work);
        }
    }

    #[test]
    fn many_small_events_take_linear_time() {
        let stream = "event: a\ndata: 1\n\n".repeat(100_000);
        let mut framer = Framer::new();
        let mut count = 0;
        let mut most = 0;
        for chunk in stream.as_bytes().chunks(8192) {
            framer.push(Bytes::copy_from_slice(chunk)).unwrap();
            while framer.next().is_some() {
                count += 1;
            }
            framer.change(|bytes| most = most.max(bytes.capacity()));
        }
        assert_eq!(count, 100_000);
        assert!(framer.work < 2 * stream.len(), "{}", framer.work);
        assert!(most < 4 * 8192, "{most}");
    }

    #[test]
    fn many_lines_of_data_in_one_chunk_take_linear_time() {
        let chunk = Bytes::from("data: 1\ndata: 2\ndata: 3\n\n".repeat(10_000));
        let mut framer = Framer::new();
        framer.push(chunk.clone()).unwrap();
        let mut count = 0;
        while let Some(frame) = framer.next() {
            assert_eq!(frame.data, "1\n2\n3");
            count += 1;
        }
        assert_eq!(count, 10_000);
        assert!(framer.work < 3 * chunk.len(), "{}", framer.work);
    }

    #[test]
    fn an_event_beyond_the_limit_is_refused() {
        let mut framer = Framer::with_limit(100);
        for _ in 0..20 {
            framer
                .push(Bytes::from_static(b"data: 1\n\n: comment\n"))
                .unwrap();
            assert!(framer.next().is_some() && framer.next().is_none());
        }
        framer.push(vec![b'x'; 90].into()).unwrap();
        assert!(framer.next().is_none());
        assert_eq!(framer.push(vec![b'x'; 11].into()), Err(TooLarge(100)));
        framer.push(vec![b'x'; 10].into()).unwrap();
    }
}
