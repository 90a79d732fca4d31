//! A log record of a request and its response.

use std::fmt::{self, Write as _};

/// A request and the status of its response. `Display` formats one log line.
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
    /// The method, such as `GET`.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The `operationId`; `None` if the path or the method is unknown.
    pub operation: Option<String>,
    /// The status of the response.
    pub status: u16,
    /// The `x-request-id` of the response.
    pub request_id: String,
    /// The faults that apply to the request, or why it was rejected.
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

/// Escapes control characters: clients could send line breaks or terminal commands.
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
