//! A request and its answer, in a line.

use std::fmt::{self, Write as _};

/// A request that was answered. `Display` makes one line of it.
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::Fake;
///
/// let fake = Fake::builder().on_request(|exchange| eprintln!("{exchange}"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// `GET`, for example.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The operation, if there is one with this path.
    pub operation: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// The `x-request-id` of the answer.
    pub request_id: String,
    /// What is wrong with the request, or which faults it got.
    pub remark: Option<String>,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.method)?;
        escape(f, &self.target)?;
        write!(f, " {} {}", self.status, self.request_id)?;
        if let Some(remark) = &self.remark {
            f.write_char(' ')?;
            escape(f, remark)?;
        }
        Ok(())
    }
}

/// Writes what somebody else has sent: it may have lines of its own, and what a terminal
/// takes as a command.
fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        if character.is_control() {
            write!(f, "{}", character.escape_default())?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}
