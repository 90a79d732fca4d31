//! Replaces unpaired surrogates in JSON text.

use std::borrow::Cow;

/// Replaces each escape of an unpaired surrogate, such as `\ud83d`, with that of U+FFFD.
///
/// Some servers cut a text between the halves of a pair. Parsers of JSON reject the halves.
pub(crate) fn replace_unpaired(text: &str) -> Cow<'_, str> {
    let mut replaced = Cow::Borrowed(text);
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        at += offset;
        let (first, second) = (code_unit(text, at), code_unit(text, at + 6));
        let is_low = |unit: Option<u16>| matches!(unit, Some(0xDC00..=0xDFFF));
        match first {
            Some(0xD800..=0xDBFF) if is_low(second) => at += 12,
            Some(0xD800..=0xDFFF) => {
                replaced.to_mut().replace_range(at..at + 6, "\\ufffd");
                at += 6;
            }
            _ => at += 2,
        }
        if at >= text.len() {
            break;
        }
    }
    replaced
}

/// The code unit of the escape `\uXXXX` at this offset.
fn code_unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unpaired_surrogates_are_replaced() {
        for (text, expected) in [
            (r#""a""#, r#""a""#),
            (r#""\ud83d\ude00\\ud83d\n""#, r#""\ud83d\ude00\\ud83d\n""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (
                r#""\uDE00\ud83d\ud83d\ude00""#,
                r#""\ufffd\ufffd\ud83d\ude00""#,
            ),
            (r#""ü\ud83dü\u00fc""#, r#""ü\ufffdü\u00fc""#),
            (r#""\ud83d\n\ude0"#, r#""\ufffd\n\ude0"#),
            ("\\", "\\"),
        ] {
            assert_eq!(replace_unpaired(text), expected);
        }
    }
}
