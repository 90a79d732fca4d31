//! Spans: their names, fields, parents and ends, and that they contain no content unless asked for.

mod calls;
mod collector;
#[cfg(feature = "tools")]
mod content;
mod runs;

use collector::Span;
pub use collector::Spans;

/// Asserts the fields of a span, apart from those of the server.
#[track_caller]
fn assert_fields(span: &Span, expected: &[(&str, &str)]) {
    let fields = span
        .fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<_> = fields
        .filter(|(name, _)| !name.starts_with("server."))
        .collect();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(fields, expected, "{}", span.name);
}
