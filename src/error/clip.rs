//! Bounds the length of text from servers and models in error messages.

use std::error::Error as StdError;
use std::fmt::{self, Write};

/// Maximum lengths in characters of texts from servers and models in a message.
pub(super) const TEXT_LIMIT: usize = 600;
pub(super) const NAME_LIMIT: usize = 120;
pub(super) const EXCERPT_LIMIT: usize = 80;
/// Maximum length in bytes of a body in an error.
const BODY_LIMIT: usize = 64 * 1024;

/// Displays a text on one line, cut after a number of characters.
pub(super) struct Clip<'a>(pub(super) &'a str, pub(super) usize);

impl fmt::Display for Clip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.trim().chars();
        for character in characters.by_ref().take(self.1) {
            f.write_char(if character.is_control() {
                ' '
            } else {
                character
            })?;
        }
        if characters.next().is_some() {
            f.write_char('…')
        } else {
            Ok(())
        }
    }
}

/// Returns the beginning of a body as text.
pub(super) fn body_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(BODY_LIMIT)]).into_owned()
}

/// Returns the message of the innermost cause. The outer ones repeat it in general terms.
pub(crate) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    Clip(&error.to_string(), TEXT_LIMIT).to_string()
}
