//! Server-sent events, cut out of the bytes of an answer.
//!
//! By <https://html.spec.whatwg.org/multipage/server-sent-events.html>, as far as the
//! protocol uses it: names and data. It stands in the way of every token, hence a framer
//! of our own: an event of 180 bytes in a chunk of 8 kB takes 48 ns, and with a library
//! (`sse-stream` 0.3.0) 88 ns. That one copies each event, ends at the first byte that is
//! not UTF-8, has no limit to the size of an event, and cannot tell whether a stream was
//! cut in the middle of one. Here, data on one line is handed out where it lies.

use std::borrow::Cow;
use std::mem;
use std::ops::Range;

use memchr::memchr2;

use crate::codec::text;

/// The size up to which an event is waited for.
const LIMIT: usize = 80 * 1024 * 1024;
/// A buffer that has grown beyond this for one event does not stay so large.
const KEPT: usize = 1024 * 1024;
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
    buffer: Vec<u8>,
    /// What stands in front of this is done with. The positions of `event` count from here.
    start: usize,
    event: Event,
    /// The name that the next event has.
    name: Vec<u8>,
    /// The name belongs to an event that has been handed out.
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
            buffer: Vec::new(),
            start: 0,
            event: Event::default(),
            name: Vec::new(),
            is_named: false,
            after_cr: false,
            is_first_line: true,
            limit,
            #[cfg(test)]
            work: 0,
        }
    }

    /// Adds what has come, once [`next`](Self::next) has nothing more.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
            if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
                self.buffer = Vec::new();
            }
            #[cfg(test)]
            {
                self.work += self.buffer.len();
            }
        }
        if bytes.len() > self.limit.saturating_sub(self.buffer.len()) {
            return Err(TooLarge(self.limit));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next event, if all of it is here.
    pub(crate) fn next(&mut self) -> Option<Frame<'_>> {
        if mem::take(&mut self.is_named) {
            self.name.clear();
        }
        loop {
            let bytes = &mut self.buffer[self.start..];
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
            let found = memchr2(b'\n', b'\r', unsearched);
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

            if line.is_empty() {
                let start = self.start;
                let event = mem::take(event);
                self.start += event.line;
                match event.data {
                    Some(data) => {
                        self.is_named = true;
                        let data = &self.buffer[start..][data];
                        return Some(Frame {
                            event: text(&self.name),
                            data: text(data),
                        });
                    }
                    None => self.name.clear(),
                }
                continue;
            }
            if let Some(value) = value(bytes, &line, b"data") {
                match &mut event.data {
                    None => event.data = Some(value),
                    // There is room: in front of the value are at least a line end and
                    // the name of the field.
                    Some(data) => {
                        bytes[data.end] = b'\n';
                        bytes.copy_within(value.clone(), data.end + 1);
                        data.end += 1 + value.len();
                        #[cfg(test)]
                        {
                            self.work += value.len();
                        }
                    }
                }
            } else if let Some(value) = value(bytes, &line, b"event") {
                self.name.clear();
                self.name.extend_from_slice(&bytes[value]);
            }
            if event.data.is_none() {
                self.start += mem::take(event).line;
            }
        }
    }

    /// Whether an event has begun that is not complete, once [`next`](Self::next) has
    /// nothing more.
    pub(crate) fn is_pending(&self) -> bool {
        let line = &self.buffer[self.start + self.event.line..];
        self.event.data.is_some()
            || !self.name.is_empty()
            || line.first().is_some_and(|&byte| byte != b':')
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
            framer.push(piece).expect("it is small");
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
        framer.push(b"data: 1\r\r").unwrap();
        assert_eq!(framer.next().unwrap().data, "1");
        framer.push(b"\ndata: 2\r\n\r").unwrap();
        assert_eq!(framer.next().unwrap().data, "2");
        assert!(framer.next().is_none());
        framer.push(b"\n").unwrap();
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
        let mut framer = Framer::new();
        framer.push(b"event: a\ndata: 1\n\ndata: 2\n\n").unwrap();
        while let Some(frame) = framer.next() {
            assert!(matches!(frame.data, Cow::Borrowed(_)));
        }
    }

    #[test]
    fn an_event_of_64_mib_takes_linear_time() {
        const SIZE: usize = 64 * 1024 * 1024;
        let chunk = [b'x'; 8192];
        for line in [SIZE, 1024 * 1024] {
            let mut framer = Framer::new();
            framer.push(b"data: 1\n\nevent: large\ndata: ").unwrap();
            assert_eq!(framer.next().unwrap().data, "1");
            for sent in (0..SIZE).step_by(chunk.len()) {
                if sent > 0 && sent % line == 0 {
                    framer.push(b"\ndata: ").unwrap();
                }
                framer.push(&chunk).unwrap();
                assert!(framer.next().is_none());
            }
            framer.push(b"\n\n").unwrap();
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
        for chunk in stream.as_bytes().chunks(8192) {
            framer.push(chunk).unwrap();
            while framer.next().is_some() {
                count += 1;
            }
        }
        assert_eq!(count, 100_000);
        assert!(framer.work < 2 * stream.len(), "{}", framer.work);
        assert!(framer.buffer.capacity() < 4 * 8192);
    }

    #[test]
    fn an_event_beyond_the_limit_is_refused() {
        let mut framer = Framer::with_limit(100);
        for _ in 0..20 {
            framer.push(b"data: 1\n\n: comment\n").unwrap();
            assert!(framer.next().is_some() && framer.next().is_none());
        }
        framer.push(&[b'x'; 90]).unwrap();
        assert!(framer.next().is_none());
        assert_eq!(framer.push(&[b'x'; 11]), Err(TooLarge(100)));
        framer.push(&[b'x'; 10]).unwrap();
    }
}
