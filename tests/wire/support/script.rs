//! Responses as text, with control characters that direct the server.

use serde_json::Value;

/// The server lets all other tasks run before it continues.
pub const PAUSE: char = '\u{1}';
/// The server sends nothing more and keeps the connection open.
pub const STALL: char = '\u{2}';
/// The server closes the connection.
pub const CLOSE: char = '\u{3}';
/// The server repeats the text since the previous control character for ever.
pub const ENDLESS: char = '\u{4}';
/// A placeholder for the marker of the calls with `once`, as long as it.
pub const MARKER: &str = "the-marker-of-the-first-request.";
/// All control characters.
pub const CONTROLS: [char; 4] = [PAUSE, STALL, CLOSE, ENDLESS];

/// The head of an event stream.
pub const STREAM_HEAD: &str =
    "HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\nx-request-id: req_1\r\n";

/// The last event of a stream.
pub const DONE: &str = "event: done\ndata: [DONE]\n\n";

/// A complete response.
pub fn response(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// A successful response with this body.
pub fn json_response(object: &Value) -> String {
    response(200, "", &object.to_string())
}

/// An event stream that lasts until the connection closes.
pub fn event_stream(events: &str) -> String {
    format!("{STREAM_HEAD}\r\n{events}{CLOSE}")
}

/// An event stream with one chunk for each event. If it is not complete, the connection closes
/// without the final chunk.
pub fn chunked_event_stream(events: &str, is_complete: bool) -> String {
    let chunks = events.split_inclusive("\n\n");
    let chunks: String = chunks
        .map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()))
        .collect();
    let end = if is_complete { "0\r\n\r\n" } else { "" };
    format!("{STREAM_HEAD}transfer-encoding: chunked\r\n\r\n{chunks}{end}{CLOSE}")
}

/// A text that is sent byte by byte.
pub fn byte_by_byte(text: &str) -> String {
    text.chars()
        .flat_map(|character| [character, PAUSE])
        .collect()
}
